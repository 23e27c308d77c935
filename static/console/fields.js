// What was wrong about a field is said until the field is changed.
const FIELDS = ":is(#panel, #credentials, #activation) .mb-3";

function forget(field) {
  field.querySelectorAll(".invalid-feedback, [role=alert]").forEach((said) => said.remove());
  for (const one of field.querySelectorAll(".is-invalid")) {
    one.classList.remove("is-invalid");
    one.removeAttribute("aria-invalid");
    describe(one, one.getAttribute("aria-describedby")?.split(" ").filter((id) => document.getElementById(id)));
  }
}

function describe(control, ids) {
  if (ids?.length) control.setAttribute("aria-describedby", ids.join(" "));
  else control.removeAttribute("aria-describedby");
}

function changed({ target }) {
  const field = target.name && target.closest(FIELDS); // without a name it is a search beside them
  if (field) forget(field);
}

for (const type of ["input", "change"]) document.addEventListener(type, changed);

// What keeps a connection from being tested is said at its field, too: <li data-field="id_host">.
function tell(said) {
  const control = document.querySelector(`#div_${said.dataset.field} :is(input, select, textarea)`);
  if (!control) return;
  const text = said.querySelector("span").textContent;
  const note = Object.assign(document.createElement("div"), { className: "invalid-feedback", id: `${control.id}_error`, textContent: text });
  control.after(note);
  control.classList.add("is-invalid");
  control.setAttribute("aria-invalid", "true");
  describe(control, [...(control.getAttribute("aria-describedby")?.split(" ") ?? []), note.id]);
  const fold = control.closest("details");
  if (fold) fold.open = true;
}

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target?.id !== "test-result") return;
  document.querySelectorAll(FIELDS).forEach(forget);
  detail.target.querySelectorAll("[data-field]").forEach(tell);
});
