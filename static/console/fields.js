// What was wrong about a field is said until the field is changed.
function changed({ target }) {
  const field = target.closest(":is(#panel, #credentials) .mb-3");
  field?.querySelectorAll(".invalid-feedback").forEach((said) => said.remove());
  for (const one of field?.querySelectorAll(".is-invalid") ?? []) {
    one.classList.remove("is-invalid");
    one.removeAttribute("aria-invalid");
  }
}

for (const type of ["input", "change"]) document.addEventListener(type, changed);
