"""The fast way to write rows: machine code that goes over Arrow's buffers once.

`pyarrow.compute` takes a pass over each column for every question (does it hold a quote, does
it equal the null string) and copies all text several times. Here each value is read once and
written once, in its place in the line, which takes a fraction of the processor's time. The
code is Python that numba compiles at its first use; it needs no compiler. What it has no text
for, such as a date of the year 12000, it leaves to the Arrow functions beside it, so that the
bytes are the same whichever way they are written.

numba is there to compile only: the machine code is kept, and loaded by llvmlite. Neither is
imported before a result is long enough to repay it, and nothing else depends on them.
"""
