// The tree of rule sets and rules, drawn from its JSON, and what keys and buttons do to it.
import { choose, icon, make, renew } from "./dom.js";
import { BEGIN, kindOf, subjectFields, summary } from "./subjects.js";

const ids = new WeakMap();
let count = 0;
const idOf = (node) => ids.get(node) ?? (ids.set(node, (count += 1)), count);
const JOINTS = [["And", "all"], ["Or", "any"]];
const ADD = { attribute: "Attribute", behavior: "Behavior", segment: "Segment", set: "Nested rule set" };

// Draws the tree. `data` is what can be chosen; changed(kind, key) hears of every change.
export class Rules {
  constructor(root, data, changed) {
    this.root = root;
    this.data = data;
    this.changed = changed;
    this.fresh = new WeakSet(); // rules that nobody has filled in yet: they are not told off
    this.holder = make("div", { class: "rules" });
    this.holder.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  draw(focus) {
    const held = document.activeElement;
    const key = focus ?? held?.dataset?.key;
    this.nodes = new Map();
    const sets = this.root.conditions.map((node, place) => this.item(node, this.root, [place]));
    const fresh = make("div", { class: "rules" }, this.top(), make("ol", { class: "sets" }, sets), this.foot());
    const drawn = key && found(fresh, key);
    if (drawn?.matches("select") && held?.matches("select") && held.dataset.key === key) return renew(this.holder, fresh, held, drawn);
    this.holder.replaceChildren(...fresh.childNodes);
    if (key) (this.find(key) ?? this.find("add"))?.focus();
  }

  find(key) {
    return found(this.holder, key);
  }

  top() {
    const joint = this.joint(this.root, "root", "Rule sets: all or any of them");
    const text = this.root.conditions.length ? ["Customers who match ", joint, " of these rule sets:"] : ["All customers, until there is a rule."];
    return make("p", { class: "joint" }, text);
  }

  joint(node, key, label) {
    const props = { "aria-label": label, "data-key": `${key}:joint` };
    return choose(JOINTS, node.type, props, (type) => { node.type = type; this.redraw(); });
  }

  foot() {
    const click = () => this.add(this.root, { type: "And", conditions: [] });
    return make("div", { class: "actions start" },
      make("button", { type: "button", class: "btn", "data-key": "add", on: { click } }, icon("plus"), "Rule set"));
  }

  item(node, parent, path) {
    const id = idOf(node);
    this.nodes.set(String(id), { node, parent, path });
    const props = { "data-node": id, "data-path": path.join("."), tabindex: 0, "data-key": `${id}` };
    const set = kindOf(node) === "set";
    const name = this.name(node, path);
    const inner = set ? this.set(node, id, path, name) : this.rule(node, id, name);
    return make("li", { ...props, class: set ? "rule-set" : "rule", "aria-label": `${name}: ${summary(node, this.data)}` }, inner);
  }

  name(node, path) {
    return `${kindOf(node) === "set" ? "Rule set" : "Rule"} ${path.map((place) => place + 1).join(".")}`;
  }

  set(node, id, path, name) {
    const props = { "aria-label": `${name}: include or leave out`, "data-key": `${id}:exclude` };
    const who = choose([["", "Customers"], ["not", "Leave out customers"]], node.exclude ? "not" : "", props, (value) => {
      if (value) node.exclude = true;
      else delete node.exclude;
      this.redraw();
    });
    const head = make("div", { class: "rule-head" },
      make("span", { class: "rule-line" }, who, " who match ", this.joint(node, id, `${name}: all or any`), " of:"), this.buttons(node, name));
    const rules = node.conditions.map((each, place) => this.item(each, node, [...path, place]));
    return [head, outcome(), make("ol", {}, rules), this.adders(node, id, path)];
  }

  adders(node, id, path) {
    const { attributes, behaviors, segments } = this.data;
    const there = { attribute: attributes.length, behavior: behaviors.length, segment: segments.length, set: path.length < 6 };
    const buttons = Object.keys(ADD).filter((kind) => there[kind]).map((kind) =>
      make("button", { type: "button", class: "btn small", "data-key": `${id}:add-${kind}`, on: { click: () => this.add(node, BEGIN[kind](this.data)) } },
        icon("plus"), ADD[kind]));
    return make("div", { class: "actions start adders", role: "group", "aria-label": "Add to this rule set" }, buttons);
  }

  rule(node, id, name) {
    const at = {
      ...this.data, key: String(id), place: name, name, units: this.data.words.units,
      change: () => this.touched(node),
      redraw: (focus) => { this.fresh.delete(node); this.redraw(focus); },
    };
    const lines = subjectFields(node, at).map((line) => make("div", { class: "rule-line" }, line));
    return [make("div", { class: "rule-head" }, make("div", { class: "rule-lines" }, lines), this.buttons(node, name)), outcome()];
  }

  touched(node) {
    this.fresh.delete(node);
    this.changed();
  }

  buttons(node, name) {
    const one = (what, label, act, hint) => make("button", { type: "button", class: "btn small icon quiet", "aria-label": `${label} ${name}`,
      title: hint, "data-key": `${idOf(node)}:${what}`, on: { click: act } }, icon(what));
    return make("span", { class: "rule-buttons" },
      one("up", "Move up", () => this.move(node, -1, "up"), "Alt+↑"), one("down", "Move down", () => this.move(node, 1, "down"), "Alt+↓"),
      one("remove", "Remove", () => this.remove(node), "Del"));
  }

  redraw(focus) {
    this.draw(focus);
    this.changed();
  }

  add(parent, node) {
    parent.conditions.push(node);
    if (parent === this.root && this.data.attributes.length) node.conditions.push(BEGIN.attribute(this.data));
    const first = node.conditions?.[0] ?? node;
    this.fresh.add(first);
    this.redraw(`${idOf(first)}:${first.conditions ? "add-attribute" : "subject"}`);
  }

  remove(node) {
    const { parent } = this.nodes.get(String(idOf(node)));
    const place = parent.conditions.indexOf(node);
    parent.conditions.splice(place, 1);
    const next = parent.conditions[place] ?? parent.conditions[place - 1];
    this.redraw(next ? String(idOf(next)) : parent === this.root ? "add" : `${idOf(parent)}:add-attribute`);
  }

  // Moves a rule within its set, and past the end of it into the set beside it.
  move(node, step, button) {
    const { parent } = this.nodes.get(String(idOf(node)));
    const place = parent.conditions.indexOf(node);
    const to = place + step;
    if (to >= 0 && to < parent.conditions.length) {
      parent.conditions.splice(place, 1);
      parent.conditions.splice(to, 0, node);
    } else {
      const above = this.nodes.get(String(idOf(parent)))?.parent;
      const beside = above?.conditions[above.conditions.indexOf(parent) + step];
      if (!beside?.conditions) return;
      parent.conditions.splice(place, 1);
      if (step < 0) beside.conditions.push(node);
      else beside.conditions.unshift(node);
    }
    this.redraw(button ? `${idOf(node)}:${button}` : String(idOf(node)));
  }

  key(event) {
    const item = event.target.closest("[data-node]");
    if (!item) return;
    const { node } = this.nodes.get(item.dataset.node);
    const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) {
      event.preventDefault();
      this.move(node, step);
    } else if (event.key === "Delete" && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      this.remove(node);
    }
  }

