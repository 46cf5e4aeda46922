//! What can be typed after `cargo xtask`.

use std::fmt::Write;

use lexopt::{Arg, Parser, ValueExt};

use crate::browser::Engine;
use crate::serve::ServeOptions;
use crate::test::TestOptions;

/// How the page is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Optimized, small: what is published.
    Release,
    /// Quick to compile, slow to run.
    Dev,
}

impl Profile {
    /// The folder below the target's that cargo puts its work into.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }
}

/// A parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Help,
    Build { profile: Profile },
    Serve(ServeOptions),
    Test(TestOptions),
    TrunkCheck,
    Screenshots,
    Mutations,
    Examples,
    Bench,
}

/// A command, as the help and the error messages tell it.
struct Usage {
    name: &'static str,
    about: &'static str,
    /// Each option with its explanation.
    options: &'static [(&'static str, &'static str)],
}

const DEV: (&str, &str) = ("--dev", "compile quickly, without optimization");

const USAGES: &[Usage] = &[
    Usage {
        name: "serve",
        about: "build the page, open it in a browser, rebuild and reload when a source changes",
        options: &[
            ("--port N", "listen on port N (default: 8080, or the next that is free)"),
            ("--no-open", "do not open a browser"),
            ("--csp", "send a strict Content-Security-Policy (switches reloading off)"),
            DEV,
        ],
    },
    Usage {
        name: "build",
        about: "build the site, dist/, ready for any static host, and other shapes of the page, artefacts/",
        options: &[DEV],
    },
    Usage {
        name: "test",
        about: "run all checks and tests, natively and in three browsers; the last line counts them",
        options: &[
            ("--quick", "leave out all that needs a browser"),
            (
                "--browser NAME",
                "of the browsers only chromium, firefox or webkit; can be given again",
            ),
            ("--trunk", "check the page that Trunk builds, too (see trunk-check)"),
        ],
    },
    Usage {
        name: "bench",
        about: "measure the simulation natively, then the page in Chromium",
        options: &[],
    },
    Usage {
        name: "mutations",
        about: "find what breaks without each rule of a protocol, and write docs/mutations.md anew",
        options: &[],
    },
    Usage {
        name: "screenshots",
        about: "take the pictures in docs/screenshots/ anew",
        options: &[],
    },
    Usage {
        name: "examples",
        about: "build the examples of examples/embed/ with their tools (installed below target/ if missing)",
        options: &[],
    },
    Usage {
        name: "trunk-check",
        about: "build the page with Trunk (installed below target/ if missing) and test it",
        options: &[],
    },
    Usage { name: "help", about: "this text", options: &[] },
];

/// The text of `cargo xtask help`.
pub fn help() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND [OPTIONS]\n");
    for usage in USAGES {
        let _ = write!(text, "\n  {:<12} {}\n", usage.name, usage.about);
        for (option, about) in usage.options {
            let _ = writeln!(text, "      {option:<14} {about}");
        }
    }
    text
}

/// Reads a command line; an error is a sentence that names what is allowed.
pub fn parse(mut parser: Parser) -> Result<Command, String> {
    let name = match parser.next().map_err(|error| error.to_string())? {
        None | Some(Arg::Long("help") | Arg::Short('h')) => return Ok(Command::Help),
        Some(Arg::Value(name)) => name.to_string_lossy().into_owned(),
        Some(option) => return Err(format!("{} before a command; {}", shown(&option), all())),
    };
    let usage = USAGES
        .iter()
        .find(|usage| usage.name == name)
        .ok_or_else(|| format!("there is no command \"{name}\"; {}", all()))?;
    match usage.name {
        "serve" => parse_serve(&mut parser, usage),
        "build" => parse_build(&mut parser, usage),
        "test" => parse_test(&mut parser, usage),
        name => {
            each_option(&mut parser, usage, |_, _| Ok(()))?;
            Ok(match name {
                "bench" => Command::Bench,
                "mutations" => Command::Mutations,
                "examples" => Command::Examples,
                "screenshots" => Command::Screenshots,
                "trunk-check" => Command::TrunkCheck,
                _ => Command::Help,
            })
        }
    }
}

fn parse_build(parser: &mut Parser, usage: &Usage) -> Result<Command, String> {
    let mut profile = Profile::Release;
    each_option(parser, usage, |_dev, _| {
        profile = Profile::Dev;
        Ok(())
    })?;
    Ok(Command::Build { profile })
}

fn parse_test(parser: &mut Parser, usage: &Usage) -> Result<Command, String> {
    let mut options = TestOptions { quick: false, engines: Vec::new(), trunk: false };
    each_option(parser, usage, |option, parser| {
        match option {
            "quick" => options.quick = true,
            "browser" => options.engines.push(parse_engine(parser)?),
            _trunk => options.trunk = true,
        }
        Ok(())
    })?;
    Ok(Command::Test(options))
}

