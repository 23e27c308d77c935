// The form of a parent segment. <joined-tables prefix="attributes">: add, remove and reorder the
// tables of a Django formset; Alt+Up and Alt+Down move the one that has the focus.
import { say } from "../console/live.js";

class JoinedTables extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("[data-rows]");
    this.total = this.querySelector(`[name=${this.getAttribute("prefix")}-TOTAL_FORMS]`);
    this.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-do]");
      if (button) this[button.dataset.do](button.closest("[data-row]"));
    });
    this.addEventListener("keydown", (event) => {
      const row = event.target.closest("[data-row]");
      const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
      if (!row || !way || !event.altKey) return;
      event.preventDefault();
      this[way](row);
    });
    this.addEventListener("change", () => this.renumber());
    this.renumber();
  }

  rows() {
    return [...this.list.children].filter((row) => !row.hidden);
  }

  field(row, name) {
    return row.querySelector(`[name$="-${name}"]`);
  }

  add() {
    const index = Number(this.total.value);
    this.total.value = index + 1;
    const holder = document.createElement("template");
    holder.innerHTML = this.querySelector("template").innerHTML.replaceAll("__prefix__", index);
    const row = holder.content.firstElementChild;
    this.list.append(row);
    window.htmx.process(row);
    copyKeys();
    this.edited();
    row.querySelector("select").focus();
  }

  remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    this.field(row, "DELETE").value = "on";
    row.hidden = true;
    this.edited();
    say("Removed.");
    (next && !next.hidden ? next.querySelector("select") : this.querySelector("[data-do=add]")).focus();
  }

  up(row) {
    const before = this.rows()[this.rows().indexOf(row) - 1];
    if (before) this.move(row, () => before.before(row));
  }

  down(row) {
    const after = this.rows()[this.rows().indexOf(row) + 1];
    if (after) this.move(row, () => after.after(row));
  }

  move(row, moving) {
    const focused = document.activeElement;
    moving();
    if (row.contains(focused)) focused.focus();
    this.edited();
    say(`Moved to place ${this.rows().indexOf(row) + 1} of ${this.rows().length}.`);
  }

  renumber() {
    const rows = this.rows();
    rows.forEach((row, at) => {
      this.field(row, "ORDER").value = at + 1;
      row.querySelector("[data-number]").textContent = at + 1;
      const title = this.field(row, "table").value;
      row.querySelector("[data-title]").textContent = title || "choose a table";
      for (const button of row.querySelectorAll("[data-label]")) {
        button.setAttribute("aria-label", button.dataset.label.replace("#", title || `table ${at + 1}`));
      }
      row.querySelector("[data-do=up]").disabled = at === 0;
      row.querySelector("[data-do=down]").disabled = at === rows.length - 1;
    });
    this.querySelector("[data-empty]").hidden = rows.length > 0;
  }

  edited() {
    this.renumber();
    this.dispatchEvent(new Event("input", { bubbles: true })); // as by a field: it is not saved
  }
}

customElements.define("joined-tables", JoinedTables);

// The keys of the master table are offered to each table that is joined with it.
function copyKeys() {
  const keys = document.getElementById("id_key");
  if (!keys) return; // no master table is chosen yet
  for (const field of document.querySelectorAll("select[name$=-parent_key]")) {
    const kept = field.value;
    field.replaceChildren(...[...keys.options].map((option) => option.cloneNode(true)));
    field.value = kept;
    if (field.selectedIndex < 1) field.value = keys.value;
  }
}

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.querySelector?.("#id_key")) copyKeys();
});

// A column that is not used has nothing to be said of it.
function fit(row) {
  const used = row.querySelector("[name$=-use]").checked;
  for (const field of row.querySelectorAll("[data-of-used]")) field.hidden = !used;
}

document.addEventListener("change", ({ target }) => {
  if (target.name?.endsWith("-use")) fit(target.closest("tr"));
});
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-use]");
  if (!button) return;
  for (const box of button.closest(".table-body").querySelectorAll("[name$=-use]:not(:disabled)")) {
    box.checked = button.dataset.use === "all";
    fit(box.closest("tr"));
  }
  button.dispatchEvent(new Event("input", { bubbles: true }));
});
