//! The `splatsmith` command. Everything it does is in the library of the same name.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    splatsmith::run(std::env::args_os())
}
