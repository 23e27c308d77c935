"""What the documents promise is there: commands, files, links, settings, connectors."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

from integrations.connectors import CONNECTORS
from integrations.reference_page import index, page

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md")) + sorted((ROOT / "bench").glob("*.md"))
OURS = ("console", "integrations", "activations")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(path):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist(path):
    named = set(re.findall(r"manage\.py (?!NAME)([a-z_]+)", path.read_text()))

    assert named - set(get_commands()) - {"test"} == set()


def test_every_command_of_ours_is_in_a_document():
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    ours = {name for name, app in get_commands().items() if app in OURS}

    assert {name for name in ours if f"manage.py {name}" not in text} == set()


def test_every_td_command_is_in_its_document():
    said = subprocess.run(
        [sys.executable, "manage.py", "td", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    commands = set(re.findall(r"\b(?:job|db|table|sched):[a-z]+", said.stdout + said.stderr))
    text = (ROOT / "docs/td.md").read_text()

    assert len(commands) >= 9
    assert {command for command in commands if f"`td {command}" not in text} == set()


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=lambda each: each.name)
def test_every_connector_has_a_logo_and_a_test_and_is_named(connector):
    everything = "\n".join(path.read_text() for path in DOCUMENTS)

    assert (ROOT / f"static/connectors/{connector.name}.svg").exists()
    assert list((ROOT / "tests/integrations").rglob(f"test_{connector.name}*.py"))
    assert connector.label in everything


def test_the_layers_in_the_documents_are_those_that_are_held():
    held = re.search(r"^layers = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.M | re.S)
    modules = set(re.findall(r"(?:console|integrations|activations)(?:\.\w+)?", held[1]))
    picture = (ROOT / "docs/architecture.md").read_text()

    assert {module for module in modules if module not in picture} == set()


def test_the_faults_in_their_document_are_shown_by_tests_that_exist():
    tables = (ROOT / "docs/faults.md").read_text()
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    made = set(re.findall(r"^def (test_\w+)\(", tests, re.M))
    rows = [row for row in re.findall(r"^\|(.+)\|$", tables, re.M) if row.strip(" -|")]
    named = [set(re.findall(r"`(test_\w+)`", row)) for row in rows if "shown by" not in row]

    assert len(named) > 30
    assert all(named)
    assert set.union(*named) - made == set()


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text()

    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_list_of_connectors_has_a_line_for_each_and_its_links_lead_to_their_pages():
    kept = ROOT / "docs/connectors/README.md"

    text = kept.read_text()

    assert text == index(CONNECTORS.values()), "manage.py reference writes it anew"
    assert set(re.findall(r"\]\((\w+)\.md\)", text)) == set(CONNECTORS)
    assert {path.stem for path in kept.parent.glob("*.md")} == {"README", *CONNECTORS}


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=lambda each: each.name)
def test_the_reference_page_of_every_connector_says_what_is_declared(connector):
    kept = ROOT / "docs/connectors" / f"{connector.name}.md"

    assert kept.read_text() == page(connector), "manage.py reference writes it anew"
