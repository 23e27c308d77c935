// Native dialogs: [data-dialog="id"] opens one; [data-confirm="question"] and hx-confirm ask first.
// Whoever closes one with [data-changed] is asked first, too: what was entered in it would be lost.
import { toast } from "./live.js";

const asking = document.getElementById("confirm");

function ask(question, word = "Continue", otherwise = "Cancel") {
  asking.querySelector("p").textContent = question;
  asking.querySelector("[value=no]").textContent = otherwise;
  asking.querySelector("[value=yes]").textContent = word;
  asking.returnValue = "";
  asking.showModal();
  return new Promise((answer) => {
    asking.addEventListener("close", () => answer(asking.returnValue === "yes"), { once: true });
  });
}

async function leave(dialog) {
  const changed = "changed" in dialog.dataset;
  if (!changed || (await ask("What you changed here is not saved.", "Discard", "Keep editing"))) dialog.close();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog).showModal();
  if (event.target.matches("dialog") && outside(event)) leave(event.target);
  if (event.target.closest("[data-close]")) leave(event.target.closest("dialog"));
});

function hold(event, dialog) {
  if (!dialog) return;
  event.preventDefault();
  leave(dialog);
}

// The key, as browsers let nobody prevent a second "cancel" in a row; and other ways back.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hold(event, event.target.closest("dialog[data-changed]"));
});
document.addEventListener("cancel", (event) => {
  if (event.target.matches("dialog[data-changed]")) hold(event, event.target); // not a chooser of files
}, true);

for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();

function outside({ target, clientX, clientY }) {
  const box = target.getBoundingClientRect();
  const within = box.left <= clientX && clientX <= box.right && box.top <= clientY && clientY <= box.bottom;
  return clientX !== 0 && !within; // 0: a key, not a pointer
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.sure) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await ask(question, submitter?.textContent.trim()))) return;
  const now = form.isConnected ? form : again(form);
  if (!now) return toast("That has changed meanwhile, so nothing was done. Look at it again.", "bad");
  now.dataset.sure = "yes";
  now.requestSubmit(now === form ? submitter : null);
  delete now.dataset.sure;
}, true);

// The part of the page that a form stood in may have been fetched again while somebody was asked.
function again(form) {
  const address = form.getAttribute("action");
  return [...document.forms].find((one) => one.getAttribute("action") === address);
}

document.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await ask(event.detail.question, event.detail.elt.dataset.word)) event.detail.issueRequest(true);
});
