//! Signatures of the Standard Webhooks specification: version 1 of the symmetric scheme.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Error for a text that is no key. It never shows the text.
#[derive(Debug, thiserror::Error)]
#[error("not a signing key: expected whsec_ and the key in base64")]
pub struct KeyError;

pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let encoded = text.trim().strip_prefix("whsec_").ok_or(KeyError)?;
        let key = STANDARD.decode(encoded).map_err(|_| KeyError)?;
        if key.is_empty() {
            return Err(KeyError);
        }
        Ok(Self(Hmac::new_from_slice(&key).map_err(|_| KeyError)?))
    }

    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reproduces the vector of the specification's own repository,
    /// standard-webhooks/standard-webhooks, `libraries/rust/src/lib.rs`, test `test_sign`.
    #[test]
    fn the_published_vector_is_reproduced() {
        let key = SigningKey::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = key.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn what_is_no_key_is_not_repeated() {
        for bad in ["", "whsec_", "whsec_?secret?", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"] {
            assert!(!SigningKey::parse(bad).err().unwrap().to_string().contains("secret?"));
        }
    }
}
