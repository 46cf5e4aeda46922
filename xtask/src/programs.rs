//! Programs that the browser tests want: finds them, or installs them with apt.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::run;

/// A program of somebody else's.
pub struct Program {
    name: &'static str,
    /// The environment variable that names it; the browser scripts are told by the same.
    variable: &'static str,
    /// What it may be called on PATH, the best first.
    names: &'static [&'static str],
    /// Where it lives on systems that do not put it on PATH.
    places: &'static [&'static str],
    /// What to install on Debian and its like.
    packages: &'static [&'static str],
}

pub const CHROMIUM: Program = Program {
    name: "Chromium or Chrome",
    variable: "CONCLAVE_CHROMIUM",
    // Ubuntu's `chromium-browser` may be a mere hint to install it: last.
    names: &["chromium", "google-chrome", "google-chrome-stable", "chrome", "chromium-browser"],
    places: &[
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    ],
    packages: &["chromium", "fonts-noto-cjk"],
};

pub const FIREFOX: Program = Program {
    name: "Firefox",
    variable: "CONCLAVE_FIREFOX",
    names: &["firefox-esr", "firefox"],
    places: &[
        "/Applications/Firefox.app/Contents/MacOS/firefox",
        r"C:\Program Files\Mozilla Firefox\firefox.exe",
    ],
    packages: &["firefox-esr", "fonts-noto-cjk"],
};

pub const WEBKIT_DRIVER: Program = Program {
    name: "WebKitGTK's WebDriver (Linux only)",
    variable: "CONCLAVE_WEBKIT_DRIVER",
    names: &["WebKitWebDriver"],
    places: &[],
    packages: &["webkit2gtk-driver"],
};

pub const MINI_BROWSER: Program = Program {
    name: "WebKitGTK's MiniBrowser (Linux only)",
    variable: "CONCLAVE_MINI_BROWSER",
    names: &["MiniBrowser"],
    places: &[
        "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/webkit2gtk-4.1/MiniBrowser",
    ],
    packages: &["webkit2gtk-driver"],
};

pub const XVFB: Program = Program {
    name: "Xvfb, a screen that nobody sees (Linux only)",
    variable: "CONCLAVE_XVFB",
    names: &["Xvfb"],
    places: &[],
    packages: &["xvfb"],
};

/// Python 3 with its module `venv`, which Debian packs apart.
const PYTHON: Program = Program {
    name: "Python 3 with venv",
    variable: "CONCLAVE_PYTHON",
    names: &["python3", "python"],
    places: &[],
    packages: &["python3-venv"],
};

/// Python 3, able to make environments; installs what is missing.
pub fn ensure_python() -> Result<PathBuf> {
    let able = |python: &PathBuf| {
        let output = Command::new(python).args(["-c", "import ensurepip, venv"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    if let Some(python) = PYTHON.find().filter(able) {
        return Ok(python);
    }
    install(&[&PYTHON]).with_context(|| complaint(&[&PYTHON]))?;
    PYTHON.find().filter(able).with_context(|| complaint(&[&PYTHON]))
}

/// The path of each program under the name of its variable; installs those that are missing.
pub fn ensure(wanted: &[Program]) -> Result<Vec<(&'static str, PathBuf)>> {
    let missing: Vec<_> = wanted.iter().filter(|program| program.find().is_none()).collect();
    if !missing.is_empty() {
        install(&missing).with_context(|| complaint(&missing))?;
    }
    let found = |program: &Program| {
        let path = program.find().with_context(|| complaint(&[program]))?;
        Ok((program.variable, path))
    };
    wanted.iter().map(found).collect()
}

impl Program {
    fn find(&self) -> Option<PathBuf> {
        if let Some(path) = env::var_os(self.variable) {
            return Some(path.into());
        }
        let known = self.places.iter().map(PathBuf::from).find(|place| place.is_file());
        self.names.iter().find_map(|name| on_path(name)).or(known)
    }
}

/// Which programs are missing, and what their user can do.
fn complaint(missing: &[&Program]) -> String {
    let names: Vec<_> = missing.iter().map(|program| program.name).collect();
    let hints: Vec<_> =
        missing.iter().map(|program| format!("{}=/path/to/it", program.variable)).collect();
    format!(
        "found no {}. Please install what is missing, or name it: {}. To test without: cargo xtask test --browser NAME, \
         for each browser that is there",
        names.join(", no "),
        hints.join(" ")
    )
}

fn install(missing: &[&Program]) -> Result<()> {
    let mut packages: Vec<_> =
        missing.iter().flat_map(|program| program.packages).copied().collect();
    packages.dedup();
    if on_path("apt-get").is_none() {
        bail!("there is no apt-get here to install {} with", packages.join(" "));
    }
    let sudo = match is_root() {
        true => None,
        false => Some(on_path("sudo").with_context(|| {
            format!("an administrator can: apt-get install {}", packages.join(" "))
        })?),
    };
    println!("Installing {} with apt-get (about half a minute) ...", packages.join(", "));
    apt(sudo.as_deref(), &["update"])?;
    apt(sudo.as_deref(), &[&["install", "-y", "--no-install-recommends"], &packages[..]].concat())
}

fn apt(sudo: Option<&Path>, args: &[&str]) -> Result<()> {
    let mut command = Command::new(sudo.unwrap_or(Path::new("env")));
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]).args(args);
    run(&mut command, "apt-get")
}

/// The first program of this name on PATH.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path).map(|folder| folder.join(&file)).find(|candidate| candidate.is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout == b"0\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_cannot_be_had_is_named_with_what_to_do() {
        let text = complaint(&[&WEBKIT_DRIVER, &XVFB]);
        assert!(text.starts_with("found no WebKitGTK's WebDriver (Linux only), no Xvfb"), "{text}");
        assert!(text.contains("CONCLAVE_XVFB=/path/to/it"), "{text}");
    }

    #[test]
    fn a_program_is_found_on_the_path() {
        assert!(on_path("cargo").is_some_and(|path| path.is_file()));
        assert_eq!(on_path("no-such-program"), None);
    }
}
