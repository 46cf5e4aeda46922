//! `cargo xtask test`: all checks and tests, one after another.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::args::Profile;
use crate::browser::{self, Engine, Page};
use crate::build::build;
use crate::examples;
use crate::stages::{Stage, Tally, cargo_test, check, run_all};
use crate::trunk;
use crate::workspace::{PEERS, WASM_TARGET, Workspace, ensure_wasm_target};

/// The options of `cargo xtask test`.
#[derive(Debug, PartialEq, Eq)]
pub struct TestOptions {
    /// Leave out all that needs a browser.
    pub quick: bool,
    /// The engines to show the page in; none for all.
    pub engines: Vec<Engine>,
    /// Check the page that Trunk builds, too.
    pub trunk: bool,
}

/// Runs the stages that the options ask for.
pub fn test(workspace: &Workspace, options: &TestOptions) -> Result<ExitCode> {
    let mut stages = native_stages();
    if !options.quick {
        stages.push(Stage {
            name: "build of the page",
            takes: "a minute the first time",
            run: |workspace| {
                build(workspace, Profile::Release)?;
                Ok(Tally::ONE)
            },
        });
        let all = options.engines.is_empty();
        let wanted = |engine: &Engine| all || options.engines.contains(engine);
        if wanted(&Engine::Chromium) {
            stages.push(Stage {
                name: "examples of embedding",
                takes: "some seconds, two minutes more to install mdBook and nbconvert",
                run: |workspace| examples::build(workspace).map(|()| Tally::ONE),
            });
        }
        stages.extend(Engine::ALL.into_iter().filter(wanted).map(browser_stage));
    }
    if options.trunk {
        stages.extend(trunk::stages());
    }
    Ok(run_all(workspace, &stages))
}

fn native_stages() -> Vec<Stage> {
    vec![
        Stage {
            name: "format",
            takes: "a second",
            run: |workspace| {
                check(workspace.cargo().args(["fmt", "--all", "--check"]), "cargo fmt")
            },
        },
        Stage {
            name: "lints, native",
            takes: "half a minute the first time",
            run: |workspace| {
                let mut cargo = workspace.cargo();
                clippy(cargo.args(["clippy", "--workspace", "--all-targets", PEERS]))
            },
        },
        Stage {
            name: "lints, wasm32",
            takes: "half a minute the first time",
            run: |workspace| {
                ensure_wasm_target()?;
                let mut cargo = workspace.cargo();
                clippy(cargo.args([
                    "clippy",
                    "--target",
                    WASM_TARGET,
                    "--lib",
                    "--bin",
                    "conclave",
                ]))
            },
        },
        Stage {
            name: "tests of the library",
            takes: "a minute or two",
            run: |workspace| {
                let mut cargo = workspace.cargo();
                cargo.args(["test", "--no-fail-fast", "--lib", "--bins", "--tests", "--examples"]);
                cargo_test(cargo.arg(PEERS), "cargo test")
            },
        },
        Stage {
            name: "tests of the docs",
            takes: "some seconds",
            run: |workspace| {
                let mut cargo = workspace.cargo();
                cargo_test(cargo.args(["test", "--no-fail-fast", "--doc", PEERS]), "cargo test")
            },
        },
        Stage {
            name: "tests of xtask",
            takes: "some seconds",
            // In the profile in which xtask itself has been compiled: its dependencies are there already.
            run: |workspace| {
                let mut cargo = workspace.cargo();
                cargo.args(["test", "--package", "xtask", "--profile", "dev"]);
                cargo_test(&mut cargo, "cargo test")
            },
        },
    ]
}

fn browser_stage(engine: Engine) -> Stage {
    match engine {
        Engine::Chromium => Stage {
            name: "tests in Chromium",
            takes: "some minutes, half a minute more to install Chromium",
            run: |workspace| browser::test(workspace, &Page::bundle(workspace), Engine::Chromium),
        },
        Engine::Firefox => Stage {
            name: "tests in Firefox",
            takes: "some minutes, half a minute more to install Firefox",
            run: |workspace| browser::test(workspace, &Page::bundle(workspace), Engine::Firefox),
        },
        Engine::WebKit => Stage {
            name: "tests in WebKitGTK",
            takes: "a minute, half a minute more to install WebKitGTK",
            run: |workspace| browser::test(workspace, &Page::bundle(workspace), Engine::WebKit),
        },
    }
}

fn clippy(cargo: &mut Command) -> Result<Tally> {
    check(cargo.args(["--", "--deny", "warnings"]), "cargo clippy")
}
