// What was entered and is not saved has the mark [data-changed]: whoever leaves the page is asked first.
// <form data-watched> gets it by each edit. <form data-once> is sent once, and not while the session
// has ended or the server is away: the answer would take the place of what was entered.
import { UNREACHED, toast } from "./live.js";
import { arrives, ended, leadsToSignIn } from "./session.js";
import { begin, end } from "./working.js";

const STUCK = 30000; // milliseconds until it can be sent again: somebody may have stopped it
let sent = null; // the form that is on its way

const staysBehind = (one) => !sent || !(one.contains(sent) || sent.contains(one));
const marked = () => [...document.querySelectorAll("[data-changed]")];

window.addEventListener("beforeunload", (event) => {
  if (marked().some(staysBehind)) event.preventDefault();
});
window.addEventListener("pageshow", free);

for (const type of ["input", "change"]) {
  document.addEventListener(type, ({ target }) => {
    const form = target.closest("form[data-watched]");
    if (form) form.dataset.changed = "";
  });
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || !("once" in form.dataset) || "arriving" in form.dataset) return;
  event.preventDefault();
  if (!sent) send(form, submitter);
});

async function send(form, submitter) {
  sent = form;
  begin(form);
  for (const button of buttons(form)) button.setAttribute("aria-disabled", "true");
  const there = await arrives().catch(() => toast(UNREACHED, "bad", "unreached") && false);
  if (!there) return free();
  setTimeout(() => sent === form && free(), STUCK);
  form.dataset.arriving = "";
  try {
    form.requestSubmit(submitter?.isConnected ? submitter : null);
  } finally {
    delete form.dataset.arriving;
  }
}

function free() {
  end(sent);
  for (const button of buttons(sent)) button.removeAttribute("aria-disabled");
  sent = null;
}

const buttons = (form) => [...(form?.elements ?? [])].filter(({ type }) => type === "submit");

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { elt, xhr } = event.detail;
  if (!xhr.getResponseHeader("HX-Redirect")) return;
  if (!leadsToSignIn(xhr)) elt.closest("[data-changed]")?.removeAttribute("data-changed");
  else if (marked().length) {
    event.preventDefault();
    ended();
  }
});
