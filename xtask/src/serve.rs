//! `cargo xtask serve`: build, show, and again at every change.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::args::Profile;
use crate::build::build;
use crate::http::{self, Answer, DEV_PREFIX, Extension, Site};
use crate::workspace::Workspace;

/// What is watched; the build tool itself is not.
const WATCHED: [&str; 5] = ["src", "static", "index.html", "Cargo.toml", "build.rs"];

/// How often the watched files are looked at.
const WATCH_PERIOD: Duration = Duration::from_millis(300);

/// How long a page waits for a new build before it asks again.
const POLL_LIMIT: Duration = Duration::from_secs(20);

const DEFAULT_PORT: u16 = 8080;

/// The options of `cargo xtask serve`.
#[derive(Debug, PartialEq, Eq)]
pub struct ServeOptions {
    pub profile: Profile,
    /// The port that was asked for, if any.
    pub port: Option<u16>,
    /// Whether to open a browser.
    pub open: bool,
    /// Whether to send a strict Content-Security-Policy.
    pub csp: bool,
}

/// Builds, serves and watches until interrupted.
pub fn serve(workspace: &Workspace, options: &ServeOptions) -> Result<()> {
    // First of all: a port that is taken should not cost a build.
    let listener = bind(options.port)?;
    let url = format!("http://{}/", listener.local_addr()?);
    let mut seen = snapshot(&workspace.root);
    build(workspace, options.profile)?;

    let reloader = Arc::new(Reloader::default());
    let extension: Option<Arc<dyn Extension>> = match options.csp {
        true => None,
        false => Some(Arc::clone(&reloader) as _),
    };
    let site = Arc::new(Site { root: workspace.dist(), csp: options.csp, extension });
    thread::spawn(move || http::listen(&listener, &site));
    println!("\nConclave is at {url} (Ctrl+C stops it); changes are built as they are saved.");
    if options.open {
        open_browser(&url);
    }
    loop {
        thread::sleep(WATCH_PERIOD);
        let now = snapshot(&workspace.root);
        if now == seen {
            continue;
        }
        println!("\nChanged: {}", workspace.display(first_difference(&seen, &now)));
        seen = now;
        match build(workspace, options.profile) {
            Ok(()) => reloader.announce(),
            Err(error) => eprintln!("error: {error:#}; the page stays as it was"),
        }
    }
}

/// Listens on `port`, or on the first free one from [`DEFAULT_PORT`] on.
fn bind(port: Option<u16>) -> Result<TcpListener> {
    let listen = |port| TcpListener::bind(("127.0.0.1", port));
    if let Some(port) = port {
        return listen(port).with_context(|| {
            format!("cannot listen on port {port} (without --port, a free one is taken)")
        });
    }
    for port in DEFAULT_PORT..DEFAULT_PORT + 100 {
        match listen(port) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            other => return other.with_context(|| format!("cannot listen on port {port}")),
        }
    }
    listen(0).context("cannot listen on any port")
}

/// Every watched file with its time of change.
type Snapshot = BTreeMap<PathBuf, SystemTime>;

fn snapshot(root: &Path) -> Snapshot {
    let mut files = Snapshot::new();
    let mut pending: Vec<_> = WATCHED.iter().map(|name| root.join(name)).collect();
    while let Some(path) = pending.pop() {
        // A file may vanish between being listed and being looked at.
        if let Ok(entries) = fs::read_dir(&path) {
            pending.extend(entries.flatten().map(|entry| entry.path()));
        } else if let Ok(changed) = path.metadata().and_then(|metadata| metadata.modified()) {
            files.insert(path, changed);
        }
    }
    files
}

/// One file that is new, gone or changed.
fn first_difference<'a>(before: &'a Snapshot, after: &'a Snapshot) -> &'a Path {
    let mut paths = before.keys().chain(after.keys());
    paths.find(|path| before.get(*path) != after.get(*path)).map_or(Path::new(""), PathBuf::as_path)
}

/// Tells open pages of new builds. A page asks `version?VERSION`; the answer waits until there is another one.
struct Reloader {
    version: Mutex<u128>,
    changed: Condvar,
}

impl Default for Reloader {
    fn default() -> Self {
        // Starting from the clock, a page notices also that the server was started anew.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { version: Mutex::new(now.as_millis()), changed: Condvar::new() }
    }
}

impl Reloader {
    fn announce(&self) {
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// The version, as soon as it is not `known`, or after [`POLL_LIMIT`].
    fn next_version(&self, known: &str) -> String {
        let version = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |version: &mut u128| version.to_string() == known;
        let waited = self.changed.wait_timeout_while(version, POLL_LIMIT, is_known);
        let (version, _) = waited.unwrap_or_else(PoisonError::into_inner);
        version.to_string()
    }
}

impl Extension for Reloader {
    fn answer(&self, address: &str) -> Option<Answer> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        match path.strip_prefix(DEV_PREFIX)? {
            "reload.js" => Some(Answer {
                content_type: "text/javascript; charset=utf-8",
                body: include_bytes!("reload.js").to_vec(),
            }),
            "version" => Some(Answer {
                content_type: "text/plain; charset=utf-8",
                body: self.next_version(query).into_bytes(),
            }),
            _ => None,
        }
    }

    fn adorn(&self, html: String) -> String {
        html.replace(
            "</body>",
            &format!("<script src=\"{DEV_PREFIX}reload.js\" defer></script></body>"),
        )
    }
}

/// Opens the page in the user's browser, if there seems to be one.
fn open_browser(url: &str) {
    if env::var_os("CI").is_some() {
        return;
    }
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(target_os = "windows") {
        let mut command = Command::new("cmd");
        command.args(["/C", "start", ""]);
        command
    } else if env::var_os("DISPLAY").is_some() || env::var_os("WAYLAND_DISPLAY").is_some() {
        Command::new("xdg-open")
    } else {
        return;
    };
    let opened =
        command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if opened.is_err() {
        println!("No browser could be opened; please open the address yourself.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_hears_of_a_new_build() {
        let reloader = Arc::new(Reloader::default());
        let first = reloader.next_version("");
        let waiting = thread::spawn({
            let (reloader, first) = (Arc::clone(&reloader), first.clone());
            move || reloader.next_version(&first)
        });
        reloader.announce();
        assert_ne!(waiting.join().unwrap(), first);
    }

    #[test]
    fn only_pages_are_adorned() {
        let html = Reloader::default().adorn("<body></body>".to_owned());
        assert_eq!(html, "<body><script src=\"/__dev/reload.js\" defer></script></body>");
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = bind(Some(port)).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()), "{error}");
    }
}
