// An operator with its value: the same for attributes, for aggregates and for filters of rows.
import { choose, make } from "./dom.js";
import { begin, fields, numeric } from "./values.js";

const isAgo = (operator) => typeof operator?.rightValue === "object" && operator.rightValue !== null && "last" in operator.rightValue;

export function keyOf(operator) {
  return `${operator.not ? "!" : ""}${operator.type}${isAgo(operator) ? "~ago" : ""}`;
}

export const choiceOf = (choices, operator) => choices.find((one) => one.key === keyOf(operator));

export function first(choices, kind) {
  return begin(choices[0], kind);
}

// The select of the operators of a kind, and the fields of the value.
export function operatorFields(leaf, kind, choices, at) {
  const current = choiceOf(choices, leaf.operator);
  const offered = choices.filter((one) => one.offered || one === current).map((one) => [one.key, one.label]);
  const props = { "aria-label": `${at.name}: how`, "data-key": `${at.key}:operator`, class: "operator" };
  const select = choose(offered, keyOf(leaf.operator), props, (key) => {
    leaf.operator = begin(choices.find((one) => one.key === key), kind, leaf.operator);
    at.redraw();
  });
  if (!current) return [select];
  return [select, ...fields(leaf.operator, current, { ...at, kind, label: `${at.name}: value` })];
}

const NUMBERED = ["atLeast", "atMost", "exactly"];

const isList = (kind) => kind.endsWith("_array");

// A whole list is empty or not, whatever its members are.
const isOfAll = ({ operator }) => operator.type === "IsNull";

function matchingOf(leaf) {
  const matching = leaf.arrayMatching || "any";
  return typeof matching === "string" ? [matching] : Object.entries(matching)[0];
}

// Of a column with several values: which of them have to be as the rule says.
export function matchingFields(leaf, kind, at) {
  if (!isList(kind) || isOfAll(leaf)) return [];
  const [how, number] = matchingOf(leaf);
  const set = (value) => {
    leaf.arrayMatching = NUMBERED.includes(value) ? { [value]: 1 } : value;
    at.redraw();
  };
  const props = { "aria-label": `${at.name}: how many of its values`, "data-key": `${at.key}:matching` };
  const select = choose(Object.entries(at.words.matching), how, props, set);
  if (!NUMBERED.includes(how)) return [select];
  const input = make("input", { type: "number", min: how === "atLeast" ? 1 : 0, class: "value count", "aria-label": "How many values", "data-key": `${at.key}:matched` });
  input.value = number;
  input.addEventListener("input", () => { leaf.arrayMatching = { [how]: numeric(input.value) }; at.change(); });
  return [select, input];
}

// A rule in a few words, for the funnel and for screen readers.
export function spoken(leaf, kind, words) {
  const choice = choiceOf(words.operators[kind], leaf.operator);
  if (!choice) return leaf.operator.type;
  return [...matched(leaf, kind, words), choice.label, ...VALUES[choice.shape]?.(leaf.operator) ?? []].join(" ");
}

function matched(leaf, kind, words) {
  if (!isList(kind) || isOfAll(leaf)) return [];
  const [how, ...number] = matchingOf(leaf);
  return [`(${[words.matching[how] ?? how, ...number].join(" ")})`];
}

const VALUES = {
  one: ({ rightValue }) => [rightValue],
  many: ({ rightValues, rightValue }) => [(rightValues ?? [rightValue]).join(", ")],
  pair: ({ minValue, maxValue }) => [minValue, "and", maxValue],
  units: ({ value, unit }) => [value, `${unit}s`],
  unit: ({ unit }) => [unit],
  ends: ({ from, to, unit }) => [from, "and", to, `${unit}s`],
  ago: ({ rightValue }) => [rightValue.last, `${rightValue.unit}s`],
};
