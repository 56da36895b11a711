//! Arguments and environment. The environment is read once and kept in a table of our own, so that changes cannot race
//! with C code that reads `environ`; `process` hands the table to the programs it starts. The same on every target;
//! `env` re-exports it together with the working directory.

use crate::{Errno, Result};
use std::ffi::OsString;
use std::sync::{LazyLock, Mutex, PoisonError};

type Table = Vec<(Vec<u8>, Vec<u8>)>;

static VARS: LazyLock<Mutex<Table>> = LazyLock::new(|| Mutex::new(initial()));

/// The environment that the process was given.
#[cfg(unix)]
fn initial() -> Table {
    std::env::vars_os()
        .map(|(k, v)| (k.into_encoded_bytes(), v.into_encoded_bytes()))
        .collect()
}

/// Where there is no operating system, nobody gives one.
#[cfg(not(unix))]
fn initial() -> Table {
    Table::new()
}

fn with_vars<T>(f: impl FnOnce(&mut Table) -> T) -> T {
    // The table is consistent after every statement that changes it, so poison says nothing.
    f(&mut VARS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The arguments of the process, the program first.
pub fn args() -> Vec<Vec<u8>> {
    std::env::args_os()
        .map(OsString::into_encoded_bytes)
        .collect()
}

/// All variables, in the order in which they were set.
pub fn vars() -> Vec<(Vec<u8>, Vec<u8>)> {
    with_vars(|vars| vars.clone())
}

/// One variable.
pub fn var(name: &[u8]) -> Option<Vec<u8>> {
    with_vars(|vars| {
        vars.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    })
}

/// Sets a variable; EINVAL if the name is empty or holds `=`, or either holds NUL.
pub fn set_var(name: &[u8], value: &[u8]) -> Result<()> {
    if name.is_empty() || name.contains(&b'=') || name.contains(&0) || value.contains(&0) {
        return Err(Errno::EINVAL);
    }
    with_vars(|vars| match vars.iter_mut().find(|(key, _)| key == name) {
        Some((_, old)) => *old = value.to_vec(),
        None => vars.push((name.to_vec(), value.to_vec())),
    });
    Ok(())
}

/// Removes a variable, if it is there.
pub fn unset_var(name: &[u8]) -> Result<()> {
    if name.is_empty() || name.contains(&b'=') || name.contains(&0) {
        return Err(Errno::EINVAL);
    }
    with_vars(|vars| vars.retain(|(key, _)| key != name));
    Ok(())
}

/// The environment as `execve` takes it: `NAME=value`.
pub fn block() -> Vec<Vec<u8>> {
    with_vars(|vars| {
        vars.iter()
            .map(|(name, value)| [name.as_slice(), b"=", value].concat())
            .collect()
    })
}
