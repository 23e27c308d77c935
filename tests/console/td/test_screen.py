"""td obeys nobody's terminal escape sequences."""

import io

import pytest

from console import jobs, tables
from console.td.command import main

ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def job(marketer):
    tables.create_database("shop", marketer)
    sql = f"SELECT chr(27) || '[2J' AS x -- {ESCAPE}"
    job = jobs.submit(sql, database="shop", owner=marketer, engine="duckdb")
    jobs.run(job.pk)
    return job


@pytest.mark.parametrize("more", [[], ["-v"], ["-G"], ["-f", "csv"], ["-f", "json"]])
def test_a_terminal_gets_no_control_characters_of_a_job(job, more):
    screen = Terminal()

    assert main(["-a", "mia", "job:show", str(job.pk), *more], screen) == 0

    said = screen.getvalue()
    assert "]0;owned[2J31m" in said
    assert not {"\x1b", "\x07", "\x9b"} & set(said)


def test_a_file_gets_the_values_as_they_are(job):
    file = io.StringIO()

    main(["-a", "mia", "job:show", str(job.pk), "-f", "csv"], file)

    assert "\x1b[2J\n" in file.getvalue()
