//! The functions of `_socket`.

use std::net::{Ipv4Addr, Ipv6Addr};

use taipan_host::types::SockAddr;
use taipan_host::{fs, net};
use taipan_macros::pyfunctions;
use taipan_object::convert::IntoPy;
use taipan_object::{Bytes, PyResult, Ref, Str, Tuple, Value, Vm};

use super::address::{AF_INET, AF_INET6, AF_UNIX, host_name, resolve, value};
use super::object::{SOCKET, name_text, timeout_argument};
use super::{State, lookup_error};
use crate::time::seconds;
use crate::util::{self, Data, done};

pub use functions::FUNCTIONS;

fn unsigned<T: TryFrom<i64>>(vm: &Vm, v: &Value, name: &str) -> PyResult<T> {
    let n = vm.index(v)?;
    let n = n.as_int();
    if n.is_some_and(|n| n.is_negative()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    n.and_then(|n| n.to_i64())
        .and_then(|n| T::try_from(n).ok())
        .ok_or_else(|| vm.overflow_error(&format!("Python int too large for C {name}")))
}

fn new_socket(vm: &Vm, family: i32, kind: i32, proto: i32, fd: i32) -> PyResult {
    let class = vm.make_type(&SOCKET)?;
    let args = [family, kind, proto, fd].map(Value::from_i32);
    vm.call_pos(class.as_value(), &args)
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Close an integer socket file descriptor.
    #[pyfunction(sig = "($self, object, /)")]
    fn close(vm: &Vm, object: i32) -> PyResult<()> {
        done(vm, util::blocking(vm, || fs::close(object)))
    }

    /// Duplicate an integer socket file descriptor.
    #[pyfunction(sig = "($self, object, /)")]
    fn dup(vm: &Vm, object: i32) -> PyResult<i32> {
        done(vm, fs::dup(object))
    }

    /// Create a pair of socket objects.
    #[pyfunction(params = "($module, family=None, type=1, proto=0, /)")]
    fn socketpair(
        vm: &Vm,
        family: Option<i32>,
        r#type: i32,
        proto: i32,
    ) -> PyResult<(Value, Value)> {
        let family = family.unwrap_or(AF_UNIX);
        let (a, b) = done(vm, net::socketpair(family, r#type, proto))?;
        Ok((
            new_socket(vm, family, r#type, proto, a)?,
            new_socket(vm, family, r#type, proto, b)?,
        ))
    }

    /// Resolve host and port into addrinfo struct.
    #[pyfunction(params = "($module, /, host, port, family=0, type=0, proto=0, flags=0)")]
    fn getaddrinfo(
        vm: &Vm,
        host: &Value,
        port: &Value,
        family: i32,
        r#type: i32,
        proto: i32,
        flags: i32,
    ) -> PyResult<Vec<Value>> {
        let name = match vm.is_none(host) {
            true => None,
            false => Some(host_name(
                vm,
                host,
                "getaddrinfo() argument 1 must be string or None",
            )?),
        };
        let service = if vm.is_none(port) {
            None
        } else if port.as_int().is_some() {
            Some(vm.str(port)?.to_string_lossy().into_owned().into_bytes())
        } else if let Some(s) = port.downcast_ref::<Str>() {
            Some(util::fs_bytes(vm, s)?.into_owned())
        } else if let Some(b) = port.downcast_ref::<Bytes>() {
            Some(b.as_slice().to_vec())
        } else {
            return Err(vm.raise_new(&vm.exc().OSError, "Int or String expected"));
        };
        let found = util::blocking(vm, || {
            net::getaddrinfo(
                name.as_deref(),
                service.as_deref(),
                family,
                r#type,
                proto,
                flags,
            )
        })
        .map_err(|e| lookup_error(vm, e))?;
        found
            .iter()
            .map(|info| {
                let canonical = name_text(vm, &info.canonname)?.into_value();
                let addr = value(vm, &info.addr)?;
                (info.family, info.socktype, info.protocol, canonical, addr).into_py(vm)
            })
            .collect()
    }

    /// Get host and port for a sockaddr.
    #[pyfunction(params = "($module, sockaddr, flags, /)")]
    fn getnameinfo(vm: &Vm, sockaddr: &Value, flags: i32) -> PyResult<(Ref<Str>, Ref<Str>)> {
        let Some(t) = sockaddr.downcast_ref::<Tuple>() else {
            return Err(vm.type_error("getnameinfo() argument 1 must be a tuple"));
        };
        let (Some(host), Some(port)) = (t.get(0), t.get(1)) else {
            return Err(vm.type_error("getnameinfo(): illegal sockaddr argument"));
        };
        let name = host_name(vm, &host, "")?;
        let port = util::offset(vm, &port)? as u16;
        let numeric =
            net::getaddrinfo(Some(&name), None, 0, 2, 0, 4).map_err(|e| lookup_error(vm, e))?;
        let addr = match numeric.into_iter().next().map(|i| i.addr) {
            Some(SockAddr::Inet { ip, .. }) => SockAddr::Inet { ip, port },
            Some(SockAddr::Inet6 { ip, scope_id, .. }) => SockAddr::Inet6 {
                ip,
                port,
                flowinfo: 0,
                scope_id,
            },
            _ => {
                return Err(
                    vm.raise_new(&vm.exc().OSError, "sockaddr resolved to multiple addresses")
                );
            }
        };
        let (host, service) = util::blocking(vm, || net::getnameinfo(&addr, flags))
            .map_err(|e| lookup_error(vm, e))?;
        Ok((name_text(vm, &host)?, name_text(vm, &service)?))
    }

    /// Return the IP address (a string of the form '255.255.255.255') for a host.
    #[pyfunction(params = "($module, host, /)")]
    fn gethostbyname(vm: &Vm, host: &Value) -> PyResult<String> {
        let name = host_name(vm, host, "gethostbyname() argument 1 must be ")?;
        match resolve(vm, &name, AF_INET)? {
            SockAddr::Inet { ip, .. } => Ok(Ipv4Addr::from(ip).to_string()),
            _ => Err(vm.raise_new(&vm.exc().OSError, "unsupported address family")),
        }
    }

    /// Return the true host name, a list of aliases, and a list of IP addresses, for a host.
    #[pyfunction(params = "($module, host, /)")]
    fn gethostbyname_ex(vm: &Vm, host: &Value) -> PyResult<(Ref<Str>, Vec<Value>, Vec<String>)> {
        let name = host_name(vm, host, "gethostbyname_ex() argument 1 must be ")?;
        let found = util::blocking(vm, || net::getaddrinfo(Some(&name), None, AF_INET, 1, 0, 2))
            .map_err(|e| lookup_error(vm, e))?;
        let canonical = found.first().map(|i| i.canonname.clone());
        let ips = found
            .iter()
            .filter_map(|i| match i.addr {
                SockAddr::Inet { ip, .. } => Some(Ipv4Addr::from(ip).to_string()),
                _ => None,
            })
            .collect();
        let canonical = canonical.filter(|c| !c.is_empty()).unwrap_or(name);
        Ok((name_text(vm, &canonical)?, Vec::new(), ips))
    }

    /// Return the true host name, a list of aliases, and a list of IP addresses, for a host's address.
    #[pyfunction(params = "($module, host, /)")]
    fn gethostbyaddr(vm: &Vm, host: &Value) -> PyResult<(Ref<Str>, Vec<Value>, Vec<String>)> {
        let name = host_name(vm, host, "gethostbyaddr() argument 1 must be ")?;
        let found =
            net::getaddrinfo(Some(&name), None, 0, 1, 0, 0).map_err(|e| lookup_error(vm, e))?;
        let Some(addr) = found.into_iter().next().map(|i| i.addr) else {
            return Err(vm.raise_new(&vm.exc().OSError, "unknown host"));
        };
        // NI_NAMEREQD
        let (canonical, _) =
            util::blocking(vm, || net::getnameinfo(&addr, 8)).map_err(|e| lookup_error(vm, e))?;
        let ip = match addr {
            SockAddr::Inet { ip, .. } => Ipv4Addr::from(ip).to_string(),
            SockAddr::Inet6 { ip, .. } => Ipv6Addr::from(ip).to_string(),
            _ => String::new(),
        };
        Ok((name_text(vm, &canonical)?, Vec::new(), vec![ip]))
    }

    /// Return the current host name.
    #[pyfunction(sig = "($self, /)")]
    fn gethostname(vm: &Vm) -> PyResult<Ref<Str>> {
        name_text(vm, &done(vm, net::gethostname())?)
    }

    /// Sets the hostname to name.
    #[pyfunction(params = "($module, name, /)")]
    fn sethostname(vm: &Vm, name: &Value) -> PyResult<()> {
        let name = util::fs_convert(vm, name)?;
        done(vm, net::sethostname(&name))
    }

    /// Return the protocol number for the named protocol.
    #[pyfunction(params = "($module, name, /)")]
    fn getprotobyname(vm: &Vm, name: &str) -> PyResult<i32> {
        match done(vm, net::protocol_by_name(name.as_bytes()))? {
            Some(n) => Ok(n),
            None => Err(vm.raise_new(&vm.exc().OSError, "protocol not found")),
        }
    }

    /// Return a port number from a service name and protocol name.
    #[pyfunction(params = "($module, servicename, protocolname=None, /)")]
    fn getservbyname(vm: &Vm, servicename: &str, protocolname: Option<&str>) -> PyResult<u16> {
        let found = net::service_by_name(servicename.as_bytes(), protocolname.map(str::as_bytes));
        match done(vm, found)? {
            Some(n) => Ok(n),
            None => Err(vm.raise_new(&vm.exc().OSError, "service/proto not found")),
        }
    }

    /// Return the service name from a port number and protocol name.
    #[pyfunction(params = "($module, port, protocolname=None, /)")]
    fn getservbyport(vm: &Vm, port: i32, protocolname: Option<&str>) -> PyResult<Ref<Str>> {
        let Ok(port) = u16::try_from(port) else {
            return Err(vm.overflow_error("getservbyport: port must be 0-65535."));
        };
        match done(
            vm,
            net::service_by_port(port, protocolname.map(str::as_bytes)),
        )? {
            Some(name) => name_text(vm, &name),
            None => Err(vm.raise_new(&vm.exc().OSError, "port/proto not found")),
        }
    }

    /// Returns the default timeout in seconds (float) for new socket objects.
    #[pyfunction(sig = "($self, /)")]
    fn getdefaulttimeout(vm: &Vm) -> Option<f64> {
        let timeout = vm.state::<State>().default_timeout.get();
        (timeout >= 0).then(|| seconds(timeout))
    }

    /// Set the default timeout in seconds (float) for new socket objects.
    #[pyfunction(sig = "($self, object, /)")]
    fn setdefaulttimeout(vm: &Vm, object: &Value) -> PyResult<()> {
        let timeout = timeout_argument(vm, object)?;
        vm.state::<State>().default_timeout.set(timeout);
        Ok(())
    }

    /// Convert a 16-bit unsigned integer from host to network byte order.
    #[pyfunction(sig = "($module, integer, /)")]
    fn htons(vm: &Vm, integer: &Value) -> PyResult<u16> {
        unsigned(vm, integer, "uint16_t").map(u16::to_be)
    }
    /// Convert a 16-bit unsigned integer from network to host byte order.
    #[pyfunction(sig = "($module, integer, /)")]
    fn ntohs(vm: &Vm, integer: &Value) -> PyResult<u16> {
        unsigned(vm, integer, "uint16_t").map(u16::from_be)
    }
    /// Convert a 32-bit unsigned integer from host to network byte order.
    #[pyfunction(sig = "($module, integer, /)")]
    fn htonl(vm: &Vm, integer: &Value) -> PyResult<u32> {
        unsigned(vm, integer, "uint32_t").map(u32::to_be)
    }
    /// Convert a 32-bit unsigned integer from network to host byte order.
    #[pyfunction(sig = "($module, integer, /)")]
    fn ntohl(vm: &Vm, integer: &Value) -> PyResult<u32> {
        unsigned(vm, integer, "uint32_t").map(u32::from_be)
    }

    /// Convert an IP address in string format (123.45.67.89) to the 32-bit packed format.
    #[pyfunction(sig = "($module, ip_addr, /)")]
    fn inet_aton(vm: &Vm, ip_addr: &str) -> PyResult<Ref<Bytes>> {
        // AI_NUMERICHOST takes the short and the hexadecimal forms as inet_aton does.
        let found = match ip_addr.parse::<Ipv4Addr>() {
            Ok(ip) => Some(ip.octets()),
            Err(_) => net::getaddrinfo(Some(ip_addr.as_bytes()), None, AF_INET, 1, 0, 4)
                .ok()
                .and_then(|v| v.into_iter().next())
                .and_then(|i| match i.addr {
                    SockAddr::Inet { ip, .. } => Some(ip),
                    _ => None,
                }),
        };
        match found {
            Some(ip) => vm.new_bytes(&ip),
            None => Err(vm.raise_new(
                &vm.exc().OSError,
                "illegal IP address string passed to inet_aton",
            )),
        }
    }
    /// Convert an IP address from 32-bit packed binary format to string format.
    #[pyfunction(sig = "($module, packed_ip, /)")]
    fn inet_ntoa(vm: &Vm, packed_ip: Data<'_>) -> PyResult<String> {
        match <[u8; 4]>::try_from(&packed_ip[..]) {
            Ok(ip) => Ok(Ipv4Addr::from(ip).to_string()),
            Err(_) => Err(vm.raise_new(&vm.exc().OSError, "packed IP wrong length for inet_ntoa")),
        }
    }
    /// Convert an IP address from string format to a packed string.
    #[pyfunction(params = "($module, af, ip, /)")]
    fn inet_pton(vm: &Vm, af: i32, ip: &str) -> PyResult<Ref<Bytes>> {
        let illegal = || {
            vm.raise_new(
                &vm.exc().OSError,
                "illegal IP address string passed to inet_pton",
            )
        };
        match af {
            AF_INET => vm.new_bytes(&ip.parse::<Ipv4Addr>().map_err(|_| illegal())?.octets()),
            AF_INET6 => vm.new_bytes(&ip.parse::<Ipv6Addr>().map_err(|_| illegal())?.octets()),
            _ => Err(vm.os_error(97, None, None)),
        }
    }
    /// Convert a packed IP address of the given family to string format.
    #[pyfunction(params = "($module, af, packed_ip, /)")]
    fn inet_ntop(vm: &Vm, af: i32, packed_ip: Data<'_>) -> PyResult<String> {
        let wrong = || vm.value_error("invalid length of packed IP address string");
        match af {
            AF_INET => {
                let ip = <[u8; 4]>::try_from(&packed_ip[..]).map_err(|_| wrong())?;
                Ok(Ipv4Addr::from(ip).to_string())
            }
            AF_INET6 => {
                let ip = <[u8; 16]>::try_from(&packed_ip[..]).map_err(|_| wrong())?;
                Ok(Ipv6Addr::from(ip).to_string())
            }
            _ => Err(vm.value_error(&format!("unknown address family {af}"))),
        }
    }

    /// Returns a list of network interface information (index, name) tuples.
    #[pyfunction(sig = "($self, /)")]
    fn if_nameindex(vm: &Vm) -> PyResult<Vec<(u32, Ref<Str>)>> {
        done(vm, net::if_nameindex())?
            .into_iter()
            .map(|(n, name)| Ok((n, name_text(vm, &name)?)))
            .collect()
    }
    /// Returns the interface index corresponding to the interface name.
    #[pyfunction(sig = "($module, oname, /)")]
    fn if_nametoindex(vm: &Vm, oname: &Value) -> PyResult<u32> {
        let name = util::fs_convert(vm, oname)?;
        net::if_nametoindex(&name)
            .map_err(|_| vm.raise_new(&vm.exc().OSError, "no interface with this name"))
    }
    /// Returns the interface name corresponding to the interface index.
    #[pyfunction(sig = "($module, if_index, /)")]
    fn if_indextoname(vm: &Vm, if_index: u32) -> PyResult<Ref<Str>> {
        name_text(vm, &done(vm, net::if_indextoname(if_index))?)
    }

    /// The length, without trailing padding, of an ancillary data item of that many bytes.
    #[pyfunction(name = "CMSG_LEN", params = "($module, length, /)")]
    fn cmsg_len(vm: &Vm, length: isize) -> PyResult<usize> {
        let n = u32::try_from(length)
            .ok()
            .and_then(|n| net::cmsg_len(n).ok());
        n.ok_or_else(|| vm.overflow_error("CMSG_LEN() argument out of range"))
    }
    /// The buffer size needed to receive an ancillary data item of that many bytes.
    #[pyfunction(name = "CMSG_SPACE", params = "($module, length, /)")]
    fn cmsg_space(vm: &Vm, length: isize) -> PyResult<usize> {
        let n = u32::try_from(length)
            .ok()
            .and_then(|n| net::cmsg_space(n).ok());
        n.ok_or_else(|| vm.overflow_error("CMSG_SPACE() argument out of range"))
    }
}
