// A part of a page that asks for itself comes anew: it keeps the focus, and how far it was scrolled.
const CONTROLS = "a, button, input:not([type=hidden]), select, summary, [tabindex]";
let kept = null;

const name = (one) => `${one.tagName} ${one.getAttribute("aria-label") ?? one.textContent.trim()}`;
const scrolls = (part) => [...part.querySelectorAll(".scroll")];

document.addEventListener("htmx:beforeSwap", ({ detail: { requestConfig, target } }) => {
  const held = target.contains(document.activeElement) ? document.activeElement : null;
  const places = scrolls(target).map(({ scrollLeft, scrollTop }) => ({ scrollLeft, scrollTop }));
  kept = requestConfig.elt === target && target.id ? { id: target.id, held, around: held?.closest("[id]").id, places } : null;
});

document.addEventListener("htmx:afterSettle", () => {
  const part = kept && document.getElementById(kept.id);
  if (!part) return;
  scrolls(part).forEach((one, at) => Object.assign(one, kept.places[at]));
  if (kept.held && document.activeElement === document.body) focus(document.getElementById(kept.around) ?? part);
  kept = null;
});

// The same control, or the first one of its row, or at least the place where it was.
function focus(around) {
  const all = [...around.querySelectorAll(CONTROLS)].filter((one) => !one.disabled);
  const one = all.find((each) => name(each) === name(kept.held)) ?? all[0] ?? around;
  if (one === around) one.tabIndex = -1;
  one.focus({ preventScroll: true });
}
