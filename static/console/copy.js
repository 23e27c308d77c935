// <button data-copy="#id">: puts the text of the element on the clipboard.
import { toast } from "./live.js";

document.addEventListener("click", async (event) => {
  const selector = event.target.closest("[data-copy^='#']")?.dataset.copy;
  if (!selector) return;
  try {
    await navigator.clipboard.writeText(document.querySelector(selector).textContent);
    toast("Copied.", "ok");
  } catch {
    getSelection().selectAllChildren(document.querySelector(selector));
    toast("Press Ctrl+C to copy what is selected.");
  }
});
