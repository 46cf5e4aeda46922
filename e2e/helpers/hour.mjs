// An hour of a busy cluster of five nodes, for what must hold and what is measured.

import { writeFile } from "node:fs/promises";

import { replay } from "./native.mjs";

/** An hour, in microseconds. */
const HOUR = 3_600_000_000;
const SEEKS = 1_000;

const RECORDING = {
  format: 1,
  protocol: "raft",
  nodes: 5,
  seed: 7,
  workload: { clients: 2, think_least: 50_000, think_most: 200_000, keys: 3, read_percent: 30, patience: 500_000 },
  quality: { latency: 10_000, jitter: 5_000, loss_ppm: 1_000, duplicate_ppm: 0, fifo: false },
  actions: [],
};

/** A thousand moments anywhere in the hour, always the same. */
const moments = Array.from({ length: SEEKS }, (_, place) => Math.floor(((place * 0.6180339887) % 1) * HOUR));

/** The hour, played natively: its link, how many events it has, and the digests at all moments; `file` is written. */
export async function playHour(file) {
  await writeFile(file, JSON.stringify(RECORDING));
  return replay(file, "--until", HOUR, ...moments);
}

/** Before a page is opened: lets it tell the memory of its programs. */
export const watchMemory = (page) =>
  page.addInitScript(() => {
    const { instantiate } = WebAssembly;
    globalThis.programs = [];
    WebAssembly.instantiate = async (...all) => {
      const made = await instantiate.apply(WebAssembly, all);
      // The unpacker is garbage as soon as it has done its work.
      globalThis.programs.push(new WeakRef(made.instance ?? made));
      return made;
    };
  });

/** What a page needs, in MiB: the programs' memory, and the script's after its garbage is collected. */
export async function memory(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  await session.send("Performance.enable");
  const { metrics } = await session.send("Performance.getMetrics");
  const script = metrics.find(({ name }) => name === "JSHeapUsedSize").value;
  const programs = await page.evaluate(() =>
    globalThis.programs.reduce((sum, program) => sum + (program.deref()?.exports.memory?.buffer.byteLength ?? 0), 0),
  );
  return (script + programs) / 2 ** 20;
}

/** Goes to all moments; gives the milliseconds that each took, rendering included, and the digest there. */
export const seekAll = (page) =>
  page.evaluate(async (moments) => {
    const seeks = [];
    for (const moment of moments) {
      const begun = performance.now();
      globalThis.conclave.seek(moment);
      // What is still to be rendered is queued before this.
      await null;
      const took = performance.now() - begun;
      seeks.push({ took, digest: globalThis.conclave.state().digest });
    }
    return seeks;
  }, moments);
