//! TLS as every client of Splatsmith speaks it: whom it trusts, and in words why it does not trust
//! somebody.

#![forbid(unsafe_code)]

mod anchors;
mod distrust;

use std::sync::Arc;

use rustls::RootCertStore;

pub use anchors::{Anchors, AnchorsError};
pub use distrust::{Distrust, distrust};
pub use rustls::{ClientConfig, Error};

/// TLS 1.2 and 1.3 by `ring`, trusting the authorities that Mozilla trusts, which are compiled in, so
/// that a bare container needs none on disk, and those of `anchors`.
///
/// # Errors
/// If the provider lacks a protocol version, which `ring` does not.
pub fn client(anchors: &Anchors) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for certificate in anchors.certificates() {
        roots.add(certificate.clone())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
