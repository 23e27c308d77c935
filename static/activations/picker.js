// A dialog to pick many columns at once: search, all that are shown, add.
import { make, number } from "./dom.js";

export function pick(title, columns, taken) {
  const boxes = columns.map((column) => box(column, taken));
  const search = make("input", { type: "search", id: "pick-search", autocomplete: "off", placeholder: "Filter by name, group or kind" });
  const add = make("button", { class: "btn primary", value: "add" });
  const all = make("button", { type: "button", class: "btn small" }, "Select all shown");
  const none = make("p", { class: "muted", hidden: true }, "No column of that name.");
  const dialog = make("dialog", { class: "pick", "aria-labelledby": "pick-title" }, make("form", { method: "dialog" },
    make("h2", { id: "pick-title" }, title),
    make("label", { class: "form-label", for: "pick-search" }, "Search columns"), search,
    make("div", { class: "pick-list", tabindex: "0", role: "group", "aria-label": "Columns" }, boxes, none),
    make("div", { class: "actions" }, all, make("span", { class: "push" }), make("button", { class: "btn", value: "" }, "Cancel"), add)));
  const chosen = () => boxes.filter((one) => one.firstChild.checked).map((one) => one.firstChild.value);
  const tell = () => {
    const many = chosen().length;
    add.textContent = many ? `Add ${number(many)} column${many === 1 ? "" : "s"}` : "Add columns";
    add.disabled = !many;
  };
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const one of boxes) one.hidden = !one.textContent.toLowerCase().includes(wanted);
    none.hidden = boxes.some((one) => !one.hidden);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // Enter goes on to what was found.
    boxes.find((one) => !one.hidden)?.firstChild.focus();
  });
  all.addEventListener("click", () => {
    for (const one of boxes) if (!one.hidden) one.firstChild.checked = true;
    tell();
  });
  dialog.addEventListener("change", tell);
  tell();
  document.body.append(dialog);
  dialog.showModal();
  search.focus();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "add" ? chosen() : []);
    });
  });
}

function box({ name, kind, group }, taken) {
  const input = make("input", { type: "checkbox", value: name });
  return make("label", { class: "check" }, input, make("span", {}, name, make("span", { class: "sub" },
    [group, kind.replace("_array", "s"), taken.includes(name) ? "in the output already" : ""].filter(Boolean).join(" · "))));
}
