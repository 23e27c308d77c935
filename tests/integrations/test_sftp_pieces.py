import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import PermanentError
from integrations.transports.sftp.pieces import held, pieces

CHUNKS = st.lists(st.binary(max_size=50))


@given(CHUNKS, st.integers(1, 40), st.integers(0, 60))
def test_pieces_are_the_same_bytes_and_end_where_batches_do(chunks, size, batch):
    cut = [bytes(piece) for piece in pieces(chunks, size, batch)]

    whole = b"".join(chunks)
    assert b"".join(cut) == whole
    assert all(0 < len(piece) <= size for piece in cut)
    ends = set()
    for piece in cut:
        ends.add(max(ends, default=0) + len(piece))
    if batch:
        assert set(range(batch, len(whole), batch)) <= ends


@given(CHUNKS, st.integers(1, 100))
def test_bytes_are_held_back_up_to_the_limit(chunks, limit):
    source = iter(chunks)

    with held(source, limit) as (whole, read):
        assert whole == (sum(map(len, chunks)) <= limit)
        assert b"".join(read) == b"".join(chunks)


def test_no_more_is_taken_than_needed_to_pass_the_limit():
    taken = []

    def source():
        for number in range(10):
            taken.append(number)
            yield b"x" * 10

    with held(source(), 25) as (whole, _):
        assert not whole
        assert taken == [0, 1, 2]


def test_a_full_disk_of_ours_is_told():
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, limits[1]))
    try:
        with (
            pytest.raises(PermanentError, match="no room for the temporary file") as caught,
            held([b"x" * 5_000_000] * 4, 100_000_000),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "Temp filesize threshold to 0" in caught.value.remedy
