// <table data-rows>: "j" and "k" walk its rows, Enter opens the one in focus.
const links = () => [...document.querySelectorAll("[data-rows] tbody tr > * > a:first-child")];

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog[open]");
  const step = { j: 1, k: -1 }[event.key];
  if (!step || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = links();
  const at = all.indexOf(document.activeElement);
  const next = at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + step));
  all[next]?.focus();
});

// The table may be fetched again while a row is in focus: the same row keeps it.
let kept = null;
document.addEventListener("htmx:beforeSwap", () => {
  kept = document.activeElement?.closest("[data-rows] tr")?.id;
});
document.addEventListener("htmx:afterSettle", () => {
  if (kept) document.getElementById(kept)?.querySelector("a")?.focus();
  kept = null;
});
