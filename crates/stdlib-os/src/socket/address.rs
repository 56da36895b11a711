//! Addresses of sockets, from and to Python values.

use std::net::{Ipv4Addr, Ipv6Addr};

use taipan_host::net;
use taipan_host::types::SockAddr;
use taipan_object::convert::IntoPy;
use taipan_object::{Bytes, PyResult, Str, Tuple, Value, Vm};

use super::lookup_error;
use crate::util::{self, fs_bytes, fs_text};

/// `AF_UNIX`
pub const AF_UNIX: i32 = 1;
/// `AF_INET`
pub const AF_INET: i32 = 2;
/// `AF_INET6`
pub const AF_INET6: i32 = 10;

/// A host name in bytes: ASCII as it is, other text by IDNA.
pub fn host_name(vm: &Vm, v: &Value, what: &str) -> PyResult<Vec<u8>> {
    let bytes = if let Some(s) = v.downcast_ref::<Str>() {
        match s.as_ascii() {
            Some(text) => text.as_bytes().to_vec(),
            None => {
                let idna = vm.new_str("idna")?.into_value();
                let encoded = vm.call_method(v, &vm.names().encode, &[idna])?;
                util::data(vm, &encoded)?.0.into_owned()
            }
        }
    } else if v.downcast_ref::<Bytes>().is_some()
        || vm.type_of(v).payload.slots.bf_getbuffer.get().is_some()
    {
        util::data(vm, v)?.0.into_owned()
    } else if what.ends_with("None") {
        return Err(vm.type_error(what));
    } else {
        return Err(vm.type_error(&format!(
            "{what}str, bytes or bytearray expected, not {}",
            vm.type_name(v)
        )));
    };
    if bytes.contains(&0) {
        return Err(vm.type_error("host name must not contain null character"));
    }
    Ok(bytes)
}

/// The address of a host, by number or by lookup.
pub fn resolve(vm: &Vm, host: &[u8], family: i32) -> PyResult<SockAddr> {
    let text = std::str::from_utf8(host).unwrap_or_default();
    match (host, family) {
        (b"", AF_INET) => return Ok(inet(Ipv4Addr::UNSPECIFIED, 0)),
        (b"", AF_INET6) => return Ok(inet6(Ipv6Addr::UNSPECIFIED, 0, 0, 0)),
        (b"<broadcast>" | b"255.255.255.255", AF_INET) => {
            return Ok(inet(Ipv4Addr::BROADCAST, 0));
        }
        _ => {}
    }
    if family == AF_INET
        && let Ok(ip) = text.parse::<Ipv4Addr>()
    {
        return Ok(inet(ip, 0));
    }
    if family == AF_INET6
        && let Ok(ip) = text.parse::<Ipv6Addr>()
    {
        return Ok(inet6(ip, 0, 0, 0));
    }
    let found = util::blocking(vm, || net::getaddrinfo(Some(host), None, family, 0, 0, 0))
        .map_err(|e| lookup_error(vm, e))?;
    match found.into_iter().next() {
        Some(info) => Ok(info.addr),
        None => Err(vm.raise_new(&vm.exc().OSError, "unknown address family")),
    }
}

fn inet(ip: Ipv4Addr, port: u16) -> SockAddr {
    SockAddr::Inet {
        ip: ip.octets(),
        port,
    }
}

fn inet6(ip: Ipv6Addr, port: u16, flowinfo: u32, scope_id: u32) -> SockAddr {
    SockAddr::Inet6 {
        ip: ip.octets(),
        port,
        flowinfo,
        scope_id,
    }
}

fn port_of(vm: &Vm, v: &Value, function: &str) -> PyResult<u16> {
    let n = vm.index(v)?;
    n.as_int()
        .and_then(|i| i.to_i64())
        .and_then(|i| u16::try_from(i).ok())
        .ok_or_else(|| vm.overflow_error(&format!("{function}(): port must be 0-65535.")))
}

