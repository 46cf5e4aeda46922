// Defines <consensus-lab>. Where there are no elements, as on a server, nothing is.
import "./conclave.js";

export const ConsensusLab = globalThis.customElements?.get("consensus-lab");
