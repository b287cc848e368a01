//! Packed zone data: all zones as one compressed value for a store, with each content once. About 50
//! KB.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{Read as _, Write as _},
    sync::RwLock,
};

use flate2::{Compression, Crc, read::ZlibDecoder, write::ZlibEncoder};

use super::{DIGEST, Files, ZoneData, is_release};

/// Maximum size of unpacked data in bytes, whatever size the packed data claim.
const MAX_BYTES: u64 = 16 << 20;
const FORMAT: &str = "belfry-zones-1";

#[derive(Debug, thiserror::Error)]
#[error("packed zone data can't be read: {0}")]
pub struct PackedError(String);

impl ZoneData {
    /// Packs the data: a line with format and version, then the content.
    pub fn pack(&self) -> Vec<u8> {
        let head = format!("{FORMAT} {}\n", self.version).into_bytes();
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing into memory does not fail.
        let written = encoder.write_all(&[head, plain(&self.files)].concat());
        written.and_then(|()| encoder.finish()).unwrap_or_default()
    }

    /// Unpacks data that [`Self::pack`] has packed.
    ///
    /// # Errors
    /// The data are cut off or of another format, or their content is not that of the version that they
    /// name.
    pub fn unpack(packed: &[u8]) -> Result<Self, PackedError> {
        let mut plain = Vec::new();
        let read = ZlibDecoder::new(packed).take(MAX_BYTES).read_to_end(&mut plain);
        read.map_err(|why| PackedError(why.to_string()))?;
        let broken = || PackedError("it is cut off, or of another format".to_owned());
        let (head, mut rest) = line(&plain).ok_or_else(broken)?;
        let version = head.strip_prefix(FORMAT).map(str::trim);
        let version = version.filter(|version| is_release(Self::release_of(version))).ok_or_else(broken)?;
        if version.split_once(DIGEST).is_some_and(|(_, named)| named != digest(rest)) {
            return Err(PackedError(format!("its content is not that of {version}")));
        }
        let mut files = BTreeMap::new();
        while !rest.is_empty() {
            let (head, behind) = line(rest).ok_or_else(broken)?;
            let mut words = head.split(' ');
            let length: usize = words.next().and_then(|word| word.parse().ok()).ok_or_else(broken)?;
            let (bytes, behind) = behind.split_at_checked(length).ok_or_else(broken)?;
            files.extend(words.map(|name| (Cow::Owned(name.to_owned()), Cow::Owned(bytes.to_vec()))));
            rest = behind;
        }
        Ok(Self { version: version.to_owned(), files, parsed: RwLock::default() })
    }
}

/// Writes the zones: for each content a line with its length and the names of its zones, then the
/// content.
pub(super) fn plain(files: &Files) -> Vec<u8> {
    let mut names: BTreeMap<&[u8], Vec<&str>> = BTreeMap::new();
    for (name, bytes) in files {
        names.entry(bytes).or_default().push(name);
    }
    let mut plain = Vec::new();
    for (bytes, names) in names {
        plain.extend(format!("{} {}\n", bytes.len(), names.join(" ")).into_bytes());
        plain.extend(bytes);
    }
    plain
}

/// Digest of the content. It tells apart data that have the same release by accident. It need not resist
/// forgery: whoever can write zone data can write jobs too.
pub(super) fn digest(plain: &[u8]) -> String {
    let mut crc = Crc::new();
    crc.update(plain);
    format!("{:08x}", crc.sum())
}

/// Splits off the first line from the bytes behind it.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        let data = ZoneData::bundled();
        let packed = data.pack();
        assert!(packed.len() < 100_000, "{} bytes", packed.len());
        let back = ZoneData::unpack(&packed).unwrap();
        assert_eq!((back.version(), &back.files), (data.version(), &data.files));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let packed = ZoneData::bundled().pack();
        assert!(ZoneData::unpack(&packed[..packed.len() / 2]).is_err());
        assert!(ZoneData::unpack(b"").is_err());
        assert!(ZoneData::unpack(b"something else").is_err());
    }

    #[test]
    fn other_content_than_the_name_says_is_refused() {
        let data = ZoneData::bundled();
        let lying = ZoneData {
            version: data.version.replace(data.release(), "1999z"),
            files: Files::new(),
            ..ZoneData::new("1999z", []).unwrap()
        };
        let error = ZoneData::unpack(&lying.pack()).unwrap_err();
        assert!(error.to_string().contains("its content is not that of 1999z-"), "{error}");
    }

    /// Reads data that were packed before digests were part of the names of versions.
    #[test]
    fn what_is_named_by_its_release_is_read() {
        let old = ZoneData { version: "1999y".to_owned(), ..ZoneData::new("1999y", []).unwrap() };
        assert_eq!(ZoneData::unpack(&old.pack()).unwrap().version(), "1999y");
    }
}
