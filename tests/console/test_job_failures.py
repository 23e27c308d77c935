"""The file in which CleverTap hands back rows: they become rejects of the job."""

import csv
import io
import os

import pytest
from django.urls import reverse

from console import jobs, locks
from console.jobs.rejects import rejects_csv
from console.models import Database, Job
from integrations.models import Authentication
from tests.integrations.clevertap_imports import Account

SQL = """SELECT * FROM (VALUES
  ('ann', 21, '+1', DATE '2020-05-12'), ('bob', NULL, 'x', NULL), (NULL, 3, '', NULL),
  ('dan, d.', 4, '"x"', NULL), ('bob', NULL, 'x', NULL)
) AS t(identity, age, phone, born)"""
HEADER = "identity,age,phone,born,Failure Description\n"
INVALID = "Phone number is not valid"


@pytest.fixture
def clevertap(sandbox, tmp_path, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    return Account(sandbox, tmp_path / "sandbox")


@pytest.fixture
def job(clevertap, marketer):
    """A job whose third row was left out: it has no identity."""
    Database.objects.create(name="shop", owner=marketer)
    connector = clevertap.connector(skip_invalid=True)
    authentication = Authentication(name="CleverTap", type=connector.name, owner=marketer)
    authentication.settings = connector.authentication
    authentication.save()
    who = {"owner": marketer, "authentication": authentication}
    return ran(jobs.submit(SQL, database="shop", export=connector.settings, **who))


def ran(job):
    jobs.run(job.pk)
    job = Job.objects.get(pk=job.pk)
    assert job.status == Job.Status.SUCCESS, job.error
    return job


@pytest.fixture
def hand_in(client, marketer, job):
    client.force_login(marketer)

    def hand_in(text, pk=job.pk):
        data = text.encode() if isinstance(text, str) else text
        file = io.BytesIO(data)
        file.name = "failures.csv"
        answer = client.post(f"/workbench/jobs/{pk}/failures/", {"file": file}, follow=True)
        job.refresh_from_db()
        return answer.text

    return hand_in


def rejects(job):
    [_, *rows] = csv.reader(b"".join(rejects_csv(job)).decode().splitlines())
    return [tuple(row[:2]) for row in rows]


def test_rows_of_the_file_become_rejects_beside_those_that_were(job, hand_in):
    assert rejects(job)[0][0] == "3" and job.rejected == 1

    page = hand_in(
        HEADER + f'ann,21,+1,$D_1589241600,{INVALID}\n"dan, d.",4,"""x""",,"Too long, it is"\n'
    )

    assert "2 rows are marked as not delivered." in page
    assert "Not delivered: 3 rows" in page and INVALID in page
    assert job.rejected == 3
    assert [number for number, _ in rejects(job)] == ["1", "3", "4"]
    assert rejects(job)[::2] == [("1", INVALID), ("4", "Too long, it is")]
    said = "\n".join(job.lines.values_list("text", flat=True))
    assert "2 of 2 rows of a file of failures marked by mia." in said


def test_of_rows_alike_as_many_are_marked_as_the_file_has(job, hand_in):
    hand_in(HEADER + f"bob,,x,,{INVALID}\n")
    assert [number for number, _ in rejects(job)] == ["2", "3"]

    hand_in(HEADER + f"bob,,x,,{INVALID}\n")
    assert [number for number, _ in rejects(job)] == ["2", "3", "5"]

    assert "None of its rows" in hand_in(HEADER + f"bob,,x,,{INVALID}\n")
    assert job.rejected == 3


def test_some_of_the_columns_are_enough(job, hand_in):
    hand_in(f"\ufeffidentity,Failure Description\r\nann,{INVALID}\r\n")

    assert rejects(job)[:1] == [("1", INVALID)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("identity,age\nann,21\n", "last column has to be called Failure Description"),
        ("", "last column has to be called Failure Description"),
        ("Failure Description\nx\n", "last column has to be called Failure Description"),
        ("colour,Failure Description\nred,x\n", "has no column colour"),
        (HEADER + "ann,21,x\n", "Line 2 has 3 columns"),
        (HEADER + f"eve,21,+1,,{INVALID}\n", "None of its rows is a row of this job"),
        (HEADER + f",3,,,{INVALID}\n", "None of its rows is a row of this job"),
        (b"\xff\xfe\x00", "not a CSV file in UTF-8"),
        (HEADER + '"ann', "not a CSV file"),
    ],
)
def test_another_file_changes_nothing_and_is_told_of(job, hand_in, text, said):
    before = job.rejects_path

    assert said in hand_in(text)
    assert (job.rejected, job.rejects_path) == (1, before) and len(rejects(job)) == 1


