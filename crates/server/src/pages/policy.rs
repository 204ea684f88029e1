//! The headers of every page: one strict content policy, and nothing that leaves with a click (G9).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Scripts, styles and connections of this server alone, none of them inline; no form leaves, nobody frames the page.
pub const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// For a page that reaches nobody: once its files are there, the browser itself sees to it that nothing leaves.
const CONTENT_POLICY_LOCAL: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'none'; \
     img-src 'self' data:; manifest-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Besides the content policy. That nothing is kept (`no-store`) is said by `edge` on every answer.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), clipboard-read=()"),
    ),
];

/// Gives a page of this path its headers. From a page that is local, what is typed must not be able to leave.
pub fn protect(headers: &mut HeaderMap, path: &str) {
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    let is_local = console::find("GET", path).is_some_and(|(page, _)| page.local);
    let policy = if is_local { CONTENT_POLICY_LOCAL } else { CONTENT_POLICY };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_and_nothing_from_elsewhere() {
        let mut headers = HeaderMap::new();
        for path in ["/", "/practice"] {
            protect(&mut headers, path);
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                !policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'),
                "{policy}"
            );
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
        }
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("connect-src 'none'"));
    }
}
