// The columns of an output, each kind with its own fields.
import { choose, icon, make } from "./dom.js";
import { pick } from "./picker.js";

const STRATEGIES = [["all", "All rows"], ["first", "First row"], ["last", "Last row"], ["top", "Top N rows"]];
const FORMATS = [["rows", "as rows"], ["columns", "as columns, side by side"]];
const ORDERS = [["yes", "the most first"], ["", "the least first"]];
const PARTS = {
  string: { label: "String", field: "value", hint: "Any text" },
  timestamp: { label: "Timestamp", field: "format", hint: "yyyy-MM-dd HH:mm:ss" },
  segment_id: { label: "Segment Id" },
  segment_name: { label: "Segment Name" },
  audience_id: { label: "Audience Id" },
};
const SUGGESTED = { timestamp: "timestamp", segment_id: "segment_id", segment_name: "segment_name", audience_id: "audience_id" };
const word = (text) => make("span", { class: "word" }, text);

export function named(item) {
  if (item.kind === "behavior") return `${item.behavior || "behavior"}, ${item.columns.length} columns`;
  return item.name || (item.kind === "string" ? "a string" : "an attribute");
}

// A place for what is wrong with a field, and the attributes that tie the field to it.
const told = (path) => make("p", { "data-said": path.join("."), id: `said-${path.join("-")}`, hidden: true });
const tied = (path) => ({ "data-of": path.join("."), "aria-describedby": `said-${path.join("-")}` });

function input(item, field, path, props, change) {
  const element = make("input", { ...props, ...tied(path), autocomplete: "off", spellcheck: "false" });
  element.value = item[field] ?? "";
  element.addEventListener("input", () => { item[field] = element.value; change(); });
  return element;
}

// The name in the output follows the source until somebody writes another one.
function source(item, columns, path, props, at) {
  const groups = grouped(columns);
  return choose(groups, item.source, { ...props, ...tied(path) }, (value) => {
    if (!item.name || item.name === item.source) item.name = value;
    item.source = value;
    at.redraw();
  });
}

function grouped(columns) {
  const names = [...new Set(columns.map(({ group }) => group ?? ""))];
  if (names.length < 2) return columns.map(({ name }) => [name, name]);
  return names.map((group) => ({ group: group || "Other", options: columns.filter((one) => (one.group ?? "") === group).map(({ name }) => [name, name]) }));
}

function hash(item, columns, key, at) {
  const several = columns.find(({ name }) => name === item.source)?.kind.endsWith("_array");
  const box = make("input", { type: "checkbox", "data-key": key, disabled: several && !item.hash, "aria-label": `Hash ${item.name || item.source}` });
  box.checked = item.hash;
  box.addEventListener("change", () => { item.hash = box.checked; at.change(); });
  return make("label", { class: "check", title: "SHA-256 of the trimmed, lower-cased text" }, box, "Hash");
}

// ---- a column of a table: source, name, hash ----
function picked(item, columns, path, key, label, at) {
  return [
    make("div", { class: "output-line" },
      source(item, columns, [...path, "source"], { "aria-label": `${label}: source`, "data-key": `${key}:first` }, at),
      make("span", { class: "word", "aria-hidden": "true" }, "→"),
      input(item, "name", [...path, "name"], { class: "output-name", "aria-label": `${label}: output name`, "data-key": `${key}:name` }, at.change),
      hash(item, columns, `${key}:hash`, at)),
    told([...path, "source"]), told([...path, "name"]), told([...path, "hash"]),
  ];
}

export function AttributeRow(item, at) {
  return [...picked(item, at.sources, at.path, at.id, at.name, at), told(at.path)];
}

// ---- strings ----
export function StringRow(item, at) {
  const parts = item.parts.map((part, n) => partFields(item, part, n, at));
  const add = () => { item.parts.push({ type: "string", value: "" }); at.redraw(`${at.id}:part-${item.parts.length - 1}`); };
  const plus = make("button", { type: "button", class: "btn small", "data-key": `${at.id}:add-part`, on: { click: add } }, icon("plus"), "Part");
  const said = item.parts.flatMap((_, n) => ["value", "format"].map((field) => told([...at.path, "parts", n, field])));
  return [
    make("div", { class: "output-line" }, parts, plus),
    make("div", { class: "output-line" }, word("as"),
      input(item, "name", [...at.path, "name"], { class: "output-name", "aria-label": `${at.name}: output name`, "data-key": `${at.id}:name` }, at.change)),
    ...said, told([...at.path, "parts"]), told([...at.path, "name"]),
  ];
}

