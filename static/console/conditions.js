// Fields that apply only for some value of another one: <input data-when="auth_method=password">.
// Of several such conditions, parted by blanks, one has to hold.
// Those that do not apply are hidden and not sent. Without this script all of them are shown.
// What is no field, such as <span data-when="unit=week">weeks</span>, is shown or hidden itself.
import "./entries.js"; // Wherever there are settings, one of them can be a table.

const isField = (element) => "form" in element;
const place = (field) => (isField(field) && field.closest("[id^=div_id_], [id^=div_export_], .form-row, .mb-3")) || field;

function valueOf(form, name) {
  const control = form.elements[name];
  if (control?.type === "checkbox") return control.checked ? "True" : "False";
  return control?.disabled ? "" : (control?.value ?? "");
}

function apply(form) {
  for (const field of form.querySelectorAll("[data-when]")) {
    const applies = field.dataset.when.split(" ").some((condition) => {
      const [name, value] = condition.split(/=(.*)/s);
      return valueOf(form, name) === value;
    });
    place(field).hidden = !applies;
    if (isField(field)) field.disabled = !applies;
  }
}

function applyAll(root) {
  const forms = new Set([...root.querySelectorAll("[data-when]")].map((field) => field.form));
  for (const form of forms) if (form) apply(form);
}

// Before any other handler, so that none sends what does not apply any more.
document.addEventListener("change", (event) => event.target.form && apply(event.target.form), true);
document.addEventListener("htmx:load", (event) => applyAll(event.target));
applyAll(document);
