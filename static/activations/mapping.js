// <output-mapping>: which columns are sent, in which order and under which names, drawn from the
// JSON of its textarea. Alt+Up and Alt+Down move the column that has the focus, Del removes it.
import { say } from "../console/live.js";
import { icon, make, renew } from "./dom.js";
import { AttributeRow, BehaviorRow, StringRow, named } from "./mapping-rows.js";
import { pick } from "./picker.js";

const ROWS = { attribute: AttributeRow, string: StringRow, behavior: BehaviorRow };
const ids = new WeakMap();
let count = 0;
const idOf = (item) => ids.get(item) ?? (ids.set(item, (count += 1)), count);

class OutputMapping extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea");
    this.data = JSON.parse(document.getElementById("declaration").textContent);
    this.fresh = new WeakSet(); // what nobody has filled in yet: it is not told off
    this.problems = [];
    try {
      this.mapping = JSON.parse(this.area.value);
      if (!Array.isArray(this.mapping.columns)) return;
    } catch {
      return; // The text stays as it is, to be seen and corrected.
    }
    this.area.hidden = true;
    this.querySelector("label").hidden = true;
    this.set = [];
    this.holder = make("div", { class: "mapping" });
    this.append(this.holder);
    this.holder.addEventListener("keydown", (event) => this.key(event));
    this.drag();
    this.draw();
    this.check();
  }

  // ---- drawing ----
  draw(focus) {
    const held = document.activeElement;
    const key = focus ?? held?.dataset?.key;
    const rows = this.mapping.columns.map((item, place) => this.row(item, place));
    const list = make("ol", { class: "output-columns", "aria-label": "Output columns" }, rows);
    const fresh = make("div", { class: "mapping" }, this.all(), list, this.nothing(), this.adders());
    const drawn = key && fresh.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (drawn?.matches("select") && held?.matches("select") && held.dataset.key === key) {
      renew(this.holder, fresh, held, drawn);
      return this.check();
    }
    this.holder.replaceChildren(...fresh.childNodes);
    if (key) (this.find(key) ?? this.find("add-columns") ?? this.find("add-string"))?.focus();
    this.check();
  }

  // What single columns can be made of: the attributes, and the key of customers.
  get sources() {
    return [...this.data.attributes, ...(this.data.key ? [this.data.key] : [])];
  }

  find(key) {
    const found = this.holder.querySelector(`[data-key="${CSS.escape(key)}"]`);
    return found?.disabled ? null : found;
  }

  all() {
    const { attributes } = this.data;
    const box = make("input", { type: "checkbox", "data-key": "all", on: { change: () => this.exportAll(box.checked) } });
    box.checked = this.mapping.all_columns;
    const names = attributes.slice(0, 6).map(({ name }) => name).join(", ");
    const more = attributes.length > 6 ? ` and ${attributes.length - 6} more` : "";
    return make("label", { class: "check all-columns" }, box,
      make("span", {}, "Export All Columns", make("span", { class: "sub" }, names ? `${names}${more}` : "There is no attribute.")));
  }

  nothing() {
    const { all_columns: all, columns } = this.mapping;
    return make("p", { class: "muted", hidden: all || columns.length > 0 }, "No columns yet. Add the columns that the destination expects.");
  }

  adders() {
    const { all_columns: all, columns } = this.mapping;
    const behaviors = columns.filter(({ kind }) => kind === "behavior").length;
    const one = (key, text, click, hidden) => make("button", { type: "button", class: "btn", "data-key": key, hidden, on: { click } }, icon("plus"), text);
    return make("div", { class: "actions start", role: "group", "aria-label": "Add to the output" },
      one("add-columns", "Add columns", () => this.addColumns(), all || !this.data.attributes.length),
      one("add-string", "Add string", () => this.add({ kind: "string", name: "", parts: [{ type: "string", value: "" }] }), false),
      one("add-behavior", "Add behavior", () => this.addBehavior(), !this.data.behaviors.length || behaviors >= 4));
  }

  row(item, place) {
    const id = String(idOf(item));
    const at = {
      ...this.data, sources: this.sources, id, place, item, path: ["columns", place], all: this.mapping.all_columns,
      change: () => this.touched(item), redraw: (focus) => { this.fresh.delete(item); this.changed(); this.draw(focus); },
    };
    const Row = ROWS[item.kind];
    const name = `Column ${place + 1}`;
    const body = Row(item, { ...at, name });
    const handle = make("span", { class: "handle", draggable: "true", title: "Drag to another place", "aria-hidden": "true" }, "⠿");
    return make("li", { class: `output-column ${item.kind}`, tabindex: "0", "data-node": id, "data-key": id, "aria-label": `${name}: ${named(item)}` },
      handle, make("div", { class: "output-body" }, body), this.buttons(item, name, place));
  }

  buttons(item, name, place) {
    const id = idOf(item);
    const one = (what, label, hint, off, click) => make("button", { type: "button", class: "btn small icon quiet", "aria-label": `${label} ${name}`,
      title: hint, "data-key": `${id}:${what}`, disabled: off, on: { click } }, icon(what));
    return make("span", { class: "rule-buttons" },
      one("up", "Move up", "Alt+↑", place === 0, () => this.move(item, -1, "up")),
      one("down", "Move down", "Alt+↓", place === this.mapping.columns.length - 1, () => this.move(item, 1, "down")),
      one("remove", "Remove", "Del", false, () => this.remove(item)));
  }

  // ---- editing ----
  changed() {
    this.area.value = JSON.stringify(this.mapping);
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  touched(item) {
    this.fresh.delete(item);
    this.problems = this.problems.filter(({ path }) => path[1] !== this.mapping.columns.indexOf(item));
    this.changed();
    this.check();
  }

  // What was chosen one by one comes back when not all are exported any more.
  exportAll(on) {
    this.mapping.all_columns = on;
    if (on) this.set = this.mapping.columns.filter(({ kind }) => kind === "attribute");
    const others = this.mapping.columns.filter(({ kind }) => kind !== "attribute");
    this.mapping.columns = on ? others : [...this.set, ...others];
    this.problems = [];
    this.changed();
    this.draw(on ? "all" : "add-columns");
  }

  async addColumns() {
    const taken = this.mapping.columns.map(({ source }) => source);
    const names = await pick("Add columns", this.sources, taken);
    const made = names.map((source) => ({ kind: "attribute", source, name: source, hash: false }));
    const after = this.mapping.columns.findLastIndex(({ kind }) => kind === "attribute") + 1;
    this.mapping.columns.splice(after, 0, ...made);
    if (made.length) this.changed();
    this.draw(made.length ? String(idOf(made[0])) : "add-columns");
  }

  addBehavior() {
    const [{ name, timed }] = this.data.behaviors;
    this.add({ kind: "behavior", behavior: name, strategy: timed ? "last" : "all", order_by: "", descending: true, format: "rows", rows: 3, columns: [] });
  }

  add(item) {
    this.mapping.columns.push(item);
    this.fresh.add(item);
    this.changed();
    this.draw(`${idOf(item)}:first`);
  }

  remove(item) {
    const { columns } = this.mapping;
    const place = columns.indexOf(item);
    columns.splice(place, 1);
    const next = columns[place] ?? columns[place - 1];
    this.problems = [];
    this.changed();
    this.draw(next ? String(idOf(next)) : "add-columns");
    say("Removed.");
  }

  move(item, step, button) {
    this.place(item, this.mapping.columns.indexOf(item) + step);
    const focus = button && this.find(`${idOf(item)}:${button}`) ? `${idOf(item)}:${button}` : String(idOf(item));
    this.draw(focus);
  }

  place(item, to) {
    const { columns } = this.mapping;
    if (to < 0 || to >= columns.length) return;
    columns.splice(columns.indexOf(item), 1);
    columns.splice(to, 0, item);
    this.problems = [];
    this.changed();
    say(`Moved to place ${to + 1} of ${columns.length}.`);
  }

  itemOf(element) {
    const row = element.closest?.("[data-node]");
    return row && this.mapping.columns.find((item) => String(idOf(item)) === row.dataset.node);
  }

  key(event) {
    const item = this.itemOf(event.target);
    if (!item) return;
    const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) {
      event.preventDefault();
      this.move(item, step);
    } else if (event.key === "Delete" && !event.target.closest("input:not([type=checkbox]), textarea, select, button")) {
      event.preventDefault();
      this.remove(item);
    }
  }

  drag() {
    let item = null;
    this.holder.addEventListener("dragstart", (event) => {
      item = this.itemOf(event.target);
      const row = event.target.closest("li");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setDragImage(row, 12, 12);
      row.classList.add("dragged");
    });
    this.holder.addEventListener("dragover", (event) => {
      if (item && this.itemOf(event.target)) event.preventDefault();
    });
    this.holder.addEventListener("drop", (event) => {
      const over = this.itemOf(event.target);
      if (!item || !over) return;
      event.preventDefault();
      this.place(item, this.mapping.columns.indexOf(over));
    });
    this.holder.addEventListener("dragend", () => { if (item) this.draw(String(idOf(item))); item = null; });
  }

  // ---- what is wrong ----
  // Takes what the server found; returns how many of it are of the mapping.
  complain(problems) {
    if (!this.holder) return problems.length;
    this.problems = problems.filter(({ path }) => path.length);
    return this.check();
  }

  // Says at each field what is wrong with it. Names are checked here at once, the rest by the server.
  check() {
    const found = new Map(this.problems.filter(({ path }) => path.at(-1) !== "name").map(({ path, text }) => [path.join("."), text]));
    for (const [path, text] of this.names()) found.set(path, text);
    for (const { path, text } of this.problems) if (!found.has(path.join("."))) found.set(path.join("."), text);
    for (const place of this.holder.querySelectorAll("[data-said]")) this.tell(place, found.get(place.dataset.said) ?? "");
    return found.size;
  }

  tell(place, text) {
    const fresh = this.fresh.has(this.itemOf(place));
    place.textContent = text;
    place.hidden = !text;
    place.className = fresh ? "muted small" : "invalid-feedback";
    const field = this.holder.querySelector(`[data-of="${place.dataset.said}"]`);
    field?.classList.toggle("is-invalid", Boolean(text) && !fresh);
    if (text && !fresh) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  }

  // Yields [path, sentence] of names that are missing or there twice, whatever their case.
  * names() {
    const seen = new Set(this.mapping.all_columns ? this.data.attributes.map(({ name }) => name.toLowerCase()) : []);
    for (const [place, item] of this.mapping.columns.entries()) {
      const inner = item.kind === "behavior" ? item.columns.map((each, n) => [`columns.${place}.columns.${n}.name`, each.name]) : [[`columns.${place}.name`, item.name]];
      for (const [path, name] of inner) {
        const made = namesOf(item, name);
        if (!name.trim()) yield [path, "Enter a name."];
        else if (made.some((one) => seen.has(one.toLowerCase()))) yield [path, `Another column is called “${name}” already: choose a different name.`];
        for (const one of made) seen.add(one.toLowerCase());
      }
    }
  }
}

// Rows beside each other have a name each: amount_1, amount_2, …
function namesOf(item, name) {
  if (item.strategy !== "top" || item.format !== "columns") return [name];
  return Array.from({ length: Math.min(item.rows || 0, 20) }, (_, n) => `${name}_${n + 1}`);
}

customElements.define("output-mapping", OutputMapping);
