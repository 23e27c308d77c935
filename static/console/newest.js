// <div id="jobs" data-newest>: of what others ask for in its place, the newest is shown, however late
// it is answered. Meanwhile another element can have come in the place of the one that was asked for.
const asked = new Map();

document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target, xhr } }) => {
  if (elt === target || !("newest" in target.dataset)) return;
  asked.set(target.id, xhr);
  // On the element, which is no longer part of the page when an answer is late.
  target.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr !== xhr) return;
    if (asked.get(target.id) !== xhr) detail.shouldSwap = false;
    else if (detail.target === target) detail.target = document.getElementById(target.id) ?? target;
  });
});
