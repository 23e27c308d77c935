"""The output mapping of an activation: which columns are sent, checked, and written as SQL."""

from activations.mapping.problems import problems
from activations.mapping.shape import BadMapping, from_json
from activations.mapping.statement import output_columns, statement

__all__ = ["BadMapping", "from_json", "output_columns", "problems", "statement"]
