//! Sockets. Addresses are turned into C's form and back in `net_addr`; names are looked up in `net_db`.

pub use super::net_addr::RawAddr;
pub use super::net_db::*;
use super::{check, done, scalar, size};
use crate::types::{Received, SockAddr};
use crate::{Errno, Fd, Result};
use std::mem::MaybeUninit;

/// Makes a socket, not inherited.
pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<Fd> {
    check(scalar!(socket(family, kind | libc::SOCK_CLOEXEC, protocol)))
}

/// Makes a pair of connected sockets, not inherited.
pub fn socketpair(family: i32, kind: i32, protocol: i32) -> Result<(Fd, Fd)> {
    let mut ends = [0; 2];
    // SAFETY: writable for two descriptors.
    done(unsafe {
        libc::socketpair(
            family,
            kind | libc::SOCK_CLOEXEC,
            protocol,
            ends.as_mut_ptr(),
        )
    })?;
    Ok((ends[0], ends[1]))
}

/// Gives the socket an address.
pub fn bind(fd: Fd, addr: &SockAddr) -> Result<()> {
    let raw = RawAddr::new(addr)?;
    // SAFETY: the address is readable for the length given.
    done(unsafe { libc::bind(fd, raw.as_ptr(), raw.len()) })
}

/// Connects; EINPROGRESS where the socket does not block.
pub fn connect(fd: Fd, addr: &SockAddr) -> Result<()> {
    let raw = RawAddr::new(addr)?;
    // SAFETY: the address is readable for the length given.
    done(unsafe { libc::connect(fd, raw.as_ptr(), raw.len()) })
}

/// Lets others connect.
pub fn listen(fd: Fd, backlog: i32) -> Result<()> {
    done(scalar!(listen(fd, backlog)))
}

/// Takes a connection: its socket, not inherited, and the peer's address.
pub fn accept(fd: Fd) -> Result<(Fd, SockAddr)> {
    let mut raw = RawAddr::empty();
    // SAFETY: room for an address and its length.
    let fd =
        check(unsafe { libc::accept4(fd, raw.as_mut_ptr(), raw.len_mut(), libc::SOCK_CLOEXEC) })?;
    Ok((fd, raw.decode()))
}

/// The socket's own address.
pub fn getsockname(fd: Fd) -> Result<SockAddr> {
    let mut raw = RawAddr::empty();
    // SAFETY: room for an address and its length.
    done(unsafe { libc::getsockname(fd, raw.as_mut_ptr(), raw.len_mut()) })?;
    Ok(raw.decode())
}

/// The peer's address.
pub fn getpeername(fd: Fd) -> Result<SockAddr> {
    let mut raw = RawAddr::empty();
    // SAFETY: room for an address and its length.
    done(unsafe { libc::getpeername(fd, raw.as_mut_ptr(), raw.len_mut()) })?;
    Ok(raw.decode())
}

/// Receives into `buffer`.
pub fn recv(fd: Fd, buffer: &mut [u8], flags: i32) -> Result<usize> {
    // SAFETY: the buffer is writable for the length given.
    size(unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), flags) })
}

/// Receives with the sender's address.
pub fn recvfrom(fd: Fd, buffer: &mut [u8], flags: i32) -> Result<(usize, SockAddr)> {
    let mut raw = RawAddr::empty();
    // SAFETY: the buffer is writable for the length given; room for an address and its length.
    let count = size(unsafe {
        libc::recvfrom(
            fd,
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            flags,
            raw.as_mut_ptr(),
            raw.len_mut(),
        )
    })?;
    Ok((count, raw.decode()))
}

/// Sends as much of `data` as the system takes. SIGPIPE is not raised.
pub fn send(fd: Fd, data: &[u8], flags: i32) -> Result<usize> {
    // SAFETY: the data is readable for the length given.
    size(unsafe {
        libc::send(
            fd,
            data.as_ptr().cast(),
            data.len(),
            flags | libc::MSG_NOSIGNAL,
        )
    })
}

/// Sends to an address.
pub fn sendto(fd: Fd, data: &[u8], flags: i32, addr: &SockAddr) -> Result<usize> {
    let raw = RawAddr::new(addr)?;
    let flags = flags | libc::MSG_NOSIGNAL;
    // SAFETY: data and address are readable for the lengths given.
    size(unsafe {
        libc::sendto(
            fd,
            data.as_ptr().cast(),
            data.len(),
            flags,
            raw.as_ptr(),
            raw.len(),
        )
    })
}

