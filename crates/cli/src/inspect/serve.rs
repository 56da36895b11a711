//! The page on the loopback address: `/` is the page, `/source` the program as it stands in its file, `/events` a stream
//! that tells of the file's changes. Each connection has a thread.

use std::sync::Arc;
use std::time::Duration;

use taipan_host::types::{SockAddr, SpawnAttrs};
use taipan_host::{Errno, Fd, consts, env, fs, net, process};

use crate::write;

/// The longest head of a request that is read.
const LONGEST_HEAD: usize = 16 << 10;
/// How often the file is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// After so many looks without a change something is sent, to notice a page that has gone.
const SIGN_OF_LIFE: u32 = 75;

struct Site {
    page: String,
    file: Vec<u8>,
    /// What requests must name as their host: pages of other sites must not read the program by a name of theirs that
    /// leads here.
    hosts: [String; 2],
}

/// Serves until it is interrupted.
pub(super) fn serve(page: String, file: &[u8], port: u16, open: bool) -> Result<(), String> {
    let (socket, port) = listen(port).map_err(|e| super::words(&e))?;
    let address = format!("http://127.0.0.1:{port}/");
    write(1, &format!("{address}\n"));
    write(
        2,
        &format!("showing {}; interrupt to end\n", super::name_of(file)),
    );
    if open {
        start_browser(&address);
    }
    let site = Arc::new(Site {
        page,
        file: file.to_vec(),
        hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
    });
    loop {
        let connection = match net::accept(socket) {
            Ok((connection, _)) => connection,
            Err(Errno::EINTR | Errno::ECONNABORTED) => continue,
            Err(error) => return Err(super::words(&error)),
        };
        let site = Arc::clone(&site);
        let thread = std::thread::Builder::new().spawn(move || {
            // Whoever asked has gone if this fails.
            let _ = site.answer(connection);
            let _ = fs::close(connection);
        });
        if thread.is_err() {
            let _ = fs::close(connection);
        }
    }
}

fn listen(port: u16) -> Result<(Fd, u16), Errno> {
    let number = |name| super::constant(consts::SOCKET, name);
    let socket = net::socket(number("AF_INET"), number("SOCK_STREAM"), 0)?;
    net::setsockopt_int(socket, number("SOL_SOCKET"), number("SO_REUSEADDR"), 1)?;
    let ip = [127, 0, 0, 1];
    net::bind(socket, &SockAddr::Inet { ip, port })?;
    net::listen(socket, 16)?;
    match net::getsockname(socket)? {
        SockAddr::Inet { port, .. } => Ok((socket, port)),
        _ => Ok((socket, port)),
    }
}

/// Lets the system open the address; that it cannot is no failure, the address has been printed.
fn start_browser(address: &str) {
    let command: &[u8] = match cfg!(target_os = "macos") {
        true => b"open",
        false => b"xdg-open",
    };
    let args = [command, address.as_bytes()];
    let _ = process::posix_spawn(
        command,
        &args,
        &env::block(),
        &[],
        &SpawnAttrs::default(),
        true,
    );
}

fn send(connection: Fd, mut data: &[u8]) -> Result<(), Errno> {
    while !data.is_empty() {
        let sent = net::send(connection, data, 0)?;
        data = data.get(sent..).unwrap_or_default();
    }
    Ok(())
}

fn respond(connection: Fd, status: &str, kind: &str, body: &[u8]) -> Result<(), Errno> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    );
    send(connection, head.as_bytes())?;
    send(connection, body)
}

/// The head of a request; empty if there is none.
fn head(connection: Fd) -> Result<String, Errno> {
    let mut data = Vec::new();
    let mut buffer = [0; 2048];
    while data.len() < LONGEST_HEAD && !data.windows(4).any(|four| four == b"\r\n\r\n") {
        match net::recv(connection, &mut buffer, 0)? {
            0 => return Ok(String::new()),
            count => data.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
    Ok(String::from_utf8_lossy(&data).into_owned())
}

/// A file of the library, for programs that the page runs; `index.txt` lists them with their sizes.
fn library(name: &str) -> Option<Vec<u8>> {
    if name != "index.txt" {
        return taipan_pylib::find(name)?.contents();
    }
    let files = taipan_pylib::files().into_iter();
    let lines = files.map(|file| format!("{} {}\n", file.name, file.length()));
    Some(lines.collect::<String>().into_bytes())
}

impl Site {
    fn answer(&self, connection: Fd) -> Result<(), Errno> {
        let head = head(connection)?;
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let host = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("host").then_some(value.trim())
        });
        let plain = "text/plain; charset=utf-8";
        if !host.is_some_and(|host| self.hosts.iter().any(|own| own == host)) {
            return respond(connection, "403 Forbidden", plain, b"wrong host\n");
        }
        if method != "GET" {
            return respond(connection, "405 Method Not Allowed", plain, b"only GET\n");
        }
        match path.split('?').next().unwrap_or("") {
            "/" => {
                let kind = "text/html; charset=utf-8";
                respond(connection, "200 OK", kind, self.page.as_bytes())
            }
            "/source" => match super::read(&self.file) {
                Ok((data, _)) => {
                    let json = super::page::program_json(&super::name_of(&self.file), &data);
                    respond(connection, "200 OK", "application/json", json.as_bytes())
                }
                Err(message) => respond(connection, "404 Not Found", plain, message.as_bytes()),
            },
            "/events" => self.events(connection),
            path => match path.strip_prefix("/lib/").and_then(library) {
                Some(data) => respond(connection, "200 OK", plain, &data),
                None => respond(connection, "404 Not Found", plain, b"not found\n"),
            },
        }
    }

    /// What tells one state of the file from another.
    fn state(&self) -> Option<(i128, i64, u64)> {
        let stat = fs::stat(fs::AT_FDCWD, &self.file, true).ok()?;
        Some((stat.mtime_ns, stat.size, stat.ino))
    }

    fn events(&self, connection: Fd) -> Result<(), Errno> {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
                    Connection: close\r\n\r\nretry: 1000\n\n";
        send(connection, head.as_bytes())?;
        let mut state = self.state();
        let mut looks = 0;
        loop {
            std::thread::sleep(PAUSE);
            let now = self.state();
            looks += 1;
            // While an editor replaces a file there may be none for a moment.
            if now.is_some() && now != state {
                state = now;
                looks = 0;
                send(connection, b"event: changed\ndata: \n\n")?;
            } else if looks == SIGN_OF_LIFE {
                looks = 0;
                send(connection, b":\n\n")?;
            }
        }
    }
}
