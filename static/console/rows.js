// <table data-rows>: "j" and "k" walk its rows and what is listed in them, Enter opens the one in focus.
const FIRST = "tr:not([hidden]) > * > a:first-child, tr:not([hidden]) ul:not([hidden]) > li:not([hidden]) > a";
const links = () => [...document.querySelectorAll("[data-rows] tbody")].flatMap((body) => [...body.querySelectorAll(FIRST)]);

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog[open]");
  const step = { j: 1, k: -1 }[event.key];
  if (!step || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = links();
  const at = all.indexOf(document.activeElement);
  const next = at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + step));
  all[next]?.focus();
});
