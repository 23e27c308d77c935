"""A few rows of each kind, which the kernel must write as Arrow does before it is used."""

from decimal import Decimal

import pyarrow as pa


def sample() -> pa.RecordBatch:
    return pa.record_batch(
        {
            "text": pa.array(["", "plain", 'a,b "c"\r\nd', None, "longer than a word"]),
            "again": pa.array(["b", "b", None, 'a,"', "b"]).dictionary_encode(),
            "whole": pa.array([0, -(2**63), 2**63 - 1, None, 1234567890]),
            "double": pa.array([0.0, -0.5, 9999999.125, None, 1 / 3]),
            "money": pa.array([Decimal(cents) / 100 for cents in (0, -1, 250, 10**9, 7)]),
            "flag": pa.array([True, False, None, True, True]),
            "day": pa.array([0, -719_162, 2_932_896, None, 11_016], pa.date32()),
            "moment": pa.array([0, -1, 86_399_999_999, None, 10**15], pa.timestamp("us")),
        }
    )
