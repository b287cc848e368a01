//! Zone data in force: they stand beside the graph's revision, and the data that judge a job are always
//! kept.

use belfry_domain::{EarlierData, Job, ZoneStamp};
use belfry_engine::ports::{Committed, StoreError, ZonesInForce};

use crate::{
    Backend, Verdict,
    fixtures::{at, job, job_id, zone_data},
    jobs::commit,
};

fn zones(version: &str, is_settled: bool) -> ZonesInForce {
    let before = vec![EarlierData { version: "2089z".to_owned(), until: at(5) }];
    ZonesInForce { version: version.to_owned(), is_settled, before }
}

pub async fn nothing_is_in_force_at_first(backend: &Backend) -> Verdict {
    assert_eq!(backend.zones.in_force().await?, (0, None));
    assert_eq!(backend.zones.zone_data("2090a").await?, None);
    commit(backend, 0, vec![job("a", 1, 1, &[])]).await?;
    assert_eq!(backend.zones.in_force().await?, (1, None), "a definition puts nothing in force");
    Ok(())
}

pub async fn what_is_put_in_force_moves_the_graph_on(backend: &Backend) -> Verdict {
    let steps = [zones("2090a", false), zones("2090a", true), zones("2090b", false)];
    for (revision, zones) in (0..).zip(&steps) {
        assert_eq!(backend.zones.put_in_force(revision, zones).await?, Committed::Done);
        assert_eq!(backend.zones.in_force().await?, (revision + 1, Some(zones.clone())));
        assert_eq!(backend.jobs.all_jobs().await?.0, revision + 1);
    }
    commit(backend, 3, vec![job("a", 1, 4, &[])]).await?;
    assert_eq!(backend.zones.in_force().await?, (4, Some(zones("2090b", false))), "a definition leaves it");
    Ok(())
}

pub async fn a_definition_and_a_change_of_zone_data_exclude_each_other(backend: &Backend) -> Verdict {
    commit(backend, 0, vec![job("a", 1, 1, &[])]).await?;
    let late = backend.zones.put_in_force(0, &zones("2090a", false)).await?;
    assert_eq!(late, Committed::Conflict { revision: 1 });
    assert_eq!(backend.zones.in_force().await?, (1, None));
    assert_eq!(backend.zones.put_in_force(1, &zones("2090a", false)).await?, Committed::Done);
    let late = backend.jobs.commit(1, vec![job("a", 2, 2, &[])], vec![]).await?;
    assert_eq!(late, Committed::Conflict { revision: 2 });
    Ok(())
}

pub async fn zone_data_are_kept_as_they_came_first(backend: &Backend) -> Verdict {
    let large: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
    backend.zones.keep_zone_data("2090a", &large).await?;
    backend.zones.keep_zone_data("2090a", b"others").await?;
    backend.zones.keep_zone_data("2090b", b"b").await?;
    assert_eq!(backend.zones.zone_data("2090a").await?, Some(large));
    assert_eq!(backend.zones.zone_data("2090b").await?, Some(b"b".to_vec()));
    Ok(())
}

fn stamped(name: &str, version: &str) -> Job {
    let mut job = job(name, 1, 1, &[]);
    job.spec.schedule = Some("0 9 * * *".to_owned());
    job.spec.timezone = Some("America/Vancouver".to_owned());
    job.judged_by(Some(ZoneStamp::of("2025b").followed_by(version, at(0))))
}

pub async fn a_job_brings_the_zone_data_along_that_judge_it(backend: &Backend) -> Verdict {
    // Registered nowhere: only the store knows them.
    let data = zone_data("2091a", -5);
    backend.zones.keep_zone_data(data.version(), &data.pack()).await?;
    commit(backend, 0, vec![stamped("a", data.version())]).await?;
    let newest = backend.jobs.job(&job_id("a")).await?;
    let version = backend.jobs.job_version(&job_id("a"), 1).await?;
    let all = backend.jobs.all_jobs().await?.1;
    for found in newest.iter().chain(&version).chain(&all) {
        let schedule = found.schedule().unwrap_or_else(|| panic!("{} has no schedule", found.id()));
        let next = schedule.next_after(at(0).to_utc()).map(|slot| slot.to_rfc3339());
        assert_eq!(next.as_deref(), Some("2026-11-23T14:00:00+00:00"));
    }
    Ok(())
}

pub async fn a_job_without_its_zone_data_is_not_guessed_at(backend: &Backend) -> Verdict {
    let refused = backend.jobs.commit(0, vec![stamped("a", "2092z")], vec![]).await;
    assert!(matches!(refused, Err(StoreError::Unreadable { .. })), "{refused:?}");
    assert!(backend.jobs.job(&job_id("a")).await?.is_none());
    assert_eq!(backend.jobs.all_jobs().await?.0, 0);
    Ok(())
}

/// A name is not enough: distributions patch the data, and directories are read while they change.
pub async fn what_is_stored_counts_not_what_a_process_has_of_its_own(backend: &Backend) -> Verdict {
    zone_data("2093a", -8).register();
    let data = zone_data("2093a", -5);
    backend.zones.keep_zone_data(data.version(), &data.pack()).await?;
    commit(backend, 0, vec![stamped("a", data.version())]).await?;
    let found = backend.jobs.job(&job_id("a")).await?;
    let schedule = found.as_ref().and_then(|job| job.schedule());
    let next = schedule.and_then(|schedule| schedule.next_after(at(0).to_utc()));
    assert_eq!(next.map(|slot| slot.to_rfc3339()).as_deref(), Some("2026-11-23T14:00:00+00:00"));
    Ok(())
}
