//! Layout: the numbers that keys are made of. Processes that differ in them don't see each other's rows,
//! and run slots twice. So the numbers are a row of the installation. The first process writes it, by a
//! conditional write; every process reads it at its start, and refuses to run by other numbers.
//!
//! An installation that is older than this row gets it from the first process that starts, if the newest
//! executions lie where that process would look for them.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use belfry_domain::{ExecutionId, Shards};
use belfry_engine::ports::StoreError;
use futures::future::try_join_all;

use super::{
    Result as Stored,
    capacity::Table,
    client::{Tables, Written},
    error::unavailable,
    expression::{Bounds, Range, no_row},
    item::{Attribute, Item, Key},
    keys,
    reads::Query,
    rows::{RECENT, RECENT_SPREADS, recent_spread},
};
use crate::Names;

/// Format of the rows. It counts up with each change that earlier versions can't live with.
const FORMAT: u32 = 1;
/// Maximum number of key buckets.
pub(crate) const MOST_BUCKETS: u16 = 64;
const USUAL_BUCKETS: u16 = 4;
const USUAL_SHARDS: Shards = Shards(64);
/// Number of executions of each spread that are looked at in an installation without a layout.
const SAMPLED: usize = 4;

const KEY_BUCKETS: Attribute<u16> = Attribute::new("key_buckets");
const SHARDS: Attribute<u16> = Attribute::new("shards");
const FORMAT_NUMBER: Attribute<u32> = Attribute::new("format");

/// Numbers that all processes of an installation agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyLayout {
    /// Number of partitions for the executions of one job.
    pub buckets: u16,
    /// Shards of the timers.
    pub shards: Shards,
}

/// Numbers that a process was told, by its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    pub buckets: Option<u16>,
    pub shards: Option<Shards>,
    /// Whether the process must not choose a number of buckets itself. A daemon may come before the
    /// functions, which were told another one.
    pub is_guest: bool,
}

/// Reason why a process must not run in an installation.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    #[error(
        "{variable} is {told}, but the installation was created with {stored}; processes that differ in it would \
         run slots twice. It cannot be changed: set {variable} back to {stored}, or leave it out"
    )]
    Differs { variable: &'static str, told: u16, stored: u16 },
    #[error(
        "BELFRY_KEY_BUCKETS is {told}, but the executions of the installation are stored as by {in_force}; \
         processes that differ in it would run slots twice. Set it to the number that the other processes have"
    )]
    Contradicted { told: u16, in_force: String },
    #[error(
        "the layout of the installation has format {found} of a newer version of belfry; this version supports \
         formats up to {known}, use the newer version"
    )]
    Newer { found: u32, known: u32 },
    #[error(
        "the installation has no layout yet; its functions write it when they first start, and the tick does so \
         within a minute. Start this process after them, or set BELFRY_KEY_BUCKETS to the module's key_buckets"
    )]
    Absent,
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn layout_key() -> Key {
    Key::alone("layout")
}

impl KeyLayout {
    /// Layout of the installation. If it has none yet, the numbers that this process was told or would
    /// choose become its layout.
    ///
    /// # Errors
    /// The process was told other numbers, or does not know them, or the store does not answer.
    pub async fn learn(config: &SdkConfig, names: &Names, told: Told) -> Result<Self, LayoutError> {
        let tables = Tables::new(Client::new(config), names);
        let stored = match tables.get(Table::State, layout_key()).await? {
            Some(stored) => stored,
            None => Self::first(&tables, told).await?.write(&tables).await?,
        };
        let layout = Self::read(&stored)?;
        agree("BELFRY_KEY_BUCKETS", told.buckets, layout.buckets)?;
        agree("BELFRY_SHARDS", told.shards.map(|shards| shards.0), layout.shards.0)?;
        Ok(layout)
    }

    fn read(stored: &Item) -> Result<Self, LayoutError> {
        let found = stored.need(&FORMAT_NUMBER)?;
        if found > FORMAT {
            return Err(LayoutError::Newer { found, known: FORMAT });
        }
        Ok(Self { buckets: stored.need(&KEY_BUCKETS)?, shards: Shards(stored.need(&SHARDS)?) })
    }

