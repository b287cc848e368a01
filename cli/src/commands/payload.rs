//! Value of `--input JSON|@file|-`.

use std::{fs, io};

use serde_json::Value;

use crate::error::CliError;

pub fn read(argument: Option<&str>) -> anyhow::Result<Option<Value>> {
    let Some(argument) = argument else { return Ok(None) };
    let (what, text) = match (argument, argument.strip_prefix('@')) {
        ("-", _) => ("standard input", io::read_to_string(io::stdin())?),
        (_, Some(path)) => {
            let text = fs::read_to_string(path)
                .map_err(|error| CliError::Usage(format!("--input @{path}: {error}")))?;
            (path, text)
        }
        (text, None) => ("--input", text.to_owned()),
    };
    let value = serde_json::from_str(&text);
    Ok(Some(value.map_err(|error| {
        CliError::Usage(format!("{what} is not JSON: {error}; quote text, as in '\"text\"'"))
    })?))
}
