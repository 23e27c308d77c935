"""What the tools say about the code: its layers, its style, its templates and migrations."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPS = ("console", "integrations", "activations")
BIN = Path(sys.executable).parent
TOOLS = {
    "the layers hold": [BIN / "lint-imports", "--no-cache"],
    "ruff finds nothing": [BIN / "ruff", "check", "--no-cache", "."],
    "ruff would format nothing": [BIN / "ruff", "format", "--no-cache", "--check", "."],
    "no migration is missing": [sys.executable, "manage.py", "makemigrations", "--check"],
    "Django's checks pass": [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
}


def run(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", TOOLS.values(), ids=TOOLS)
def test_the_tools_have_nothing_to_say(command):
    status, said = run(command)

    assert status == 0, said


def test_the_templates_are_in_the_style_of_django():
    templates = sorted((ROOT / "templates").rglob("*.html"))

    status, said = run([BIN / "djade", "--check", "--target-version", "5.2", *templates])

    assert status == 0, said


def test_every_module_says_what_lives_in_it():
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    code = {path: path.read_text() for path in sources if "migrations" not in path.parts}

    mute = [path for path, text in code.items() if text and not ast.get_docstring(ast.parse(text))]

    assert mute == []
