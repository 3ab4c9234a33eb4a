//! Why a server is not spoken to, in words for whoever runs one of the two.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

/// What is wrong between a server and us, as a part of a sentence about the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// No authority we trust has signed its certificate.
    #[error("its certificate is signed by nobody who is trusted here")]
    Stranger,
    /// The certificate's time is over.
    #[error("its certificate has expired{}", said(*since, " ", " ago"))]
    Expired {
        /// For how long it has been.
        since: Option<Duration>,
    },
    /// The certificate's time has not come.
    #[error("its certificate is not valid{} yet: is this machine's clock right?", said(*until, " for ", ""))]
    Early {
        /// For how long it will not be.
        until: Option<Duration>,
    },
    /// It is not the server it should be.
    #[error("its certificate is for {shown}, not for {wanted}")]
    Name {
        /// The name in its address.
        wanted: String,
        /// The names in its certificate.
        shown: String,
    },
    /// It shows an authority's certificate, as `openssl req -x509` makes them unasked, for its own.
    #[error(
        "its certificate is an authority's, not a server's: make it one that says \
         basicConstraints=CA:FALSE"
    )]
    Authority,
    /// Another fault of the certificate.
    #[error("its certificate cannot be trusted: {0}")]
    Certificate(String),
    /// It answered, but not in TLS.
    #[error("it does not speak TLS there; is it an http:// address?")]
    NotTls,
    /// Another failure of the handshake.
    #[error("no TLS connection comes about: {0}")]
    Handshake(String),
}

/// What TLS has against a server, if that is what `error`, or one of its causes, is about.
#[must_use]
pub fn distrust(error: &(dyn Error + 'static)) -> Option<Distrust> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found.into());
        }
        // An I/O error passes over what it is made from when it is asked for its cause.
        let inside = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

impl From<&rustls::Error> for Distrust {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(fault) => fault.into(),
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            other => Self::Handshake(other.to_string()),
        }
    }
}

impl From<&CertificateError> for Distrust {
    fn from(fault: &CertificateError) -> Self {
        match fault {
            // The latter by an authority that is called like a trusted one, such as one made anew.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Stranger,
            CertificateError::Expired => Self::Expired { since: None },
            CertificateError::ExpiredContext { time, not_after } => Self::Expired {
                since: between(*not_after, *time),
            },
            CertificateError::NotValidYet => Self::Early { until: None },
            CertificateError::NotValidYetContext { time, not_before } => Self::Early {
                until: between(*time, *not_before),
            },
            CertificateError::NotValidForNameContext {
                expected,
                presented,
            } => Self::Name {
                wanted: expected.to_str().into_owned(),
                shown: names(presented),
            },
            other => match other.to_string() {
                // The verifier's own word, which is not passed on as a type.
                text if text.contains("CaUsedAsEndEntity") => Self::Authority,
                text => Self::Certificate(text),
            },
        }
    }
}

/// Names as the verifier shows them, such as `DnsName("pod.example")`, without their kinds.
fn names(presented: &[String]) -> String {
    let plain = |shown: &String| {
        let inside = shown
            .split_once('(')
            .map_or(shown.as_str(), |(_, rest)| rest);
        inside.trim_end_matches(')').trim_matches('"').to_owned()
    };
    match presented {
        [] => "no name".to_owned(),
        names => names.iter().map(plain).collect::<Vec<_>>().join(", "),
    }
}

fn between(first: UnixTime, second: UnixTime) -> Option<Duration> {
    let seconds = second.as_secs().checked_sub(first.as_secs())?;
    Some(Duration::from_secs(seconds))
}

/// A time between two words, or nothing if there is none.
fn said(about: Option<Duration>, before: &str, after: &str) -> String {
    about.map_or_else(String::new, |about| {
        format!("{before}{}{after}", time(about))
    })
}

/// A time as people say it: in days from two on.
fn time(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_found_behind_other_errors() {
        let fault = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let once = io::Error::other(fault);
        let twice = io::Error::other(io::Error::other(once));
        assert_eq!(distrust(&twice), Some(Distrust::Stranger));
        assert_eq!(distrust(&io::Error::other("else")), None);
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let of = |seconds| time(Duration::from_secs(seconds));
        assert_eq!(of(5), "5 s");
        assert_eq!(of(600), "10 min");
        assert_eq!(of(10_000), "2 h");
        assert_eq!(of(864_000), "10 days");
        let expired = Distrust::Expired { since: None };
        assert_eq!(expired.to_string(), "its certificate has expired");
    }
}