def test_rejects_that_others_follow_stay_while_a_backup_reads(job, hand_in, settings):
    first = settings.RESULTS_DIR / job.rejects_path

    with locks.held(locks.FILES):
        hand_in(HEADER + f"ann,21,+1,$D_1589241600,{INVALID}\n")
        assert job.rejected == 2 and first.exists()
    second = settings.RESULTS_DIR / job.rejects_path
    hand_in(HEADER + f"bob,,x,,{INVALID}\n")
    assert job.rejected == 3 and not second.exists()

    os.utime(first, (0, 0))
    jobs.prune()
    assert not first.exists()
    assert [number for number, _ in rejects(job)] == ["1", "2", "3"]


def test_what_the_sandbox_hands_back_is_found(clevertap, job, hand_in):
    clevertap.importer.look()
    [path] = clevertap.kept.glob("*.errors.csv")
    header, rows = path.read_text().splitlines(), clevertap.imported()
    assert header == [HEADER.strip()] and len(rows) == 4

    hand_in(f"{header[0]}\nann,21,+1,$D_1589241600,{INVALID}\n")

    assert job.rejected == 2


def test_marked_rows_are_sent_again_alone_in_files_of_their_own(clevertap, job, hand_in, client):
    hand_in(HEADER + f"ann,21,+1,$D_1589241600,{INVALID}\n")

    client.post(f"/workbench/jobs/{job.pk}/resend/")
    again = ran(job.retries.get())

    # The row without an identity is left out again.
    assert (again.rows, again.receipt["rows"], again.rejected) == (2, 1, 1)
    assert len(clevertap.importer.look()) == 2
    sent = [path.read_text() for path in clevertap.folder.glob(f"*-{again.pk}-1-1.csv")]
    assert sent == ["identity,age,phone,born\nann,21,+1,$D_1589241600\n"]


def test_others_cannot_hand_in_a_file(job, client, colleague):
    client.force_login(colleague)

    assert client.post(f"/workbench/jobs/{job.pk}/failures/").status_code == 404


def test_without_a_file_nothing_happens(job, client, marketer):
    client.force_login(marketer)

    answer = client.post(f"/workbench/jobs/{job.pk}/failures/", follow=True)

    assert "Choose a file of at most 64 MB." in answer.text


def test_jobs_of_other_connectors_take_no_such_file(job, client, marketer):
    Authentication.objects.update(type="sftp_v2")
    client.force_login(marketer)

    assert "Rows that failed there" not in client.get(job.get_absolute_url()).text
    assert client.post(f"/workbench/jobs/{job.pk}/failures/").status_code == 404


def test_the_receipt_is_verified_with_its_files(job, clevertap, tmp_path, settings):
    from django.core.management import call_command

    from integrations import receipts

    path = tmp_path / "receipt.json"
    path.write_bytes(receipts.printed(job.receipt))
    files = sorted(map(str, clevertap.folder.iterdir()))

    assert len(files) == 2
    call_command("verify_receipt", str(path), *files)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("CAST(x AS bigint)", "Could not convert string '…' to bigint"),
        ("CAST(x AS date)", "date"),
        ("json_parse(x)", "Malformed json"),
    ],
)
@pytest.mark.parametrize("value", ["ann@shop", 'it"s ann@shop', "a\n''ann@shop"])
def test_a_value_of_the_data_is_told_only_to_who_may_see_it(shop, client, select, told, value):
    sql = f"SELECT {select} AS a FROM (VALUES '{value}') AS t(x)"
    job = jobs.submit(sql, database="shop", owner=shop.owner)
    jobs.run(job.pk)
    job.refresh_from_db()

    assert told in job.error and "ann" not in job.error
    client.force_login(shop.owner)
    page = client.get(reverse("query-job", args=[job.pk])).content.decode()
    shown = page.partition('id="job-shown"')[0]
    assert ("ann@shop" in shown) == ("\n" not in value)  # an error is one line