    /// Writes the layout of an installation that has none. Returns the row that is there then: another
    /// process may have been faster.
    async fn write(self, tables: &Tables) -> Stored<Item> {
        let item = Item::from(layout_key())
            .with(&FORMAT_NUMBER, FORMAT)
            .with(&KEY_BUCKETS, self.buckets)
            .with(&SHARDS, self.shards.0);
        match tables.put(Table::State, item.clone(), Some(no_row())).await? {
            Written::Done(_) => {
                tracing::info!(
                    key_buckets = self.buckets,
                    shards = self.shards.0,
                    "the installation has a layout now"
                );
                Ok(item)
            }
            Written::Refused(first) => {
                first.ok_or_else(|| unavailable("the layout was removed during the call"))
            }
        }
    }

    /// Layout for an installation that has none.
    async fn first(tables: &Tables, told: Told) -> Result<Self, LayoutError> {
        let wanted = told.buckets.or((!told.is_guest).then_some(USUAL_BUCKETS)).ok_or(LayoutError::Absent)?;
        let possible = possible_buckets(&newest(tables).await?);
        let buckets = match (told.buckets, &possible[..]) {
            (_, possible) if possible.contains(&wanted) => wanted,
            (_, []) => {
                tracing::warn!(
                    key_buckets = wanted,
                    "executions are stored by several numbers of key buckets"
                );
                wanted
            }
            (None, [only]) => *only,
            (None, _) => return Err(LayoutError::Absent),
            (Some(told), [only]) => {
                return Err(LayoutError::Contradicted { told, in_force: only.to_string() });
            }
            (Some(told), _) => {
                return Err(LayoutError::Contradicted { told, in_force: "another number".to_owned() });
            }
        };
        Ok(Self { buckets, shards: told.shards.unwrap_or(USUAL_SHARDS) })
    }
}

fn agree(variable: &'static str, told: Option<u16>, stored: u16) -> Result<(), LayoutError> {
    match told.filter(|told| *told != stored) {
        Some(told) => Err(LayoutError::Differs { variable, told, stored }),
        None => Ok(()),
    }
}

/// Newest executions, each with the number of its bucket.
async fn newest(tables: &Tables) -> Stored<Vec<(ExecutionId, u16)>> {
    let read = |number| async move {
        let keys = (RECENT.pk.name, RECENT.sk.name);
        let range = Range { keys, pk: recent_spread(number), bounds: Bounds::All };
        let query =
            Query { index: Some(RECENT.name), ..Query::of(range).backwards().lagging().limit(SAMPLED) };
        tables.query(Table::Executions, &query).await
    };
    let pages = try_join_all((0..RECENT_SPREADS).map(read)).await?;
    Ok(pages.iter().flat_map(|page| &page.items).filter_map(place).collect())
}

fn place(item: &Item) -> Option<(ExecutionId, u16)> {
    let (pk, at_and_id) = (item.key().pk, item.get(&RECENT.sk)?);
    let (_, id) = at_and_id.split_once('#')?;
    let (_, number) = pk.rsplit_once('#')?;
    Some((id.parse().ok()?, number.parse().ok()?))
}

/// Numbers of buckets by which all these executions lie in their buckets.
fn possible_buckets(places: &[(ExecutionId, u16)]) -> Vec<u16> {
    let is_possible =
        |buckets: &u16| places.iter().all(|(id, number)| keys::bucket_of(id, *buckets) == *number);
    (1..=MOST_BUCKETS).filter(is_possible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(count: u16, buckets: u16) -> Vec<(ExecutionId, u16)> {
        let ids = (0..count).map(|number| format!("job@{number}").parse::<ExecutionId>().unwrap());
        ids.map(|id| (id.clone(), keys::bucket_of(&id, buckets))).collect()
    }

    #[test]
    fn some_executions_tell_how_many_buckets_there_are() {
        for buckets in [1, 2, 4, 8, 63, 64] {
            assert_eq!(possible_buckets(&places(64, buckets)), [buckets]);
        }
        assert_eq!(possible_buckets(&[]).len(), usize::from(MOST_BUCKETS), "any number");
        let mixed = [places(30, 4), places(60, 8)].concat();
        assert_eq!(possible_buckets(&mixed), [0; 0]);
    }

    #[test]
    fn an_execution_is_found_in_the_index() {
        let key = Key::new("job#3", "2026-11-23T00:00:00.000Z#2026-11-23T00:00:00Z~0000000001");
        let sk = "2026-11-23T00:00:01.000Z#job@2026-11-23T00:00:00Z".to_owned();
        let item = Item::from(key).with(&RECENT.sk, sk);
        assert_eq!(place(&item), Some(("job@2026-11-23T00:00:00Z".parse().unwrap(), 3)));
    }
}
