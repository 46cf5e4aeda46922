//! Plays a run as the page does, without a page: prints what it comes to, and its digest at any
//! moment, as JSON. Whoever is sent a run can check it with this.
//!
//! ```text
//! cargo run --example replay -- RUN [--until MICROSECONDS] [MICROSECONDS ...]
//! ```
//!
//! `RUN` is an address or a link with the run in it, or a file: a `.conclave` file, or the JSON of a
//! recording. `--until` lets the run go on from where it was left to a moment of the clock; then come
//! moments to tell the digests of, in any order.

use std::error::Error;
use std::process::ExitCode;
use std::{env, fs};

use conclave::protocols::catalog;
use conclave::scene::{Advance, Lab};
use conclave::sim::{Micros, Session};
use serde_json::json;

fn main() -> ExitCode {
    match play() {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments ask for.
fn play() -> Result<serde_json::Value, Box<dyn Error>> {
    let mut arguments = env::args().skip(1).peekable();
    let run = arguments.next().ok_or("which run? Give a link or a file")?;
    let session = match run.rsplit_once("#run=") {
        Some((_, link)) => Session::from_link(link)?,
        None if fs::exists(&run)? => Session::from_bytes(&fs::read(&run)?)?,
        None => Session::from_link(&run)?,
    };
    let (mut lab, differs) = catalog::resume(session)?;
    if arguments.next_if(|argument| argument == "--until").is_some() {
        let until = arguments.next().ok_or("--until needs microseconds")?;
        let until = micros(&until)?;
        // It stops where an invariant breaks, too.
        while matches!(lab.run_until(until, u64::MAX), Advance::Breached) {}
    }
    let left = lab.moment();
    let link = lab.line(false).to_link()?;
    let digests: Result<Vec<_>, String> = arguments
        .map(|moment| {
            lab.seek_time(micros(&moment)?);
            Ok(digest(&*lab))
        })
        .collect();
    let digests = digests?;
    lab.seek(left);
    Ok(json!({
        "protocol": lab.protocol(),
        "micros": left.at.0,
        "events": left.after,
        "digest": digest(&*lab),
        "differs": differs.map(|moment| moment.after),
        "link": link,
        "digests": digests,
    }))
}

fn micros(text: &str) -> Result<Micros, String> {
    text.parse().map(Micros).map_err(|_| format!("{text:?} is not a whole number of microseconds"))
}

fn digest(lab: &dyn Lab) -> String {
    format!("{:#018x}", lab.digest())
}
