//! Redirects: their targets, and whether they are followed.

use reqwest::{
    Method, Request, Response, StatusCode, Url,
    header::{CONTENT_TYPE, LOCATION},
};

use super::failure::{Failure, origin};

/// Request that follows a redirect; `again` is the request that was answered. `None` where the answer
/// is no redirect.
///
/// Method and body stay, as RFC 9110 (15.4) allows for 301 and 302: a POST turned into a GET could be
/// answered with 200 by a login page and look like work done. Only 303 asks for a GET explicitly.
///
/// # Errors
/// The redirect leads to another origin, or to no address.
pub(super) fn follow(response: &Response, mut again: Request) -> Result<Option<Request>, Failure> {
    let Some(location) = location(response) else { return Ok(None) };
    let next = again.url().join(&location).map_err(|_| Failure::BadRedirect(location))?;
    if !same_origin(again.url(), &next) {
        return Err(Failure::OtherOrigin(origin(&next)));
    }
    *again.url_mut() = next;
    if response.status() == StatusCode::SEE_OTHER {
        *again.method_mut() = Method::GET;
        *again.body_mut() = None;
        again.headers_mut().remove(CONTENT_TYPE);
    }
    Ok(Some(again))
}

fn location(response: &Response) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}
