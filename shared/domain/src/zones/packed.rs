//! Zone data as one value for a store: all zones, each content once, compressed. About 50 KB.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{Read as _, Write as _},
    sync::RwLock,
};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};

use super::{ZoneData, is_version};

/// Unpacked data are not larger than this, whatever they say of themselves.
const MAX_BYTES: u64 = 16 << 20;
const FORMAT: &str = "belfry-zones-1";

#[derive(Debug, thiserror::Error)]
#[error("packed zone data can't be read: {0}")]
pub struct PackedError(String);

impl ZoneData {
    /// A line with format and version; then for each content a line with its length and its names,
    /// and the content.
    pub fn pack(&self) -> Vec<u8> {
        let mut names: BTreeMap<&[u8], Vec<&str>> = BTreeMap::new();
        for (name, bytes) in &self.files {
            names.entry(bytes).or_default().push(name);
        }
        let mut plain = format!("{FORMAT} {}\n", self.version).into_bytes();
        for (bytes, names) in names {
            plain.extend(format!("{} {}\n", bytes.len(), names.join(" ")).into_bytes());
            plain.extend(bytes);
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing into memory does not fail.
        encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default()
    }

    pub fn unpack(packed: &[u8]) -> Result<Self, PackedError> {
        let mut plain = Vec::new();
        let read = ZlibDecoder::new(packed).take(MAX_BYTES).read_to_end(&mut plain);
        read.map_err(|why| PackedError(why.to_string()))?;
        let broken = || PackedError("it is cut off, or of another format".to_owned());
        let (head, mut rest) = line(&plain).ok_or_else(broken)?;
        let version = head.strip_prefix(FORMAT).map(str::trim).filter(|version| is_version(version));
        let version = version.ok_or_else(broken)?.to_owned();
        let mut files = BTreeMap::new();
        while !rest.is_empty() {
            let (head, behind) = line(rest).ok_or_else(broken)?;
            let mut words = head.split(' ');
            let length: usize = words.next().and_then(|word| word.parse().ok()).ok_or_else(broken)?;
            let (bytes, behind) = behind.split_at_checked(length).ok_or_else(broken)?;
            files.extend(words.map(|name| (Cow::Owned(name.to_owned()), Cow::Owned(bytes.to_vec()))));
            rest = behind;
        }
        Ok(Self { version, files, parsed: RwLock::default() })
    }
}

/// The first line, and what stands behind it.
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
}
