//! `cargo xtask`: everything that the README asks anyone to type.
//!
//! A plain Rust program instead of tools to install: it holds wasm-bindgen as a library, so that a machine with cargo
//! alone can build and serve the page.
//!
//! * [`args`]: what can be typed
//! * [`workspace`]: where things lie, and how cargo is called
//! * [`build`] and [`page`]: from sources to the [`artefacts`]; [`weight`]: what they weigh
//! * [`serve`] and [`http`]: the development server
//! * [`test`]: all checks, as [`stages`]; [`browser`] and [`trunk`] are some of them
//! * [`examples`]: the page in pages of others, by [`tools`] that others made
//! * [`programs`]: the browsers and what else the tests want from outside
//! * [`scripts`]: benchmarks, pictures and tables

mod args;
mod artefacts;
mod browser;
mod build;
mod examples;
mod http;
mod page;
mod programs;
mod scripts;
mod serve;
mod stages;
mod test;
mod tools;
mod trunk;
mod weight;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use args::Command;
use workspace::Workspace;

fn main() -> ExitCode {
    match args::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help) => {
            print!("{}", args::help());
            ExitCode::SUCCESS
        }
        Ok(command) => run(command).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Help => unreachable!("main has printed the help"),
        Command::Build { profile } => build::build(&workspace, profile)?,
        Command::Serve(options) => serve::serve(&workspace, &options)?,
        Command::Test(options) => return test::test(&workspace, &options),
        Command::TrunkCheck => return trunk::trunk_check(&workspace),
        Command::Examples => examples::build(&workspace)?,
        Command::Bench => scripts::bench(&workspace)?,
        Command::Mutations => scripts::mutations(&workspace)?,
        Command::Screenshots => scripts::screenshots(&workspace)?,
    }
    Ok(ExitCode::SUCCESS)
}
