"""Fields that a page hides, because another field says that they do not apply.

`data-when` on a field has the conditions, as `static/console/conditions.js` reads them. The page
does not send what it hides. A form that comes back with an error has to show these fields with
the values that they had, or they would be empty as soon as they apply.
"""

from django import forms
from django.utils.datastructures import MultiValueDict


class HiddenFields(forms.Form):
    """A form that shows fields which were hidden, and so not sent, with the values they had."""

    def full_clean(self):
        super().full_clean()
        if self.is_bound:
            self.data = filled_in(self, hidden_fields(self))


def hidden_fields(form: forms.Form) -> list[str]:
    """Return the names of the fields that the page does not show, given what was sent."""
    hidden = []
    controls = {form.add_prefix(name): name for name in form.fields}
    for name, field in form.fields.items():
        conditions = field.widget.attrs.get("data-when", "").split()
        wanted = (condition.partition("=")[::2] for condition in conditions)
        if conditions and not any(
            entered(form, controls.get(other), other, hidden) == value for other, value in wanted
        ):
            hidden.append(name)
    return hidden


def entered(form, name, html_name, hidden):
    """Return what a field of the page says, as its script has it."""
    if name in hidden:
        return ""
    if name and isinstance(form.fields[name].widget, forms.CheckboxInput):
        return str(bool(form[name].data))
    return form.data.get(html_name) or ""


def filled_in(form, names):
    """Return what was sent, with the first values of the fields of these names added to it."""
    data = form.data.copy() if isinstance(form.data, MultiValueDict) else dict(form.data)
    for name in names:
        html_name = form.add_prefix(name)
        value = form.get_initial_for_field(form.fields[name], name)
        if html_name in data or value is None:
            continue
        if isinstance(data, MultiValueDict) and isinstance(value, list | tuple):
            data.setlist(html_name, value)
        else:
            data[html_name] = value
    return data
