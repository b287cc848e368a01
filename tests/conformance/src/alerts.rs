//! Alerts: one row for each key, every write made from the one before it.

use belfry_engine::ports::{Alert, AlertRow, DeliveryState};

use crate::{
    Backend, Verdict,
    fixtures::{at, id},
};

fn row(name: &str) -> AlertRow {
    let alert = Alert::DeadLetter { id: id(name), reason: "exit code 1 \u{1f514}".to_owned() };
    AlertRow::opened(&alert, at(5))
}

pub async fn an_alert_comes_back_as_it_was(backend: &Backend) -> Verdict {
    assert_eq!(backend.alerts.alert("dead_letter/a").await?, None);
    assert_eq!(backend.alerts.alerts().await?, []);
    let mut kept = row("a@x");
    kept.heard.insert("slack".to_owned(), DeliveryState::Open);
    kept.heard.insert("sns".to_owned(), DeliveryState::Unsure);
    kept.heard.insert("webhook".to_owned(), DeliveryState::Failed("HTTP 500".to_owned()));
    assert!(backend.alerts.keep_alert(&kept).await?);
    assert_eq!(backend.alerts.alert("dead_letter/a").await?, Some(kept));
    Ok(())
}

pub async fn a_write_is_made_from_the_one_before(backend: &Backend) -> Verdict {
    let first = row("a@x");
    let second = AlertRow { revision: 2, resolved_at: Some(at(9)), ..first.clone() };
    assert!(!backend.alerts.keep_alert(&second).await?, "there is none");
    assert!(backend.alerts.keep_alert(&first).await?);
    let other = AlertRow { summary: "another's".to_owned(), ..first.clone() };
    assert!(!backend.alerts.keep_alert(&other).await?, "there is one");
    assert!(backend.alerts.keep_alert(&second).await?);
    let late = AlertRow { revision: 2, last_at: at(7), ..first };
    assert!(!backend.alerts.keep_alert(&late).await?, "somebody was faster");
    assert_eq!(backend.alerts.alert("dead_letter/a").await?, Some(second));
    Ok(())
}

pub async fn an_alert_is_forgotten_as_it_was_read(backend: &Backend) -> Verdict {
    assert!(!backend.alerts.forget_alert("dead_letter/a", 1).await?, "there is none");
    assert!(backend.alerts.keep_alert(&row("a@x")).await?);
    assert!(!backend.alerts.forget_alert("dead_letter/a", 2).await?, "it was not read like this");
    assert!(backend.alerts.forget_alert("dead_letter/a", 1).await?);
    assert_eq!(backend.alerts.alerts().await?, []);
    assert!(backend.alerts.keep_alert(&row("a@y")).await?, "it may come again");
    Ok(())
}

pub async fn alerts_are_listed_by_key(backend: &Backend) -> Verdict {
    for name in ["b@x", "a.c@x", "c@x", "a@x"] {
        assert!(backend.alerts.keep_alert(&row(name)).await?);
    }
    let keys: Vec<String> = backend.alerts.alerts().await?.into_iter().map(|row| row.key).collect();
    assert_eq!(keys, ["dead_letter/a", "dead_letter/a.c", "dead_letter/b", "dead_letter/c"]);
    Ok(())
}
