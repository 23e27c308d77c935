"""The kernel is there before it is needed, loaded only where it pays, and never needed."""

import gc
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.formats import warm, write_rows
from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect
from integrations.formats.kernel import loading, machine_code, writer
from integrations.rows import Rows
from tests.integrations.kernel_ways import one_column


@pytest.fixture
def code():
    warm()
    return machine_code.kept()


@pytest.fixture
def folders(code, tmp_path, monkeypatch):
    """Two folders for machine code, with nothing kept in them."""
    found = [tmp_path / "sources", tmp_path / "cache"]
    monkeypatch.setattr(machine_code, "folders", lambda: found)
    return found


def test_a_warm_process_has_the_kernel():
    assert warm()
    assert loading.kernel_writer()


def test_a_loaded_kernel_needs_no_numba():
    warm()
    script = (
        "import sys; from integrations.formats.kernel import loading;"
        "assert loading.kernel_writer(); assert 'numba' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", script], check=True)


def test_machine_code_is_kept_in_the_first_folder_that_takes_it(folders, code):
    folders[0].write_text("in the way")

    machine_code.keep(code)

    assert [path.name for path in folders[1].iterdir()] == [machine_code.file_name()]
    assert machine_code.kept() == code


def test_processes_may_keep_machine_code_at_the_same_time(folders, code):
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(machine_code.keep, [code] * 40))

    assert kept == [code] * 40
    assert machine_code.kept() == code
    assert len(list(folders[0].iterdir())) == 1


def test_machine_code_that_was_cut_short_is_not_run(folders, code):
    machine_code.keep(code)
    path = folders[0] / machine_code.file_name()
    path.write_bytes(path.read_bytes()[:-1])

    assert machine_code.kept() is None


def test_a_kernel_that_is_not_used_any_more_can_go(code):
    first, second = machine_code.loaded(code), machine_code.loaded(code)

    del first, second

    gc.collect()  # Memory that is freed twice ends the process.
    assert warm()


def test_a_user_without_a_home_has_no_folder(monkeypatch):
    monkeypatch.delenv("CONSOLE_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "~/.cache")

    assert all(folder.is_absolute() for folder in machine_code.folders())


def test_without_any_folder_the_log_says_so_and_the_kernel_works(folders, code, caplog):
    for folder in folders:
        folder.write_text("in the way")

    with caplog.at_level(logging.WARNING, machine_code.__name__):
        assert machine_code.keep(code) == code
    assert "No folder takes the machine code" in caplog.text


def test_nobody_waits_for_the_compiler_unless_it_pays(folders):
    assert not loading.is_worth_it(loading.WORTH_COMPILING - 1)
    assert loading.is_worth_it(loading.WORTH_COMPILING)


@pytest.mark.parametrize("export", [{}, {"quote_policy": "ALL"}, {"null_string": r"\N"}])
def test_a_large_result_is_written_by_the_kernel_after_its_first_rows(
    export, tmp_path, monkeypatch
):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"n": range(100_000), "s": ["a,b", None, "c", ""] * 25_000}), path)
    slow = b"".join(write_rows(Rows(path), export))
    assert warm()
    monkeypatch.setattr(loading, "WORTH_LOADING", 200_000)
    monkeypatch.setattr(loading, "block", None)

    assert b"".join(write_rows(Rows(path), export)) == slow


def test_a_preview_of_a_large_result_loads_no_kernel(tmp_path, monkeypatch):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"n": range(100_000)}), path)
    monkeypatch.setattr(loading, "WORTH_COMPILING", 0)
    monkeypatch.setattr(loading, "kernel_writer", None)

    header, lines = islice(write_rows(Rows(path), {}), 2)

    assert header + lines[:6] == b"n\r\n0\r\n1\r\n"


def test_small_results_do_without_what_compiles():
    script = (
        "import sys; from integrations.formats.blocks import block;"
        "from integrations.formats.kernel import loading;"
        "from integrations.formats.dialect import Dialect;"
        "write = loading.writer_for(Dialect(), loading.WORTH_LOADING - 1);"
        "assert write.func is block;"
        "assert not {'numba', 'llvmlite'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", script], check=True)


@contextmanager
def nothing_loaded():
    loading.kernel_writer.cache_clear()
    try:
        yield
    finally:
        loading.kernel_writer.cache_clear()


def test_without_the_kernel_arrow_writes_and_the_log_says_so_once(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "integrations.formats.kernel.writer", None)

    with nothing_loaded(), caplog.at_level(logging.WARNING, loading.__name__):
        for _ in range(2):
            write = loading.writer_for(Dialect(), loading.WORTH_COMPILING)
            assert write(one_column(["a,b"])) == b'"a,b"\r\n'

    assert caplog.text.count("written by Arrow alone") == 1


def test_llvmlite_without_numba_is_as_good_as_nothing(monkeypatch, caplog):
    def file_name():
        raise PackageNotFoundError("numba")

    monkeypatch.setattr(machine_code, "file_name", file_name)
    monkeypatch.setattr(writer, "kernel", machine_code.kernel.__wrapped__)

    with nothing_loaded(), caplog.at_level(logging.WARNING, loading.__name__):
        write = loading.writer_for(Dialect(), loading.WORTH_LOADING)
        assert write(one_column(["a,b"])) == b'"a,b"\r\n'

    assert "Arrow alone, which is slower: No package metadata was found for numba" in caplog.text


def test_a_kernel_that_writes_something_else_is_not_used(monkeypatch, caplog):
    other = Dialect(newline="\n")
    monkeypatch.setattr(loading, "block", lambda batch, dialect: block(batch, other))

    with nothing_loaded(), caplog.at_level(logging.WARNING, loading.__name__):
        assert not warm()
    assert "the kernel does not write here what Arrow writes" in caplog.text
