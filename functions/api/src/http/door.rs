//! Door: one check before everything else, for every method and path.
//!
//! A browser lets any web page send requests to any address that its machine reaches, loopback
//! included. Three rules tell these requests from those of programs and of the API's own pages:
//!
//! - A body is exactly one `application/json`. A page of another origin can send that only after the
//!   server has agreed to it, and this server never does.
//! - The browser's own headers, which no page can change: an `Origin` must be the API's own, and
//!   `Sec-Fetch-Site` must be `same-origin` or `none`. They stop requests that need no body.
//! - The request names the API by a name that is its own. A page whose name has been redirected to this
//!   server since it was loaded (DNS rebinding) has the same origin for the browser; its name gives it
//!   away.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::HttpBody,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::Authority},
    middleware::Next,
    response::Response,
};

use super::{
    origin::{Host, Origin},
    problem::{ApiError, Kind},
};
use crate::ApiState;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Headers that forbid pages of other origins to show an answer, run it, or load it into their process.
/// They also work in browsers that send no header about the page behind a GET request.
pub const UNEMBEDDABLE: [(HeaderName, HeaderValue); 3] = [
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];

/// Names under which the API may be called.
#[derive(Debug, Clone)]
pub enum Door {
    /// Loopback, `listening`, the address at which the request arrived ([`ArrivedAt`]), and the host of
    /// the public URL.
    Server { listening: IpAddr, public: Option<PublicUrl> },
    /// Any name: the gateway in front routes by name.
    Gateway,
}

/// Address of the API as others know it, for example behind a proxy.
#[derive(Debug, Clone)]
pub struct PublicUrl(Origin);

impl PublicUrl {
    /// Reads a URL. `None` where it is no `http://` or `https://` URL with a host.
    pub fn read(url: &str) -> Option<Self> {
        let origin = Origin::of_uri(&url.parse().ok()?)?;
        matches!(origin.scheme.as_str(), "http" | "https").then_some(Self(origin))
    }
}

/// Server's own address of the connection, as an extension of the request. It tells which addresses are
/// the server's own where it listens on all.
#[derive(Debug, Clone, Copy)]
pub struct ArrivedAt(pub IpAddr);

pub async fn door(
    State(state): State<Arc<ApiState>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    state.door.check(&request)?;
    Ok(next.run(request).await)
}

impl Door {
    fn check(&self, request: &Request) -> Result<(), ApiError> {
        let named = self.named(request)?;
        check_page(request.headers(), |origin| self.is_own(origin, request.uri(), named.as_ref()))?;
        let body = request.body();
        let is_empty = body.is_end_stream() || body.size_hint().exact() == Some(0);
        if is_empty { Ok(()) } else { check_type(request.headers()) }
    }

    /// Host that the request names, with its port.
    fn named(&self, request: &Request) -> Result<Option<(Host, Option<u16>)>, ApiError> {
        let target = request.uri().authority();
        let Self::Server { listening, public } = self else {
            return Ok(target.and_then(Host::of_authority));
        };
        // HTTP/2 has the host in the target alone.
        let named = target.cloned().into_iter().chain(one_host(request.headers())?);
        let named: Option<Vec<_>> = named.map(|name| Host::of_authority(&name)).collect();
        let named = named.ok_or_else(|| malformed_host("has a user or an invalid port"))?;
        let arrived = request.extensions().get::<ArrivedAt>().map(|arrived| arrived.0);
        let own = [Some(*listening), arrived];
        let is_own = |host: &Host| {
            host.is_loopback()
                || own.into_iter().flatten().any(|address| *host == Host::of_address(address))
                || public.as_ref().is_some_and(|public| public.0.host == *host)
        };
        match named.iter().find(|(host, _)| !is_own(host)) {
            Some((host, _)) => Err(misdirected(host)),
            None if named.is_empty() => Err(malformed_host("is missing")),
            None => Ok(named.into_iter().next()),
        }
    }

    fn is_own(&self, origin: &Origin, target: &Uri, named: Option<&(Host, Option<u16>)>) -> bool {
        let of_request =
            named.map(|(host, port)| Origin::new(target.scheme_str().unwrap_or("http"), host.clone(), *port));
        let public = match self {
            Self::Server { public: Some(public), .. } => Some(&public.0),
            _ => None,
        };
        of_request.as_ref() == Some(origin) || public == Some(origin)
    }
}

fn one_host(headers: &HeaderMap) -> Result<Option<Authority>, ApiError> {
    let mut lines = headers.get_all(header::HOST).iter();
    let host = lines.next().map(|host| Authority::try_from(host.as_bytes()));
    match lines.next() {
        Some(_) => Err(malformed_host("is given more than once")),
        None => host.transpose().map_err(|_| malformed_host("is not a valid host name")),
    }
}

fn malformed_host(what: &str) -> ApiError {
    ApiError::parameter("Host", format!("{what}; send one host, such as 127.0.0.1:7433"))
}

fn misdirected(host: &Host) -> ApiError {
    let detail = format!(
        "this API does not answer to the host {host}; use a loopback name, the address that the server listens on, \
         or the host of --public-url (BELFRY_PUBLIC_URL)"
    );
    ApiError::new(Kind::Misdirected, detail)
}

fn check_page(headers: &HeaderMap, is_own: impl Fn(&Origin) -> bool) -> Result<(), ApiError> {
    let is_own = |value: &HeaderValue| {
        let origin = value.to_str().ok().and_then(|text| text.parse().ok());
        origin.and_then(|uri| Origin::of_uri(&uri)).is_some_and(|origin| is_own(&origin))
    };
    let is_near = |value: &HeaderValue| value == "same-origin" || value == "none";
    only(headers, &header::ORIGIN, is_own)?;
    only(headers, &SEC_FETCH_SITE, is_near)
}

