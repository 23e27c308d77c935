// What takes longer than a second says so, in the place of messages. Polls do not, nor what has an
// indicator of its own.
import { forget, toast } from "./live.js";

const OWN = ".htmx-indicator, progress";
const waits = new Set();

export function begin(one) {
  waits.add(one);
  setTimeout(() => waits.has(one) && toast("Working on it…", "busy", "busy"), 1000);
}

export function end(one) {
  if (waits.delete(one) && !waits.size) forget("busy");
}

document.addEventListener("htmx:beforeRequest", ({ detail: { elt, xhr } }) => {
  const polls = elt.getAttribute("hx-trigger")?.includes("every");
  if (polls || elt.closest("[hx-indicator]") || elt.querySelector(OWN)) return;
  begin(xhr);
  xhr.addEventListener("loadend", () => end(xhr));
});
