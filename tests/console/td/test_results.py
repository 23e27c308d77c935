"""What `td` shows of a result, and writes to files."""

import gzip
import json

import msgpack
import pytest

VALUES = "SELECT 1 AS a, '' AS b, NULL AS c, 'x,\"y' AS d, ARRAY[1, 2] AS e, true AS f"


def test_formats_on_the_screen_are_those_of_the_original(here):
    assert here(VALUES, "-f", "csv") == '1,"",null,"x,""y","[1,2]",true\n'
    assert here(VALUES, "-f", "csv", "-c", "--null", "") == (
        'a,b,c,d,e,f\n1,"","","x,""y","[1,2]",true\n'
    )
    assert here(VALUES, "-f", "tsv") == '1\t\tnull\tx,"y\t[1,2]\ttrue\n'
    assert here(VALUES, "-f", "json") == '[[1,"",null,"x,\\"y",[1,2],true]]\n'
    assert json.loads(here("SELECT 1 AS a", "-f", "json", "-c")) == [{"a": 1}]


def test_vertical_shows_a_column_a_line(here):
    assert here("SELECT 1 AS a, 2 AS name", "-G") == (
        "****** 1. row ******\n   a: 1\nname: 2\n1 row in set\n"
    )


def test_limit_and_exclude_keep_the_screen_short(here):
    rows = "SELECT x FROM UNNEST(sequence(1, 10)) t(x) ORDER BY x"

    assert here(rows, "-f", "tsv", "-l", "3") == "1\n2\n3\n"
    assert here(rows, "-x") == ""


@pytest.mark.parametrize("form", ["tsv", "csv", "json", "msgpack", "msgpack.gz"])
def test_a_result_is_written_to_a_file_in_each_format(here, tmp_path, form):
    path = tmp_path / "result"

    out = here("SELECT 1 AS a, 'é' AS b", "-o", str(path), "-f", form)

    assert out == f"written to {path} in {form} format\n"
    data = path.read_bytes()
    if "msgpack" in form:
        data = gzip.decompress(data) if form.endswith("gz") else data
        assert msgpack.unpackb(data) == [1, "é"]
    else:
        expected = {"tsv": "1\té\n", "csv": "1,é\n", "json": '[[1,"é"]]'}
        assert data.decode() == expected[form]
    assert not (tmp_path / "result.tmp").exists()


def test_msgpack_is_for_files_only(td, shop):
    status, _, err = td("query", "-d", "shop", "-f", "msgpack", "SELECT 1")

    assert (status, err) == (
        1,
        "Supported formats are only tsv, csv and json without --output option\n",
    )
