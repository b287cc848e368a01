//! Dead letters: added once, hidden when redriven, gone for good when discarded.

use belfry_domain::Timestamp;
use belfry_engine::ports::{DeadLetter, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::{at, id, job_id},
    listing::MANY,
};

pub fn letter(text: &str, at: Timestamp) -> DeadLetter {
    let execution_id = id(text);
    let job_id = execution_id.job_id();
    DeadLetter {
        execution_id,
        job_id,
        reason: "exit code 1".to_owned(),
        at,
        attempts: 4,
        redriven_as: None,
        redriven_for: None,
    }
}

/// Reads all pages, one after the other.
pub async fn walk(backend: &Backend, job: Option<&str>, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
    let job = job.map(job_id);
    let (mut letters, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = backend.dead_letters.dead_letters(job.as_ref(), after.as_deref(), limit).await?;
        assert!(page.items.len() <= limit);
        letters.extend(page.items);
        assert!(letters.len() < MANY, "the pages never end");
        assert!(page.next.is_none() || page.next != after, "the next page is this one");
        after = page.next;
        if after.is_none() {
            return Ok(letters);
        }
    }
}

async fn add(backend: &Backend, letter: &DeadLetter) -> Verdict {
    assert!(backend.dead_letters.add_dead_letter(letter.clone()).await?, "{}", letter.execution_id);
    Ok(())
}

pub async fn a_dead_letter_is_added_once(backend: &Backend) -> Verdict {
    let first = letter("a@x", at(0));
    add(backend, &first).await?;
    let again = DeadLetter { reason: "told twice".to_owned(), ..letter("a@x", at(9)) };
    assert!(!backend.dead_letters.add_dead_letter(again).await?);
    assert_eq!(backend.dead_letters.dead_letter(&id("a@x")).await?, Some(first.clone()));
    assert_eq!(backend.dead_letters.dead_letter(&id("a@y")).await?, None);
    assert_eq!(walk(backend, None, 10).await?, [first]);
    assert_eq!(backend.dead_letters.count_dead_letters().await?, 1);
    Ok(())
}

pub async fn one_discarded_stays_away(backend: &Backend) -> Verdict {
    assert!(!backend.dead_letters.discard(&id("a@x")).await?, "there is none");
    add(backend, &letter("a@x", at(0))).await?;
    assert!(backend.dead_letters.discard(&id("a@x")).await?);
    assert!(!backend.dead_letters.discard(&id("a@x")).await?, "there is none any more");
    // The sweep may find the execution unfinished and tell of it again.
    assert!(!backend.dead_letters.add_dead_letter(letter("a@x", at(0))).await?);
    backend.dead_letters.mark_redriven(&id("a@x"), &id("a@x~2"), None).await?;
    assert_eq!(backend.dead_letters.dead_letter(&id("a@x")).await?, None);
    assert_eq!(walk(backend, None, 10).await?, []);
    assert_eq!(backend.dead_letters.count_dead_letters().await?, 0);
    Ok(())
}

pub async fn one_redriven_is_hidden(backend: &Backend) -> Verdict {
    let (gone, left) = (letter("a@x", at(0)), letter("a@y", at(1)));
    add(backend, &gone).await?;
    add(backend, &left).await?;
    for _ in 0..2 {
        backend.dead_letters.mark_redriven(&gone.execution_id, &id("a@x~2"), None).await?;
        let redriven = DeadLetter { redriven_as: Some(id("a@x~2")), ..gone.clone() };
        assert_eq!(backend.dead_letters.dead_letter(&gone.execution_id).await?, Some(redriven));
        assert_eq!(walk(backend, None, 10).await?, std::slice::from_ref(&left));
        assert_eq!(backend.dead_letters.count_dead_letters().await?, 1);
    }
    assert!(!backend.dead_letters.add_dead_letter(gone).await?);
    backend.dead_letters.mark_redriven(&id("never@seen"), &id("never@seen~2"), None).await?;
    assert_eq!(backend.dead_letters.count_dead_letters().await?, 1);
    Ok(())
}

pub async fn those_redriven_for_a_key_are_found_by_it(backend: &Backend) -> Verdict {
    let [key, other] = ["k", ":a_b:0"].map(|key| key.parse().unwrap_or_else(|error| panic!("{error}")));
    let letters = ["a@x", "a@y", "b@x", "b@y", "a@z"];
    for (text, instant) in letters.iter().zip(0..) {
        add(backend, &letter(text, at(instant))).await?;
    }
    for (text, key) in letters.iter().zip([Some(&key), Some(&key), Some(&key), Some(&other), None]) {
        backend.dead_letters.mark_redriven(&id(text), &id(&format!("{text}~2")), key).await?;
    }
    // Each is redriven once.
    backend.dead_letters.mark_redriven(&id("a@x"), &id("a@x~3"), Some(&other)).await?;
    let found = async |key, job: Option<&str>, limit| -> Result<Vec<String>, StoreError> {
        let letters = backend.dead_letters.redriven_for(key, job.map(job_id).as_ref(), limit).await?;
        Ok(letters.into_iter().filter_map(|letter| Some(letter.redriven_as?.to_string())).collect())
    };
    assert_eq!(found(&key, None, 9).await?, ["b@x~2", "a@y~2", "a@x~2"]);
    assert_eq!(found(&key, None, 2).await?, ["b@x~2", "a@y~2"]);
    assert_eq!(found(&key, Some("a"), 1).await?, ["a@y~2"]);
    assert_eq!(found(&other, None, 9).await?, ["b@y~2"]);
    assert!(backend.dead_letters.discard(&id("a@y")).await?);
    assert_eq!(found(&key, Some("a"), 9).await?, ["a@x~2"]);
    Ok(())
}

pub async fn dead_letters_page_newest_first(backend: &Backend) -> Verdict {
    let mut letters: Vec<DeadLetter> = (0..11)
        .map(|number| letter(&format!("{}@{number:02}", ["a.b", "b"][number % 2]), at(number as i64 / 4 - 1)))
        .collect();
    // Before 1970 too: a page's name must survive a sign.
    letters.push(letter("a.b@old", Timestamp(-5)));
    for letter in &letters {
        add(backend, letter).await?;
    }
    for limit in [1, 2, 3, 6, 11, 12, 13] {
        let found = walk(backend, None, limit).await?;
        assert!(found.is_sorted_by(|one, next| one.at >= next.at), "in pages of {limit}: {found:?}");
        assert_eq!(found.len(), letters.len(), "in pages of {limit}");
        assert!(letters.iter().all(|letter| found.contains(letter)), "in pages of {limit}");
        let of_b = walk(backend, Some("b"), limit).await?;
        assert_eq!(of_b.len(), 5, "in pages of {limit}");
        assert!(of_b.iter().all(|letter| letter.job_id == job_id("b")));
    }
    Ok(())
}
