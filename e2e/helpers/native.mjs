// The same engines without a browser: `examples/replay.rs`, which `cargo test` has built already.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { repository } from "./environment.mjs";

/** Plays a run (a link, an address or a file) natively; gives what the example prints. */
export async function replay(run, ...more) {
  const options = ["run", "--quiet", "--profile", "test", "--example", "replay", "--"];
  const { stdout } = await promisify(execFile)("cargo", [...options, run, ...more.map(String)], { cwd: repository });
  return JSON.parse(stdout);
}
