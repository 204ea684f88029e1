//! The site for which passkeys hold: its id, and the origins of pages that may ask for them (G1: nobody else's page can).

use sha2::{Digest, Sha256};
use thiserror::Error;

/// The most origins of one relying party.
pub const ORIGINS_MAX: usize = 8;
/// The longest id: a domain name, in bytes.
const ID_BYTES_MAX: usize = 253;
/// The longest label of a domain name, in bytes.
const LABEL_BYTES_MAX: usize = 63;

/// The site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origins: Vec<String>,
}

/// Why an id and origins do not make a relying party.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RelyingPartyError {
    /// Not a domain name.
    #[error(
        "`{0}` is not a domain in lower case: write a name such as `rempart.example`, without port, never an address"
    )]
    Id(String),
    /// No origin, or too many.
    #[error("a relying party has 1 to {ORIGINS_MAX} origins: {0} were given")]
    Count(usize),
    /// Not an origin.
    #[error(
        "`{0}` is not an origin: write `https://name` or `https://name:port`, in lower case, without a path"
    )]
    Origin(String),
    /// Browsers offer passkeys to secure pages only.
    #[error("`{0}` is not secure: use `https`; `http` is for `localhost` alone")]
    NotSecure(String),
    /// Browsers refuse an id that is not the page's own domain or above it.
    #[error("`{origin}` is not at `{id}` or below it: passkeys would not work there")]
    Outside {
        /// The origin.
        origin: String,
        /// The id.
        id: String,
    },
}

impl RelyingParty {
    /// Checks that browsers would let each origin use the id.
    ///
    /// # Errors
    /// [`RelyingPartyError`].
    pub fn new(id: &str, origins: &[String]) -> Result<Self, RelyingPartyError> {
        if !is_domain(id) {
            return Err(RelyingPartyError::Id(id.chars().take(ID_BYTES_MAX).collect()));
        }
        if !(1..=ORIGINS_MAX).contains(&origins.len()) {
            return Err(RelyingPartyError::Count(origins.len()));
        }
        for origin in origins {
            check_origin(id, origin)?;
        }
        Ok(Self { id: id.to_owned(), origins: origins.to_vec() })
    }

    /// A server that is used on its own machine only.
    #[must_use]
    pub fn localhost(port: u16) -> Self {
        let origin =
            if port == 80 { "http://localhost".to_owned() } else { format!("http://localhost:{port}") };
        Self { id: "localhost".to_owned(), origins: vec![origin] }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The origins.
    #[must_use]
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// What authenticators sign of the id.
    pub(crate) fn id_hash(&self) -> [u8; 32] {
        Sha256::digest(self.id.as_bytes()).into()
    }

    pub(crate) fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own == origin)
    }
}

fn check_origin(id: &str, origin: &str) -> Result<(), RelyingPartyError> {
    let wrong = || RelyingPartyError::Origin(origin.chars().take(ID_BYTES_MAX).collect());
    let (scheme, rest) = origin.split_once("://").ok_or_else(wrong)?;
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let standard = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(wrong()),
    };
    if !is_domain(host) || !port.is_none_or(|port| is_port(port, standard)) {
        return Err(wrong());
    }
    if scheme == "http" && !(host == "localhost" || host.ends_with(".localhost")) {
        return Err(RelyingPartyError::NotSecure(origin.to_owned()));
    }
    let below = host.strip_suffix(id).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if below {
        Ok(())
    } else {
        Err(RelyingPartyError::Outside { origin: origin.to_owned(), id: id.to_owned() })
    }
}

/// As a browser writes a port: no zeroes before it, and not the scheme's own.
fn is_port(port: &str, standard: u16) -> bool {
    port.parse::<u16>().is_ok_and(|number| number != 0 && number != standard && number.to_string() == port)
}

/// Letters, digits and inner hyphens in labels; an IPv4 address is none.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= ID_BYTES_MAX
        && name.split('.').all(is_label)
        && last.bytes().any(|byte| !byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(id: &str, origins: &[&str]) -> Result<RelyingParty, RelyingPartyError> {
        let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        RelyingParty::new(id, &origins)
    }

    #[test]
    fn what_browsers_accept_is_accepted() {
        for (id, origin) in [
            ("localhost", "http://localhost:8087"),
            ("localhost", "http://localhost"),
            ("rempart.example", "https://rempart.example"),
            ("example.org", "https://rempart.example.org:8443"),
        ] {
            assert!(make(id, &[origin]).is_ok(), "{id} {origin}");
        }
    }

    #[test]
    fn what_browsers_refuse_is_refused() {
        use RelyingPartyError as E;
        for id in ["", "Example.org", "127.0.0.1", "a..b", "-a", "a-", "example.org:443", "é.fr", "[::1]"] {
            assert!(matches!(make(id, &["https://example.org"]), Err(E::Id(_))), "{id}");
        }
        for origin in [
            "example.org",
            "https://example.org/",
            "https://Example.org",
            "https://example.org:443",
            "https://example.org:08443",
            "https://example.org:0",
            "https://u@example.org",
            "ftp://example.org",
            "https://example.org:99999",
            "android:apk-key-hash:x",
        ] {
            assert!(matches!(make("example.org", &[origin]), Err(E::Origin(_))), "{origin}");
        }
        assert!(matches!(make("example.org", &["http://example.org"]), Err(E::NotSecure(_))));
        for origin in ["https://example.com", "https://notexample.org", "https://org"] {
            assert!(matches!(make("example.org", &[origin]), Err(E::Outside { .. })), "{origin}");
        }
        assert_eq!(make("example.org", &[]), Err(E::Count(0)));
        assert_eq!(make("example.org", &["https://example.org"; 9]), Err(E::Count(9)));
    }
}
