// Elements made in one call: make("button", { class: "btn", on: { click } }, "Text").
export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") for (const [type, act] of Object.entries(value)) element.addEventListener(type, act);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// A select. `options` are [value, text] pairs, or { group, options }.
export function choose(options, value, props, change) {
  const select = make("select", { ...props, on: { change: () => change(select.value) } }, options.map(optionOf));
  select.value = value ?? "";
  if (select.selectedIndex < 0) {
    select.prepend(make("option", { value: value ?? "" }, value || "Choose…"));
    select.selectedIndex = 0;
  }
  return select;
}

function optionOf(one) {
  if (!one.group) return make("option", { value: one[0] }, one[1]);
  return make("optgroup", { label: one.group }, one.options.map(optionOf));
}

const PATHS = {
  up: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 5v14m-6-6 6 6 6-6",
  remove: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const look = { viewBox: "0 0 24 24", width: 16, height: 16, fill: "none", stroke: "currentColor", "stroke-width": 1.7, "aria-hidden": "true" };
  for (const [key, value] of Object.entries(look)) svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export const number = (value) => (value ?? 0).toLocaleString("en-US");

// Puts the children of `fresh` in the place of those of `old`, around an element that stays where it
// is: `held` in the old ones, `drawn` in the fresh ones. A select in focus keeps what was typed.
export function renew(old, fresh, held, drawn) {
  for (const { name, value } of [...fresh.attributes]) old.setAttribute(name, value);
  const kept = [...old.children].find((child) => child.contains(held));
  const next = [...fresh.children].find((child) => child.contains(drawn));
  for (const child of [...old.childNodes]) if (child !== kept) child.remove();
  const place = [...fresh.childNodes].indexOf(next);
  [...fresh.childNodes].forEach((child, n) => {
    if (n < place) kept.before(child);
    if (n > place) old.append(child);
  });
  if (kept !== held) renew(kept, next, held, drawn);
}
