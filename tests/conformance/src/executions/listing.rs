//! Listings: newest first, in pages without gaps or doubles, with the rows that the filter lets
//! through.
//!
//! The order is by slot within one job. A listing over all jobs has an order that the store chooses, as
//! long as its pages join.

use std::collections::BTreeSet;

use belfry_domain::{Execution, Run, Status};
use belfry_engine::ports::{Applied, ExecutionFilter, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::{at, claim, job_id, legal, row_at},
};

/// More rows than any case creates.
pub const MANY: usize = 10_000;

/// Reads all pages of a listing, one after the other.
pub async fn walk(
    backend: &Backend,
    filter: &ExecutionFilter,
    limit: usize,
) -> Result<Vec<Execution>, StoreError> {
    let (mut rows, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = backend.executions.list(filter, after.as_deref(), limit).await?;
        assert!(page.items.len() <= limit, "{} rows on a page of {limit}", page.items.len());
        rows.extend(page.items);
        assert!(rows.len() < MANY, "the pages never end");
        assert!(page.next.is_none() || page.next != after, "the next page is this one");
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}

fn ids(rows: &[Execution]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

async fn listed(backend: &Backend, filter: ExecutionFilter) -> Result<BTreeSet<String>, StoreError> {
    let rows = walk(backend, &filter, 3).await?;
    let set: BTreeSet<String> = rows.iter().map(|row| row.id.to_string()).collect();
    assert_eq!(set.len(), rows.len(), "a row is listed twice");
    Ok(set)
}

fn of_job(name: &str) -> ExecutionFilter {
    ExecutionFilter { job_id: Some(job_id(name)), ..Default::default() }
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(ToString::to_string).collect()
}

pub async fn a_job_is_listed_newest_slot_first(backend: &Backend) -> Verdict {
    // Created in another order than that of the slots.
    for (name, ms) in [("a@2", 2), ("a@4", 4), ("b@9", 9), ("a@1", 1), ("a@3", 3)] {
        backend.create_new(row_at(name, at(ms))).await?;
    }
    for limit in 1..6 {
        let rows = walk(backend, &of_job("a"), limit).await?;
        assert_eq!(ids(&rows), ["a@4", "a@3", "a@2", "a@1"], "in pages of {limit}");
    }
    Ok(())
}

pub async fn pages_have_no_gap_and_no_double(backend: &Backend) -> Verdict {
    let mut expected = BTreeSet::new();
    for number in 0..23 {
        // Several of one instant, within a job and over jobs.
        let name = format!("{}@{number}", ["a", "b"][number % 2]);
        backend.create_new(row_at(&name, at(number as i64 / 8))).await?;
        expected.insert(name);
    }
    for limit in [1, 2, 5, 11, 12, 22, 23, 24, 1000] {
        for filter in [ExecutionFilter::default(), of_job("a"), of_job("b")] {
            let rows = walk(backend, &filter, limit).await?;
            let found: BTreeSet<String> = rows.iter().map(|row| row.id.to_string()).collect();
            assert_eq!(found.len(), rows.len(), "doubles in pages of {limit}: {:?}", ids(&rows));
            let is_wanted =
                |name: &&String| filter.job_id.as_ref().is_none_or(|job| name.starts_with(job.as_str()));
            assert_eq!(found, expected.iter().filter(is_wanted).cloned().collect(), "in pages of {limit}");
        }
    }
    Ok(())
}

async fn create_some(backend: &Backend) -> Verdict {
    let rows = [
        ("a@1", 1, Status::Success, "r"),
        ("a@2", 2, Status::Failed, "r"),
        ("a@3", 3, Status::Queued, "s"),
        ("b@1", 1, Status::Failed, "r"),
        ("b@2", 2, Status::Skipped, "t"),
    ];
    for (name, ms, status, run) in rows {
        let run = Run { id: run.to_owned(), root: None, more_roots: vec![], graph: 0 };
        backend.create_new(Execution { status, run, ..row_at(name, at(ms)) }).await?;
    }
    Ok(())
}

pub async fn each_filter_filters(backend: &Backend) -> Verdict {
    create_some(backend).await?;
    let any = ExecutionFilter::default;
    assert_eq!(listed(backend, any()).await?.len(), 5);
    assert_eq!(listed(backend, of_job("b")).await?, set(&["b@1", "b@2"]));
    assert_eq!(listed(backend, of_job("c")).await?, set(&[]));
    let by_status = |status| ExecutionFilter { status: Some(status), ..any() };
    assert_eq!(listed(backend, by_status(Status::Failed)).await?, set(&["a@2", "b@1"]));
    assert_eq!(listed(backend, by_status(Status::Success)).await?, set(&["a@1"]));
    assert_eq!(listed(backend, by_status(Status::Running)).await?, set(&[]));
    let by_run = ExecutionFilter { run_id: Some("r".to_owned()), ..any() };
    assert_eq!(listed(backend, by_run).await?, set(&["a@1", "a@2", "b@1"]));
    let since = ExecutionFilter { since: Some(at(2)), ..any() };
    assert_eq!(listed(backend, since).await?, set(&["a@2", "a@3", "b@2"]), "since is within");
    let until = ExecutionFilter { until: Some(at(2)), ..any() };
    assert_eq!(listed(backend, until).await?, set(&["a@1", "b@1"]), "until is without");
    Ok(())
}

pub async fn filters_combine(backend: &Backend) -> Verdict {
    create_some(backend).await?;
    let all = ExecutionFilter {
        job_id: Some(job_id("a")),
        status: Some(Status::Failed),
        run_id: Some("r".to_owned()),
        since: Some(at(1)),
        until: Some(at(3)),
        ..Default::default()
    };
    assert_eq!(listed(backend, all.clone()).await?, set(&["a@2"]));
    assert_eq!(listed(backend, ExecutionFilter { job_id: None, ..all.clone() }).await?, set(&["a@2", "b@1"]));
    assert_eq!(listed(backend, ExecutionFilter { until: Some(at(2)), ..all }).await?, set(&[]));
    Ok(())
}

fn among(names: &[String]) -> ExecutionFilter {
    let names = names.iter().map(|name| job_id(name)).collect();
    ExecutionFilter { among: Some(names), ..Default::default() }
}

pub async fn some_jobs_are_listed_among_others(backend: &Backend) -> Verdict {
    create_some(backend).await?;
    let of = |names: &[&str]| among(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(listed(backend, of(&[])).await?, set(&[]), "none of no jobs");
    assert_eq!(listed(backend, of(&["b", "c"])).await?, set(&["b@1", "b@2"]));
    assert_eq!(listed(backend, of(&["a", "b", "c"])).await?.len(), 5);
    for (status, expected) in
        [(Status::Failed, &["a@2", "b@1"][..]), (Status::Success, &["a@1"]), (Status::Queued, &["a@3"])]
    {
        let of_status = ExecutionFilter { status: Some(status), ..of(&["a", "b"]) };
        assert_eq!(listed(backend, of_status).await?, set(expected), "{status}");
    }
    let of_run = ExecutionFilter { run_id: Some("r".to_owned()), ..of(&["b"]) };
    assert_eq!(listed(backend, of_run).await?, set(&["b@1"]));
    let lately = ExecutionFilter { since: Some(at(2)), until: Some(at(3)), ..of(&["a", "b"]) };
    assert_eq!(listed(backend, lately).await?, set(&["a@2", "b@2"]));
    let one_of_them = ExecutionFilter { job_id: Some(job_id("a")), ..of(&["b"]) };
    assert_eq!(listed(backend, one_of_them).await?, set(&[]), "both must fit");
    Ok(())
}

/// A store may list many jobs in another way than few.
pub async fn jobs_of_one_instant_share_a_page_edge(backend: &Backend) -> Verdict {
    let names: Vec<String> = (0..45).map(|number| format!("job-{number}")).collect();
    let mut created = BTreeSet::new();
    for name in &names {
        for slot in ["2026-11-23T00:00:00Z", "key"] {
            created
                .insert(backend.create_new(row_at(&format!("{name}@{slot}"), at(0))).await?.id.to_string());
        }
    }
    for count in [2, 7, 40] {
        let wanted: BTreeSet<String> = created
            .iter()
            .filter(|id| names[..count].iter().any(|name| id.starts_with(&format!("{name}@"))))
            .cloned()
            .collect();
        for limit in [1, 3, 50] {
            let rows = walk(backend, &among(&names[..count]), limit).await?;
            assert_eq!(rows.len(), wanted.len(), "{count} jobs in pages of {limit}: {:?}", ids(&rows));
            assert_eq!(rows.iter().map(|row| row.id.to_string()).collect::<BTreeSet<_>>(), wanted);
        }
    }
    Ok(())
}

pub async fn the_status_is_that_of_now(backend: &Backend) -> Verdict {
    backend.create_new(row_at("a@x", at(0))).await?;
    let by_status = |status| ExecutionFilter { status: Some(status), ..Default::default() };
    assert_eq!(listed(backend, by_status(Status::Queued)).await?, set(&["a@x"]));
    let running = backend.start(&claim("a@x", 1, 1)).await?;
    assert_eq!(listed(backend, by_status(Status::Queued)).await?, set(&[]));
    assert_eq!(listed(backend, by_status(Status::Running)).await?, set(&["a@x"]));
    let done = legal(belfry_domain::Change::cancelled(&running, "by hand", at(2_000)));
    assert_eq!(backend.executions.apply(done.clone()).await?, Applied::Won);
    assert_eq!(walk(backend, &by_status(Status::Cancelled), 1).await?, [done.row]);
    Ok(())
}

pub async fn a_row_that_comes_in_between_disturbs_no_page(backend: &Backend) -> Verdict {
    for ms in 0..6 {
        backend.create_new(row_at(&format!("a@{ms}"), at(ms))).await?;
    }
    let first = backend.executions.list(&of_job("a"), None, 3).await?;
    backend.create_new(row_at("a@new", at(100))).await?;
    let second = backend.executions.list(&of_job("a"), first.next.as_deref(), 3).await?;
    let met = [ids(&first.items), ids(&second.items)].concat();
    assert_eq!(met, ["a@5", "a@4", "a@3", "a@2", "a@1", "a@0"]);
    Ok(())
}
