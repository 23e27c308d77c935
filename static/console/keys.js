// Keys that work on every page: "?" lists them, "/" goes to the search field.
const typing = "input, textarea, select, [contenteditable], .ace_editor, dialog[open]";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(typing)) return;
  if (event.key === "?") {
    event.preventDefault();
    document.getElementById("keys").showModal();
  }
  const search = event.key === "/" && document.querySelector("main input[type=search]");
  if (search) {
    event.preventDefault();
    search.select();
    search.focus();
  }
  const start = event.key === "n" && document.querySelector("main [data-key=n]");
  if (start) start.click();
});
