//! Runs a list of stages, counts what passed and failed, and sums up.

use std::io::{BufRead, BufReader, Write, stdout};
use std::ops::AddAssign;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::workspace::{Workspace, run};

/// How many tests passed, failed and were passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
    /// What to tell again at the very end, where nobody can overlook it: the tests that failed, and why.
    pub remarks: Vec<String>,
}

impl Tally {
    /// A stage that is one test by itself.
    pub const ONE: Self = Self { passed: 1, failed: 0, skipped: 0, remarks: Vec::new() };
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.remarks.extend(other.remarks);
    }
}

/// One thing to check. An error counts as one failure.
pub struct Stage {
    /// A word or three for the summary.
    pub name: &'static str,
    /// How long it usually takes: (first time, later), in words.
    pub takes: &'static str,
    pub run: fn(&Workspace) -> Result<Tally>,
}

/// What became of a stage.
struct Outcome {
    name: &'static str,
    tally: Tally,
    took: Duration,
}

/// Runs every stage, also after a failure: one run should show all there is to mend.
/// The last line printed is `N passed, N failed`.
pub fn run_all(workspace: &Workspace, stages: &[Stage]) -> ExitCode {
    let mut outcomes = Vec::new();
    for (index, stage) in stages.iter().enumerate() {
        println!("\n=== {}/{} {} ({})", index + 1, stages.len(), stage.name, stage.takes);
        let start = Instant::now();
        let tally = (stage.run)(workspace).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Tally { failed: 1, remarks: vec![format!("{error:#}")], ..Tally::default() }
        });
        outcomes.push(Outcome { name: stage.name, tally, took: start.elapsed() });
    }
    sum_up(outcomes)
}

fn sum_up(outcomes: Vec<Outcome>) -> ExitCode {
    println!("\n=== summary");
    let mut total = Tally::default();
    let mut took = Duration::ZERO;
    for outcome in outcomes {
        let Tally { passed, failed, skipped, .. } = outcome.tally;
        let verdict = if failed == 0 { "ok" } else { "FAILED" };
        let seconds = outcome.took.as_secs_f32();
        print!("  {:<24} {verdict:<7} {passed:>5} passed {failed:>3} failed", outcome.name);
        if skipped > 0 {
            print!(" {skipped:>3} skipped");
        }
        println!(" {seconds:>7.1} s");
        total += outcome.tally;
        took += outcome.took;
    }
    for remark in &total.remarks {
        println!("  - {}", remark.replace('\n', "\n    "));
    }
    println!("  all stages took {} min {} s", took.as_secs() / 60, took.as_secs() % 60);
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a command that is one test by itself.
pub fn check(command: &mut Command, what: &str) -> Result<Tally> {
    run(command, what)?;
    Ok(Tally::ONE)
}

/// Runs a `cargo test` and counts the tests that it reports.
pub fn cargo_test(command: &mut Command, what: &str) -> Result<Tally> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {what}"))?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        stdout().write_all(&[&line[..], b"\n"].concat())?;
        let line = String::from_utf8_lossy(&line);
        if let Some(result) = test_result(&line) {
            tally += result;
        }
        if line.starts_with("test ") && line.ends_with(" ... FAILED") {
            tally.remarks.push(line.into_owned());
        }
    }
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        eprintln!("error: {what} failed ({status}) without a failed test");
        tally.failed = 1;
    }
    Ok(tally)
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
fn test_result(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word))?;
        part.trim().parse().ok()
    };
    let (passed, failed) = (count("passed")?, count("failed")?);
    Some(Tally { passed, failed, skipped: count("ignored")?, ..Tally::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; \
                    finished in 0.01s";
        let tally = Tally { passed: 12, failed: 3, skipped: 1, ..Tally::default() };
        assert_eq!(test_result(line), Some(tally));
        assert_eq!(test_result("test result_is_read ... ok"), None);
        assert_eq!(test_result("running 3 tests"), None);
    }
}
