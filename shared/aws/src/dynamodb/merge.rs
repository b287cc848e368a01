//! Merge of several partitions, each in the order of its sort key: read backwards, page by page.

use std::collections::VecDeque;

use futures::future::try_join_all;

use super::{
    Result,
    capacity::Table,
    client::Tables,
    expression::Range,
    item::{Attribute, Item},
    reads::Query,
};

/// Partition of a table or of an index.
pub(crate) struct Source {
    table: Table,
    /// Attribute that holds the position.
    by: Attribute<String>,
    query: Query,
    /// Whether partitions order rows with equal positions: rows of several jobs may have the same
    /// instant.
    by_partition_too: bool,
    ahead: VecDeque<Item>,
    is_over: bool,
}

/// Sources whose positions have one order.
pub(crate) struct Merged {
    sources: Vec<Source>,
    /// Position at which the page before ended.
    after: Option<String>,
}

/// Row, or only its keys where it was found in an index.
pub(crate) struct Found {
    pub(crate) position: String,
    pub(crate) item: Item,
}

impl Source {
    /// Source that reads `page` rows at once.
    pub(crate) fn new(table: Table, range: Range, by: Attribute<String>, page: usize) -> Self {
        let query = Query::of(range).backwards().limit(page);
        Self { table, by, query, by_partition_too: false, ahead: VecDeque::new(), is_over: false }
    }

    pub(crate) fn on_index(self, name: &'static str) -> Self {
        Self { query: Query { index: Some(name), ..self.query.lagging() }, ..self }
    }

    pub(crate) fn beside_other_jobs(self) -> Self {
        Self { by_partition_too: true, ..self }
    }

    /// Source with a single item.
    pub(crate) fn single(item: Item, by: Attribute<String>, source: Self) -> Self {
        Self { by, ahead: VecDeque::from([item]), is_over: true, ..source }
    }

    async fn fill(&mut self, tables: &Tables) -> Result<()> {
        while self.ahead.is_empty() && !self.is_over {
            let rows = tables.query(self.table, &self.query).await?;
            self.ahead.extend(rows.items);
            self.is_over = rows.next.is_none();
            self.query.from = rows.next;
        }
        Ok(())
    }

    fn position(&self) -> Option<String> {
        let item = self.ahead.front()?;
        let position = item.get(&self.by).unwrap_or_default();
        Some(if self.by_partition_too { format!("{position} {}", item.key().pk) } else { position })
    }
}

impl Merged {
    pub(crate) fn new(sources: Vec<Source>, after: Option<&str>) -> Self {
        Self { sources, after: after.map(str::to_owned) }
    }

    /// Whether no rows are left.
    pub(crate) fn is_over(&self) -> bool {
        self.sources.iter().all(|source| source.is_over && source.ahead.is_empty())
    }

    /// Next `count` rows, the greatest position first.
    pub(crate) async fn take(&mut self, tables: &Tables, count: usize) -> Result<Vec<Found>> {
        let mut found = Vec::with_capacity(count);
        while found.len() < count {
            try_join_all(self.sources.iter_mut().map(|source| source.fill(tables))).await?;
            let greatest = self.sources.iter_mut().max_by(|one, other| one.position().cmp(&other.position()));
            let next = greatest.and_then(|source| Some((source.position()?, source.ahead.pop_front()?)));
            let Some((position, item)) = next else { break };
            // Bounds include their ends, and there may be new rows in front of them.
            if self.after.as_ref().is_none_or(|after| position < *after) {
                found.push(Found { position, item });
            }
        }
        Ok(found)
    }
}
