// What is said to people: toasts, and the polite line that screen readers hear.
const icons = { ok: "●", bad: "▲", info: "ℹ", busy: "◌" };
const line = document.getElementById("live");
const holder = document.getElementById("toasts");

export function say(text) {
  line.textContent = text;
}

export function toast(text, kind = "info", key = text) {
  const known = [...holder.children].find((one) => one.dataset.key === key);
  if (known) return known;
  const box = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  box.classList.add(kind);
  box.dataset.key = key;
  if (kind === "bad") box.setAttribute("role", "alert");
  box.querySelector("p").textContent = `${icons[kind] ?? icons.info} ${text}`;
  holder.append(box);
  if (!["bad", "busy"].includes(kind)) leave(box);
  return box;
}

function leave(box) {
  setTimeout(() => box.matches(":hover, :focus-within") ? leave(box) : box.remove(), 8000);
}

export function forget(key) {
  for (const one of [...holder.children]) if (one.dataset.key === key) one.remove();
}

// A modal dialog covers what is outside of it, for screen readers too: both live in the topmost one.
// What is swapped into a dialog throws them out of it.
function follow() {
  const place = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
  for (const one of [line, holder]) if (one.parentElement !== place) place.append(one);
}

new MutationObserver(follow).observe(document.body, { subtree: true, attributeFilter: ["open"] });
document.addEventListener("htmx:afterSwap", follow);
follow();

// What an element asks for by itself is triggered by no event.
export const byItself = ({ triggeringEvent }) => !triggeringEvent;

export const UNREACHED = "Could not reach the server. Try again.";
const BROKEN = "The server could not do that. Try again; if it goes on, ask an administrator.";

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.parentElement.remove();
});
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => toast(UNREACHED, "bad", "unreached"));
}
document.addEventListener("htmx:responseError", ({ detail: { requestConfig, xhr } }) => {
  const gone = xhr.status === 404 && "This no longer exists, or it is not yours to see.";
  const barred = xhr.status === 403 && "You may not do that, or this page is out of date: reload it and try again.";
  toast(gone || barred || BROKEN, "bad", byItself(requestConfig) ? "refused by itself" : "refused");
});
document.addEventListener("htmx:afterOnLoad", ({ detail: { requestConfig, successful } }) => {
  forget("unreached");
  if (successful && byItself(requestConfig)) forget("refused by itself");
});
// A response may say something by the header HX-Trigger: {"toast": {"text": "…", "kind": "ok"}}
document.addEventListener("toast", ({ detail }) => toast(detail.text, detail.kind));
for (const box of document.querySelectorAll("#toasts > .toast:not(.bad)")) leave(box);
