// <dialog id="panel">: what a link asks for opens in it. Esc closes it, and focus goes back. Where
// something was changed in it, dialogs.js asks first.
import "./fields.js";

const panel = document.getElementById("panel");
let opener = null;

function address(name) {
  const url = new URL(location.href);
  if (name) url.searchParams.set("panel", name);
  else url.searchParams.delete("panel");
  history.replaceState(history.state, "", url);
}

function show() {
  panel.removeAttribute("open"); // the server opened it, but not as a modal
  panel.showModal();
  panel.setAttribute("aria-label", panel.querySelector("h2")?.textContent ?? "");
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target === panel && !panel.contains(detail.elt)) opener = detail.elt;
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== panel || panel.matches(":modal") || !panel.firstElementChild) return;
  show();
  if (opener?.dataset.panel) address(opener.dataset.panel);
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const saved = detail.target === panel && detail.xhr.status === 200 && detail.requestConfig.elt.matches("form");
  if (saved) delete panel.dataset.changed; // It is shown once more, as it is saved.
});
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target === panel && detail.xhr.status === 422) panel.querySelector(".is-invalid, [role=alert]")?.focus();
});
document.addEventListener("panel-done", () => panel.close());

for (const type of ["input", "change"]) {
  panel.addEventListener(type, ({ target }) => {
    if (target.name && !("unsaved" in target.dataset)) panel.dataset.changed = "";
  });
}
panel.addEventListener("click", (event) => {
  if (event.target.closest("a[data-close]")) event.preventDefault();
});
panel.addEventListener("close", () => {
  const name = new URL(location.href).searchParams.get("panel");
  const link = opener?.isConnected ? opener : document.getElementById(opener?.id || `open-${name}`);
  link?.focus();
  opener = null;
  delete panel.dataset.changed;
  panel.replaceChildren();
  address(null);
});

if (panel.open) show();
