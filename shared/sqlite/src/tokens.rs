//! Bearer tokens. Only their hashes are kept.

use belfry_domain::Timestamp;
use rusqlite::OptionalExtension as _;

use crate::{Result, Store, error::unavailable};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub name: String,
    pub created_at: Timestamp,
}

impl Store {
    /// Keeps the hash of a token under a name. `false` where the name is taken.
    ///
    /// It needs no leadership, because an administrator calls it beside a running belfry.
    ///
    /// # Errors
    /// The database can't be written.
    pub async fn add_token(&self, name: &str, hash: &str, now: Timestamp) -> Result<bool> {
        let (name, hash) = (name.to_owned(), hash.to_owned());
        self.write_unfenced(move |connection| {
            let sql =
                "INSERT INTO tokens (name, hash, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            Ok(connection.execute(sql, (name, hash, now.0)).map_err(unavailable)? == 1)
        })
        .await
    }

    pub async fn remove_token(&self, name: &str) -> Result<bool> {
        let name = name.to_owned();
        self.write_unfenced(move |connection| {
            Ok(connection.execute("DELETE FROM tokens WHERE name = ?1", [name]).map_err(unavailable)? == 1)
        })
        .await
    }

    pub async fn tokens(&self) -> Result<Vec<Token>> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT name, created_at FROM tokens ORDER BY name")
                .map_err(unavailable)?;
            let token =
                |row: &rusqlite::Row<'_>| Ok(Token { name: row.get(0)?, created_at: Timestamp(row.get(1)?) });
            statement
                .query_map([], token)
                .map_err(unavailable)?
                .collect::<rusqlite::Result<_>>()
                .map_err(unavailable)
        })
        .await
    }

    /// Name of the token with this hash. `None` where there is none.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn token_name(&self, hash: &str) -> Result<Option<String>> {
        let hash = hash.to_owned();
        self.browse(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT name FROM tokens WHERE hash = ?1").map_err(unavailable)?;
            statement.query_row([hash], |row| row.get(0)).optional().map_err(unavailable)
        })
        .await
    }
}
