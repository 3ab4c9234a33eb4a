//! The base address of an endpoint, checked once.

use reqwest::Url;

use super::HttpError;

/// An HTTP address, perhaps with a path, that paths are put behind.
#[derive(Debug, Clone)]
pub(super) struct Address {
    base: Url,
    shown: String,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, HttpError> {
        let mut base =
            Url::parse(text.trim()).map_err(|error| HttpError::Address(error.to_string()))?;
        if base.query().is_some() || base.fragment().is_some() {
            let reason = "it ends in a query or a fragment, which paths cannot be put behind";
            return Err(HttpError::Address(reason.to_owned()));
        }
        let shown = without_secrets(&base);
        if !matches!(base.scheme(), "http" | "https") {
            let reason = format!("its scheme is {}, not http or https", base.scheme());
            return Err(HttpError::Address(reason));
        }
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        Ok(Self { base, shown })
    }

    /// The address for people: no user, no password, no slash at the end.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The address with `path`, which begins with a slash, behind it.
    pub(super) fn with_path(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

fn without_secrets(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    let path = url.path().trim_end_matches('/');
    format!(
        "{}://{host}{}{path}",
        url.scheme(),
        port.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_behind_whatever_path_there_is() {
        let joined = |base: &str| {
            let address = Address::parse(base).unwrap();
            let url = address.with_path("/generate/").to_string();
            (address.shown().to_owned(), url)
        };
        for base in ["http://10.0.0.7:8093", "http://10.0.0.7:8093/"] {
            let (shown, url) = joined(base);
            assert_eq!(shown, "http://10.0.0.7:8093");
            assert_eq!(url, "http://10.0.0.7:8093/generate/");
        }
        let (shown, url) = joined("https://pod.example/x");
        assert_eq!(shown, "https://pod.example/x");
        assert_eq!(url, "https://pod.example/x/generate/");
        let (shown, url) = joined("http://[::1]/gpu/0/");
        assert_eq!(shown, "http://[::1]/gpu/0");
        assert_eq!(url, "http://[::1]/gpu/0/generate/");
    }

    #[test]
    fn a_password_is_sent_but_never_shown() {
        let address = Address::parse("http://me:secret@pod:10006").unwrap();
        assert_eq!(address.shown(), "http://pod:10006");
        assert_eq!(address.with_path("/generate").password(), Some("secret"));
    }

    #[test]
    fn what_is_no_address_is_refused_in_one_line() {
        let refused = |base: &str| Address::parse(base).unwrap_err().to_string();
        assert!(refused("localhost:8093").contains("scheme is localhost"));
        assert!(refused("ftp://pod/").contains("scheme is ftp"));
        assert!(refused("10.0.0.7").contains("is none"));
        assert!(refused("http://").contains("is none"));
        assert!(refused("http://pod/?key=1").contains("query"));
    }
}
