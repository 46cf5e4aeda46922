/** A moment of the world, in microseconds. */
export type Micros = number;

/** Something that is done to the world, as in a recording: `{ crash: { node: 0 } }` or `"heal"`. */
export type Action = string | { [name: string]: unknown };

/** A run as its start and what was done to it. */
export interface Recording {
  format: number;
  protocol: string;
  nodes: number;
  seed: number;
  actions: { at: Micros; action: Action }[];
  [more: string]: unknown;
}

export interface LabNode {
  /** From 0, as in actions. */
  id: number;
  name: string;
  role: string;
  leads: boolean;
  status: "up" | "paused" | "crashed";
  [more: string]: unknown;
}

/** What there is, in English whatever the language of the page. */
export interface LabState {
  protocol: string;
  time: Micros;
  steps: number;
  digest: string;
  summary: string;
  nodes: LabNode[];
  links: { from: number; to: number; cut: boolean }[];
  messages: { [field: string]: unknown }[];
  verdicts: { name: string; holds: boolean; [more: string]: unknown }[];
  /** The second cluster, if there is one. */
  beside?: LabState;
  [more: string]: unknown;
}

/** `<consensus-lab>`: a lab in any page. */
export declare class ConsensusLab extends HTMLElement {
  protocol: string;
  beside: string;
  nodes: number;
  seed: string;
  run: string;
  theme: string;
  controls: string;
  panels: string;
  motion: string;
  faults: string;
  scenario: string;
  /** Milliseconds of the world in a second of the reader's, 1 to 10000. */
  speed: number;
  autoplay: boolean;
  embed: boolean;
  poster: boolean;
  readonly time: Micros;
  readonly playing: boolean;
  /** Becomes the element when the lab is there. */
  readonly ready: Promise<ConsensusLab>;

  /** Runs. Before the lab is there, it starts it. */
  play(): void;
  pause(): void;
  /** Takes so many events, 1 to 1000000, and stands still. */
  step(n?: number): void;
  /** Goes to a moment; beyond the end of the branch the run is lived on. */
  seek(time: Micros): void;
  /** Does something to the world. In the past, a branch begins. */
  act(action: Action): void;
  state(): LabState;
  /** What was done on this branch. */
  recording(): Recording;
  /** Goes on from another run: a recording, its JSON, or a link. */
  load(run: Recording | string): void;
}

export interface ConsensusLabEvents {
  "lab-ready": CustomEvent<{ v: 1 }>;
  "lab-event": CustomEvent<{
    time: Micros;
    events: { cluster: number; time: Micros; step: number; kind: string }[];
    count: number;
  }>;
  "lab-violation": CustomEvent<{
    cluster: number;
    name: string;
    holds: false;
    time: Micros;
    step: number;
    sentence: string;
    nodes: number[];
  }>;
  "lab-error": CustomEvent<{ message: string }>;
  "lab-resize": CustomEvent<{ width: number; height: number }>;
}

declare global {
  interface HTMLElementTagNameMap {
    "consensus-lab": ConsensusLab;
  }
  interface HTMLElementEventMap extends ConsensusLabEvents {}
}