fn message() -> libc::msghdr {
    // SAFETY: integers and pointers that may be NULL.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// Sends several buffers with ancillary data `(level, type, data)`.
pub fn sendmsg(
    fd: Fd,
    buffers: &[std::io::IoSlice<'_>],
    ancillary: &[(i32, i32, Vec<u8>)],
    flags: i32,
    addr: Option<&SockAddr>,
) -> Result<usize> {
    let raw = addr.map(RawAddr::new).transpose()?;
    let mut space = 0usize;
    for (_, _, data) in ancillary {
        let length = u32::try_from(data.len()).map_err(|_| Errno::EINVAL)?;
        space = space
            .checked_add(cmsg_space(length)?)
            .ok_or(Errno::EINVAL)?;
    }
    // Words, as control data is aligned like `size_t`.
    let mut control = vec![0u64; space.div_ceil(8)];
    let mut msg = message();
    if let Some(raw) = &raw {
        msg.msg_name = raw.as_ptr().cast_mut().cast();
        msg.msg_namelen = raw.len();
    }
    msg.msg_iov = buffers.as_ptr().cast_mut().cast();
    msg.msg_iovlen = buffers.len();
    if space > 0 {
        msg.msg_control = control.as_mut_ptr().cast();
        msg.msg_controllen = space;
    }
    // SAFETY: `control` has room for every header and its data, as computed above; `IoSlice` has the layout of `iovec`;
    // everything is alive during the call.
    size(unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&raw const msg);
        for (level, kind, data) in ancillary {
            if header.is_null() {
                return Err(Errno::EINVAL);
            }
            (*header).cmsg_level = *level;
            (*header).cmsg_type = *kind;
            (*header).cmsg_len = libc::CMSG_LEN(data.len() as u32) as usize;
            std::ptr::copy_nonoverlapping(data.as_ptr(), libc::CMSG_DATA(header), data.len());
            header = libc::CMSG_NXTHDR(&raw const msg, header);
        }
        libc::sendmsg(fd, &raw const msg, flags | libc::MSG_NOSIGNAL)
    })
}

/// Receives into several buffers, with room for `ancillary` bytes of ancillary data.
pub fn recvmsg(
    fd: Fd,
    buffers: &mut [std::io::IoSliceMut<'_>],
    ancillary: usize,
    flags: i32,
) -> Result<Received> {
    let mut raw = RawAddr::empty();
    let mut control = vec![0u64; ancillary.div_ceil(8)];
    let mut msg = message();
    msg.msg_name = raw.as_mut_ptr().cast();
    msg.msg_namelen = *raw.len_mut();
    msg.msg_iov = buffers.as_mut_ptr().cast();
    msg.msg_iovlen = buffers.len();
    msg.msg_control = if ancillary > 0 {
        control.as_mut_ptr().cast()
    } else {
        std::ptr::null_mut()
    };
    msg.msg_controllen = ancillary;
    // SAFETY: buffers, address and control data are writable for the lengths given and alive during the call.
    let len = size(unsafe { libc::recvmsg(fd, &raw mut msg, flags | libc::MSG_CMSG_CLOEXEC) })?;
    *raw.len_mut() = msg.msg_namelen;
    let mut pieces = Vec::new();
    // SAFETY: the macros walk what the kernel wrote within `msg_controllen`; a length is bounded by the end of the data.
    unsafe {
        let end = (msg.msg_control as usize).saturating_add(msg.msg_controllen);
        let mut header = libc::CMSG_FIRSTHDR(&raw const msg);
        while !header.is_null() {
            let data = libc::CMSG_DATA(header);
            let head = libc::CMSG_LEN(0) as usize;
            let length = (*header)
                .cmsg_len
                .saturating_sub(head)
                .min(end.saturating_sub(data as usize));
            pieces.push((
                (*header).cmsg_level,
                (*header).cmsg_type,
                std::slice::from_raw_parts(data, length).to_vec(),
            ));
            header = libc::CMSG_NXTHDR(&raw const msg, header);
        }
    }
    Ok(Received {
        len,
        ancillary: pieces,
        flags: msg.msg_flags,
        addr: raw.decode(),
    })
}

/// `CMSG_LEN`: bytes of a header with `length` bytes of data.
pub fn cmsg_len(length: u32) -> Result<usize> {
    cmsg_space(length)?;
    // SAFETY: arithmetic.
    Ok(unsafe { libc::CMSG_LEN(length) } as usize)
}

/// `CMSG_SPACE`: the same, padded. EOVERFLOW beyond 2 GiB.
pub fn cmsg_space(length: u32) -> Result<usize> {
    if length > 0x7fff_ff00 {
        return Err(Errno::EOVERFLOW);
    }
    // SAFETY: arithmetic.
    Ok(unsafe { libc::CMSG_SPACE(length) } as usize)
}

/// An option as an integer.
pub fn getsockopt_int(fd: Fd, level: i32, option: i32) -> Result<i32> {
    let mut bytes = [0u8; 4];
    getsockopt(fd, level, option, &mut bytes)?;
    Ok(i32::from_ne_bytes(bytes))
}

/// An option as bytes; gives their number.
pub fn getsockopt(fd: Fd, level: i32, option: i32, buffer: &mut [u8]) -> Result<usize> {
    let mut length = libc::socklen_t::try_from(buffer.len()).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the buffer is writable for the length given.
    done(unsafe {
        libc::getsockopt(
            fd,
            level,
            option,
            buffer.as_mut_ptr().cast(),
            &raw mut length,
        )
    })?;
    Ok((length as usize).min(buffer.len()))
}

/// Sets an option to an integer.
pub fn setsockopt_int(fd: Fd, level: i32, option: i32, value: i32) -> Result<()> {
    setsockopt(fd, level, option, &value.to_ne_bytes())
}

/// Sets an option to bytes.
pub fn setsockopt(fd: Fd, level: i32, option: i32, value: &[u8]) -> Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the value is readable for the length given.
    done(unsafe { libc::setsockopt(fd, level, option, value.as_ptr().cast(), length) })
}

/// Ends one or both directions.
pub fn shutdown(fd: Fd, how: i32) -> Result<()> {
    done(scalar!(shutdown(fd, how)))
}