/// The address that a Python value is for a family.
pub fn parse(vm: &Vm, family: i32, v: &Value, function: &str) -> PyResult<SockAddr> {
    let tuple = |name: &str| -> PyResult<taipan_object::Ref<Tuple>> {
        match v.downcast_ref::<Tuple>() {
            Some(t) => Ok(t.clone()),
            None => Err(vm.type_error(&format!(
                "{function}(): {name} address must be tuple, not {}",
                vm.type_name(v)
            ))),
        }
    };
    match family {
        AF_UNIX => {
            let path = match v.downcast_ref::<Str>() {
                Some(s) => fs_bytes(vm, s)?.into_owned(),
                None => util::data(vm, v)?.0.into_owned(),
            };
            // A leading NUL names an abstract socket; a path needs one at its end.
            let room = if path.first() == Some(&0) { 108 } else { 107 };
            if path.len() > room {
                return Err(vm.raise_new(&vm.exc().OSError, "AF_UNIX path too long"));
            }
            Ok(SockAddr::Unix(path))
        }
        AF_INET => {
            let t = tuple("AF_INET")?;
            let [host, port] = t.as_slice() else {
                return Err(vm.type_error("AF_INET address must be a pair (host, port)"));
            };
            let name = host_name(vm, host, "")?;
            let port = port_of(vm, port, function)?;
            match resolve(vm, &name, AF_INET)? {
                SockAddr::Inet { ip, .. } => Ok(SockAddr::Inet { ip, port }),
                other => Ok(other),
            }
        }
        AF_INET6 => {
            let t = tuple("AF_INET6")?;
            let (host, port, rest) = match t.as_slice() {
                [host, port, rest @ ..] if rest.len() <= 2 => (host, port, rest),
                _ => {
                    return Err(vm.type_error(
                        "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])",
                    ));
                }
            };
            let name = host_name(vm, host, "")?;
            let port = port_of(vm, port, function)?;
            let number = |i: usize| -> PyResult<Option<u32>> {
                match rest.get(i) {
                    Some(v) => Ok(Some(util::offset(vm, v)? as u32)),
                    None => Ok(None),
                }
            };
            let (flow, scope) = (number(0)?, number(1)?);
            if flow.is_some_and(|f| f > 0xfffff) {
                return Err(
                    vm.overflow_error(&format!("{function}(): flowinfo must be 0-1048575."))
                );
            }
            match resolve(vm, &name, AF_INET6)? {
                SockAddr::Inet6 { ip, scope_id, .. } => Ok(SockAddr::Inet6 {
                    ip,
                    port,
                    flowinfo: flow.unwrap_or(0),
                    scope_id: scope.unwrap_or(scope_id),
                }),
                other => Ok(other),
            }
        }
        _ => Err(vm.raise_new(
            &vm.exc().OSError,
            &format!("{function}(): unknown address family"),
        )),
    }
}

/// The Python value of an address.
pub fn value(vm: &Vm, addr: &SockAddr) -> PyResult {
    match addr {
        SockAddr::None => Ok(vm.none()),
        SockAddr::Inet { ip, port } => (Ipv4Addr::from(*ip).to_string(), *port).into_py(vm),
        SockAddr::Inet6 {
            ip,
            port,
            flowinfo,
            scope_id,
        } => {
            let mut host = Ipv6Addr::from(*ip).to_string();
            if *scope_id != 0
                && let Ok(name) = net::if_indextoname(*scope_id)
            {
                host = format!("{host}%{}", String::from_utf8_lossy(&name));
            }
            (host, *port, *flowinfo, *scope_id).into_py(vm)
        }
        SockAddr::Unix(path) if path.first() == Some(&0) => Ok(vm.new_bytes(path)?.into_value()),
        SockAddr::Unix(path) => Ok(fs_text(vm, path)?.into_value()),
        SockAddr::Netlink { pid, groups } => (*pid, *groups).into_py(vm),
        SockAddr::Other { family, data } => (*family, vm.new_bytes(data)?).into_py(vm),
    }
}
