"""What tests counted, told at the end of a run: `tell("1,000 slots: …")`."""

import pytest

COUNTED = "counted"


@pytest.fixture
def tell(request):
    """A function that has a line printed at the end of the run."""
    return lambda line: request.node.user_properties.append((COUNTED, line))


def pytest_terminal_summary(terminalreporter):
    reports = [report for some in terminalreporter.stats.values() for report in some]
    told = [text for each in reports if getattr(each, "when", "") == "call"
            for name, text in each.user_properties if name == COUNTED]  # fmt: skip
    if told:
        terminalreporter.section(COUNTED)
    for line in told:
        terminalreporter.write_line(line)
