//! A request in absolute form, and its answer, as a proxy passes them on (RFC 9110, 7.6).

use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, VIA};
use hyper::{Request, Response, Uri, Version};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The longest head of an answer (bytes).
const MAX_HEAD: usize = 64 << 10;
/// How we call ourselves on the way (RFC 9110, 7.6.3).
const OURSELVES: HeaderValue = HeaderValue::from_static("1.1 launchpod");
/// What is between a client and its proxy alone, beside what `Connection` names (RFC 9110, 7.6.1).
/// How a body is framed is a matter of each connection, too.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Passes a request on and gives its answer, whose body is still on its way. The connection to the
/// server is driven by one of `tasks`, and is this request's alone.
///
/// # Errors
/// The server breaks off, or doesn't speak HTTP.
pub(crate) async fn forward(
    mut request: Request<Incoming>,
    server: TcpStream,
    tasks: &mut JoinSet<()>,
) -> hyper::Result<Response<Incoming>> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(authority);
    let target = Uri::try_from(target);
    // Both are parts of what has been one URI already.
    if let (Ok(host), Ok(target)) = (host, target) {
        request.headers_mut().insert(HOST, host);
        *request.uri_mut() = target;
    }
    *request.version_mut() = Version::HTTP_11;
    own(request.headers_mut());

    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(server)).await?;
    tasks.spawn(async move {
        // What goes wrong is the request's error, or its body's.
        let _ = connection.await;
    });
    let mut response = sender.send_request(request).await?;
    own(response.headers_mut());
    Ok(response)
}

/// Takes away what was between the sender and us alone, and puts our name in.
fn own(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers.append(VIA, OURSELVES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_two_neighbours_alone_stays_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Secret"),
            ("x-secret", "1"),
            ("proxy-authorization", "Basic eA=="),
            ("transfer-encoding", "chunked"),
            ("accept", "*/*"),
            ("via", "1.0 other"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        own(&mut headers);
        let mut left: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        left.sort_unstable();
        assert_eq!(left, [("accept", "*/*"), ("via", "1.0 other"), ("via", "1.1 launchpod")]);
    }
}
