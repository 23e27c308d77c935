"""From the card in the catalog to the receipt, for destinations that no other walk leads to."""

import pytest
from playwright.sync_api import expect

from console import jobs
from console.models import Database, Job, Query
from console.queries.saving import save
from integrations.sandbox import CLEVERTAP, SAVED_KEYS
from integrations.sandbox.clevertap import ADMIN
from tests.browser.test_clevertap import fill_in as log_in_to_clevertap
from tests.browser.test_hub import fill_in as log_in_to_server
from tests.servers import wait_until

SQL = """SELECT 'ann@example.com' AS email, 'ann' AS identity, 'Seen' AS "evtName"
UNION ALL SELECT 'bob@example.com', 'bob', 'Seen' ORDER BY 1"""


@pytest.fixture
def query(marketer, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    shop = Database.objects.create(name="shop", owner=marketer)
    query = save(Query(name="People", database=shop, sql=SQL, owner=marketer), by=marketer)
    jobs.run(jobs.submit_query(query).pk)
    return query


@pytest.fixture
def walk(as_user, marketer, query, shot, request):
    """A function that goes the whole way; forms are filled in by what it is given."""
    name = request.node.originalname.removeprefix("test_")

    def go(label, log_in, choose, said):
        page = as_user(marketer, "/integrations/catalog/")
        here = page.url.partition("/integrations")[0]
        page.get_by_role("link", name=f"Create Authentication for {label}", exact=True).click()
        log_in(page)
        shot(page, f"way-{name}-login")
        page.get_by_role("button", name="Test connection").click()
        expect(page.get_by_text("The connection works")).to_be_visible()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Name*", exact=True).fill("Our login")
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Our login")
        page.goto(f"{here}{query.get_absolute_url()}?panel=export")
        panel = page.get_by_role("dialog", name="Export Results")
        panel.get_by_label("Our login").check()
        choose(panel)
        shot(page, f"way-{name}-export")
        panel.get_by_role("button", name="Run and export now").click()
        job = wait_until(Job.objects.filter(export__isnull=False).first)
        jobs.run(job.pk)
        page.goto(f"{here}{job.get_absolute_url()}")
        expect(page.get_by_role("region", name="Delivered")).to_contain_text(said)
        expect(page.get_by_role("link", name="Receipt")).to_be_visible()
        shot(page, f"way-{name}-receipt")

    return go


@pytest.mark.needs("sshd", "ssh-keygen")
def test_a_file_goes_to_a_server(walk, sshd):
    def choose(panel):
        panel.get_by_label("Yes").check()
        panel.get_by_label("Path prefix").fill("/in/people.csv")

    walk("SFTP_V2", lambda page: log_in_to_server(page, sshd), choose, "/in/people.csv")

    assert (sshd.root / "in/people.csv").read_text().splitlines()[1] == "ann@example.com,ann,Seen"


def test_an_object_goes_to_s3(walk, s3):
    def log_in(page):
        page.get_by_label("Access key ID").fill(s3.key_id)
        page.get_by_label("Secret access key").fill(s3.secret)
        page.get_by_text("Advanced").click()
        page.get_by_label("Endpoint").fill(s3.address)
        page.get_by_label("Path style").check()

    def choose(panel):
        panel.get_by_label("Bucket").fill("demo")
        panel.get_by_label("Path prefix").fill("people.jsonl")
        panel.get_by_label("Format").select_option("JSON lines")

    walk("Amazon S3", log_in, choose, "s3://demo/people.jsonl")

    assert s3.read("people.jsonl").startswith(b'{"email":"ann@example.com"')


def test_a_list_goes_to_rokt(walk, sandbox, query, marketer):
    query.sql = "SELECT 'ann@example.com' AS email"
    save(query, by=marketer)

    def log_in(page):
        page.get_by_label("Host*").fill("127.0.0.1")
        page.get_by_label("Port*").fill(str(sandbox.port))
        page.get_by_label("User*").fill("demo")
        page.get_by_label("Authentication mode").select_option("Password")
        page.get_by_label("Password*").fill("demo")

    def choose(panel):
        panel.get_by_label("Include Audience").check()
        panel.get_by_label("Advertiser database").fill("Shop")
        panel.get_by_label("File name").fill("people.csv")

    where = "/upload/custom-audience/include/Shop/people.csv"
    walk("Rokt", log_in, choose, where)

    assert len((sandbox.root / where[1:]).read_text().splitlines()[0]) == 64


def test_events_go_to_clevertap(walk, account):
    def choose(panel):
        panel.get_by_label("Target Data Entity").select_option("User Events")

    said = "Uploaded 2 events to CleverTap account"
    walk("CleverTap", lambda page: log_in_to_clevertap(page, account), choose, said)

    ann, _ = account.store.read("events")
    assert (ann["identity"], ann["evtName"]) == ("ann", "Seen")
    assert ann["evtData"] == {"email": "ann@example.com"}


def test_a_list_goes_to_clevertap(walk, account, query, marketer):
    query.sql = "SELECT 'i' AS type, 'ann' AS identity"
    save(query, by=marketer)

    def choose(panel):
        panel.get_by_label("Target Data Entity").select_option("User Audiences - Custom List")
        panel.get_by_label("Name for Custom List Upload").fill("Gold")
        panel.get_by_label("Custom List Upload User Email").fill(ADMIN)

    said = "Uploaded a custom list of 1 person to CleverTap account"
    walk("CleverTap", lambda page: log_in_to_clevertap(page, account), choose, said)

    assert (account.root / "lists/1.csv").read_text() == "Type,Identity\ni,ann\n"


def test_events_are_imported_by_clevertap(walk, clevertap, tmp_path):
    def log_in(page):
        page.get_by_label("Host*").fill(clevertap.sandbox.host)
        page.get_by_label("Port").fill(str(clevertap.sandbox.port))
        page.get_by_label("Username*").fill(CLEVERTAP)
        page.get_by_role("button", name="Generate a key pair").click()
        (tmp_path / "sandbox" / SAVED_KEYS).write_text(page.locator("#public-key").text_content())

    def choose(panel):
        panel.get_by_label("Event").check()
        panel.get_by_label("Client e-mail").fill(ADMIN)

    said = "One data file with its manifest, 2 rows as events"
    walk("CleverTap SFTP import", log_in, choose, said)

    assert clevertap.report()["rows"] == 2
    ann = {"identity": "ann", "evtName": "Seen", "Email": "ann@example.com"}
    assert clevertap.imported()[0] == ann
