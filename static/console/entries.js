// <entry-rows>: a button adds an empty row to a table of fields, whose names count the rows.
class EntryRows extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("[data-add-row]");
    button.hidden = false;
    button.addEventListener("click", () => this.add());
  }

  add() {
    const body = this.querySelector("tbody");
    const number = body.rows.length;
    const row = body.rows[number - 1].cloneNode(true);
    for (const field of row.querySelectorAll("input, select")) {
      field.name = field.name.replace(/-\d+-([A-Za-z]+)$/, `-${number}-$1`);
      field.setAttribute("aria-label", `${field.dataset.label} ${number + 1}`);
      if (field.options) field.selectedIndex = 0;
      else field.value = "";
    }
    body.append(row);
    row.querySelector("input").focus();
  }
}

customElements.define("entry-rows", EntryRows);
