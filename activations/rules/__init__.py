"""Segment rules: a tree that people click together, checked, and written as SQL."""

from activations.rules.audience import Audience, Behavior, Column
from activations.rules.problems import Problem, problems
from activations.rules.statements import count, funnel, members

__all__ = ["Audience", "Behavior", "Column", "Problem", "count", "funnel", "members", "problems"]
