//! Zone in which the programs of a host tell the time, as its C library finds it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use belfry_domain::schedule::Schedule;

const ZONE_FILES: &str = "usr/share/zoneinfo";
/// Maximum number of links that are followed; more are taken for a circle.
const MOST_LINKS: usize = 8;
const SAY: &str = "give the zone with --timezone";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    pub name: String,
    /// Setting or file that names the zone.
    pub source: String,
}

impl Zone {
    pub fn new(name: &str, source: impl Into<String>) -> Self {
        Self { name: name.to_owned(), source: source.into() }
    }
}

/// Zone of the host: `TZ` before `/etc/localtime`, which is a link to a zone's file or a copy of one. A
/// host without either is in UTC.
pub fn of_host(root: &Path, own: Option<&str>) -> Result<Zone, String> {
    if let Some(text) = own {
        return of_variable(text);
    }
    let localtime = root.join("etc/localtime");
    if let Some(name) = linked(&localtime) {
        return known(&name, "/etc/localtime");
    }
    let written = fs::read_to_string(root.join("etc/timezone")).unwrap_or_default().trim().to_owned();
    match fs::read(&localtime) {
        Ok(bytes) => copied(root, &bytes, &written),
        Err(_) if written.is_empty() || is_utc(&written) => {
            Ok(Zone::new("UTC", "there is no /etc/localtime"))
        }
        Err(_) => {
            let source =
                format!("there is no /etc/localtime, and programs don't read /etc/timezone ({written})");
            Ok(Zone::new("UTC", source))
        }
    }
}

pub fn is_utc(name: &str) -> bool {
    matches!(name, "UTC" | "Etc/UTC")
}

fn of_variable(text: &str) -> Result<Zone, String> {
    let name = text.strip_prefix(':').unwrap_or(text);
    if name.is_empty() {
        return Ok(Zone::new("UTC", "TZ"));
    }
    let name = name.split_once("zoneinfo/").filter(|_| name.starts_with('/')).map_or(name, |(_, name)| name);
    known(name, "TZ").map_err(|_| format!("TZ={text} is not an IANA zone; {SAY}"))
}

fn known(name: &str, source: &str) -> Result<Zone, String> {
    let is_known = Schedule::parse("@daily", Some(name)).is_ok();
    let unknown = || format!("{source} says {name}, which is not an IANA zone; {SAY}");
    if is_known { Ok(Zone::new(name, source)) } else { Err(unknown()) }
}

/// Name of the zone whose file a link leads to.
fn linked(path: &Path) -> Option<String> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let target = fs::read_link(&path).ok()?;
        if let Some((_, name)) = target.to_str()?.split_once("zoneinfo/") {
            return Some(name.to_owned());
        }
        path = path.parent()?.join(target);
    }
    None
}

fn copied(root: &Path, bytes: &[u8], written: &str) -> Result<Zone, String> {
    let equal = zones_with(&root.join(ZONE_FILES), bytes);
    if equal.contains(written) {
        return known(written, "/etc/localtime, a copy of this zone's file, and /etc/timezone");
    }
    let name = equal.iter().find(|name| is_utc(name)).or_else(|| main_one(root, &equal)).or(equal.first());
    if let Some(name) = name {
        return known(name, "/etc/localtime, a copy of this zone's file");
    }
    if written.is_empty() {
        return Err(format!("/etc/localtime matches no file in /{ZONE_FILES}; {SAY}"));
    }
    known(written, "/etc/timezone, because /etc/localtime matches no zone file")
}

/// Main zone among zones with equal files, which have the same rules: the one that the table of
/// countries names.
fn main_one<'a>(root: &Path, names: &'a BTreeSet<String>) -> Option<&'a String> {
    let table = fs::read_to_string(root.join(ZONE_FILES).join("zone1970.tab")).ok()?;
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split('\t').nth(2)).find_map(|name| names.get(name))
}

fn zones_with(folder: &Path, bytes: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inside)).into_iter().flatten().flatten() {
            let name = inside.join(entry.file_name());
            let path = folder.join(&name);
            // Others than the zones themselves: other time scales, and what leads back here.
            let is_other =
                ["posix", "right", "localtime", "posixrules", "Factory"].map(Path::new).contains(&&*name);
            if is_other {
            } else if path.is_dir() {
                folders.push(name);
            } else if fs::metadata(&path).is_ok_and(|file| file.len() == bytes.len() as u64)
                && fs::read(&path).is_ok_and(|read| read == bytes)
            {
                found.extend(name.to_str().map(str::to_owned));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn zone(root: &tempfile::TempDir) -> Result<String, String> {
        of_host(root.path(), None).map(|zone| zone.name)
    }

    const TOKYO: (&str, &str) = ("usr/share/zoneinfo/Asia/Tokyo", "TZif tokyo");
    const JAPAN: (&str, &str) = ("usr/share/zoneinfo/Japan", "TZif tokyo");
    const BERLIN: (&str, &str) = ("usr/share/zoneinfo/Europe/Berlin", "TZif berlin");
    const ARCTIC: (&str, &str) = ("usr/share/zoneinfo/Arctic/Longyearbyen", "TZif berlin");
    const TABLE: (&str, &str) = ("usr/share/zoneinfo/zone1970.tab", "# x\nDE\t+0\tEurope/Berlin\n");

    #[test]
    fn a_copy_is_compared_with_the_zones_files() {
        let copy = ("etc/localtime", "TZif tokyo");
        assert_eq!(zone(&host(&[TOKYO, JAPAN, BERLIN, copy])).as_deref(), Ok("Asia/Tokyo"));
        assert_eq!(zone(&host(&[TOKYO, JAPAN, copy, ("etc/timezone", "Japan\n")])).as_deref(), Ok("Japan"));
        // Nobody reads that file once it is wrong.
        assert_eq!(
            zone(&host(&[TOKYO, copy, ("etc/timezone", "Europe/Rome\n")])).as_deref(),
            Ok("Asia/Tokyo")
        );
        let berlin = ("etc/localtime", "TZif berlin");
        assert_eq!(zone(&host(&[BERLIN, ARCTIC, TABLE, berlin])).as_deref(), Ok("Europe/Berlin"));
        assert_eq!(zone(&host(&[copy, ("etc/timezone", "Asia/Tokyo\n")])).as_deref(), Ok("Asia/Tokyo"));
        let reason = zone(&host(&[BERLIN, copy])).unwrap_err();
        assert!(reason.contains("matches no file") && reason.contains("--timezone"), "{reason}");
    }

    #[test]
    fn links_are_followed_and_nothing_is_utc() {
        let root = host(&[TOKYO, ("etc/alternatives/x", "")]);
        symlink("/usr/share/zoneinfo/Asia/Tokyo", root.path().join("etc/alternatives/localtime")).unwrap();
        symlink("alternatives/localtime", root.path().join("etc/localtime")).unwrap();
        assert_eq!(zone(&root).as_deref(), Ok("Asia/Tokyo"));
        assert_eq!(zone(&host(&[])).as_deref(), Ok("UTC"));
        let told = of_host(host(&[("etc/timezone", "Asia/Tokyo\n")]).path(), None).unwrap();
        assert!(told.name == "UTC" && told.source.contains("Asia/Tokyo"), "{told:?}");
    }
}
