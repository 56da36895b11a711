//! Addresses of sockets in C's form.

use crate::types::SockAddr;
use crate::{Errno, Result};

const ROOM: usize = size_of::<libc::sockaddr_storage>();

/// A `sockaddr` of any family. The bytes are laid out by hand: every offset is fixed by the kernel's interface.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct RawAddr {
    bytes: [u8; ROOM],
    len: libc::socklen_t,
}

impl RawAddr {
    /// Room for any address.
    pub fn empty() -> RawAddr {
        RawAddr {
            bytes: [0; ROOM],
            len: ROOM as libc::socklen_t,
        }
    }

    /// C's form of `addr`; EINVAL for `None` and for names that are too long.
    pub fn new(addr: &SockAddr) -> Result<RawAddr> {
        let mut raw = RawAddr::empty();
        let (family, used) = match addr {
            SockAddr::None => return Err(Errno::EINVAL),
            SockAddr::Inet { ip, port } => {
                raw.bytes[2..4].copy_from_slice(&port.to_be_bytes());
                raw.bytes[4..8].copy_from_slice(ip);
                (libc::AF_INET, size_of::<libc::sockaddr_in>())
            }
            SockAddr::Inet6 {
                ip,
                port,
                flowinfo,
                scope_id,
            } => {
                raw.bytes[2..4].copy_from_slice(&port.to_be_bytes());
                raw.bytes[4..8].copy_from_slice(&flowinfo.to_be_bytes());
                raw.bytes[8..24].copy_from_slice(ip);
                raw.bytes[24..28].copy_from_slice(&scope_id.to_ne_bytes());
                (libc::AF_INET6, size_of::<libc::sockaddr_in6>())
            }
            SockAddr::Unix(path) => {
                // A path needs its NUL; an abstract name fills the room to the end.
                let needed = path.len() + usize::from(path.first().is_some_and(|&byte| byte != 0));
                if needed > size_of::<libc::sockaddr_un>() - 2 {
                    return Err(Errno::EINVAL);
                }
                raw.bytes[2..2 + path.len()].copy_from_slice(path);
                (libc::AF_UNIX, 2 + needed)
            }
            SockAddr::Netlink { pid, groups } => {
                raw.bytes[4..8].copy_from_slice(&pid.to_ne_bytes());
                raw.bytes[8..12].copy_from_slice(&groups.to_ne_bytes());
                (libc::AF_NETLINK, 12)
            }
            SockAddr::Other { family, data } => {
                raw.bytes
                    .get_mut(2..2 + data.len())
                    .ok_or(Errno::EINVAL)?
                    .copy_from_slice(data);
                (*family, 2 + data.len())
            }
        };
        let family = u16::try_from(family).map_err(|_| Errno::EAFNOSUPPORT)?;
        raw.bytes[..2].copy_from_slice(&family.to_ne_bytes());
        raw.len = used as libc::socklen_t;
        Ok(raw)
    }

    /// Copies what C code left at `start`.
    ///
    /// # Safety
    /// `start` is NULL or readable for `len` bytes.
    pub(super) unsafe fn copy(start: *const libc::sockaddr, len: libc::socklen_t) -> RawAddr {
        let mut raw = RawAddr::empty();
        raw.len = if start.is_null() {
            0
        } else {
            len.min(ROOM as libc::socklen_t)
        };
        if raw.len > 0 {
            // SAFETY: the caller's contract; the length was cut to our room.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    start.cast::<u8>(),
                    raw.bytes.as_mut_ptr(),
                    raw.len as usize,
                )
            };
        }
        raw
    }

    pub(super) fn as_ptr(&self) -> *const libc::sockaddr {
        self.bytes.as_ptr().cast()
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut libc::sockaddr {
        self.bytes.as_mut_ptr().cast()
    }

    pub(super) fn len(&self) -> libc::socklen_t {
        self.len
    }

    pub(super) fn len_mut(&mut self) -> &mut libc::socklen_t {
        &mut self.len
    }

    /// The address in our form.
    pub fn decode(&self) -> SockAddr {
        let used = &self.bytes[..(self.len as usize).min(ROOM)];
        let Some((family, data)) = used.split_first_chunk::<2>() else {
            return SockAddr::None;
        };
        let family = i32::from(u16::from_ne_bytes(*family));
        // Every fixed offset below is within the storage, whatever the length says.
        let at = |start: usize| {
            [
                self.bytes[start],
                self.bytes[start + 1],
                self.bytes[start + 2],
                self.bytes[start + 3],
            ]
        };
        let port = u16::from_be_bytes([self.bytes[2], self.bytes[3]]);
        match family {
            libc::AF_INET => SockAddr::Inet { ip: at(4), port },
            libc::AF_INET6 => {
                let mut ip = [0; 16];
                ip.copy_from_slice(&self.bytes[8..24]);
                let flowinfo = u32::from_be_bytes(at(4));
                SockAddr::Inet6 {
                    ip,
                    port,
                    flowinfo,
                    scope_id: u32::from_ne_bytes(at(24)),
                }
            }
            libc::AF_UNIX if data.first() == Some(&0) => SockAddr::Unix(data.to_vec()),
            libc::AF_UNIX => SockAddr::Unix(
                data.iter()
                    .take_while(|&&byte| byte != 0)
                    .copied()
                    .collect(),
            ),
            libc::AF_NETLINK => SockAddr::Netlink {
                pid: u32::from_ne_bytes(at(4)),
                groups: u32::from_ne_bytes(at(8)),
            },
            _ => SockAddr::Other {
                family,
                data: data.to_vec(),
            },
        }
    }
}
