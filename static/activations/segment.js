// <segment-editor>: the rule builder, and beside it always what the rules leave.
import { say, toast } from "../console/live.js";
import { ask } from "../console/session.js";
import { make, number } from "./dom.js";
import { funnel, left, share } from "./funnel.js";
import { Rules } from "./rules.js";

const PAUSE = 350; // milliseconds without an edit before the rules are counted
const $ = (id) => document.getElementById(id);

class SegmentEditor extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea");
    this.form = this.area.form;
    this.data = JSON.parse($("declaration").textContent);
    this.data.suggest = (behavior, column) => () => this.values(behavior, column);
    this.known = new Map();
    this.number = 0;
    try {
      this.root = tidy(JSON.parse(this.area.value));
    } catch {
      return; // The text stays as it is, to be seen and corrected.
    }
    this.area.hidden = true;
    this.querySelector("label").hidden = true;
    this.rules = new Rules(this.root, this.data, () => this.edited());
    this.append(this.rules.holder);
    this.limit();
    this.watch();
    this.kept = "changed" in this.dataset ? "" : this.state;
    this.tell();
    this.ask();
  }

  watch() {
    this.form.addEventListener("submit", () => this.write());
    this.form.addEventListener("input", () => this.tell());
    $("again").addEventListener("click", () => this.ask({ patient: true }));
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      const held = document.activeElement;
      held.blur(); // A field with several values takes what was typed when it is left.
      held.focus();
      this.form.requestSubmit();
    });
  }

  // ---- limit ----
  limit() {
    const fields = this.form.querySelector("[data-limit]");
    fields.hidden = false;
    const { limit_type: type, limit_number: many, limit_column: column, limit_order: order } = this.form.elements;
    const { limit } = this.root;
    column.append(...this.data.attributes.filter(({ kind }) => !kind.endsWith("_array")).map(({ name }) => make("option", { value: name }, name)));
    type.value = limit?.type ?? "";
    many.value = limit?.number ?? 1000;
    column.value = limit?.orderColumns?.[0]?.column ?? "";
    order.value = limit?.orderColumns?.[0]?.order ?? "descending";
    const further = limit?.orderColumns?.slice(1) ?? [];
    const set = () => {
      for (const one of fields.querySelectorAll("[data-limited]")) one.hidden = !type.value;
      order.closest("span").hidden = !type.value || !column.value;
      if (!type.value) delete this.root.limit;
      else this.root.limit = { type: type.value, number: Number(many.value), orderColumns: column.value ? [{ column: column.value, order: order.value }, ...further] : [] };
    };
    set();
    fields.addEventListener("input", () => { set(); this.edited(); });
  }

  // ---- state ----
  get state() {
    const names = ["name", "description", "folder"].map((name) => this.form.elements[name].value);
    return JSON.stringify([...names, this.root]);
  }

  get dirty() {
    return this.state !== this.kept;
  }

  write() {
    this.area.value = JSON.stringify(this.root);
  }

  tell() {
    $("unsaved").hidden = !this.dirty;
    this.toggleAttribute("data-changed", this.dirty);
  }

  edited() {
    this.tell();
    clearTimeout(this.timer);
    this.busy(true);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  // ---- counting ----
  // A newer question drops the older one: here, and by its number on the server.
  async ask({ patient = false } = {}) {
    this.asked?.abort();
    this.asked = new AbortController();
    this.number += 1;
    this.busy(true);
    const { number: mine, asked } = this;
    const found = await this.post(this.dataset.count, { patient }, asked.signal);
    if (mine !== this.number || found === null) return;
    this.busy(false);
    this.show(found);
    if (found.steps) this.profiles(asked.signal);
  }

  async post(url, more, signal) {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ rules: this.root, segment: this.data.segment, page: this.data.page, number: this.number, ...more });
    try {
      const answer = await ask(url, { method: "POST", headers, body, signal });
      if (!answer.ok) throw new Error(answer.status);
      return answer.headers.get("Content-Type").includes("json") ? await answer.json() : await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return null;
      return { error: error.ended ? error.message : "The server could not be reached, or could not count.", again: true };
    }
  }

  busy(on) {
    $("size").classList.toggle("counting", on);
    $("size").setAttribute("aria-busy", on);
    $("counting").textContent = on ? "Counting…" : "";
  }

  show(found) {
    $("again").hidden = !found.again;
    if (found.dropped) return;
    const general = found.problems ? this.rules.complain(found.problems) : found.error ? [{ text: found.error }] : [];
    $("trouble").replaceChildren(...general.map(({ text }) => make("p", {}, text)));
    $("trouble").hidden = !general.length;
    if (found.steps) return this.counted(found);
    $("customers").textContent = "—";
    $("of-total").textContent = found.problems ? `${this.wrong(found.problems)} to be completed.` : "Not counted.";
    $("funnel").replaceChildren();
    if (!found.problems) this.rules.clear();
  }

  wrong(problems) {
    return problems.length === 1 ? "A rule has" : `${problems.length} rules have`;
  }

  counted({ customers, total, steps, sql }) {
    $("customers").textContent = number(customers);
    $("of-total").textContent = `of ${number(total)} customers, ${share(customers, total)}`;
    this.rules.tell(steps, (step, parent, place) => left(step, parent, place, total));
    $("funnel").replaceChildren(funnel({ total, steps }, this.root, this.data));
    $("members-sql").textContent = sql.members;
    $("count-sql").textContent = sql.count;
    say(`${number(customers)} of ${number(total)} customers`);
  }

  async profiles(signal) {
    const holder = $("profiles");
    this.looked = signal;
    holder.setAttribute("aria-busy", "true");
    const found = await this.post(this.dataset.profiles, {}, signal);
    if (this.looked === signal) holder.setAttribute("aria-busy", "false");
    if (found === null) return;
    if (found.error) holder.replaceChildren(make("p", { class: "muted" }, found.error));
    else holder.innerHTML = found;
  }

  // The most frequent values of a column, asked for once.
  values(behavior, { name }) {
    const key = `${behavior}.${name}`;
    if (!this.known.has(key)) this.known.set(key, this.fetchValues(behavior, name));
    return this.known.get(key);
  }

  async fetchValues(behavior, column) {
    const answer = await ask(`${this.dataset.values}?${new URLSearchParams({ behavior, column })}`).catch(() => null);
    if (!answer?.ok) {
      toast("The values of the column could not be read. Type one.", "info", "values");
      return [];
    }
    return (await answer.json()).values;
  }
}

// One way to say that a rule is not to hold: `not` of its operator.
function tidy(node) {
  for (const each of node.conditions ?? []) tidy(each);
  const operator = node.operator;
  if (operator && node.exclude) {
    if (operator.not) delete operator.not;
    else operator.not = true;
    delete node.exclude;
  }
  for (const each of node.leftValue?.filter?.conditions ?? []) tidy(each);
  return node;
}

customElements.define("segment-editor", SegmentEditor);
