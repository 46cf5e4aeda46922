// The npm package, as those who install it meet it: packed, installed, typed, bundled, and imported on a server.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

import { artefacts } from "./helpers/environment.mjs";
import { elects, expect, test } from "./helpers/test.mjs";

const run = promisify(execFile);
const source = path.join(artefacts, "npm");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** A project that has installed the package, and nothing else. */
let project;
let installed;

test.beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), "conclave-package-"));
  const { stdout } = await run(npm, ["pack", "--json", "--pack-destination", project], { cwd: source });
  const [{ filename }] = JSON.parse(stdout);
  await writeFile(path.join(project, "package.json"), '{ "private": true, "type": "module" }');
  await run(npm, ["install", "--offline", "--no-audit", "--no-fund", `./${filename}`], { cwd: project });
  installed = path.join(project, "node_modules/conclave-lab");
});

test.afterAll(() => rm(project, { recursive: true }));

const manifest = async () => JSON.parse(await readFile(path.join(installed, "package.json"), "utf8"));

/** What custom-elements.json says of the element. */
const described = async () => {
  const { customElements } = await manifest();
  const { modules } = JSON.parse(await readFile(path.join(installed, customElements), "utf8"));
  return modules[0].declarations[0];
};

test("it holds what it names, and everything that was built", async () => {
  const { exports, types, unpkg, jsdelivr, customElements, sideEffects } = await manifest();
  const targets = Object.values(exports).flatMap((target) => (typeof target === "string" ? target : Object.values(target)));
  const there = await readdir(installed);
  for (const name of [...targets, ...sideEffects, types, unpkg, jsdelivr, customElements]) {
    expect(there).toContain(path.basename(name));
  }
  expect(there.sort()).toEqual((await readdir(source)).sort());
});

test("its version is that of the program", async () => {
  const { version } = await manifest();
  const cargo = await readFile(new URL("../Cargo.toml", import.meta.url), "utf8");
  expect(/^version = "(.*)"$/m.exec(cargo)[1]).toBe(version);
});

test("its types know all that the element has, and refuse what it has not", async () => {
  const { members, events } = await described();
  const wrong = 'lab.step("one");';
  const uses = [
    'import { ConsensusLab } from "conclave-lab";',
    'const lab: ConsensusLab = document.querySelector("consensus-lab")!;',
    ...members.map(({ name }) => `void lab.${name};`),
    ...events.map(({ name }) => `lab.addEventListener("${name}", ({ detail }) => console.log(Object.keys(detail)));`),
  ];
  const check = async (name, lines) => {
    const file = path.join(project, name);
    await writeFile(file, lines.join("\n"));
    const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom"];
    const tsc = new URL("node_modules/typescript/bin/tsc", import.meta.url);
    return run(process.execPath, [tsc.pathname, ...options, file]).catch(({ stdout }) => ({ stdout }));
  };
  expect((await check("right.ts", uses)).stdout).toBe("");
  const { stdout } = await check("wrong.ts", [...uses, wrong]);
  expect(stdout.trim().split("\n")).toHaveLength(1);
  expect(stdout).toContain(`wrong.ts(${uses.length + 1},`);
});

test("it is imported on a server without harm", async () => {
  const script = 'const { ConsensusLab } = await import("conclave-lab"); console.log(String(ConsensusLab));';
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: project });
  expect([stdout.trim(), stderr]).toEqual(["undefined", ""]);
});

test("a bundler puts it into a page, where it elects a leader", async ({ page }) => {
  const entry = path.join(project, "course/main.js");
  await mkdir(path.dirname(entry));
  await writeFile(entry, 'import { ConsensusLab } from "conclave-lab"; document.title = ConsensusLab.name;');
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", write: false });
  const html = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><script type="module" src="/bundled.js"></script>
    <consensus-lab speed="1000"></consensus-lab>`;
  await page.route("**/bundled", (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.route("**/bundled.js", (route) => route.fulfill({ contentType: "text/javascript", body: outputFiles[0].text }));
  await page.goto("/bundled");
  await elects(page.locator("consensus-lab"));
});
