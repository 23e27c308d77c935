// Native dialogs: [data-dialog="id"] opens one; [data-confirm="question"] and hx-confirm ask first.
const asking = document.getElementById("confirm");

function ask(question, word = "Continue") {
  asking.querySelector("p").textContent = question;
  asking.querySelector("[value=yes]").textContent = word;
  asking.returnValue = "";
  asking.showModal();
  return new Promise((answer) => {
    asking.addEventListener("close", () => answer(asking.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog).showModal();
  if (event.target.matches("dialog") && outside(event)) event.target.close();
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
});

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
  form.dataset.sure = "yes";
  form.requestSubmit(submitter);
  delete form.dataset.sure;
}, true);

document.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await ask(event.detail.question, event.detail.elt.dataset.word)) event.detail.issueRequest(true);
});
