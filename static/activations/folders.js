// The tree of folders: ↑ and ↓ walk it, ← goes to the folder around, → to the first one within, Home
// and End to its ends. Enter opens, as on every link.
const depth = (link) => Number(link.closest("li").dataset.depth);

const STEPS = {
  ArrowDown: (links, at) => links[at + 1],
  ArrowUp: (links, at) => links[at - 1],
  ArrowLeft: (links, at) => links.slice(0, at).findLast((link) => depth(link) < depth(links[at])),
  ArrowRight: (links, at) => [links[at + 1]].find((link) => link && depth(link) > depth(links[at])),
  Home: (links) => links[0],
  End: (links) => links.at(-1),
};

document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  const links = [...(event.target.closest("[data-tree]")?.querySelectorAll("a") ?? [])];
  const at = links.indexOf(event.target);
  if (!step || at === -1 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  step(links, at)?.focus();
});
