//! Files of lines: `dt=2026-11-23/20261123T101500.000Z-9f3c….jsonl.gz`, by the day (UTC) on which their
//! executions ended.
//!
//! A repeated write of the same executions gives the same name and bytes, so it replaces the file by
//! itself.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write as _},
};

use belfry_domain::{Execution, Timestamp};
use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};

use super::Record;

/// Number of bytes of the hash in a file's name: enough to tell the files of one instant apart.
const HASH_BYTES: usize = 8;
/// Level of compression. Files are a tenth larger than with the usual level, and take a third of the
/// time.
const LEVEL: Compression = Compression::new(3);

#[derive(Debug, PartialEq, Eq)]
pub struct DayFile {
    /// Name of the file, with its folder.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Files for these executions: one for each day on which some of them ended, in the order of the days.
pub fn day_files(ended: &[Execution]) -> io::Result<Vec<DayFile>> {
    let mut days: BTreeMap<String, Vec<&Execution>> = BTreeMap::new();
    for row in ended {
        days.entry(ended_at(row).to_utc().format("%Y-%m-%d").to_string()).or_default().push(row);
    }
    days.into_iter().map(|(day, rows)| day_file(&day, &rows)).collect()
}

/// Whether a file's name, without its folder, is one of those.
pub(crate) fn is_day_file(name: &str) -> bool {
    let parts = name.strip_suffix(".jsonl.gz").and_then(|name| name.split_once("Z-"));
    parts.is_some_and(|(first, hash)| {
        let is_instant = first.bytes().all(|byte| byte.is_ascii_digit() || b"+-.T".contains(&byte));
        is_instant && hash.len() == 2 * HASH_BYTES && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn ended_at(row: &Execution) -> Timestamp {
    row.end_time.unwrap_or(row.created_at)
}

fn day_file(day: &str, rows: &[&Execution]) -> io::Result<DayFile> {
    // No time in its header: the bytes depend on the lines alone.
    let mut file = GzBuilder::new().mtime(0).write(Vec::new(), LEVEL);
    let mut line = Vec::new();
    let mut ids = Sha256::new();
    for row in rows {
        line.clear();
        serde_json::to_writer(&mut line, &Record::from(*row))?;
        line.push(b'\n');
        file.write_all(&line)?;
        ids.update(row.id.as_str());
        ids.update(b"\n");
    }
    let first = rows.iter().map(|row| ended_at(row)).min().unwrap_or(Timestamp(0));
    let first = first.to_utc().format("%Y%m%dT%H%M%S%.3fZ");
    let mut name = format!("dt={day}/{first}-");
    for byte in ids.finalize().iter().take(HASH_BYTES) {
        let _ = write!(name, "{byte:02x}");
    }
    Ok(DayFile { name: name + ".jsonl.gz", bytes: file.finish()? })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use belfry_domain::{Run, Status, TimerKey, Trigger};
    use flate2::read::GzDecoder;
    use serde_json::Value;

    use super::*;

    fn ended(id: &str, at: &str) -> Execution {
        let at: Timestamp = at.parse().unwrap();
        let guard = TimerKey { shard: 0, fire_at: at, what: "start a@x 1".parse().unwrap() };
        let run = Run { id: id.to_owned(), root: None, more_roots: vec![], graph: 1 };
        let row = Execution::new(id.parse().unwrap(), run, Trigger::Push, at, at, guard);
        Execution { status: Status::Success, end_time: Some(at), ..row }
    }

    #[test]
    fn each_day_has_a_file_of_lines() {
        let rows = [
            ended("a@1", "2026-11-23T23:59:59.999Z"),
            ended("a@2", "2026-11-24T00:00:00Z"),
            ended("a@3", "2026-11-23T10:15:00Z"),
        ];
        let files = day_files(&rows).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names.len(), 2);
        assert!(names[0].starts_with("dt=2026-11-23/20261123T101500.000Z-"), "{names:?}");
        assert!(names[1].starts_with("dt=2026-11-24/20261124T000000.000Z-"), "{names:?}");
        assert!(names.iter().all(|name| name.ends_with(".jsonl.gz")), "{names:?}");
        let mut text = String::new();
        GzDecoder::new(files[0].bytes.as_slice()).read_to_string(&mut text).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.iter().map(|line| &line["execution_id"]).collect::<Vec<_>>(), ["a@1", "a@3"]);
    }

    #[test]
    fn the_same_executions_are_the_same_file() {
        let rows = [ended("a@1", "2026-11-23T10:00:00Z"), ended("a@2", "2026-11-23T11:00:00Z")];
        assert_eq!(day_files(&rows).unwrap(), day_files(&rows).unwrap());
        let fewer = &day_files(&rows[..1]).unwrap()[0];
        assert_ne!(fewer.name, day_files(&rows).unwrap()[0].name, "others have another name");
        assert!(day_files(&[]).unwrap().is_empty());
    }
}
