// The rail on narrow screens: a top bar whose button shows and hides the links.
const rail = document.querySelector(".rail");
const button = rail.querySelector(".rail-open");

function show(open) {
  rail.toggleAttribute("data-open", open);
  button.setAttribute("aria-expanded", open);
}

button.addEventListener("click", () => show(!rail.hasAttribute("data-open")));
rail.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && rail.hasAttribute("data-open")) {
    show(false);
    button.focus();
  }
});
