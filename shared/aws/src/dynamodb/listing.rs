//! Listings of executions, for people. They use indexes, which lag behind; the rows themselves are read
//! with strong consistency.

use std::collections::HashMap;

use belfry_domain::{Execution, ExecutionId, JobId, Status};
use belfry_engine::ports::{ExecutionFilter, Page};

use super::{
    Result, Stores,
    capacity::Table,
    expression::{Bounds, Range},
    item::{Item, Key, SK},
    keys,
    merge::{Found, Merged, Source},
    rows::{
        BY_DUE, BY_RUN, BY_STATUS, DOC, Index, NAME_HOLDS_FOR, RECENT, RECENT_SPREADS, STATUS_SPREADS,
        decode, is_listed_by_status, recent_spread, status_spread,
    },
};

/// Maximum number of rows that one call looks at. A filter that lets few of them through gives small
/// pages.
const LOOKS: usize = 2_000;
const BATCH: usize = 100;
/// Maximum number of jobs whose timelines are read side by side. With more jobs, their rows are
/// searched in the listing of all.
const SIDE_BY_SIDE: usize = 20;
/// Position before all others. `LAST` is behind all others.
const FIRST: &str = "!";
const LAST: &str = "~";

impl Stores {
    pub(crate) async fn list_executions(
        &self,
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Execution>> {
        let mut merged = Merged::new(self.sources(filter, after, limit), after);
        let mut page = Page { items: Vec::new(), next: None };
        let (mut looks, mut batch) = (0, limit.clamp(1, BATCH));
        while looks < LOOKS {
            let found = self.with_rows(merged.take(&self.tables, batch).await?, filter).await?;
            let was_last = merged.is_over();
            let count = found.len();
            for (number, Found { position, item }) in found.into_iter().enumerate() {
                page.next = Some(position);
                page.items.extend(readable(&item).filter(|row| filter.lets_through(row)));
                if page.items.len() == limit {
                    page.next = page.next.filter(|_| !was_last || number + 1 < count);
                    return Ok(page);
                }
            }
            if was_last || count == 0 {
                return Ok(Page { next: None, ..page });
            }
            looks += count;
            batch = BATCH;
        }
        Ok(page)
    }

    fn sources(&self, filter: &ExecutionFilter, after: Option<&str>, limit: usize) -> Vec<Source> {
        if let Some(run_id) = &filter.run_id {
            return self.sources_of_run(run_id, after, limit);
        }
        if let Some(job_id) = &filter.job_id {
            return self.sources_of_job(job_id, filter, after, limit);
        }
        if let Some(status) = filter.status.filter(|status| is_listed_by_status(*status)) {
            return sources_of_status(status, filter, after, limit);
        }
        match &filter.among {
            Some(jobs) if jobs.len() <= SIDE_BY_SIDE => self.sources_of_jobs(jobs, filter, after, limit),
            _ => sources_of_all(after, limit),
        }
    }

    /// Sources for the executions of a run. The root of a run has the run's name, and needs no place in
    /// the index.
    fn sources_of_run(&self, run_id: &str, after: Option<&str>, limit: usize) -> Vec<Source> {
        let range = || within(&BY_RUN, run_id, FIRST.to_owned(), after.unwrap_or(LAST).to_owned());
        let others = Source::new(Table::Executions, range(), BY_RUN.sk, limit + 1).on_index(BY_RUN.name);
        let root = run_id.parse::<ExecutionId>().ok().map(|id| {
            let item =
                Item::from(keys::execution(&id, self.layout.buckets)).with(&BY_RUN.sk, run_id.to_owned());
            Source::single(item, BY_RUN.sk, Source::new(Table::Executions, range(), BY_RUN.sk, 1))
        });
        std::iter::once(others).chain(root).collect()
    }

    fn sources_of_job(
        &self,
        job_id: &JobId,
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<Source> {
        let since = filter.since.map(|at| keys::written(at.minus(NAME_HOLDS_FOR)));
        let until = filter.until.map(|at| keys::written(at.plus(NAME_HOLDS_FOR)) + LAST);
        let low = since.unwrap_or_else(|| "0".to_owned());
        let high = lower(until.unwrap_or_else(|| keys::BEHIND_INSTANTS.to_owned()), after);
        let per_source = share(limit, self.layout.buckets);
        let bucket = |number| {
            let range = Range::of(keys::bucket(job_id, number), Bounds::Between(low.clone(), high.clone()));
            Source::new(Table::Executions, range, SK, per_source)
        };
        let (low, high) = due_bounds(filter, after);
        let due =
            Source::new(Table::Executions, within(&BY_DUE, job_id.as_str(), low, high), BY_DUE.sk, limit + 1);
        (0..self.layout.buckets).map(bucket).chain([due.on_index(BY_DUE.name)]).collect()
    }

    fn sources_of_jobs(
        &self,
        jobs: &[JobId],
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<Source> {
        let of_job = |id: &JobId| self.sources_of_job(id, filter, after, limit);
        jobs.iter().flat_map(of_job).map(Source::beside_other_jobs).collect()
    }

    /// Reads the rows of which only the keys are known. Rows that are gone, that belong to other jobs,
    /// or that another source lists are left out.
    async fn with_rows(&self, found: Vec<Found>, filter: &ExecutionFilter) -> Result<Vec<Found>> {
        let is_wanted = |item: &Item| keys::job_of(&item.key()).is_none_or(|id| filter.lets_job_through(&id));
        let is_key = |found: &&Found| !found.item.has(&DOC) && is_wanted(&found.item);
        let keys: Vec<Key> = found.iter().filter(is_key).map(|found| found.item.key()).collect();
        let rows = self.tables.get_all(Table::Executions, keys).await?;
        let mut rows: HashMap<Key, Item> = rows.into_iter().map(|row| (row.key(), row)).collect();
        let complete = |Found { position, item }| {
            if item.has(&DOC) {
                // A timeline's row that its index lists too.
                let item = if item.has(&BY_DUE.pk) { Item::default() } else { item };
                return Found { position, item };
            }
            let item = rows.remove(&item.key()).unwrap_or_default();
            Found { position, item }
        };
        Ok(found.into_iter().map(complete).collect())
    }
}

fn sources_of_status(
    status: Status,
    filter: &ExecutionFilter,
    after: Option<&str>,
    limit: usize,
) -> Vec<Source> {
    let (low, high) = due_bounds(filter, after);
    let spread = |number| {
        let range = within(&BY_STATUS, &status_spread(status, number), low.clone(), high.clone());
        Source::new(Table::Executions, range, BY_STATUS.sk, share(limit, STATUS_SPREADS))
            .on_index(BY_STATUS.name)
    };
    (0..STATUS_SPREADS).map(spread).collect()
}

fn sources_of_all(after: Option<&str>, limit: usize) -> Vec<Source> {
    let high = after.unwrap_or(LAST).to_owned();
    let spread = |number| {
        let range = within(&RECENT, &recent_spread(number), FIRST.to_owned(), high.clone());
        Source::new(Table::Executions, range, RECENT.sk, share(limit, RECENT_SPREADS)).on_index(RECENT.name)
    };
    (0..RECENT_SPREADS).map(spread).collect()
}

fn within(index: &Index, pk: &str, low: String, high: String) -> Range {
    Range {
        keys: (index.pk.name.clone(), index.sk.name.clone()),
        pk: pk.to_owned(),
        bounds: Bounds::Between(low, high),
    }
}

/// Bounds of index positions that begin with the instant at which a row is due.
fn due_bounds(filter: &ExecutionFilter, after: Option<&str>) -> (String, String) {
    let low = filter.since.map_or_else(|| FIRST.to_owned(), keys::written);
    let high = filter.until.map_or_else(|| LAST.to_owned(), |until| keys::written(until) + LAST);
    (low, lower(high, after))
}

fn lower(bound: String, after: Option<&str>) -> String {
    match after {
        Some(after) if *after < *bound => after.to_owned(),
        _ => bound,
    }
}

/// Number of rows to read from each source: twice its equal share.
fn share(limit: usize, sources: u16) -> usize {
    (2 * limit / usize::from(sources.max(1)) + 2).min(limit + 1)
}

/// Row that can be read. A row that can't be read is logged, and does not hide the others.
fn readable(item: &Item) -> Option<Execution> {
    if item.0.is_empty() {
        return None;
    }
    decode(item)
        .inspect_err(|why| tracing::error!(row = item.name(), %why, "unreadable row left out of a list"))
        .ok()
}
