"""Custom lists: the file, the completion that is said once, and the mode of the segment."""

import pytest

from integrations.connectors.clevertap import custom_list
from integrations.delivery import MemoryJournal
from integrations.errors import PermanentError, Stopped, TransientError
from integrations.sandbox.clevertap.switches import Switches
from tests.integrations.clevertap import LIST, connector
from tests.servers import local_delivery

DONE = "/upload_custom_list_segment_completed"
UPDATE = LIST | {"segment_mode": "update"}


@pytest.fixture
def people(result):
    return result(Identity=["a", 'b,"c"', "3"], type=["i", "G", "i"], ignored=[1, 2, None])


def paths(account):
    return [each["path"] for each in account.store.read("requests")]


def attempt(account, rows, journal, **settings):
    delivery = local_delivery(journal=journal)
    try:
        chosen = connector(account, authentication={"retry_limit": 0}, **settings)
        return chosen.deliver(rows, delivery)
    except (TransientError, PermanentError) as error:
        return error


def test_a_list_is_uploaded_and_completed(account, export, people):
    receipt, _ = export(people, **LIST)

    assert (account.root / "lists/1.csv").read_text() == 'Type,Identity\ni,a\ng,"b,""c"""\ni,3\n'
    [segment] = account.store.read("lists")
    assert segment == {
        "name": "Gold",
        "id": 1,
        "people": 3,
        "filename": "console-0.csv",
        "email": "admin@example.com",
        "creator": "admin@example.com",
        "replace": False,
    }
    assert receipt.rows == 3
    assert receipt.bytes == (account.root / "lists/1.csv").stat().st_size
    assert receipt.summary == (
        f"Uploaded a custom list of 3 people to CleverTap account DEMO ({account.address}): "
        "new segment “Gold” (ID 1)."
    )


def test_identities_that_are_numbers_are_taken(account, export, result):
    export(result(type=["i"], identity=[7]), **LIST)

    assert (account.root / "lists/1.csv").read_text() == "Type,Identity\ni,7\n"


def test_an_existing_segment_gets_other_people(account, export, people, result):
    export(people, **LIST)

    receipt, _ = export(result(identity=["z"], type=["i"]), **UPDATE)

    assert (account.root / "lists/1.csv").read_text() == "Type,Identity\ni,z\n"
    assert "of 1 person" in receipt.summary and "segment updated: “Gold” (ID 1)" in receipt.summary


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (UPDATE, "There is no segment of that name"),
        (LIST | {"custom_list_email": "mia@example.com"}, "not that of a user with an admin role"),
    ],
)
def test_what_clevertap_does_not_take_is_told_in_its_words(given, why, account, people):
    error = attempt(account, people, MemoryJournal(), **given)

    assert isinstance(error, PermanentError)
    assert "did not take the list “Gold”" in str(error) and why in str(error)
    assert "Create New Segment" in error.remedy


def test_a_name_that_exists_is_not_made_twice(account, export, people):
    export(people, **LIST)

    with pytest.raises(PermanentError, match="A segment of that name exists"):
        export(people, **LIST)


def test_a_completed_list_is_not_completed_again(account, people):
    journal = MemoryJournal()
    first = attempt(account, people, journal, **LIST)

    second = attempt(account, people, journal, **LIST)

    assert second == first
    assert paths(account).count(DONE) == 1


@pytest.mark.parametrize("faults", [["503"], ["ok", "503"], ["ok", "ok", "503"]])
def test_a_step_that_was_refused_is_taken_by_the_next_attempt(faults, account, people):
    journal = MemoryJournal()
    account.switches.faults = faults
    assert isinstance(attempt(account, people, journal, **LIST), TransientError)

    receipt = attempt(account, people, journal, **LIST)

    assert receipt.rows == 3 and len(account.store.read("lists")) == 1


def test_passing_faults_are_tried_again(account, export, people, soon):
    account.switches.faults = ["429", "ok", "500", "ok", "503"]

    receipt, _ = export(people, **LIST)

    assert receipt.rows == 3 and len(account.store.read("lists")) == 1


@pytest.mark.parametrize("fault", ["drop", "malformed", "502"])
def test_a_new_segment_is_asked_for_once_though_there_is_no_answer(fault, account, people, soon):
    journal = MemoryJournal()
    account.switches.faults = ["ok", "ok", fault]

    errors = [attempt(account, people, journal, **LIST) for _ in range(2)]

    for error in errors:
        assert isinstance(error, PermanentError)
        assert "was told to make the segment “Gold” and never answered" in str(error)
        assert "See in CleverTap whether the segment is there" in error.remedy
    assert paths(account).count(DONE) == 1
    assert len(account.store.read("lists")) == 1


def test_people_are_put_in_a_segment_again_where_there_was_no_answer(account, export, people, soon):
    export(people, **LIST)
    account.switches.faults = ["ok", "ok", "drop"]

    receipt, _ = export(people, **UPDATE)

    assert receipt.rows == 3
    assert paths(account).count(DONE) == 3
    assert {each["id"] for each in account.store.read("lists")} == {1}


def test_a_list_that_is_too_large_is_not_begun(account, export, people, monkeypatch):
    monkeypatch.setattr(custom_list, "MOST_BYTES", 20)

    with pytest.raises(PermanentError, match="larger than 20 bytes, which is the most"):
        export(people, **LIST)

    assert paths(account) == []


def test_a_file_that_the_store_refuses_ends_the_job(account, people):
    account.lists.most_bytes = 20

    error = attempt(account, people, MemoryJournal(), **LIST)

    assert isinstance(error, PermanentError) and "answered 400" in str(error)
    assert DONE not in paths(account)


def test_no_error_holds_the_address_of_the_upload(account, people):
    account.switches.faults = ["ok", "503"]

    error = attempt(account, people, MemoryJournal(), **LIST)

    assert "Signature" not in f"{error} {error.remedy}"


def test_wrong_credentials_end_it_at_once(account, people):
    account.switches.faults = ["401"]

    error = attempt(account, people, MemoryJournal(), **LIST)

    assert isinstance(error, PermanentError) and "refused the credentials" in str(error)


def test_the_job_is_asked_for_before_each_step(account, people):
    with pytest.raises(Stopped):
        connector(account, **LIST).deliver(people, local_delivery(held=lambda: False))

    assert account.store.read("lists") == [] and paths(account) == ["/get_custom_list_segment_url"]


def test_an_empty_result_leaves_the_segment_as_it_is(account, export, people):
    export(people, **LIST)
    nobody = type(people)(people.path.with_name("none.parquet"))
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"type": pa.array([], "string"), "identity": []}), nobody.path)

    receipt, _ = export(nobody, **UPDATE)

    assert receipt.skipped and paths(account).count(DONE) == 1


def test_a_large_list_is_sent_a_block_at_a_time(account, export, result):
    rows = result(type=["i"] * 300_000, identity=list(range(300_000)))
    sent = []

    receipt, _ = export(rows, local_delivery(progress=sent.append), **LIST)

    kept = account.root / "lists/1.csv"
    assert receipt.bytes == kept.stat().st_size == sent[-1]
    assert kept.read_bytes().count(b"\n") == 300_001
    assert len(sent) > 2 and Switches().most_bytes == 5 << 30
