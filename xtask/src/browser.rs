//! Tests and scripts in browsers: finds or installs what they need, and runs them.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::programs::{self, Program};
use crate::stages::Tally;
use crate::workspace::{Workspace, run};

/// The oldest Node.js that Playwright runs on.
const NODE_MAJOR: u32 = 20;

/// What shows the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Chromium,
    Firefox,
    /// WebKitGTK, a sibling of Safari.
    WebKit,
}

impl Engine {
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Its name on the command line, and that of its project in e2e/playwright.config.mjs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// The programs it is made of.
    fn programs(self) -> &'static [Program] {
        match self {
            Self::Chromium => &[programs::CHROMIUM],
            Self::Firefox => &[programs::FIREFOX],
            Self::WebKit => &[programs::WEBKIT_DRIVER, programs::MINI_BROWSER, programs::XVFB],
        }
    }
}

/// A built page, for the browser scripts (see e2e/helpers/environment.mjs).
pub struct Page {
    /// "bundle" or "trunk".
    build: &'static str,
    dist: PathBuf,
    /// The one file of tests that this page must pass, or all.
    spec: Option<&'static str>,
}

impl Page {
    /// What `cargo xtask build` makes.
    pub fn bundle(workspace: &Workspace) -> Self {
        Self { build: "bundle", dist: workspace.dist(), spec: None }
    }

    /// What `trunk build` makes: the same program, so that it is enough to see it start.
    pub fn trunk(workspace: &Workspace) -> Self {
        let dist = workspace.root.join("target/trunk");
        Self { build: "trunk", dist, spec: Some("smoke.spec.mjs") }
    }
}

/// Runs the Playwright tests on a page in one engine.
pub fn test(workspace: &Workspace, page: &Page, engine: Engine) -> Result<Tally> {
    let report = workspace.target.join(format!("playwright-{}-{}.json", page.build, engine.name()));
    let mut node = script(workspace, page, engine)?;
    node.arg("node_modules/@playwright/test/cli.js").arg("test").args(page.spec);
    node.arg(format!("--project={}", engine.name()));
    node.arg("--reporter=list,json").env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report);
    // An old report must not speak for this run.
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let status = node.status().context("cannot run node")?;
    let text = fs::read_to_string(&report).context("Playwright left no report")?;
    let mut tally = tally(&text)?;
    if !status.success() && tally.failed == 0 {
        eprintln!("error: Playwright failed ({status}) without a failed test");
        tally.failed = 1;
    }
    Ok(tally)
}

/// A `node` command in `e2e/`, told where the page and the engine are; installs what is missing.
pub fn script(workspace: &Workspace, page: &Page, engine: Engine) -> Result<Command> {
    ensure!(
        page.dist.join("index.html").exists(),
        "there is no page in {}",
        workspace.display(&page.dist)
    );
    let folder = workspace.root.join("e2e");
    ensure_packages(workspace)?;
    let programs = programs::ensure(engine.programs())?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut node = Command::new("node");
    node.current_dir(folder)
        .env("CONCLAVE_DIST", &page.dist)
        .env("CONCLAVE_EXAMPLES", workspace.examples())
        .env("CONCLAVE_BUILD", page.build)
        .env("CONCLAVE_PORT", port.to_string())
        .envs(programs);
    Ok(node)
}

/// Reads the counts of a Playwright report.
fn tally(report: &str) -> Result<Tally> {
    let report: serde_json::Value = serde_json::from_str(report)?;
    let count = |name: &str| {
        report["stats"][name].as_u64().with_context(|| format!("Playwright's report lacks {name}"))
    };
    Ok(Tally {
        passed: count("expected")? + count("flaky")?,
        // A file of tests that cannot even be loaded is no test, but an error.
        failed: count("unexpected")? + report["errors"].as_array().map_or(0, Vec::len) as u64,
        skipped: count("skipped")?,
        remarks: remarks(&report["suites"]),
    })
}

/// Which tests failed, or only passed when tried again, each with what it said first.
fn remarks(suites: &serde_json::Value) -> Vec<String> {
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut remarks = Vec::new();
    for suite in list(suites) {
        for spec in list(&suite["specs"]) {
            for test in list(&spec["tests"]) {
                let status = text(&test["status"]);
                if matches!(status.as_str(), "unexpected" | "flaky") {
                    let place = format!(
                        "{}:{} {}",
                        text(&spec["file"]),
                        spec["line"],
                        text(&spec["title"])
                    );
                    let said = text(&test["results"][0]["error"]["message"]);
                    remarks.push(format!("{status}: {place}\n{said}"));
                }
            }
        }
        remarks.extend(self::remarks(&suite["suites"]));
    }
    remarks
}

fn ensure_node() -> Result<()> {
    let hint = format!(
        "the browser tests need Node.js {NODE_MAJOR} or newer, with npm, on PATH: from https://nodejs.org or your \
         package manager. Everything else: cargo xtask test --quick"
    );
    let output = Command::new("node").arg("--version").output().ok().context(hint.clone())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major =
        version.trim_start_matches('v').split('.').next().and_then(|text| text.parse().ok());
    ensure!(
        major.is_some_and(|major: u32| major >= NODE_MAJOR),
        "found Node.js {version}, but {hint}"
    );
    Ok(())
}

/// Installs the packages of `e2e/package-lock.json`, unless they are there; gives their folder.
pub fn ensure_packages(workspace: &Workspace) -> Result<PathBuf> {
    ensure_node()?;
    let folder = workspace.root.join("e2e");
    let packages = folder.join("node_modules");
    let changed =
        |name: &str| folder.join(name).metadata().and_then(|metadata| metadata.modified());
    let installed = changed("node_modules/.package-lock.json");
    if installed.is_ok_and(|time| changed("package-lock.json").is_ok_and(|lock| lock <= time)) {
        return Ok(packages);
    }
    println!("Installing Playwright and other packages with npm (about 5 s) ...");
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(npm);
    command.arg("ci").current_dir(folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run(&mut command, "npm ci")?;
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_counted() {
        let report = r#"{"errors": [{"message": "cannot load"}],
            "suites": [{"suites": [{"specs": [
                {"title": "holds", "file": "a.mjs", "line": 3, "tests": [{"status": "expected"}]},
                {"title": "breaks", "file": "b.mjs", "line": 7, "tests": [
                    {"status": "unexpected", "results": [{"error": {"message": "no such button"}}]}]}
            ]}]}],
            "stats": {"expected": 5, "unexpected": 1, "flaky": 2, "skipped": 3}}"#;
        let remarks = vec!["unexpected: b.mjs:7 breaks\nno such button".to_owned()];
        assert_eq!(tally(report).unwrap(), Tally { passed: 7, failed: 2, skipped: 3, remarks });
        assert!(tally("{}").unwrap_err().to_string().contains("lacks expected"));
    }
}
