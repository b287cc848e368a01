//! Sources of job files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{FileErrors, FileProblem};

const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

pub struct Source {
    /// Name of the file for people.
    pub name: String,
    pub text: String,
    /// Absolute directory that relative paths in the text refer to.
    pub directory: PathBuf,
}

pub fn open(paths: &[PathBuf]) -> Result<Vec<Source>, FileErrors> {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match open_one(path) {
            Ok(found) => sources.extend(found),
            Err((path, error)) => problems.push(FileProblem::of_file(&path, error.to_string())),
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(FileErrors(problems)) }
}

type Opened = Result<Vec<Source>, (String, io::Error)>;

fn open_one(path: &Path) -> Opened {
    let name = path.display().to_string();
    if name == "-" {
        return standard_input()
            .map(|source| vec![source])
            .map_err(|error| ("standard input".to_owned(), error));
    }
    if !path.is_dir() {
        return file(path).map(|source| vec![source]).map_err(|error| (name, error));
    }
    let files = files_in(path).map_err(|error| (name.clone(), error))?;
    if files.is_empty() {
        let error = io::Error::other("contains no job files (*.yaml, *.yml or *.json)");
        return Err((name, error));
    }
    files.iter().map(|path| file(path).map_err(|error| (path.display().to_string(), error))).collect()
}

fn standard_input() -> io::Result<Source> {
    let text = io::read_to_string(io::stdin())?;
    Ok(Source { name: "standard input".to_owned(), text, directory: std::env::current_dir()? })
}

fn file(path: &Path) -> io::Result<Source> {
    let text = fs::read_to_string(path)?;
    let absolute = fs::canonicalize(path)?;
    let directory = absolute.parent().unwrap_or(Path::new("/")).to_owned();
    Ok(Source { name: path.display().to_string(), text, directory })
}

/// Job files of a directory, by name, so that the order does not depend on the file system.
fn files_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_job_file =
            path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known));
        if is_job_file && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
