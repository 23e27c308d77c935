"""What other pages tell of the studio."""

from django import template

from activations.activating.access import visible_activations
from activations.models import Segment
from activations.parents.access import usable_by

register = template.Library()


@register.simple_tag(takes_context=True)
def studio_counts(context):
    """Return how many segments and activations the user sees."""
    user = context["request"].user
    segments = Segment.objects.filter(parent_segment__in=usable_by(user))
    return {
        "segments": segments.count(),
        "activations": visible_activations(user).count(),
    }
