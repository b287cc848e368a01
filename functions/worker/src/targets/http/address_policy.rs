//! Guard that keeps requests out of private networks. People who write jobs may not be allowed to reach
//! what the worker can reach: the host's own services, its neighbours, the cloud's metadata with
//! credentials.
//!
//! Names are checked after resolution, on the very addresses that are connected to, so that a name that
//! resolves differently the second time gains nothing. Literal addresses never get to the resolver and
//! are checked in the URL, for each redirect too; the URL parser has by then turned
//! `http://2130706433/` and its like into the address that they mean.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use super::address::special;

#[derive(Debug, Clone, thiserror::Error)]
#[error("{what} is {kind}; this worker allows no HTTP targets at such addresses (allow_private_addresses)")]
pub(in crate::targets) struct RefusedAddress {
    what: String,
    kind: &'static str,
}

#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum LookupError {
    #[error("no such host: {host} ({reason})")]
    NoSuchHost { host: String, reason: String },
    #[error("cannot resolve the name {host} now; check the name server of this worker")]
    NoNameServer { host: String },
}

impl LookupError {
    /// Classifies a failed lookup. The resolver's code is lost here, but its text, in the forms of two
    /// C libraries, is not.
    fn of(host: &str, error: &io::Error) -> Self {
        let (host, text) = (host.to_owned(), error.to_string());
        if text.contains("Temporary failure") || text.contains("Try again") {
            return Self::NoNameServer { host };
        }
        let reason = text.rsplit(": ").next().unwrap_or_default().to_owned();
        Self::NoSuchHost { host, reason }
    }
}

#[derive(Debug, Clone, Copy)]
pub(in crate::targets) struct Guard {
    allow_private_addresses: bool,
}

impl Guard {
    pub fn new(allow_private_addresses: bool) -> Self {
        Self { allow_private_addresses }
    }

    pub fn check_literal(self, url: &Url) -> Result<(), RefusedAddress> {
        let host = url.host_str().unwrap_or_default();
        let Ok(address) = host.trim_matches(['[', ']']).parse() else { return Ok(()) };
        match self.refusal(address) {
            Some(kind) => Err(RefusedAddress { what: address.to_string(), kind }),
            None => Ok(()),
        }
    }

    /// Addresses that may be used.
    ///
    /// # Errors
    /// None of the addresses may be used.
    fn permitted(self, host: &str, mut found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, RefusedAddress> {
        let refused = found.iter().find_map(|address| Some((address.ip(), self.refusal(address.ip())?)));
        found.retain(|address| self.refusal(address.ip()).is_none());
        match refused {
            Some((address, kind)) if found.is_empty() => {
                Err(RefusedAddress { what: format!("{host} ({address})"), kind })
            }
            _ => Ok(found),
        }
    }

    fn refusal(self, address: IpAddr) -> Option<&'static str> {
        if self.allow_private_addresses { None } else { special(address) }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            let host = name.as_str();
            let found =
                tokio::net::lookup_host((host, 0)).await.map_err(|error| LookupError::of(host, &error))?;
            let permitted = guard.permitted(host, found.collect())?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_address_is_seen_through_its_disguises() {
        let guard = Guard::new(false);
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1:80/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://169.254.169.254/latest",
            "https://user@10.0.0.1/",
            "http://１２７.0.0.1/",
        ] {
            assert!(guard.check_literal(&url.parse().unwrap()).is_err(), "{url}");
            assert!(Guard::new(true).check_literal(&url.parse().unwrap()).is_ok(), "{url}");
        }
        assert!(guard.check_literal(&"https://1.1.1.1/".parse().unwrap()).is_ok());
        assert!(guard.check_literal(&"https://example.com/".parse().unwrap()).is_ok());
    }

    #[test]
    fn of_several_addresses_only_the_public_ones_are_used() {
        let guard = Guard::new(false);
        let both = vec!["10.0.0.1:0".parse().unwrap(), "1.1.1.1:0".parse().unwrap()];
        assert_eq!(guard.permitted("both", both).unwrap(), ["1.1.1.1:0".parse().unwrap()]);
        let error = guard.permitted("inside", vec!["10.0.0.1:0".parse().unwrap()]).unwrap_err();
        assert!(error.to_string().starts_with("inside (10.0.0.1) is a private address;"), "{error}");
    }
}
