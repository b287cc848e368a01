use std::path::PathBuf;

use belfry::standalone;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{DONE, Global, Outcome};
use crate::show::{self, table, time};

/// Create, list or revoke the bearer tokens of a data directory; run this on the server's host
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry token create deploy --data /var/lib/belfry     prints the token once
  belfry token list
  belfry token revoke deploy

The server requires a token on every address except loopback.")]
pub struct TokenArgs {
    #[command(subcommand)]
    action: Action,
    /// Data directory of `belfry up`
    #[arg(long, global = true, env = "BELFRY_DATA", default_value = "belfry-data", value_name = "DIR")]
    data: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a token and print it; only a hash of the token is stored
    #[command(after_help = "Example:\n  belfry token create deploy --data /var/lib/belfry")]
    Create {
        /// Name of the token, for `belfry token list` and `revoke`
        name: String,
    },
    /// List the names of tokens
    #[command(after_help = "Example:\n  belfry token list --json")]
    List,
    /// Revoke a token
    #[command(after_help = "Example:\n  belfry token revoke deploy")]
    Revoke {
        /// Name of the token
        name: String,
    },
}

pub async fn run(args: TokenArgs, global: &Global) -> Outcome {
    match args.action {
        Action::Create { name } => {
            let token = standalone::create_token(&args.data, &name).await?;
            if global.json {
                show::json(&json!({ "name": name, "token": token }))?;
            } else {
                show::line(token)?;
            }
        }
        Action::List => list(&args.data, global).await?,
        Action::Revoke { name } => {
            anyhow::ensure!(standalone::revoke_token(&args.data, &name).await?, "no token is named {name:?}");
            if global.json {
                show::json(&json!({ "revoked": name }))?;
            } else {
                show::line(format!("revoked {name}"))?;
            }
        }
    }
    DONE
}

async fn list(data: &std::path::Path, global: &Global) -> anyhow::Result<()> {
    let tokens = standalone::list_tokens(data).await?;
    if global.json {
        let rows = tokens
            .iter()
            .map(|token| json!({ "name": token.name, "created_at": time::utc(token.created_at.to_utc()) }));
        show::json(&rows.collect())?;
        return Ok(());
    }
    let mut table = table::new(["TOKEN", "CREATED"]);
    for token in tokens {
        table.add_row([token.name, time::utc(token.created_at.to_utc())]);
    }
    show::line(table::text(&table))?;
    Ok(())
}
