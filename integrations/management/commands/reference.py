"""Writes the reference page of each connector."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from integrations.connectors import CONNECTORS
from integrations.reference_page import index, page


class Command(BaseCommand):
    help = (
        "Write docs/connectors/, a page for each connector and their list, from the declarations."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        folder = Path(settings.BASE_DIR) / "docs" / "connectors"
        parser.add_argument("--folder", type=Path, default=folder, help="where to write")

    def handle(self, *, folder, **_):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "README.md").write_text(index(CONNECTORS.values()))
        self.stdout.write(f"{folder / 'README.md'}")
        for connector in CONNECTORS.values():
            (folder / f"{connector.name}.md").write_text(page(connector))
            self.stdout.write(f"{folder / connector.name}.md")
