// The catalog narrows as you type; Enter opens the first card that is left.
import { say } from "./live.js";

const search = document.querySelector("#catalog-search");
const cards = [...document.querySelectorAll("[data-card]")];
const none = document.querySelector("#no-match");

function matches(card, words) {
  return words.every((word) => card.dataset.card.includes(word));
}

function narrow() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const left = cards.filter((card) => matches(card, words));
  for (const card of cards) card.hidden = !left.includes(card);
  none.hidden = left.length > 0;
  say(left.length === 1 ? "1 connector" : `${left.length} connectors`);
}

search?.addEventListener("input", narrow);
search?.form.addEventListener("submit", (event) => {
  const first = cards.find((card) => !card.hidden);
  if (!first) return;
  event.preventDefault();
  (first.querySelector("[data-create]") ?? first.querySelector("h2 a")).click();
});
