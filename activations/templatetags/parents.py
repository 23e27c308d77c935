"""What the pages of parent segments say of columns."""

from django import template

from activations.forms.columns import KINDS

register = template.Library()


@register.filter
def kind(name):
    """Return what a kind of values is called."""
    return KINDS.get(name, name)
