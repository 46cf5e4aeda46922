//! A small HTTP server for a folder of files. For development only: it listens on this machine alone.

use std::fs;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What a strict host sends: nothing inline, nothing foreign, nothing fetched.
const STRICT_CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                          img-src 'self' data:; base-uri 'none'; form-action 'none'";

/// Answers requests for addresses below this, which the page itself never asks for.
pub const DEV_PREFIX: &str = "/__dev/";

/// What a [`Site`] may do beside serving files.
pub trait Extension: Send + Sync {
    /// Answers an address below [`DEV_PREFIX`].
    fn answer(&self, address: &str) -> Option<Answer>;
    /// Changes a page on its way out.
    fn adorn(&self, html: String) -> String;
}

/// A successful answer.
pub struct Answer {
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// A folder to serve.
pub struct Site {
    pub root: PathBuf,
    /// Whether to send [`STRICT_CSP`].
    pub csp: bool,
    pub extension: Option<Arc<dyn Extension>>,
}

/// Answers every connection in a thread of its own, for ever.
pub fn listen(listener: &TcpListener, site: &Arc<Site>) {
    for stream in listener.incoming().flatten() {
        let site = Arc::clone(site);
        // A visitor who hangs up is no matter of ours.
        thread::spawn(move || drop(site.converse(&stream)));
    }
}

impl Site {
    /// Reads one request and answers it.
    fn converse(&self, mut stream: &TcpStream) -> Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let Some((method, address)) = read_request(stream)? else {
            return Ok(());
        };
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let (status, answer) = match method.as_str() {
            "GET" | "HEAD" => match self.answer(path, &address) {
                Some(answer) => ("200 OK", answer),
                None => ("404 Not Found", plain(&format!("There is no {path} here.\n"))),
            },
            _ => ("405 Method Not Allowed", plain("Only GET and HEAD are answered.\n")),
        };
        let policy = match self.csp {
            true => format!("Content-Security-Policy: {STRICT_CSP}\r\n"),
            false => String::new(),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\n{policy}Connection: close\r\n\r\n",
            answer.content_type,
            answer.body.len()
        );
        stream.write_all(head.as_bytes())?;
        if method == "GET" {
            stream.write_all(&answer.body)?;
        }
        stream.flush()
    }

    fn answer(&self, path: &str, address: &str) -> Option<Answer> {
        if path.starts_with(DEV_PREFIX) {
            return self.extension.as_ref()?.answer(address);
        }
        let file = self.file(path)?;
        let body = fs::read(&file).ok()?;
        let content_type = content_type(&file);
        let body = match &self.extension {
            Some(extension) if content_type.starts_with("text/html") => {
                extension.adorn(String::from_utf8_lossy(&body).into_owned()).into_bytes()
            }
            _ => body,
        };
        Some(Answer { content_type, body })
    }

    /// The file that an address names; none if it would lie outside of the root.
    fn file(&self, path: &str) -> Option<PathBuf> {
        let relative = PathBuf::from(decode(path.strip_prefix('/')?)?);
        let inside = |component| matches!(component, Component::Normal(_));
        if !relative.components().all(inside) {
            return None;
        }
        let file = self.root.join(relative);
        Some(if file.is_dir() { file.join("index.html") } else { file })
    }
}

/// Method and address of a request; its headers are read and forgotten. None if there is no request.
fn read_request(stream: &TcpStream) -> Result<Option<(String, String)>> {
    // A request of this server's visitors is far smaller.
    let mut lines = BufReader::new(stream.take(64 * 1024)).lines();
    let Some(first) = lines.next().transpose()? else {
        return Ok(None);
    };
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut words = first.split(' ').map(str::to_owned);
    Ok(words.next().zip(words.next()))
}

/// A path with its percent signs resolved; none if they are malformed.
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

fn plain(text: &str) -> Answer {
    Answer { content_type: "text/plain; charset=utf-8", body: text.as_bytes().to_vec() }
}

/// The media type of a file, by its extension.
fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Serves a fresh folder with two files and returns the answer to one request.
    fn ask(request: &str, csp: bool) -> String {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let number = ASKED.fetch_add(1, Ordering::Relaxed);
        let name = format!("conclave-http-{}-{number}", std::process::id());
        let root = std::env::temp_dir().join(name);
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(root.join("sub/index.html"), "<p>page</p>").unwrap();
        fs::write(root.join("a b.wasm"), "wasm").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let site = Arc::new(Site { root: root.clone(), csp, extension: None });
        thread::spawn(move || listen(&listener, &site));
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        fs::remove_dir_all(root).unwrap();
        answer
    }

    #[test]
    fn files_have_their_types() {
        let page = ask("GET /sub/?lang=zh", false);
        assert!(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"));
        assert!(page.ends_with("\r\n\r\n<p>page</p>"));
        assert!(ask("GET /a%20b.wasm", false).contains("Content-Type: application/wasm\r\n"));
    }

    #[test]
    fn nothing_outside_of_the_folder_is_served() {
        for path in
            ["/../secret", "/%2e%2e/secret", "//etc/passwd", "/none", "/%zz", "/__dev/version"]
        {
            assert!(ask(&format!("GET {path}"), false).starts_with("HTTP/1.1 404 "), "{path}");
        }
    }

    #[test]
    fn methods_and_policy() {
        assert!(ask("POST /sub/", false).starts_with("HTTP/1.1 405 "));
        assert!(ask("HEAD /sub/", false).ends_with("\r\n\r\n"));
        assert!(!ask("GET /sub/", false).contains("Content-Security-Policy"));
        assert!(
            ask("GET /sub/", true)
                .contains("Content-Security-Policy: default-src 'none'; script-src")
        );
    }
}
