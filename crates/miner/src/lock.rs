//! One process per hotkey: two would pull into each other's cooldowns and collect violations.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::MinerError;

/// Held while a process mines with a hotkey. The system lets go of it when the process ends, in
/// whatever way it ends.
#[derive(Debug)]
pub(crate) struct HotkeyLock {
    /// Locked as long as it is open.
    _file: File,
}

impl HotkeyLock {
    /// Takes the lock in `directory`, which is one hotkey's own, or says who holds it.
    pub(crate) fn take(directory: &Path) -> Result<Self, MinerError> {
        let path = directory.join("lock");
        let failed = |source| MinerError::Io {
            path: path.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(MinerError::AlreadyRunning {
                    pid: read_pid(&mut file),
                    lock: path,
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // The pid is for people only. Failing to write it (a full disk) is no reason to stop.
        let _ = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let held = HotkeyLock::take(directory.path()).unwrap();
        let error = HotkeyLock::take(directory.path()).unwrap_err();
        let MinerError::AlreadyRunning { pid, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(*pid, Some(std::process::id()));
        assert!(error.to_string().contains("already mines"), "{error}");
        drop(held);
        HotkeyLock::take(directory.path()).unwrap();
    }
}
