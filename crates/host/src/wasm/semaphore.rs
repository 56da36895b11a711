//! Semaphores and shared memory, where there is no operating system. What each means is told in `unix/semaphore.rs`.

use super::stubs;
use crate::{Errno, Fd, Result};

/// The largest value of a semaphore.
pub const SEM_VALUE_MAX: i32 = i32::MAX;

/// There are none.
#[derive(Debug)]
pub struct Semaphore(std::convert::Infallible);

impl Semaphore {
    /// ENOSYS.
    pub fn create(_name: &[u8], _mode: u32, _value: u32) -> Result<Semaphore> {
        Err(Errno::ENOSYS)
    }
    /// ENOSYS.
    pub fn open(_name: &[u8]) -> Result<Semaphore> {
        Err(Errno::ENOSYS)
    }
    /// There is none to ask.
    pub fn handle(&self) -> usize {
        match self.0 {}
    }
    /// There is none to ask.
    pub fn wait(&self) -> Result<()> {
        match self.0 {}
    }
    /// There is none to ask.
    pub fn try_wait(&self) -> Result<()> {
        match self.0 {}
    }
    /// There is none to ask.
    pub fn wait_until(&self, _nanoseconds: i64) -> Result<()> {
        match self.0 {}
    }
    /// There is none to ask.
    pub fn post(&self) -> Result<()> {
        match self.0 {}
    }
    /// There is none to ask.
    pub fn value(&self) -> Result<i32> {
        match self.0 {}
    }
}

stubs! {
    /// Takes a semaphore's name away.
    fn sem_unlink(name: &[u8]) -> Result<()>;
    /// Opens shared memory.
    fn shm_open(path: &[u8], flags: i32, mode: u32) -> Result<Fd>;
    /// Takes the name of shared memory away.
    fn shm_unlink(path: &[u8]) -> Result<()>;
}
