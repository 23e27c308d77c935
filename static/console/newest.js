// What is answered late. An answer for a part of the page that another one has replaced meanwhile is
// not shown, nor what it says to screen readers. <div id="jobs" data-newest>: of what others ask for
// in its place, the newest is shown; an element that has come in its place meanwhile takes it.
const asked = new Map();

document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target, xhr } }) => {
  const newest = elt !== target && "newest" in target.dataset;
  if (newest) asked.set(target.id, xhr);
  // On the element: what happens to one that is no longer part of the page is not heard outside of it.
  target.addEventListener("htmx:beforeSwap", swap);
  xhr.addEventListener("loadend", () => target.removeEventListener("htmx:beforeSwap", swap));

  function swap({ detail }) {
    if (detail.xhr !== xhr) return;
    if (newest && detail.target === target) detail.target = document.getElementById(target.id) ?? target;
    if (!detail.target.isConnected || (newest && asked.get(target.id) !== xhr)) detail.shouldSwap = false;
    // What comes with a part of the page is newer than what was asked for in its place before.
    const inside = (id) => detail.target.contains(document.getElementById(id)) && detail.target.id !== id;
    if (detail.shouldSwap) for (const id of asked.keys()) if (inside(id)) asked.set(id, xhr);
  }
});
