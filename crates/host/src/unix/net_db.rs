//! Names and numbers of hosts, services, protocols and interfaces.

use super::net_addr::RawAddr;
use super::{bytes_of, done, with_cstr};
use crate::types::{AddrInfo, GaiError, SockAddr};
use crate::{Errno, Result};
use std::ffi::CString;
use std::mem::MaybeUninit;
use std::sync::{Mutex, PoisonError};

impl GaiError {
    /// The text of `gai_strerror`.
    pub fn message(self) -> Vec<u8> {
        // SAFETY: a static text.
        unsafe { bytes_of(libc::gai_strerror(self.0)) }
    }
}

/// A lookup fails with an error of its own, or (`EAI_SYSTEM`) of the system.
pub type LookupResult<T> = core::result::Result<T, core::result::Result<GaiError, Errno>>;

fn gai(status: i32) -> LookupResult<()> {
    match status {
        0 => Ok(()),
        libc::EAI_SYSTEM => Err(Err(super::last_error())),
        error => Err(Ok(GaiError(error))),
    }
}

fn optional(text: Option<&[u8]>) -> LookupResult<Option<CString>> {
    text.map(|text| CString::new(text).map_err(|_| Err(Errno::EINVAL)))
        .transpose()
}

/// `getaddrinfo`.
pub fn getaddrinfo(
    host: Option<&[u8]>,
    service: Option<&[u8]>,
    family: i32,
    socktype: i32,
    protocol: i32,
    flags: i32,
) -> LookupResult<Vec<AddrInfo>> {
    super::databases::prepare();
    let (host, service) = (optional(host)?, optional(service)?);
    let pointer =
        |text: &Option<CString>| text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
    let mut found = Vec::new();
    // SAFETY: zeroed hints are valid; strings are NUL-terminated or NULL; the list is walked before it is freed.
    unsafe {
        let mut hints: libc::addrinfo = MaybeUninit::zeroed().assume_init();
        hints.ai_family = family;
        hints.ai_socktype = socktype;
        hints.ai_protocol = protocol;
        hints.ai_flags = flags;
        let mut list = std::ptr::null_mut();
        gai(libc::getaddrinfo(
            pointer(&host),
            pointer(&service),
            &raw const hints,
            &raw mut list,
        ))?;
        let mut next = list;
        while let Some(info) = next.as_ref() {
            found.push(AddrInfo {
                family: info.ai_family,
                socktype: info.ai_socktype,
                protocol: info.ai_protocol,
                canonname: bytes_of(info.ai_canonname),
                addr: RawAddr::copy(info.ai_addr, info.ai_addrlen).decode(),
            });
            next = info.ai_next;
        }
        libc::freeaddrinfo(list);
    }
    Ok(found)
}

/// `getnameinfo`: host and service.
pub fn getnameinfo(addr: &SockAddr, flags: i32) -> LookupResult<(Vec<u8>, Vec<u8>)> {
    super::databases::prepare();
    let raw = RawAddr::new(addr).map_err(Err)?;
    let mut host = [0u8; 1025];
    let mut service = [0u8; 32];
    // SAFETY: an address of the length given, two buffers writable for theirs.
    gai(unsafe {
        libc::getnameinfo(
            raw.as_ptr(),
            raw.len(),
            host.as_mut_ptr().cast(),
            host.len() as libc::socklen_t,
            service.as_mut_ptr().cast(),
            service.len() as libc::socklen_t,
            flags,
        )
    })?;
    let text = |bytes: &[u8]| {
        bytes
            .iter()
            .take_while(|&&byte| byte != 0)
            .copied()
            .collect()
    };
    Ok((text(&host), text(&service)))
}

/// These databases of the C library keep their answer in one place that the process shares.
static SHARED: Mutex<()> = Mutex::new(());

/// Port of a service, in host order.
pub fn service_by_name(name: &[u8], protocol: Option<&[u8]>) -> Result<Option<u16>> {
    super::databases::prepare();
    let protocol = protocol
        .map(|text| CString::new(text).map_err(|_| Errno::EINVAL))
        .transpose()?;
    with_cstr(name, |name| {
        let _guard = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let protocol = protocol
            .as_ref()
            .map_or(std::ptr::null(), |text| text.as_ptr());
        // SAFETY: NUL-terminated strings or NULL; the lock keeps the answer until it is read.
        let entry = unsafe { libc::getservbyname(name.as_ptr(), protocol).as_ref() };
        Ok(entry.map(|entry| u16::from_be(entry.s_port as u16)))
    })
}

/// Name of the service at a port.
pub fn service_by_port(port: u16, protocol: Option<&[u8]>) -> Result<Option<Vec<u8>>> {
    super::databases::prepare();
    let protocol = protocol
        .map(|text| CString::new(text).map_err(|_| Errno::EINVAL))
        .transpose()?;
    let _guard = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let protocol = protocol
        .as_ref()
        .map_or(std::ptr::null(), |text| text.as_ptr());
    // SAFETY: as for `service_by_name`.
    unsafe {
        Ok(libc::getservbyport(i32::from(port.to_be()), protocol)
            .as_ref()
            .map(|entry| bytes_of(entry.s_name)))
    }
}

/// Number of a protocol.
pub fn protocol_by_name(name: &[u8]) -> Result<Option<i32>> {
    super::databases::prepare();
    with_cstr(name, |name| {
        let _guard = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: as for `service_by_name`.
        Ok(unsafe { libc::getprotobyname(name.as_ptr()).as_ref() }.map(|entry| entry.p_proto))
    })
}

/// Name of the host.
pub fn gethostname() -> Result<Vec<u8>> {
    let mut buffer = [0u8; 1025];
    // SAFETY: the buffer is writable for the length given, and its last byte stays NUL.
    done(unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), buffer.len() - 1) })?;
    Ok(buffer
        .iter()
        .take_while(|&&byte| byte != 0)
        .copied()
        .collect())
}

/// Sets the name of the host.
pub fn sethostname(name: &[u8]) -> Result<()> {
    // SAFETY: the name is readable for the length given.
    done(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) })
}

/// Number of an interface.
pub fn if_nametoindex(name: &[u8]) -> Result<u32> {
    with_cstr(name, |name| {
        // SAFETY: a NUL-terminated name.
        match unsafe { libc::if_nametoindex(name.as_ptr()) } {
            0 => Err(super::last_error()),
            index => Ok(index),
        }
    })
}

/// Name of an interface.
pub fn if_indextoname(index: u32) -> Result<Vec<u8>> {
    let mut buffer = [0u8; libc::IF_NAMESIZE];
    // SAFETY: the buffer has the size that the call demands.
    unsafe {
        let name = libc::if_indextoname(index, buffer.as_mut_ptr().cast());
        if name.is_null() {
            Err(super::last_error())
        } else {
            Ok(bytes_of(name))
        }
    }
}

/// All interfaces.
pub fn if_nameindex() -> Result<Vec<(u32, Vec<u8>)>> {
    let mut all = Vec::new();
    // SAFETY: the list ends with index 0 and is walked before it is freed.
    unsafe {
        let list = libc::if_nameindex();
        if list.is_null() {
            return Err(super::last_error());
        }
        let mut next = list;
        while (*next).if_index != 0 {
            all.push(((*next).if_index, bytes_of((*next).if_name)));
            next = next.add(1);
        }
        libc::if_freenameindex(list);
    }
    Ok(all)
}
