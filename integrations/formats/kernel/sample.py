"""A few rows of each kind, which the kernel must write as Arrow does before it is used."""

from decimal import Decimal

import pyarrow as pa


def sample() -> pa.RecordBatch:
    return pa.record_batch(
        {
            "text": pa.array(
                ["", "plain", 'a,b "c"\r\nd', None, "longer than a block" * 3, ",\r" * 9]
            ),
            "again": pa.array(["b", "b", None, 'a,"', "b", "b"]).dictionary_encode(),
            "rarely": pa.array(["x,", "y", "z", None, "w", "q\n"]).dictionary_encode(),
            "whole": pa.array([0, -(2**63), 2**63 - 1, None, 1234567890, 7]),
            "double": pa.array([0.0, -0.5, 9999999.125, None, 1 / 3, -1e23]),
            "wide": pa.array(
                [5e-320, 2.2250738585072014e-308, 1.7976931348623157e308, 1e7, 1e-3, 5e-324]
            ),
            "odd": pa.array([float("nan"), float("inf"), -float("inf"), -0.0, 2e-322, 1e21]),
            "money": pa.array([Decimal(cents) / 100 for cents in (0, -1, 250, 10**9, 7, 8)]),
            "flag": pa.array([True, False, None, True, True, False]),
            "day": pa.array([0, -719_162, 2_932_896, None, 11_016, 1], pa.date32()),
            "moment": pa.array([0, -1, 86_399_999_999, None, 10**15, 10**12], pa.timestamp("us")),
        }
    )
