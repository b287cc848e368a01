//! Leadership of lanes, and how far ticks have read.

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{Acquired, Lease, LeaseStore};

use super::{
    Result, Stores,
    capacity::Table,
    client::Written,
    expression::{Test, Update, at_most, is, is_not, no_row},
    item::{Attribute, Item, Key},
};

const OWNER: Attribute<String> = Attribute::new("owner");
const TOKEN: Attribute<u64> = Attribute::new("token");
const UNTIL: Attribute<Timestamp> = Attribute::new("until");
const CURSOR: Attribute<Timestamp> = Attribute::new("cursor");
/// Whose token stands beside the cursor.
const LANE: Attribute<u16> = Attribute::new("lane");

fn lane_key(lane: u16) -> Key {
    Key::alone(format!("lane#{lane}"))
}

fn cursor_key(shard: u16) -> Key {
    Key::alone(format!("shard#{shard}"))
}

#[async_trait]
impl LeaseStore for Stores {
    async fn acquire(&self, lane: u16, owner: &str, now: Timestamp, until: Timestamp) -> Result<Acquired> {
        // Mostly it is the owner's already.
        let renew = Update::default().set(&UNTIL, until);
        let mut written =
            self.tables.update(Table::State, lane_key(lane), renew, is(&OWNER, owner.to_owned())).await?;
        loop {
            let held = match written {
                Written::Done(item) => {
                    let (owner, token) = (owner.to_owned(), item.need(&TOKEN)?);
                    return Ok(Acquired::Leader(Lease { lane, owner, token, until }));
                }
                Written::Refused(held) => held,
            };
            let (token, unchanged) = match &held {
                None => (1, no_row()),
                Some(held) if held.need(&OWNER)? == owner => (held.need(&TOKEN)?, same(held)?),
                Some(held) if held.need(&UNTIL)? > now => {
                    return Ok(Acquired::HeldBy { owner: held.need(&OWNER)?, until: held.need(&UNTIL)? });
                }
                Some(held) => (held.need(&TOKEN)? + 1, same(held)?),
            };
            let take = Update::default().set(&OWNER, owner.to_owned()).set(&TOKEN, token).set(&UNTIL, until);
            written = self.tables.update(Table::State, lane_key(lane), take, unchanged).await?;
        }
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        let release = Update::default().set(&UNTIL, Timestamp(0));
        self.tables
            .update(Table::State, lane_key(lease.lane), release, is(&TOKEN, lease.token))
            .await
            .map(drop)
    }

    async fn cursor(&self, shard: u16) -> Result<Timestamp> {
        let item = self.tables.get(Table::State, cursor_key(shard)).await?;
        item.map_or(Ok(Timestamp::MIN), |item| item.need(&CURSOR))
    }

    /// One read and one write instead of a transaction, which costs four: it is done for every
    /// shard in every minute. The token beside the cursor keeps a leader that is deposed between
    /// the two from setting back what its successor has saved; what it saves before that, it has
    /// read.
    async fn save_cursor(&self, lease: &Lease, shard: u16, cursor: Timestamp) -> Result<bool> {
        let held = self.tables.get(Table::State, lane_key(lease.lane)).await?;
        if held.and_then(|held| held.get(&TOKEN)) != Some(lease.token) {
            return Ok(false);
        }
        let save = Item::from(cursor_key(shard));
        let save = save.with(&CURSOR, cursor).with(&TOKEN, lease.token).with(&LANE, lease.lane);
        let no_successor = Test::Any(vec![no_row(), is_not(&LANE, lease.lane), at_most(&TOKEN, lease.token)]);
        Ok(self.tables.put(Table::State, save, Some(no_successor)).await?.is_done())
    }
}

fn same(held: &Item) -> Result<Test> {
    let tests =
        [is(&OWNER, held.need(&OWNER)?), is(&TOKEN, held.need(&TOKEN)?), is(&UNTIL, held.need(&UNTIL)?)];
    Ok(Test::All(tests.to_vec()))
}