/// Checks that the header is absent, or occurs once with a good value.
fn only(
    headers: &HeaderMap,
    name: &HeaderName,
    is_good: impl Fn(&HeaderValue) -> bool,
) -> Result<(), ApiError> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    match values.as_slice() {
        [] => Ok(()),
        [value] if is_good(value) => Ok(()),
        values => {
            let values: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
            let detail = format!(
                "a web page of another origin sent this request, according to its header {name}: {}; only pages from the \
                 address of this API may call it. Behind a proxy, set --public-url (BELFRY_PUBLIC_URL)",
                values.join(", ")
            );
            Err(ApiError::new(Kind::ForeignPage, detail))
        }
    }
}

/// Checks the content type. Parameters, such as a charset, may follow. A comma would begin a second
/// type.
fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let values: Vec<_> = headers.get_all(header::CONTENT_TYPE).iter().collect();
    let is_json = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json") && !text.contains(',')
    };
    let came = match values.as_slice() {
        [value] if is_json(value) => return Ok(()),
        [] => "has no such header".to_owned(),
        [value] => format!("has {value:?}"),
        values => format!("has {} such headers", values.len()),
    };
    let detail =
        format!("send the body with exactly one header Content-Type: application/json; this request {came}");
    Err(ApiError::new(Kind::UnsupportedMediaType, detail))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn status(door: &Door, target: &str, headers: &[(&str, &str)], arrived: Option<&str>) -> u16 {
        let mut request = Request::get(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(address) = arrived {
            request = request.extension(ArrivedAt(address.parse().unwrap()));
        }
        let checked = door.check(&request.body(Body::empty()).unwrap());
        checked.map_or_else(|error| error.into_details().status, |()| 200)
    }

    fn server(listening: &str, public: Option<&str>) -> Door {
        let public = public.map(|url| PublicUrl::read(url).unwrap());
        Door::Server { listening: listening.parse().unwrap(), public }
    }

    #[test]
    fn a_server_answers_to_the_address_that_it_listens_on() {
        let door = server("192.0.2.7", None);
        for (host, expected) in
            [("192.0.2.7:7433", 200), ("192.0.2.7", 200), ("127.0.0.1:9000", 200), ("192.0.2.8:7433", 421)]
        {
            assert_eq!(status(&door, "/v1/jobs", &[("host", host)], None), expected, "{host}");
        }
    }

    #[test]
    fn a_server_on_all_addresses_answers_to_the_one_at_which_the_request_arrived() {
        for (listening, host, arrived, expected) in [
            ("0.0.0.0", "192.0.2.7:7433", "192.0.2.7", 200),
            ("0.0.0.0", "192.0.2.8:7433", "192.0.2.7", 421),
            ("0.0.0.0", "0.0.0.0:7433", "127.0.0.1", 200),
            ("0.0.0.0", "belfry.example", "192.0.2.7", 421),
            ("::", "192.0.2.7:7433", "::ffff:192.0.2.7", 200),
            ("::", "[2001:DB8::7]:7433", "2001:db8::7", 200),
            ("::", "[2001:db8::8]:7433", "2001:db8::7", 421),
        ] {
            let answered = status(&server(listening, None), "/", &[("host", host)], Some(arrived));
            assert_eq!(answered, expected, "{listening} {host} {arrived}");
        }
    }

    #[test]
    fn the_public_url_gives_a_name_and_an_origin() {
        let door = server("127.0.0.1", Some("https://Belfry.example:8443/prod/"));
        for (headers, expected) in [
            (vec![("host", "belfry.example:8443")], 200),
            (vec![("host", "BELFRY.example.")], 200),
            (vec![("host", "evil.belfry.example")], 421),
            (vec![("host", "belfry.example:8443"), ("origin", "https://belfry.example:8443")], 200),
            // A proxy may have put its own name for this server in the place of the host.
            (vec![("host", "127.0.0.1:7433"), ("origin", "https://belfry.example:8443")], 200),
            (vec![("host", "127.0.0.1:7433"), ("origin", "https://belfry.example")], 403),
            (vec![("host", "127.0.0.1:7433"), ("origin", "http://belfry.example:8443")], 403),
        ] {
            assert_eq!(status(&door, "/v1/jobs", &headers, None), expected, "{headers:?}");
        }
        for url in [
            "belfry.example",
            "belfry.example:80",
            "ftp://belfry.example",
            "http://",
            "/v1",
            "http://a:b@c",
            "",
        ] {
            assert!(PublicUrl::read(url).is_none(), "{url}");
        }
    }

    #[test]
    fn behind_a_gateway_any_name_will_do_and_pages_are_refused_all_the_same() {
        let target = "https://abc.execute-api.eu-central-1.amazonaws.com/v1/jobs";
        for (target, headers, expected) in [
            ("/v1/jobs", vec![], 200),
            (target, vec![("host", "abc.execute-api.eu-central-1.amazonaws.com")], 200),
            (target, vec![("origin", "https://abc.execute-api.eu-central-1.amazonaws.com")], 200),
            (target, vec![("origin", "https://evil.example")], 403),
            (target, vec![("origin", "null")], 403),
            ("/v1/jobs", vec![("origin", "https://evil.example")], 403),
            (target, vec![("sec-fetch-site", "cross-site")], 403),
        ] {
            assert_eq!(status(&Door::Gateway, target, &headers, None), expected, "{target} {headers:?}");
        }
    }
}
