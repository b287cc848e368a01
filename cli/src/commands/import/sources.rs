//! Files that definitions are read from.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::{
    error::CliError,
    files::{FileErrors, FileProblem},
};

/// File as it is, under the name that people know it by.
pub struct Input {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Input {
    /// Text of the file.
    ///
    /// # Errors
    /// The file has bytes that are not UTF-8; the text around them would be lost.
    pub fn text(&self) -> anyhow::Result<&str> {
        str::from_utf8(&self.bytes).map_err(|error| {
            let line = self.bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count() as u64;
            FileErrors::from(
                FileProblem::of_file(&self.name, "has bytes that are not UTF-8").at((Some(line), None)),
            )
            .into()
        })
    }
}

pub fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.is_dir() {
            for file in files_in(path)? {
                inputs.push(read_one(&file)?);
            }
        } else {
            inputs.push(read_one(path)?);
        }
    }
    Ok(inputs)
}

/// Files of a folder, without those in subfolders, in the order of their names.
pub fn files_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = |error: io::Error| CliError::Usage(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub fn read_one(path: &Path) -> anyhow::Result<Input> {
    let name = path.display().to_string();
    if name == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        return Ok(Input { name: "standard input".to_owned(), bytes });
    }
    let bytes = fs::read(path).map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
    Ok(Input { name, bytes })
}
