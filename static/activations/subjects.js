// What a rule is about: an attribute, a behavior or another segment. Each draws its own fields.
import { choose, icon, make } from "./dom.js";
import { first, matchingFields, operatorFields, spoken } from "./operators.js";
import { begin, fields } from "./values.js";

const ANY_TIME = "";
const word = (text) => make("span", { class: "word" }, text);

export const kindOf = (node) => {
  if (node.conditions) return "set";
  if (node.type === "Reference") return "segment";
  return node.leftValue?.aggregation ? "behavior" : "attribute";
};

// ---- attributes ----
function attributeFields(leaf, at) {
  const { attributes, words } = at;
  const props = { "aria-label": `${at.place}: attribute`, "data-key": `${at.key}:subject`, class: "subject" };
  const select = choose(grouped(attributes), leaf.leftValue?.name, props, (name) => {
    const found = attributes.find((one) => one.name === name);
    leaf.leftValue = { name };
    delete leaf.arrayMatching;
    leaf.operator = first(words.operators[found.kind], found.kind);
    at.redraw();
  });
  const found = attributes.find((one) => one.name === leaf.leftValue?.name);
  if (!found) return [[select]];
  const inner = { ...at, name: found.name, suggest: at.suggest("", found) };
  const matching = matchingFields(leaf, found.kind, inner);
  return [[select, ...matching, ...operatorFields(leaf, element(found.kind), words.operators[found.kind], inner)]];
}

const element = (kind) => kind.replace("_array", "");

function grouped(attributes) {
  const groups = Map.groupBy ? Map.groupBy(attributes, (one) => one.group) : byGroup(attributes);
  return [...groups].flatMap(([group, columns]) => {
    const options = columns.map(({ name }) => [name, name]);
    return group ? [{ group, options }] : options;
  });
}

function byGroup(attributes) {
  const groups = new Map();
  for (const one of attributes) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}

// ---- behaviors ----
function behaviorFields(leaf, at) {
  const left = leaf.leftValue;
  const behavior = at.behaviors.find((one) => one.name === left.source?.name);
  const props = { "aria-label": `${at.place}: behavior`, "data-key": `${at.key}:subject`, class: "subject" };
  const select = choose(at.behaviors.map(({ name }) => [name, name]), left.source?.name, props, (name) => {
    leaf.leftValue = { source: { name }, aggregation: { type: "Count" } };
    delete leaf.arrayMatching;
    leaf.operator = atLeastOne();
    at.redraw();
  });
  if (!behavior) return [[select]];
  const value = aggregateFields(leaf, behavior, at);
  const kind = valueKind(left.aggregation, behavior, at);
  const inner = { ...at, name: left.source.name, suggest: suggestion(left.aggregation, behavior, at) };
  const compared = kind
    ? [...matchingFields(leaf, kind, inner), ...operatorFields(leaf, element(kind), at.words.operators[kind], inner)] : [];
  return [
    [select, ...value, ...compared],
    ...(behavior.timed ? [windowFields(left, at)] : []),
    ...filterFields(left, behavior, at),
  ];
}

export const atLeastOne = () => ({ type: "GreaterEqual", rightValue: 1 });

function suggestion(aggregation, behavior, at) {
  const column = behavior.columns.find((one) => one.name === aggregation.column);
  return column && at.words.aggregates[aggregation.type]?.ofColumn ? at.suggest(behavior.name, column) : null;
}

function valueKind(aggregation, behavior, at) {
  if (!at.words.aggregates[aggregation.type]?.ofColumn) return "number";
  return behavior.columns.find((one) => one.name === aggregation.column)?.kind;
}

function aggregateFields(leaf, behavior, at) {
  const { aggregation } = leaf.leftValue;
  const every = Object.entries(at.words.aggregates).filter(([, said]) => behavior.timed || !said.timed);
  const change = (next) => {
    leaf.leftValue.aggregation = next;
    delete leaf.arrayMatching;
    const kind = valueKind(next, behavior, at);
    const choices = kind && at.words.operators[kind];
    if (choices && !choices.some((one) => one.type === leaf.operator.type)) leaf.operator = first(choices, kind);
    at.redraw();
  };
  const props = { "aria-label": `${at.place}: what of it`, "data-key": `${at.key}:aggregate` };
  const select = choose(every.map(([name, said]) => [name, said.label]), aggregation.type, props, (type) => {
    const columns = columnsFor(at.words.aggregates[type], behavior);
    const kept = columns.find((one) => one.name === aggregation.column) ?? columns[0];
    change(kept ? { type, column: kept.name } : { type });
  });
  const said = at.words.aggregates[aggregation.type];
  if (!said?.of) return [select];
  const columns = columnsFor(said, behavior).map(({ name }) => [name, name]);
  const inner = { "aria-label": `${at.place}: column`, "data-key": `${at.key}:column` };
  return [select, choose(columns, aggregation.column, inner, (column) => change({ type: aggregation.type, column }))];
}

const columnsFor = (said, behavior) => (said.of ? behavior.columns.filter((one) => said.of.includes(one.kind)) : []);

function windowFields(left, at) {
  const choices = [[ANY_TIME, "at any time"], ...at.words.windows.map((one) => [one.key, one.label.replace(/^is /, "")])];
  const props = { "aria-label": `${at.place}: when`, "data-key": `${at.key}:window` };
  const select = choose(choices, left.window?.type ?? ANY_TIME, props, (key) => {
    if (key) left.window = begin(at.words.windows.find((one) => one.key === key), "timestamp", left.window);
    else delete left.window;
    at.redraw();
  });
  const current = at.words.windows.find((one) => one.type === left.window?.type);
  const inner = { ...at, key: `${at.key}:when`, kind: "timestamp", label: "When" };
  return [word("When:"), select, ...(current ? fields(left.window, current, inner) : [])];
}

