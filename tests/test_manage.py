"""The bootstrap of manage.py, in a checkout of its own whose requirements are nothing at all."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BARE = str(Path(sys.base_prefix) / "bin" / "python3")


@pytest.fixture
def checkout(tmp_path):
    """A checkout with manage.py and two empty lists of requirements."""
    return make_checkout(tmp_path / "checkout")


@pytest.fixture(scope="module")
def first_start(tmp_path_factory):
    """What the first start says, and the checkout it leaves."""
    folder = make_checkout(tmp_path_factory.mktemp("first") / "checkout")
    return folder, said(start(folder, "test"))


@pytest.fixture
def ready(first_start, tmp_path):
    """A checkout that was started before."""
    return shutil.copytree(first_start[0], tmp_path / "checkout", symlinks=True)


def make_checkout(folder):
    (folder / "tests").mkdir(parents=True)
    shutil.copy(ROOT / "manage.py", folder)
    (folder / "requirements.txt").write_text("# none\n")
    (folder / "tests/requirements.txt").write_text("# none\n")
    (folder / "tests/__main__.py").write_text("import sys; print('ran', sys.prefix)\n")
    return folder


def start(checkout, *arguments, python=BARE, **environ):
    return subprocess.Popen(
        [python, str(checkout / "manage.py"), *arguments],
        env=os.environ | {"PIP_NO_INDEX": "1"} | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(process):
    text, _ = process.communicate(timeout=60)
    return process.returncode, text


def test_it_makes_its_environment_once_and_goes_on_in_it(first_start):
    folder, (status, text) = first_start

    assert status == 0
    assert "Setting up .venv (once" in text
    assert said(start(folder, "test")) == (0, f"ran {folder / '.venv'}\n")


def test_changed_requirements_are_installed_into_the_same_environment(ready):
    (ready / ".venv/sign").touch()
    (ready / "requirements.txt").write_text("# other\n")

    _, text = said(start(ready, "test"))

    assert text.startswith("Installing requirements.txt.\nran")
    assert (ready / ".venv/sign").exists()


def test_one_of_two_starts_repairs_an_installation_that_was_broken_off(ready):
    (ready / ".venv/requirements.txt.installed").write_text("")
    (ready / ".venv/half").touch()

    results = [said(process) for process in [start(ready, "test"), start(ready, "test")]]

    assert [status for status, _ in results] == [0, 0]
    assert sum("Setting up .venv (once" in text for _, text in results) == 1
    assert not (ready / ".venv/half").exists()


def test_an_environment_whose_python_is_gone_is_made_again(ready):
    (ready / ".venv/bin/python").unlink()
    (ready / ".venv/bin/python").symlink_to("/no/such/python")

    status, text = said(start(ready, "test"))

    assert status == 0
    assert "Setting up .venv (once" in text


def test_an_environment_that_a_person_made_is_left_alone(checkout):
    subprocess.run([BARE, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)

    status, text = said(start(checkout, "check"))

    assert status == 1
    assert text.startswith(f"django is not installed in {checkout / '.venv'}. Run pip install -r ")
    assert not list((checkout / ".venv").glob("*.installed"))


def test_packages_that_cannot_be_had_are_told_in_one_sentence(ready):
    (ready / "requirements.txt").write_text("no-such-package-at-all==1\n")

    status, text = said(start(ready, "check"))

    assert status == 1
    assert "could not be installed: No matching distribution found for no-such-package" in text
    assert "Check the network" in text
    assert "Traceback" not in text


def test_a_missing_venv_module_is_told_in_one_sentence(checkout):
    (checkout / "without").mkdir()
    (checkout / "without/venv.py").write_text("raise ImportError('no venv')\n")

    status, text = said(start(checkout, "check", PYTHONPATH=str(checkout / "without")))

    assert status == 1
    assert "sudo apt install python3-venv" in text
    assert "Traceback" not in text


def test_a_checkout_that_cannot_be_written_is_told_in_one_sentence(checkout):
    (checkout / ".venv").touch()

    status, text = said(start(checkout, "check"))

    assert status == 1
    assert text.splitlines()[-1].startswith(f"{checkout / '.venv'} cannot be made (File exists).")


def test_an_old_python_can_read_the_file():
    ast.parse((ROOT / "manage.py").read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_what_is_needed(checkout):
    code = "import sys, runpy; sys.version_info = (3, 8); sys.version = '3.8.18 (x)'; "
    code += "sys.argv = ['manage.py', 'quickstart']; runpy.run_path(%r, run_name='__main__')"

    done = subprocess.run(
        [BARE, "-c", code % str(checkout / "manage.py")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == (
        "The console needs Python 3.11 or newer, and this is 3.8.18. "
        "Start it with a newer one: python3.11 manage.py quickstart\n"
    )
