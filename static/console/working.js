// What takes longer than a moment says so: "…" in the heading of the part that comes, whose content
// stays meanwhile; after a second in the place of messages, too, unless it has an indicator of its own.
// Polls do not.
import { forget, toast } from "./live.js";

const OWN = ".htmx-indicator, progress";
const MOMENT = 300;
const BOXES = "details, section, .card, dialog[open], main";
const waits = new Set();
const loading = new Map(); // what is asked for -> the part that it is for, and the heading of that

export function begin(one) {
  waits.add(one);
  setTimeout(() => waits.has(one) && toast("Working on it…", "busy", "busy"), 1000);
}

export function end(one) {
  if (waits.delete(one) && !waits.size) forget("busy");
}

function headingOf(part) {
  for (let box = part.closest(BOXES); box; box = box.parentElement?.closest(BOXES)) {
    const headings = [...box.querySelectorAll(":scope > summary, h1, h2, h3")];
    const heading = headings.find((each) => each.checkVisibility());
    if (heading) return heading;
  }
  return document.querySelector("h1");
}

function mark(one, part) {
  const heading = headingOf(part);
  loading.set(one, { part, heading });
  heading.dataset.loading = "";
  part.setAttribute("aria-busy", "true"); // Screen readers are told nothing of it until it is there.
}

function unmark(one) {
  const { part, heading } = loading.get(one) ?? {};
  if (!loading.delete(one)) return;
  const others = [...loading.values()];
  if (!others.some((other) => other.heading === heading)) delete heading.dataset.loading;
  if (!others.some((other) => other.part === part)) part.removeAttribute("aria-busy");
}

document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target, xhr } }) => {
  const polls = elt.getAttribute("hx-trigger")?.includes("every");
  if (polls) return;
  if (!elt.closest("[hx-indicator]") && !elt.querySelector(OWN)) begin(xhr);
  const moment = setTimeout(mark, MOMENT, xhr, target);
  xhr.addEventListener("loadend", () => {
    clearTimeout(moment);
    unmark(xhr);
    end(xhr);
  });
});