// ---- filters of a behavior's rows ----
function filterFields(left, behavior, at) {
  const rows = left.filter?.conditions ?? [];
  const lines = rows.map((leaf, place) => filterRow(leaf, place, left, behavior, at));
  const add = make("button", { type: "button", class: "btn small quiet", "data-key": `${at.key}:add-filter`, on: { click: () => {
    left.filter ??= { type: "And", conditions: [] };
    const [column] = behavior.columns;
    left.filter.conditions.push({ type: "Value", leftValue: { name: column.name }, operator: first(at.words.operators[column.kind], column.kind) });
    at.redraw(`${at.key}:f${left.filter.conditions.length - 1}:subject`);
  } } }, icon("plus"), rows.length ? "Another condition" : "Only some of them…");
  return [...lines, [add]];
}

function filterRow(leaf, place, left, behavior, at) {
  const key = `${at.key}:f${place}`;
  const column = behavior.columns.find((one) => one.name === leaf.leftValue?.name);
  const name = `${at.place}, condition ${place + 1}`;
  const select = choose(behavior.columns.map((one) => [one.name, one.name]), leaf.leftValue?.name,
    { "aria-label": `${name}: column`, "data-key": `${key}:subject` }, (chosen) => {
      const { kind } = behavior.columns.find((one) => one.name === chosen);
      leaf.leftValue = { name: chosen };
      delete leaf.arrayMatching;
      leaf.operator = first(at.words.operators[kind], kind);
      at.redraw();
    });
  const inner = { ...at, key, name, suggest: column && at.suggest(behavior.name, column) };
  const remove = make("button", { type: "button", class: "btn small icon quiet", "aria-label": `Remove ${name}`, on: { click: () => {
    left.filter.conditions.splice(place, 1);
    if (!left.filter.conditions.length) delete left.filter;
    at.redraw(`${at.key}:add-filter`);
  } } }, icon("remove"));
  return [
    place ? jointOf(left, place, at) : word("Only where"), select,
    ...(column ? matchingFields(leaf, column.kind, inner) : []),
    ...(column ? operatorFields(leaf, element(column.kind), at.words.operators[column.kind], inner) : []), remove,
  ];
}

function jointOf(left, place, at) {
  if (place > 1) return word(left.filter.type === "And" ? "and" : "or");
  const props = { "aria-label": `${at.place}: all or any of the conditions`, "data-key": `${at.key}:joint` };
  return choose([["And", "and"], ["Or", "or"]], left.filter.type, props, (type) => { left.filter.type = type; at.redraw(); });
}

// ---- other segments ----
function segmentFields(leaf, at) {
  const how = { "aria-label": `${at.place}: in or not in the segment`, "data-key": `${at.key}:exclude` };
  const which = { "aria-label": `${at.place}: segment`, "data-key": `${at.key}:subject`, class: "subject" };
  return [[
    choose([["", "is in the segment"], ["not", "is not in the segment"]], leaf.exclude ? "not" : "", how, (value) => {
      leaf.exclude = Boolean(value);
      at.redraw();
    }),
    choose(at.segments.map(({ id, name }) => [String(id), name]), leaf.id ? String(leaf.id) : "", which, (id) => {
      leaf.id = Number(id);
      at.redraw();
    }),
  ]];
}

const FIELDS = { attribute: attributeFields, behavior: behaviorFields, segment: segmentFields };

// The lines of fields of a rule.
export function subjectFields(leaf, at) {
  return FIELDS[kindOf(leaf)](leaf, at);
}

function summaryOfSet({ type, conditions, exclude }, data) {
  const not = exclude ? "not: " : "";
  if (conditions.length === 1) return not + summary(conditions[0], data);
  return `${not}${data.words.joints[type]} of ${conditions.length} rules`;
}

export function summary(node, data) {
  const kind = kindOf(node);
  if (kind === "set") return summaryOfSet(node, data);
  if (kind === "segment") {
    const name = data.segments.find((one) => one.id === node.id)?.name ?? "a segment";
    return `${node.exclude ? "not in" : "in"} “${name}”`;
  }
  const { aggregates } = data.words;
  const left = node.leftValue ?? {};
  if (kind === "attribute") {
    const found = data.attributes.find((one) => one.name === left.name);
    return `${left.name ?? "…"} ${found ? spoken(node, found.kind, data.words) : ""}`;
  }
  const { type, column } = left.aggregation;
  const behavior = data.behaviors.find((one) => one.name === left.source?.name);
  const valued = behavior ? valueKind(left.aggregation, behavior, data) : null;
  const of = aggregates[type]?.of ? ` ${column}` : "";
  return `${left.source?.name}: ${aggregates[type]?.label.toLowerCase()}${of} ${valued ? spoken(node, valued, data.words) : ""}`;
}

// What a new rule begins with.
export const BEGIN = {
  attribute: ({ attributes, words }) => {
    const [found] = attributes;
    return { type: "Value", leftValue: { name: found.name }, operator: first(words.operators[found.kind], found.kind) };
  },
  behavior: ({ behaviors }) => ({
    type: "Value", leftValue: { source: { name: behaviors[0].name }, aggregation: { type: "Count" } }, operator: atLeastOne(),
  }),
  segment: ({ segments }) => ({ type: "Reference", id: segments[0].id }),
  set: () => ({ type: "And", conditions: [] }),
};
