//! Bearer tokens: created here, kept as hashes in the database.

use std::path::Path;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use belfry_api::TokenVerifier;
use belfry_domain::Timestamp;
use belfry_sqlite::{Store, Token};
use sha2::{Digest as _, Sha256};

use super::database::open_store;

const TOKEN_BYTES: usize = 32;

/// Tokens of a database, for the API.
pub struct StoredTokens(pub Store);

#[async_trait]
impl TokenVerifier for StoredTokens {
    async fn verify(&self, token: &str) -> bool {
        // Looked up by hash: how long it takes says nothing about how near a guess came.
        matches!(self.0.token_name(&hash(token)).await, Ok(Some(_)))
    }
}

/// Hash of a token. A token is random, so a plain hash is enough: there is nothing to guess.
fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// Creates a token and returns it. It is shown this once, and kept nowhere.
pub async fn create_token(data: &Path, name: &str) -> anyhow::Result<String> {
    let secret: [u8; TOKEN_BYTES] = rand::random();
    let token = format!("belfry_{}", URL_SAFE_NO_PAD.encode(secret));
    let now = Timestamp::from(chrono::Utc::now());
    let added =
        open_store(data)?.add_token(name, &hash(&token), now).await.context("cannot store the token")?;
    if !added {
        bail!("a token named {name:?} already exists; revoke that token first, or choose another name");
    }
    Ok(token)
}

pub async fn list_tokens(data: &Path) -> anyhow::Result<Vec<Token>> {
    Ok(open_store(data)?.tokens().await?)
}

/// Revokes a token. `false` where there is none of this name.
pub async fn revoke_token(data: &Path, name: &str) -> anyhow::Result<bool> {
    Ok(open_store(data)?.remove_token(name).await?)
}
