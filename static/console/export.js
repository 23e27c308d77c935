// The Export Results panel: search in its list, hexadecimal view, copying.
import { say } from "./live.js";

class SearchList extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("[type=search]");
    const none = this.querySelector("[data-none]");
    const items = [...this.querySelectorAll("li")];
    field.hidden = items.length < 6;
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
      none.hidden = items.some((item) => !item.hidden);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // It would press Done.
    });
    const chosen = this.querySelector(":checked")?.closest("li");
    if (chosen) chosen.parentElement.scrollTop = chosen.offsetTop - chosen.parentElement.offsetTop;
  }
}

class ByteView extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("[data-hex]");
    const [text, hex] = this.querySelectorAll("pre");
    button.hidden = false;
    button.addEventListener("click", () => {
      hex.hidden = !hex.hidden;
      text.hidden = !hex.hidden;
      button.setAttribute("aria-pressed", !hex.hidden);
    });
  }
}

class CopyText extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("[data-copy]");
    const label = button.textContent;
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.querySelector("pre").textContent);
      button.textContent = "Copied";
      say("Copied.");
      setTimeout(() => (button.textContent = label), 2000);
    });
  }
}

customElements.define("search-list", SearchList);
customElements.define("byte-view", ByteView);
customElements.define("copy-text", CopyText);

// "Run and export now" runs the saved query: say so while the editor holds another text.
document.addEventListener("htmx:load", () => {
  const note = document.querySelector("[data-unsaved-note]");
  if (!note) return;
  note.hidden = document.getElementById("unsaved").hidden;
  const run = document.getElementById("run-now");
  if (run && !note.hidden) run.textContent = "Run the saved text and export";
});
