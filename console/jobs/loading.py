"""What jobs import when they first need it: workers load it all before they fork."""

from importlib import import_module

from console.engines import ENGINES, get_engine
from integrations.connectors import CONNECTORS
from integrations.formats import make_ready


def load() -> None:
    """Import whatever a job may need, so that no worker's first job has to wait for it."""
    for name in ENGINES:
        # What reads and writes a dialect is imported when the first statement comes.
        get_engine(name).plan("SELECT 1", database="", tables={})
    import_module("console.deliveries.writing")
    for connector in CONNECTORS.values():
        for name in connector.imports:
            import_module(name)
    make_ready()
