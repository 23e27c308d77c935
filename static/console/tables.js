// The tree of tables beside the editor: its filter, and names that a click writes into the query.
const filter = document.getElementById("tree-filter");
const tree = document.querySelector(".tree");

function reveal(within) {
  for (const button of within.querySelectorAll("[data-insert][hidden]")) button.hidden = false;
}

function narrow() {
  const wanted = filter.value.trim().toLowerCase();
  let found = 0;
  for (const table of tree.querySelectorAll(".table")) {
    table.hidden = !table.dataset.name.toLowerCase().includes(wanted);
    found += !table.hidden;
  }
  for (const database of tree.querySelectorAll(".database")) {
    const some = database.querySelector(".table:not([hidden])");
    database.hidden = Boolean(wanted) && !some;
    if (wanted && some) database.open = true;
  }
  document.getElementById("tree-none").hidden = found > 0 || !wanted;
}

if (filter) {
  filter.hidden = false;
  filter.addEventListener("input", narrow);
  reveal(tree);
}
if (matchMedia("(max-width: 1100px)").matches) tree.querySelector(".tree-fold").open = false;

tree.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const { insert: name, of: database } = button.dataset;
  document.querySelector("sql-editor").write(name, database);
});
