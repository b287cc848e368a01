//! Reason why no answer came, in words that say what to look at.

use std::{
    error::Error,
    io::{self, ErrorKind},
    iter::successors,
};

use reqwest::Url;

use super::address_policy::{LookupError, RefusedAddress};
use crate::targets::tail::one_line;

pub(super) const MAX_REDIRECTS: usize = 5;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Refused(#[from] RefusedAddress),
    #[error(
        "redirected to {0}; belfry follows redirects only within the same scheme, host and port. If that address is right, set it as the url of the job"
    )]
    OtherOrigin(String),
    #[error("redirected to {0:?}, which is not a valid address")]
    BadRedirect(String),
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooManyRedirects,
    #[error("{cause} ({origin})")]
    NoAnswer { cause: String, origin: String },
}

impl Failure {
    pub fn of(error: &reqwest::Error, origin: &str) -> Self {
        match chain(error).find_map(|link| link.downcast_ref::<RefusedAddress>()) {
            Some(refused) => Self::Refused(refused.clone()),
            None => Self::NoAnswer { cause: cause(error), origin: origin.to_owned() },
        }
    }

    pub fn is_final(&self) -> bool {
        !matches!(self, Self::NoAnswer { .. })
    }
}

/// Origin of a URL, without path, query and credentials, which may be secret.
pub(super) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Innermost cause that has a name of its own.
pub(in crate::targets) fn cause(error: &(dyn Error + 'static)) -> String {
    let known = chain(error).filter_map(known_cause).last();
    let is_timeout = error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
    match known {
        Some(cause) => cause,
        None if is_timeout => "timed out while connecting".to_owned(),
        None => chain(error).last().map(|link| one_line(&link.to_string())).unwrap_or_default(),
    }
}

fn known_cause(link: &(dyn Error + 'static)) -> Option<String> {
    if let Some(lookup) = link.downcast_ref::<LookupError>() {
        return Some(lookup.to_string());
    }
    if let Some(tls) = link.downcast_ref::<rustls::Error>() {
        return Some(tls_cause(tls));
    }
    let name = match link.downcast_ref::<io::Error>()?.kind() {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset => "connection reset by the other side",
        ErrorKind::ConnectionAborted => "connection aborted",
        ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => "connection closed by the other side",
        ErrorKind::HostUnreachable => "host unreachable",
        ErrorKind::NetworkUnreachable => "network unreachable",
        ErrorKind::TimedOut => "timed out while connecting",
        _ => return None,
    };
    Some(name.to_owned())
}

fn tls_cause(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => one_line(&format!("certificate not accepted: {why}")),
        other => one_line(&format!("TLS: {other}")),
    }
}

/// Error and its sources. An I/O error leaves the error that it wraps out of its sources.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |link: &&'a (dyn Error + 'static)| {
        let link = *link;
        let wrapped = link.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| link.source())
    })
}