fn parse_serve(parser: &mut Parser, usage: &Usage) -> Result<Command, String> {
    let mut options =
        ServeOptions { profile: Profile::Release, port: None, open: true, csp: false };
    each_option(parser, usage, |option, parser| {
        match option {
            "port" => options.port = Some(parse_port(parser)?),
            "no-open" => options.open = false,
            "csp" => options.csp = true,
            "dev" => options.profile = Profile::Dev,
            _ => unreachable!("each_option knows the options"),
        }
        Ok(())
    })?;
    Ok(Command::Serve(options))
}

fn parse_port(parser: &mut Parser) -> Result<u16, String> {
    let allowed = "--port takes a number from 1 to 65535";
    let value = parser.value().map_err(|_| allowed.to_owned())?;
    let port = value.parse::<u16>().ok().filter(|&port| port > 0);
    port.ok_or_else(|| format!("{allowed}, not \"{}\"", value.to_string_lossy()))
}

fn parse_engine(parser: &mut Parser) -> Result<Engine, String> {
    let allowed = "--browser takes chromium, firefox or webkit";
    let value = parser.value().map_err(|_| allowed.to_owned())?;
    let engine = Engine::ALL.into_iter().find(|engine| value == engine.name());
    engine.ok_or_else(|| format!("{allowed}, not \"{}\"", value.to_string_lossy()))
}

/// Calls `take` with the name of each option; refuses what `usage` does not list.
fn each_option(
    parser: &mut Parser,
    usage: &Usage,
    mut take: impl FnMut(&str, &mut Parser) -> Result<(), String>,
) -> Result<(), String> {
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        let known = |name: &str| {
            let listed = |(option, _): &(&str, &str)| option[2..].split(' ').next() == Some(name);
            usage.options.iter().any(listed)
        };
        match arg {
            Arg::Long(name) if known(name) => {
                let name = name.to_owned();
                take(&name, parser)?;
            }
            other => {
                return Err(format!(
                    "{} does not take {}; {}",
                    usage.name,
                    shown(&other),
                    of(usage)
                ));
            }
        }
    }
    Ok(())
}

/// All commands, as the end of a sentence.
fn all() -> String {
    let names: Vec<_> = USAGES.iter().map(|usage| usage.name).collect();
    format!("the commands are: {}", names.join(", "))
}

/// All options of a command, as the end of a sentence.
fn of(usage: &Usage) -> String {
    let options: Vec<_> = usage.options.iter().map(|(option, _)| *option).collect();
    if options.is_empty() {
        return "it takes no options".to_owned();
    }
    format!("its options are: {}", options.join(", "))
}

/// An argument as it was typed.
fn shown(arg: &Arg) -> String {
    match arg {
        Arg::Short(letter) => format!("-{letter}"),
        Arg::Long(name) => format!("--{name}"),
        Arg::Value(value) => format!("\"{}\"", value.to_string_lossy()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn nothing_and_help_give_the_help() {
        assert_eq!(parsed(""), Ok(Command::Help));
        assert_eq!(parsed("--help"), Ok(Command::Help));
        assert_eq!(parsed("help"), Ok(Command::Help));
    }

    #[test]
    fn serve_reads_its_options() {
        let expected =
            ServeOptions { profile: Profile::Dev, port: Some(9000), open: false, csp: true };
        let line = "serve --dev --port 9000 --no-open --csp";
        assert_eq!(parsed(line), Ok(Command::Serve(expected)));
    }

    #[test]
    fn the_other_commands_are_read() {
        assert_eq!(parsed("build --dev"), Ok(Command::Build { profile: Profile::Dev }));
        let options = TestOptions { quick: true, engines: Vec::new(), trunk: false };
        assert_eq!(parsed("test --quick"), Ok(Command::Test(options)));
        let engines = vec![Engine::WebKit, Engine::Firefox];
        let options = TestOptions { quick: false, engines, trunk: false };
        assert_eq!(parsed("test --browser webkit --browser firefox"), Ok(Command::Test(options)));
        assert_eq!(parsed("bench"), Ok(Command::Bench));
        assert_eq!(parsed("screenshots"), Ok(Command::Screenshots));
        assert_eq!(parsed("examples"), Ok(Command::Examples));
        assert_eq!(parsed("trunk-check"), Ok(Command::TrunkCheck));
    }

    #[test]
    fn errors_name_what_is_allowed() {
        let error = |line| parsed(line).unwrap_err();
        assert!(
            error("srve").starts_with("there is no command \"srve\"; the commands are: serve, ")
        );
        assert_eq!(error("build --fast"), "build does not take --fast; its options are: --dev");
        assert_eq!(error("build now"), "build does not take \"now\"; its options are: --dev");
        assert_eq!(error("bench --fast"), "bench does not take --fast; it takes no options");
        let browsers = "--browser takes chromium, firefox or webkit";
        assert_eq!(error("test --browser"), browsers);
        assert_eq!(error("test --browser lynx"), format!("{browsers}, not \"lynx\""));
        let port = "--port takes a number from 1 to 65535";
        assert_eq!(error("serve --port"), port);
        assert_eq!(error("serve --port 0"), format!("{port}, not \"0\""));
        assert_eq!(error("serve --port 99999"), format!("{port}, not \"99999\""));
        assert!(error("--dev").starts_with("--dev before a command; the commands are: "));
    }
}
