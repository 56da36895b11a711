//! Users and groups, where there is no operating system. What each means is told in `unix/users.rs`.

use super::stubs;
use crate::Result;
use crate::types::*;

stubs! {
    /// The user with this name.
    fn passwd_by_name(name: &[u8]) -> Result<Option<Passwd>>;
    /// The user with this number.
    fn passwd_by_uid(uid: u32) -> Result<Option<Passwd>>;
    /// The group with this name.
    fn group_by_name(name: &[u8]) -> Result<Option<Group>>;
    /// The group with this number.
    fn group_by_gid(gid: u32) -> Result<Option<Group>>;
    /// All users.
    fn passwds() -> Vec<Passwd>;
    /// All groups.
    fn groups() -> Vec<Group>;
    /// The name of the user who logged in.
    fn login() -> Result<Vec<u8>>;
}
