//! Dead letters: an open letter stands in a bucket, by its instant; a second row says that it was
//! written, and what became of it. One that was redriven for an idempotency key stands with those
//! of that key.

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId, Shards, SlotName, Timestamp};
use belfry_engine::ports::{DeadLetter, DeadLetterStore, Page};
use futures::future::try_join_all;

use super::{
    Result, Stores,
    capacity::Table,
    error::{unavailable, unreadable},
    expression::{Bounds, Range, Update, is, no_row},
    item::{Attribute, Item, Key, SK},
    keys,
    merge::{Found, Merged, Source},
    reads::Query,
    rows::DOC,
    transaction::{Transacted, Write},
};

const STATE: Attribute<String> = Attribute::new("state");
const AT: Attribute<Timestamp> = Attribute::new("at");
const OPEN: &str = "open";
const REDRIVEN: &str = "redriven";
const DISCARDED: &str = "discarded";

const BUCKETS: u16 = 4;
const BATCH: usize = 100;
/// Maximum number of letters that one call looks at in search of one job's letters.
const LOOKS: usize = 2_000;

fn bucket(number: u16) -> String {
    format!("l#{number}")
}

/// Partition of the dead letters that were redriven for an idempotency key.
fn redriven(key: &SlotName) -> String {
    format!("k#{key}")
}

fn redriven_key(key: &SlotName, letter: &DeadLetter) -> Key {
    Key::new(redriven(key), place(&letter.execution_id, letter.at))
}

fn place(id: &ExecutionId, at: Timestamp) -> String {
    format!("{}#{id}", keys::written(at))
}

fn open_key(id: &ExecutionId, at: Timestamp) -> Key {
    Key::new(bucket(Shards(BUCKETS).of(id.as_str())), place(id, at))
}

fn state_key(id: &ExecutionId) -> Key {
    Key::alone(id.as_str())
}

#[async_trait]
impl DeadLetterStore for Stores {
    async fn add_dead_letter(&self, letter: DeadLetter) -> Result<bool> {
        let (id, doc) = (&letter.execution_id, serde_json::to_string(&letter).map_err(unavailable)?);
        let open = Item::from(open_key(id, letter.at)).with(&DOC, doc.clone());
        let state =
            Item::from(state_key(id)).with(&DOC, doc).with(&AT, letter.at).with(&STATE, OPEN.to_owned());
        let writes = vec![
            Write::put(Table::DeadLetters, state).provided(no_row()),
            Write::put(Table::DeadLetters, open),
        ];
        Ok(matches!(self.tables.transact(writes).await?, Transacted::Done))
    }

    async fn dead_letter(&self, id: &ExecutionId) -> Result<Option<DeadLetter>> {
        self.undiscarded(id).await?.as_ref().map(decode).transpose()
    }

    async fn dead_letters(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>> {
        let sources = (0..BUCKETS).map(|number| source(number, after, limit)).collect();
        let mut merged = Merged::new(sources, after);
        let mut page = Page { items: Vec::new(), next: None };
        let mut looks = 0;
        while page.items.len() < limit && looks < LOOKS {
            let found = merged.take(&self.tables, (limit - page.items.len()).min(BATCH)).await?;
            if found.is_empty() {
                break;
            }
            looks += found.len();
            for Found { position, item } in found {
                let is_wanted = |letter: &DeadLetter| job_id.is_none_or(|id| letter.job_id == *id);
                page.items.extend(readable(&item).filter(is_wanted));
                page.next = Some(position);
            }
        }
        page.next = page.next.filter(|_| !merged.is_over());
        Ok(page)
    }

    async fn redriven_for(
        &self,
        key: &SlotName,
        job_id: Option<&JobId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>> {
        let redriven = Query::of(Range::of(redriven(key), Bounds::All)).backwards();
        let rows = self.tables.query_all(Table::DeadLetters, redriven).await?;
        let is_wanted = |letter: &DeadLetter| job_id.is_none_or(|id| letter.job_id == *id);
        Ok(rows.iter().filter_map(readable).filter(is_wanted).take(limit).collect())
    }

    async fn mark_redriven(
        &self,
        id: &ExecutionId,
        generation: &ExecutionId,
        key: Option<&SlotName>,
    ) -> Result<()> {
        while let Some(found) = self.undiscarded(id).await? {
            let letter = decode(&found)?;
            if letter.redriven_as.is_some() {
                break;
            }
            let letter =
                DeadLetter { redriven_as: Some(generation.clone()), redriven_for: key.cloned(), ..letter };
            let doc = serde_json::to_string(&letter).map_err(unavailable)?;
            let row = key.map(|key| Item::from(redriven_key(key, &letter)).with(&DOC, doc.clone()));
            let also = row.map(|row| Write::put(Table::DeadLetters, row));
            if self.close(id, &found, Update::default().set(&DOC, doc), REDRIVEN, also).await? {
                break;
            }
        }
        Ok(())
    }

    async fn discard(&self, id: &ExecutionId) -> Result<bool> {
        while let Some(found) = self.undiscarded(id).await? {
            // People can be rid of one that can't be read, too.
            let letter = decode(&found).ok();
            let of_key = letter.and_then(|letter| Some(redriven_key(letter.redriven_for.as_ref()?, &letter)));
            let also = of_key.map(|key| Write::delete(Table::DeadLetters, key));
            if self.close(id, &found, Update::default(), DISCARDED, also).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        let count = |number| {
            let all = Query::of(Range::of(bucket(number), Bounds::All)).lagging();
            self.tables.count(Table::DeadLetters, all)
        };
        Ok(try_join_all((0..BUCKETS).map(count)).await?.into_iter().sum())
    }
}

impl Stores {
    async fn undiscarded(&self, id: &ExecutionId) -> Result<Option<Item>> {
        let found = self.tables.get(Table::DeadLetters, state_key(id)).await?;
        Ok(found.filter(|item| item.get(&STATE).is_some_and(|state| state != DISCARDED)))
    }

    /// Notes the new state of a letter, and removes it from the open letters. `false` where another
    /// process came first.
    async fn close(
        &self,
        id: &ExecutionId,
        found: &Item,
        update: Update,
        state: &str,
        also: Option<Write>,
    ) -> Result<bool> {
        let unchanged = is(&STATE, found.need(&STATE)?);
        let update = update.set(&STATE, state.to_owned());
        let mut writes = vec![
            Write::update(Table::DeadLetters, state_key(id), update).provided(unchanged),
            Write::delete(Table::DeadLetters, open_key(id, found.need(&AT)?)),
        ];
        writes.extend(also);
        Ok(matches!(self.tables.transact(writes).await?, Transacted::Done))
    }
}

fn source(number: u16, after: Option<&str>, limit: usize) -> Source {
    let between = Bounds::Between("!".to_owned(), after.unwrap_or("~").to_owned());
    Source::new(Table::DeadLetters, Range::of(bucket(number), between), SK, limit.min(BATCH) + 1)
}

fn decode(item: &Item) -> Result<DeadLetter> {
    serde_json::from_str(&item.need(&DOC)?).map_err(|why| unreadable(item.name(), why))
}

/// Row that can be read. A row that can't be read is logged, and does not hide the others.
fn readable(item: &Item) -> Option<DeadLetter> {
    decode(item)
        .inspect_err(|why| tracing::error!(row = item.name(), %why, "unreadable row left out of a list"))
        .ok()
}
