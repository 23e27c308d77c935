// The funnel: what each rule set leaves of all customers, and each rule of its set, as bars with text.
import { make, number } from "./dom.js";
import { kindOf, summary } from "./subjects.js";

export const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(part && part < whole / 10 ? 1 : 0)} %` : "0 %");

function bar(part, whole, kind) {
  const fill = make("span", { class: "fill" });
  fill.style.width = `${whole ? (100 * part) / whole : 0}%`; // by script: the policy allows no style in HTML
  return make("span", { class: `bar-track ${kind}`, "aria-hidden": "true" }, fill);
}

function step(text, customers, total, kind, inner) {
  return make("li", { class: kind },
    make("span", { class: "step-text" }, make("span", {}, text), make("strong", {}, number(customers))),
    bar(customers, total, kind), make("span", { class: "muted small" }, share(customers, total)), inner ?? "");
}

export function funnel({ total, steps }, root, data) {
  const items = steps.map((each, n) => {
    const node = root.conditions[n];
    const rules = kindOf(node) === "set" && node.conditions.length > 1
      ? make("ol", {}, each.rules.map((rule, m) => step(summary(node.conditions[m], data), rule.left, total, "part")))
      : null;
    const joint = n ? (root.type === "And" ? "and " : "or ") : "";
    return step(joint + summary(node, data), each.left, total, "whole", rules);
  });
  return make("ol", { class: "funnel" }, step("All customers", total, total, "whole"), items);
}

// What stands at a rule in the builder itself.
export function left(step, parent, place, total) {
  const after = place === 0 ? "" : parent.type === "And" ? `, leaves ${number(step.left)}` : `, together ${number(step.left)}`;
  return make("p", { class: "small muted leaves" }, bar(step.left, total, "small"), `${number(step.customers)} customers${after}`);
}
