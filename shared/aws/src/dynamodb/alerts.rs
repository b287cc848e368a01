//! Store of alerts, all in one partition of the table `state`, because they are few.

use async_trait::async_trait;
use belfry_engine::ports::{AlertRow, AlertStore};

use super::{
    Result, Stores,
    capacity::Table,
    client::Written,
    error::{unavailable, unreadable},
    expression::{Bounds, Range, is, no_row},
    item::{Attribute, Item, Key},
    reads::Query,
    rows::DOC,
};

const REVISION: Attribute<u64> = Attribute::new("revision");
const ALERTS: &str = "alerts";

fn key_of(key: &str) -> Key {
    Key::new(ALERTS, key)
}

#[async_trait]
impl AlertStore for Stores {
    async fn alert(&self, key: &str) -> Result<Option<AlertRow>> {
        let found = self.tables.get(Table::State, key_of(key)).await?;
        found.as_ref().map(decode).transpose()
    }

    async fn alerts(&self) -> Result<Vec<AlertRow>> {
        let all = Query::of(Range::of(ALERTS.to_owned(), Bounds::All));
        let items = self.tables.query_all(Table::State, all).await?;
        Ok(items.iter().filter_map(readable).collect())
    }

    async fn keep_alert(&self, row: &AlertRow) -> Result<bool> {
        let doc = serde_json::to_string(row).map_err(unavailable)?;
        let item = Item::from(key_of(&row.key)).with(&DOC, doc.clone()).with(&REVISION, row.revision);
        let test = if row.revision == 1 { no_row() } else { is(&REVISION, row.revision - 1) };
        Ok(match self.tables.put(Table::State, item, Some(test)).await? {
            Written::Done(_) => true,
            // The store has repeated the write, and refused its own first one.
            Written::Refused(found) => found.and_then(|found| found.get(&DOC)) == Some(doc),
        })
    }

    async fn forget_alert(&self, key: &str, revision: u64) -> Result<bool> {
        let unchanged = Some(is(&REVISION, revision));
        Ok(self.tables.delete(Table::State, key_of(key), unchanged).await?.is_done())
    }
}

fn decode(item: &Item) -> Result<AlertRow> {
    serde_json::from_str(&item.need(&DOC)?).map_err(|why| unreadable(item.name(), why))
}

/// Row that can be read. A row that can't be read is logged, and does not hide the others.
fn readable(item: &Item) -> Option<AlertRow> {
    decode(item)
        .inspect_err(|why| tracing::error!(row = item.name(), %why, "unreadable row left out of a list"))
        .ok()
}
