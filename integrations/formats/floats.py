"""Floating-point numbers as Java's Double.toString writes them."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from integrations.formats.quoting import TEXT, join, replaced

PLAIN_FROM, PLAIN_TO = 1e-3, 1e7
TINY = {pa.float64(): 1e-322, pa.float32(): 1e-43}  # up to here, Java gives two digits, not one
NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def float_text(column: pa.Array) -> pa.Array:
    """Return the shortest digits, with a point always and an exponent where Java has one."""
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    texts = pc.cast(column, TEXT)
    size = pc.abs(column)
    plain = pc.or_(
        pc.equal(size, 0.0),
        pc.and_(pc.greater_equal(size, PLAIN_FROM), pc.less(size, PLAIN_TO)),
    )
    whole = pc.and_(plain, pc.equal(size, pc.floor(size)))
    if pc.any(whole).as_py():
        texts = replaced(texts, whole, join([texts.filter(whole), ".0"]))
    odd = pc.invert(pc.fill_null(plain, fill_value=True))
    if not pc.any(odd).as_py():
        return texts
    values = column.filter(odd).to_pylist()
    shortest = texts.filter(odd).to_pylist()
    tiny = TINY[column.type]
    written = [
        scientific(f"{value:.1e}" if abs(value) <= tiny else text)
        for value, text in zip(values, shortest, strict=True)
    ]
    return replaced(texts, odd, pa.array(written, TEXT))


def scientific(text: str) -> str:
    """Return the number as one digit, a point, at least one more digit, and the exponent."""
    if text in NAMES:
        return NAMES[text]
    mantissa, exponent = f"{Decimal(text):E}".split("E")
    whole, _, fraction = mantissa.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"
