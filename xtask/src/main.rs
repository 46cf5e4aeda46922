//! `cargo xtask`: everything that the README asks anyone to type.
//!
//! A plain Rust program instead of tools to install: it holds wasm-bindgen as a library, so that a machine with cargo
//! alone can build and serve the page.
//!
//! * [`args`]: what can be typed
//! * [`workspace`]: where things lie, and how cargo is called
//! * [`build`] and [`page`]: from sources to `dist/`; [`weight`]: what that weighs
//! * [`serve`] and [`http`]: the development server

mod args;
mod build;
mod http;
mod page;
mod serve;
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
    }
    Ok(ExitCode::SUCCESS)
}
