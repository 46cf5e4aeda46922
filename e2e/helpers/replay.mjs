// The recordings that tests/determinism.rs plays natively, for the browsers. What is below `recordings` runs in a page.

import { readFileSync } from "node:fs";

/** Each with a name, the JSON of a recording, a moment, and the digest of the state there. */
export const recordings = JSON.parse(readFileSync(new URL("../../tests/data/recordings.json", import.meta.url), "utf8")).map(
  ({ recording, ...rest }) => ({ ...rest, protocol: recording.protocol, json: JSON.stringify(recording) }),
);

/** The digests, in order, by name: what each thread should give. */
export const digests = Object.fromEntries(recordings.map(({ name, digest }) => [name, digest]));

/** What the page's own thread gives. */
export const replayHere = (recordings) =>
  Object.fromEntries(recordings.map(({ name, json, until }) => [name, globalThis.__conclave.replay(json, until)]));

/** What a worker gives that knows nothing but app.js. */
export async function replayInWorker(recordings) {
  const work = () => {
    self.onmessage = async ({ data }) => {
      importScripts(data.script);
      while (!self.__conclave) await new Promise((resolve) => setTimeout(resolve, 10));
      const replayed = data.recordings.map(({ name, json, until }) => [name, self.__conclave.replay(json, until)]);
      self.postMessage(Object.fromEntries(replayed));
    };
  };
  const worker = new Worker(URL.createObjectURL(new Blob([`(${work})()`])));
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage({ script: new URL("/app.js", location.href).href, recordings });
  return answer.finally(() => worker.terminate());
}
