// <input type="search" data-narrow="found">: as one types, #found keeps the rows that have the word in
// their name, or in that of something listed in them, which is shown then. "Clear" shows all again.
import { say } from "./live.js";

const field = document.querySelector("[data-narrow]");
const part = field && document.getElementById(field.dataset.narrow);

const has = (one, word) => one.dataset.name.toLowerCase().includes(word);

function leave(row, word) {
  const listed = [...row.querySelectorAll("li")];
  for (const one of listed) one.hidden = !word || !has(one, word);
  const some = listed.some((one) => !one.hidden);
  for (const list of row.querySelectorAll("ul")) list.hidden = !some;
  row.hidden = !has(row, word) && !some;
  return !row.hidden;
}

function narrow() {
  const word = field.value.trim().toLowerCase();
  const rows = [...part.querySelectorAll("tbody tr")];
  const left = rows.filter((row) => leave(row, word)).length;
  const none = part.querySelector("[data-none]");
  none.querySelector("[data-word]").textContent = field.value.trim();
  none.hidden = left > 0;
  part.querySelector(".scroll").hidden = !left;
  say(left ? `${left} of ${rows.length} shown` : none.querySelector("h2").textContent);
}

function clear(event) {
  if (!event.target.closest("[data-clear]")) return;
  event.preventDefault();
  field.value = "";
  narrow();
  field.focus();
}

field?.addEventListener("input", narrow);
field?.form.addEventListener("submit", (event) => event.preventDefault());
part?.addEventListener("click", clear);