  // ---- what the server says of it ----
  at(path) {
    return this.holder.querySelector(`[data-path="${path.join(".")}"] > .outcome`);
  }

  clear(text = "") {
    for (const each of this.holder.querySelectorAll(".outcome")) each.replaceChildren(text);
  }

  // Says each problem at its rule; returns those that are about all rules.
  complain(problems) {
    this.clear();
    return problems.filter(({ path, text }) => {
      const place = this.at(path);
      const known = this.nodes.get(place?.parentElement.dataset.node);
      if (!known) return true;
      const fresh = this.fresh.has(known.node) || (known.node.conditions && !known.node.conditions.length);
      place.replaceChildren(make("p", { class: fresh ? "muted small" : "invalid-feedback" }, text));
      return false;
    });
  }

  // Writes at each rule set and rule how many customers it leaves.
  tell(steps, write) {
    this.clear();
    steps.forEach((step, n) => {
      const node = this.root.conditions[n];
      this.at([n])?.replaceChildren(write(step, this.root, n));
      if (kindOf(node) === "set") step.rules.forEach((rule, m) => this.at([n, m])?.replaceChildren(write(rule, node, m)));
    });
  }
}

const found = (within, key) => within.querySelector(`[data-key="${CSS.escape(key)}"]`);
const outcome = () => make("div", { class: "outcome" });
