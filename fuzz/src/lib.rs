//! What the fuzz targets share: everything that is done with a cloud once it has been read.

#![forbid(unsafe_code)]

use splat::inspect::inspect;
use splat::{Cloud, Container, Frame, OutputProfile};

/// More splats than this are read, but nothing further is done with them: a run should try many
/// files, not few large ones.
const WORKED_ON: usize = 2_000;

/// Inspects a cloud, fits it to every profile, and writes and reads it in every container: none
/// may panic, and what was written must be read again, splat for splat.
///
/// # Panics
/// When it is not.
pub fn use_cloud(cloud: &Cloud) {
    assert!(!cloud.is_empty(), "a reader accepted no splats");
    if cloud.len() > WORKED_ON {
        return;
    }
    for profile in OutputProfile::ALL {
        let _ = inspect(cloud, &profile);
        for frame in [Frame::YUp, Frame::YDown] {
            assert_eq!(profile.apply(cloud.clone(), frame).len(), cloud.len());
        }
    }
    for container in Container::ALL {
        let bytes = container.write(cloud).expect("a cloud that was read can be written");
        let name = format!("a.{}", container.extension());
        match splat::read_named(&bytes, name.as_ref()) {
            Ok((again, _)) => assert_eq!(again.len(), cloud.len(), "{container}"),
            // Its rows have nothing to tell them by, so one that is not a number is refused.
            Err(_) if container == Container::Splat => {}
            Err(error) => panic!("{container} was written but not read again: {error}"),
        }
    }
}

/// Reads bytes as a file of any kind, and uses what is in it. A refusal must be one line, fit for a
/// terminal.
///
/// # Panics
/// When it is not, or as [`use_cloud`].
pub fn read_and_use(bytes: &[u8], name: &str) {
    match splat::read_named(bytes, name.as_ref()) {
        Ok((cloud, _)) => use_cloud(&cloud),
        Err(error) => check_line(&error.to_string()),
    }
}

/// Checks that a message is one line without control characters.
///
/// # Panics
/// When it is not.
pub fn check_line(message: &str) {
    assert!(!message.is_empty(), "a refusal without a reason");
    assert!(!message.contains(char::is_control), "not fit for a terminal: {message:?}");
}
