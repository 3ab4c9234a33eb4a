//! Handshakes over loopback with servers of every kind: whom a client speaks to, and what it says of
//! those it does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ServerConfig, ServerConnection, StreamOwned};
use support::{Authority, VALID, self_signed};
use tls::{Anchors, Distrust, distrust};

/// A server that says `hello` to whoever shakes hands with it.
fn serve(config: Arc<ServerConfig>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(config).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        // Whoever does not trust us hangs up.
        if stream.write_all(b"hello").is_ok() {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    port
}

/// What a client that trusts `anchors`, and the authorities of everybody, hears from `localhost`.
fn call(port: u16, anchors: &Anchors) -> Result<String, Distrust> {
    let config = Arc::new(tls::client(anchors).unwrap());
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(config, name).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(120)))
        .unwrap();
    let mut said = String::new();
    match StreamOwned::new(connection, stream).read_to_string(&mut said) {
        Ok(_) => Ok(said),
        Err(error) => Err(distrust(&error).unwrap_or_else(|| panic!("{error}"))),
    }
}

fn anchors(pem: &str) -> Anchors {
    Anchors::from_pem(pem.as_bytes()).unwrap()
}

#[test]
fn whom_a_named_authority_vouches_for_is_spoken_to() {
    let authority = Authority::new();
    let port = serve(authority.server("localhost", VALID));
    assert_eq!(call(port, &anchors(&authority.pem())).unwrap(), "hello");
}

#[test]
fn a_server_that_vouches_for_itself_can_be_named_too() {
    let (config, pem) = self_signed(false);
    assert_eq!(call(serve(config), &anchors(&pem)).unwrap(), "hello");
}

#[test]
fn a_stranger_is_not_spoken_to() {
    let authority = Authority::new();
    let other = Authority::new();
    for trusted in [Anchors::default(), anchors(&other.pem())] {
        let port = serve(authority.server("localhost", VALID));
        let why = call(port, &trusted).unwrap_err();
        assert_eq!(why, Distrust::Stranger);
        assert!(why.to_string().contains("signed by nobody who is trusted"));
    }
}

#[test]
fn a_certificate_has_its_time() {
    let authority = Authority::new();
    let trusted = anchors(&authority.pem());
    let port = serve(authority.server("localhost", (2000, 2001)));
    let why = call(port, &trusted).unwrap_err();
    assert!(
        matches!(why, Distrust::Expired { since: Some(_) }),
        "{why:?}"
    );
    let line = why.to_string();
    assert!(line.starts_with("its certificate has expired "), "{line}");
    assert!(line.ends_with(" days ago"), "{line}");
    let port = serve(authority.server("localhost", (3999, 4000)));
    let why = call(port, &trusted).unwrap_err();
    assert!(matches!(why, Distrust::Early { until: Some(_) }), "{why:?}");
    assert!(why.to_string().contains("clock"), "{why}");
}

#[test]
fn a_certificate_has_its_name() {
    let authority = Authority::new();
    for (name, shown) in [("pod.example", "pod.example"), ("127.0.0.1", "127.0.0.1")] {
        let port = serve(authority.server(name, VALID));
        let why = call(port, &anchors(&authority.pem())).unwrap_err();
        let line = why.to_string();
        assert!(matches!(why, Distrust::Name { .. }), "{line}");
        assert!(line.contains(shown), "{line}");
        assert!(line.ends_with("not for localhost"), "{line}");
    }
}

#[test]
fn an_authority_is_no_server() {
    let (config, pem) = self_signed(true);
    let why = call(serve(config), &anchors(&pem)).unwrap_err();
    assert_eq!(why, Distrust::Authority);
}

#[test]
fn a_server_without_tls_is_recognised() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let why = call(port, &Anchors::default()).unwrap_err();
    assert_eq!(why, Distrust::NotTls);
}
