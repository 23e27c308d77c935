// Fields for the value of an operator, by its shape and the kind of the values.
import { choose, make } from "./dom.js";

const BOOLEANS = [["true", "true"], ["false", "false"]];
const PICKED = { timestamp: /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d)?$/, date: /^\d{4}-\d\d-\d\d$/ };
const TYPES = { timestamp: "datetime-local", date: "date" };
let lists = 0;

// A number stays a number where nothing of it is lost.
export function numeric(text) {
  const plain = text.trim();
  return /^-?\d+(\.\d+)?$/.test(plain) && plain.length <= 15 ? Number(plain) : plain;
}

const read = (kind, text) => ({ number: numeric, boolean: (one) => one === "true" })[kind]?.(text) ?? text;

// The fields of an operator. `at` has key (of the focus), label, kind, suggest and change().
export function fields(operator, choice, at) {
  return (SHAPES[choice.shape] ?? (() => []))(operator, at);
}

// What an operator begins with when it is chosen; values that fit stay.
export function begin(choice, kind, before = {}) {
  const operator = { type: choice.type };
  if (choice.not) operator.not = true;
  const kept = before.rightValue ?? before.rightValues?.[0];
  const plain = typeof kept === "object" ? undefined : kept;
  const start = {
    one: () => ({ rightValue: kind === "boolean" ? (plain ?? true) : (plain ?? "") }),
    many: () => ({ rightValues: before.rightValues ?? (plain === undefined || plain === "" ? [] : [plain]) }),
    pair: () => ({ minValue: before.minValue ?? plain ?? "", maxValue: before.maxValue ?? "" }),
    units: () => ({ value: before.value ?? 30, unit: before.unit ?? "day" }),
    unit: () => ({ unit: before.unit ?? "month" }),
    ends: () => ({ from: before.from ?? 1, to: before.to ?? 7, unit: before.unit ?? "day" }),
    ago: () => ({ rightValue: { last: before.value ?? 30, unit: before.unit ?? "day" } }),
  }[choice.shape];
  return { ...operator, ...start?.() };
}

const SHAPES = {
  one: (operator, at) => [single(operator, "rightValue", at, at.label)],
  pair: (operator, at) => [
    single(operator, "minValue", at, `${at.label}, from`), word("and"), single(operator, "maxValue", at, `${at.label}, to`),
  ],
  many: (operator, at) => [tokens(operator, at)],
  units: (operator, at) => [whole(operator, "value", at, "How many"), unit(operator, at, true)],
  unit: (operator, at) => [unit(operator, at, false)],
  ends: (operator, at) => [
    whole(operator, "from", at, "From"), word("and"), whole(operator, "to", at, "To"), unit(operator, at, true),
    word(operator.type === "TimeInBetweenPast" ? "ago" : "from now"),
  ],
  ago: (operator, at) => [whole(operator.rightValue, "last", at, "How many"), unit(operator.rightValue, at, true), word("ago")],
};

const word = (text) => make("span", { class: "word" }, text);

function single(holder, name, at, label) {
  const props = { "aria-label": label, "data-key": `${at.key}:${name}` };
  const set = (text) => { holder[name] = read(at.kind, text); at.change(); };
  if (at.kind === "boolean") return choose(BOOLEANS, String(holder[name] ?? true), props, set);
  return entry(String(holder[name] ?? ""), at, props, set);
}

// An input for one value: a picker for dates and times, suggestions where there are some.
function entry(value, at, props, set) {
  const picked = TYPES[at.kind] && (!value || PICKED[at.kind].test(value));
  const type = picked ? TYPES[at.kind] : "text";
  const mode = at.kind === "number" ? "decimal" : null;
  const input = make("input", { ...props, type, inputmode: mode, autocomplete: "off", class: `value ${at.kind}` });
  input.value = type === "datetime-local" && value.length === 10 ? `${value}T00:00` : value.replace(/^(\d{4}-\d\d-\d\d) /, picked ? "$1T" : "$1 ");
  input.addEventListener("input", () => set(input.value));
  if (type !== "text" || !at.suggest) return input;
  return suggested(input, at);
}

// The list of suggestions is asked for when somebody comes to the field.
function suggested(input, at) {
  const list = make("datalist", { id: `values-${(lists += 1)}` });
  input.setAttribute("list", list.id);
  input.addEventListener("focus", async () => {
    const found = await at.suggest();
    list.replaceChildren(...found.map(([value, rows]) => make("option", { value }, `${rows.toLocaleString("en-US")} rows`)));
  }, { once: true });
  return make("span", { class: "suggested" }, input, list);
}

function whole(holder, name, at, label) {
  const input = make("input", { type: "number", min: 0, step: 1, class: "value count", "aria-label": label, "data-key": `${at.key}:${name}` });
  input.value = holder[name] ?? "";
  input.addEventListener("input", () => { holder[name] = numeric(input.value); at.change(); });
  return input;
}

function unit(holder, at, many) {
  const units = at.units.map((one) => [one, many ? `${one}s` : one]);
  const props = { "aria-label": "Unit", "data-key": `${at.key}:unit` };
  return choose(units, holder.unit, props, (value) => { holder.unit = value; at.change(); });
}

// Several values, each with a button that takes it away; Enter, or leaving the field, adds one.
function tokens(operator, at) {
  const values = (operator.rightValues ??= operator.rightValue === undefined ? [] : [operator.rightValue]);
  delete operator.rightValue;
  const box = make("span", { class: "tokens", role: "group", "aria-label": at.label });
  const field = entry("", { ...at }, { "aria-label": `${at.label}: add one`, "data-key": `${at.key}:add`, placeholder: "Add a value" }, () => {});
  const input = field.matches("input") ? field : field.querySelector("input");
  const draw = () => {
    box.replaceChildren(...values.map((value, place) => token(value, place)), field);
  };
  const take = (place) => { values.splice(place, 1); draw(); input.focus(); at.change(); };
  const token = (value, place) => make("span", { class: "token" }, String(value),
    make("button", { type: "button", "aria-label": `Remove ${value}`, on: { click: () => take(place) } }, "✕"));
  const add = (texts, stay) => {
    const fresh = texts.map((text) => text.trim()).filter(Boolean).map((text) => read(at.kind, text)).filter((one) => !values.includes(one));
    input.value = "";
    if (!fresh.length) return;
    values.push(...new Set(fresh));
    draw();
    if (stay) input.focus();
    at.change();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && input.value.trim()) {
      event.preventDefault();
      add([input.value], true);
    } else if (event.key === "Enter") event.preventDefault();
    else if (event.key === "Backspace" && !input.value && values.length) take(values.length - 1);
  });
  input.addEventListener("paste", (event) => {
    const lines = event.clipboardData.getData("text").split(/[\r\n]+/);
    if (lines.length < 2) return;
    event.preventDefault();
    add(lines, true);
  });
  input.addEventListener("blur", () => input.value.trim() && add([input.value], false));
  draw();
  return box;
}
