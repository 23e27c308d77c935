"""The td command, as people who know Treasure Data's type it."""

import pytest

from console.td.command import main


@pytest.fixture(autouse=True)
def no_workers(settings, tmp_path):
    """Workers report through the cache; this one has no news of any."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": tmp_path / "cache"}}


@pytest.fixture
def td(marketer, capsys):
    """Run a line of td as Mia. Return the exit status, what it printed, and its complaints."""

    def td(*line, as_user="mia"):
        status = main(["-a", as_user, *line])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return td


@pytest.fixture
def here(td, shop):
    """Run a query in this process. Return what follows `Result`."""

    def here(sql, *options):
        status, out, err = td("query", "-d", "shop", "--here", *options, sql)
        assert (status, err) == (0, "")
        return out.partition("Result      :\n")[2]

    return here
