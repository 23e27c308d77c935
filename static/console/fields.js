// What was wrong about a field is said until the field is changed.
function changed({ target }) {
  if (!target.name) return; // a search beside the fields
  const field = target.closest(":is(#panel, #credentials, #activation) .mb-3");
  field?.querySelectorAll(".invalid-feedback, [role=alert]").forEach((said) => said.remove());
  for (const one of field?.querySelectorAll(".is-invalid") ?? []) {
    one.classList.remove("is-invalid");
    one.removeAttribute("aria-invalid");
  }
}

for (const type of ["input", "change"]) document.addEventListener(type, changed);
