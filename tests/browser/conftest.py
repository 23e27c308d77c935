"""A real browser on the real pages: sign-in by cookie, axe, no sideways scroll, clean console."""

import os
import re
import threading
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from playwright.sync_api import expect

from console import jobs
from tests.activations.demo import studio_of_demo  # noqa: F401  a fixture
from tests.activations.sending import drop, send  # noqa: F401  fixtures
from tests.activations.studio import analyst, make, sales, shoppers, unbuilt  # noqa: F401  fixtures
from tests.integrations.clevertap import account  # noqa: F401  a fixture
from tests.integrations.clevertap_imports import clevertap  # noqa: F401  a fixture
from tests.needs import find

# Playwright's sync API keeps an event loop running in the test's thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
expect.set_options(timeout=20_000)  # Other tests keep the machine busy meanwhile.

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What passes need not be described: that takes as long as the checks.
VIOLATIONS = {"resultTypes": ["violations"]}
RULES = VIOLATIONS | {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
}
# The other scheme changes colours and nothing else: only they are looked at twice.
COLOURS = VIOLATIONS | {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
}
WIDTHS = (1440, 768, 360)
# The administration fades its links from one scheme's colours to the other's.
SETTLED = """Promise.allSettled(
    document.getAnimations()
        .filter(each => each.effect.getComputedTiming().endTime !== Infinity)
        .map(each => each.finished))"""


def pytest_collection_modifyitems(items):
    """Every test in this folder needs the browser and a database that threads share."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.needs("chromium"))
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": find("chromium"), "args": ARGUMENTS}


@pytest.fixture
def clean_page(page):
    """A page that must say nothing in its console: no error, no refusal by the policy."""
    said = []
    page.on("console", lambda message: said.append(message.text) if wrong(message) else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert not said, said


def wrong(message):
    """Browsers write every answer 4xx into the console; a form sent back with 422 is no error."""
    return message.type == "error" and "status of 422" not in message.text


@pytest.fixture
def as_user(clean_page, live_server):
    """Sign a user in by cookie; `as_user(user, path)` also opens a page there."""

    def sign_in(user, path=None):
        clean_page.context.add_cookies([session_cookie(user, live_server.url)])
        if path:
            clean_page.goto(live_server.url + path)
        return clean_page

    return sign_in


def session_cookie(user, url):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}


@pytest.fixture
def asks_first():
    """Assert that whoever leaves by the link is asked first; the person stays."""

    def check(page, link):
        with page.expect_event("dialog") as asked:
            page.once("dialog", lambda dialog: dialog.dismiss())
            link.click()
        assert asked.value.type == "beforeunload"

    return check


@pytest.fixture
def axe():
    """Assert that axe finds nothing on the page, neither in light nor in dark."""

    def check(page):
        for scheme, rules in {"light": RULES, "dark": COLOURS}.items():
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(SETTLED)
            assert not (found := broken(page, rules)), f"{scheme}: {found}"

    return check


def broken(page, rules):
    """Return what axe finds on the page: which rule, why, and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("async (rules) => (await axe.run(rules)).violations", rules)
    return [
        (
            each["id"],
            each["help"],
            [(node["html"], node["failureSummary"]) for node in each["nodes"]],
        )
        for each in found
    ]


@pytest.fixture
def no_sideways_scroll():
    """Assert that the page fits desktop, tablet and phone."""

    def check(page):
        was = page.viewport_size
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(over) <= 0, f"the page scrolls sideways at {width} px"
        page.set_viewport_size(was)

    return check


@pytest.fixture
def shot(request):
    """Keep pictures of the page in the folder CONSOLE_TESTS_SHOTS names: light, dark, phone."""
    folder = os.environ.get("CONSOLE_TESTS_SHOTS")

    def take(page, name):
        if not folder:
            return
        page.wait_for_load_state("networkidle")
        Path(folder).mkdir(parents=True, exist_ok=True)
        was = page.viewport_size
        views = {"light": ("light", 1440), "dark": ("dark", 1440), "phone": ("light", 360)}
        for view, (scheme, width) in views.items():
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{view}.png", full_page=True)
        page.set_viewport_size(was)

    return take


@pytest.fixture
def good_page(axe, no_sideways_scroll, shot):
    """What every screen must pass: axe in both themes, three widths; a picture of it is kept."""

    def check(page, name):
        page.wait_for_load_state("networkidle")
        axe(page)
        no_sideways_scroll(page)
        shot(page, name)

    return check


@pytest.fixture
def editor(as_user, marketer, live_server):
    """Open a page with the editor, once Ace and the names are there."""

    def open_page(path):
        page = as_user(marketer)
        with page.expect_response(re.compile("/queries/names/")):
            page.goto(live_server.url + path)
        return page

    return open_page


@pytest.fixture
def in_background():
    """Run a job in a thread, as a worker would."""
    threads = []

    def start(job):
        thread = threading.Thread(target=work, args=[job.pk])
        threads.append(thread)
        thread.start()

    yield start
    for thread in threads:
        thread.join(30)


def work(pk):
    try:
        jobs.run(pk)
    finally:
        connection.close()
