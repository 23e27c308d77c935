"""The fast way to write rows: machine code that goes over Arrow's buffers once.

`pyarrow.compute` takes a pass over each column for every question (does it hold a quote, does
it equal the null string) and copies all text several times. Here each value is read once and
written once, in its place in the line, which takes a fraction of the processor's time. The
code is Python that numba compiles at its first use and keeps; it needs no compiler. What it
cannot prove to be right, such as a double with many digits, it leaves to the Arrow functions
beside it, so that the bytes are the same whichever way they are written.

numba takes half a second to import and is not there on every platform. So nothing here is
imported before a result is long enough to repay it, and nothing else depends on it.
"""
