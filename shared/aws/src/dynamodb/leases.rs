//! Store of the lanes' leadership and of the ticks' cursors.

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{Acquired, Cursors, Lease, LeaseStore};

use super::{
    Result, Stores,
    capacity::Table,
    client::Written,
    expression::{Test, Update, absent, at_most, is, no_row},
    item::{Attribute, Item, Key},
};

const OWNER: Attribute<String> = Attribute::new("owner");
const TOKEN: Attribute<u64> = Attribute::new("token");
const UNTIL: Attribute<Timestamp> = Attribute::new("until");

fn lane_key(lane: u16) -> Key {
    Key::alone(format!("lane#{lane}"))
}

/// Key of the item that holds the cursors of all shards. 64 cursors take less than 1 KB.
fn cursors_key() -> Key {
    Key::alone("cursors")
}

fn cursor_of(shard: u16) -> Attribute<Timestamp> {
    Attribute::numbered(CURSOR, shard)
}

/// Attribute: the token of the lane's leader that saved cursors last.
fn saved_by(lane: u16) -> Attribute<u64> {
    Attribute::numbered(SAVED_BY, lane)
}

const CURSOR: char = 'c';
const SAVED_BY: char = 't';

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

    async fn cursors(&self) -> Result<Cursors> {
        let item = self.tables.get(Table::State, cursors_key()).await?.unwrap_or_default();
        let shards = item.0.keys().filter_map(|name| name.strip_prefix(CURSOR)?.parse().ok());
        shards.map(|shard| Ok((shard, item.need(&cursor_of(shard))?))).collect()
    }

    /// Saves cursors with one read and one write instead of a transaction, which costs four: it happens
    /// for every lane in every minute. The lane's token beside the cursors keeps a leader that is
    /// deposed between the read and the write from undoing its successor's cursors. Cursors that it
    /// saves before that are true: it has read so far.
    async fn save_cursors(&self, lease: &Lease, cursors: &Cursors) -> Result<bool> {
        let held = self.tables.get(Table::State, lane_key(lease.lane)).await?;
        if held.and_then(|held| held.get(&TOKEN)) != Some(lease.token) {
            return Ok(false);
        }
        let saved_by = saved_by(lease.lane);
        let save = Update::default().set(&saved_by, lease.token);
        let save = cursors.iter().fold(save, |save, (shard, cursor)| save.set(&cursor_of(*shard), *cursor));
        let no_successor = Test::Any(vec![absent(&saved_by), at_most(&saved_by, lease.token)]);
        Ok(self.tables.update(Table::State, cursors_key(), save, no_successor).await?.is_done())
    }
}

fn same(held: &Item) -> Result<Test> {
    let tests =
        [is(&OWNER, held.need(&OWNER)?), is(&TOKEN, held.need(&TOKEN)?), is(&UNTIL, held.need(&UNTIL)?)];
    Ok(Test::All(tests.to_vec()))
}
