"""Columns of lists of any kind, and their members."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types


def is_list(kind: pa.DataType) -> bool:
    """Return whether it is a list of any kind."""
    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def owners(lists: pa.Array) -> np.ndarray:
    """Return the place of its list for each of the members."""
    # Arrow's list_parent_indices counts members under a null too, which list_flatten leaves out.
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return np.repeat(np.arange(len(lists)), lengths.to_numpy(zero_copy_only=False))


def with_member(lists: pa.Array, members: pa.Array) -> pa.Array:
    """Return which lists have a member for which the mask is true."""
    found = np.zeros(len(lists), bool)
    mask = pc.fill_null(members, False).to_numpy(zero_copy_only=False)
    found[owners(lists)[mask]] = True
    return pa.array(found)