function partFields(item, part, n, at) {
  const label = `${at.name}, part ${n + 1}`;
  const { field, hint } = PARTS[part.type] ?? {};
  const kinds = Object.entries(PARTS).map(([type, said]) => [type, said.label]);
  const select = choose(kinds, part.type, { "aria-label": `${label}: type`, "data-key": n ? `${at.id}:part-${n}` : `${at.id}:first` }, (type) => {
    const next = PARTS[type].field;
    item.parts[n] = { type, ...(next ? { [next]: type === "timestamp" ? "yyyy-MM-dd HH:mm:ss" : "" } : {}) };
    if (!item.name && item.parts.length === 1) item.name = SUGGESTED[type] ?? "";
    at.redraw();
  });
  const path = [...at.path, "parts", n, field];
  const value = field ? input(part, field, path, { class: "part-value", placeholder: hint, "aria-label": `${label}: ${field}`, "data-key": `${at.id}:value-${n}` }, at.change) : null;
  const click = () => { item.parts.splice(n, 1); at.redraw(`${at.id}:add-part`); };
  const remove = item.parts.length > 1 ? make("button", { type: "button", class: "btn small icon quiet", "aria-label": `Remove ${label}`, on: { click } }, icon("remove")) : null;
  return make("span", { class: "part" }, select, value, remove);
}

// ---- behaviors ----
export function BehaviorRow(item, at) {
  const behavior = at.behaviors.find(({ name }) => name === item.behavior);
  const columns = behavior?.columns ?? [];
  const inner = item.columns.map((each, n) => innerColumn(item, each, n, columns, at));
  return [
    make("div", { class: "output-line" }, howFields(item, behavior, at)),
    ...["behavior", "strategy", "rows", "order_by", "format"].map((field) => told([...at.path, field])),
    make("ul", { class: "inner-columns", "aria-label": `${at.name}: columns of ${item.behavior}` }, inner),
    make("div", { class: "actions start" }, make("button", { type: "button", class: "btn small", "data-key": `${at.id}:add-inner`,
      on: { click: () => addInner(item, columns, at) } }, icon("plus"), "Columns", make("span", { class: "visually-hidden" }, ` of ${item.behavior}`))),
    told([...at.path, "columns"]), told(at.path),
  ];
}

function howFields(item, behavior, at) {
  const set = (field, read = (value) => value) => (value) => { item[field] = read(value); at.redraw(); };
  const props = (field, label, key) => ({ "aria-label": `${at.name}: ${label}`, "data-key": `${at.id}:${key ?? field}`, ...tied([...at.path, field]) });
  const changeTo = (value) => { item.behavior = value; item.order_by = ""; item.columns = []; at.redraw(); };
  const names = at.behaviors.map(({ name }) => [name, name]);
  const ordered = item.strategy !== "all" ? [word("by"), choose(orders(behavior), item.order_by, props("order_by", "ordered by"), set("order_by"))] : [];
  return [
    choose(names, item.behavior, props("behavior", "behavior", "first"), changeTo),
    choose(STRATEGIES, item.strategy, props("strategy", "which rows"), set("strategy")),
    item.strategy === "top" ? many(item, at, props("rows", "how many rows")) : null,
    ...ordered,
    ...(item.strategy === "top" ? [
      choose(ORDERS, item.descending ? "yes" : "", props("descending", "direction"), set("descending", Boolean)),
      choose(FORMATS, item.format, props("format", "rows or columns"), set("format")),
    ] : []),
  ];
}

function orders(behavior) {
  const time = behavior?.time ? [["", `time (${behavior.time})`]] : [["", "Choose…"]];
  return [...time, ...(behavior?.columns ?? []).filter(({ name, kind }) => name !== behavior.time && !kind.endsWith("_array")).map(({ name }) => [name, name])];
}

function many(item, at, props) {
  const field = make("input", { type: "number", min: 1, class: "count", ...props });
  field.value = item.rows ?? "";
  field.addEventListener("input", () => { item.rows = field.value === "" ? null : Number(field.value); at.change(); });
  return field;
}

function innerColumn(item, each, n, columns, at) {
  const label = `${at.name}, ${item.behavior} column ${n + 1}`;
  const click = () => { item.columns.splice(n, 1); at.redraw(`${at.id}:add-inner`); };
  const remove = make("button", { type: "button", class: "btn small icon quiet", "aria-label": `Remove ${label}`, on: { click } }, icon("remove"));
  const [line, ...said] = picked(each, columns, [...at.path, "columns", n], `${at.id}:inner-${n}`, label, at);
  line.append(remove);
  return make("li", {}, line, said);
}

async function addInner(item, columns, at) {
  const names = await pick(`Columns of ${item.behavior}`, columns, item.columns.map(({ source: name }) => name));
  item.columns.push(...names.map((name) => ({ source: name, name: at.all || at.attributes.some((one) => one.name === name) ? `${item.behavior}_${name}` : name, hash: false })));
  at.redraw(`${at.id}:add-inner`);
}
