//! Hosts and origins as browsers compare them: RFC 6454, without the parts that Belfry does not need.

use std::{fmt, net::IpAddr};

use axum::http::{Uri, uri::Authority};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    Address(IpAddr),
    /// Name in lower case, without the dot at its end.
    Name(String),
}

impl Host {
    /// Host of an authority, with its port. `None` where there is a user before it, no host, or an
    /// invalid port.
    pub fn of_authority(authority: &Authority) -> Option<(Self, Option<u16>)> {
        let (host, port) = authority.as_str().split_at_checked(authority.host().len())?;
        let is_whole = !host.is_empty() && host == authority.host();
        let port = port.strip_prefix(':').map(str::parse).transpose().ok()?;
        is_whole.then(|| (Self::of_text(host), port))
    }

    fn of_text(text: &str) -> Self {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        match inner.parse() {
            Ok(address) => Self::of_address(address),
            Err(_) => Self::Name(text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase()),
        }
    }

    /// Host of an address. A listener for both protocols sees IPv4 addresses as IPv6 addresses, which
    /// are converted.
    pub fn of_address(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }

    /// Whether the host is loopback. No page of another machine has such a name, because it leads
    /// nowhere else.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost",
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub scheme: String,
    pub host: Host,
    /// Port: the one in the text, or the scheme's own.
    port: Option<u16>,
}

impl Origin {
    pub fn new(scheme: &str, host: Host, port: Option<u16>) -> Self {
        let usual = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Self { scheme: scheme.to_owned(), host, port: port.or(usual) }
    }

    /// Origin of a URI. `None` where it is no URL with a host.
    pub fn of_uri(uri: &Uri) -> Option<Self> {
        let (host, port) = Host::of_authority(uri.authority()?)?;
        Some(Self::new(uri.scheme_str()?, host, port))
    }
}
