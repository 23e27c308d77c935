"""Rejected rows that are mended in their file and sent alone."""

import csv
from io import BytesIO, StringIO

import pytest

from console import jobs
from console.jobs.rejects import rejects_csv, rejects_of
from console.jobs.results import NoResult, sent_rows_of
from console.models import Database, Job, Query
from tests.console.test_job_rejects import ran, run, strict  # noqa: F401  fixtures

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")
KINDS = """SELECT * FROM (VALUES
  (1, 'a@example.com', 1.5, DATE '2026-01-02', ARRAY['x'], TIMESTAMP '2026-01-02 03:04:05.678'),
  (2, CAST(NULL AS varchar), 2.5, DATE '2026-01-03', ARRAY['y', NULL], NULL),
  (9007199254740993, NULL, NULL, NULL, NULL, NULL)
) AS t(id, email, score, day, tags, seen) ORDER BY id"""


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def downloaded(job):
    return list(csv.reader(StringIO(b"".join(rejects_csv(job)).decode())))


def upload(client, job, lines, delimiter=",", encoding="utf-8", **more):
    """Hand a file in, as a spreadsheet writes it; return what the next page says."""
    text = StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines)
    file = BytesIO(text.getvalue().encode(encoding))
    file.name = "mended.csv"
    answer = client.post(f"/workbench/jobs/{job.pk}/mended/", {"file": file} | more, follow=True)
    return answer.content.decode()


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig")])
def test_they_are_sent_with_their_new_values(run, sshd, mia, delimiter, encoding):  # noqa: F811
    job = run()
    lines = downloaded(job)
    assert lines == [
        ["row", "reason", "id", "email"],
        ["2", "The e-mail address is missing.", "2", ""],
    ]
    lines[1][3] = "b@example.com"

    page = upload(mia, job, lines, delimiter, encoding)

    again = ran(job.resends.get())
    assert f"Job {again.pk} sends the mended rows of job {job.pk}." in page
    assert (again.status, again.rows, again.rejected) == ("success", 1, 0), again.error
    assert (sshd.root / f"in/{again.pk}.csv").read_text().splitlines()[1:] == ["2,b@example.com"]
    assert (sshd.root / f"in/{job.pk}.csv").is_file()


def test_only_cells_that_were_changed_are_read_anew(run, sshd, mia):  # noqa: F811
    job = run(KINDS)
    head, first, last = downloaded(job)
    assert last[2] == "9007199254740993"
    first[3:] = ["b@example.com", "3.5", "2026-02-03", '["z"]', "2026-02-03 04:05:06.789"]
    last[3] = "c@example.com"

    page = upload(mia, job, [head, first, last])
    assert "Nothing was sent" not in page, page[page.index("mended.csv") :][:200]

    again = ran(job.resends.get())
    assert again.status == "success", again.error
    assert (sshd.root / f"in/{again.pk}.csv").read_text().splitlines()[1:] == [
        '2,b@example.com,3.5,2026-02-03,"[""z""]",2026-02-03 04:05:06.789',
        "9007199254740993,c@example.com,,,,",
    ]


def test_rows_that_are_taken_out_of_the_file_are_not_sent(run, mia):  # noqa: F811
    job = run(KINDS)
    head, first, _ = downloaded(job)
    first[3] = "b@example.com"

    upload(mia, job, [head, first])

    assert job.resends.get().rows == 1


def test_rows_that_break_a_rule_still_are_rejected_again(run, mia):  # noqa: F811
    job = run(KINDS)
    head, first, last = downloaded(job)
    first[3] = "b@example.com"

    page = upload(mia, job, [head, first, last])
    assert "Nothing was sent" not in page, page[page.index("mended.csv") :][:200]

    again = ran(job.resends.get())
    assert (again.status, again.rows, again.rejected) == ("success", 2, 1)


RARE = """SELECT 1 AS id, CAST(NULL AS varchar) AS email, 'a' || chr(8232) || 'b' AS note,
  UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' AS who, from_hex('6162') AS raw,
  MAP(ARRAY['k'], ARRAY[1]) AS counts, TIME '01:02:03' AS at,
  ARRAY['p', 'q'] AS tags
UNION ALL SELECT 2, 'a@example.com', 'x', NULL, NULL, NULL, NULL, NULL"""
OTHER = {
    "note": "c",
    "who": "99999999-7586-11e9-8f9e-2a86e4085a59",
    "raw": "63 64",
    "counts": '{"k": 5}',
    "at": "04:05:06",
    "tags": '["r"]',
}


def of_row(job):
    [row] = [row for batch in sent_rows_of(job).portions() for row in batch.to_pylist()]
    return row


@pytest.mark.parametrize("changed", [False, True])
def test_values_of_every_type_are_kept_or_read(run, mia, changed):  # noqa: F811
    job = run(RARE)
    head, line = downloaded(job)
    for at, name in enumerate(head):
        line[at] = OTHER.get(name, line[at]) if changed else line[at]
    line[3] = "b@example.com"

    page = upload(mia, job, [head, line])

    assert "Nothing was sent" not in page, page[page.index("mended.csv") :][:200]
    found, before = of_row(job.resends.get()), of_row_of(job)
    assert found["email"] == "b@example.com"
    same = [name for name in OTHER if found[name] == before[name]]
    assert same == ([] if changed else [*OTHER])


def of_row_of(job):
    [row] = [row for batch in rejects_of(job).portions() for row in batch.to_pylist()]
    return row


def test_what_broke_off_half_way_is_gone_on_with_first(run, mia):  # noqa: F811
    job = run()
    lines = [HEAD, ["2", "", "2", "b@example.com"]]
    upload(mia, job, lines)
    job.resends.update(status="error", sent_bytes=5)

    page = upload(mia, job, lines)

    assert f"Job {job.resends.get().pk} has delivered some of these rows and failed" in page


def test_what_was_sent_already_is_sent_once_more_after_a_question(run, mia):  # noqa: F811
    job = run()
    lines = [HEAD, ["2", "", "2", "b@example.com"]]
    upload(mia, job, lines)
    again = ran(job.resends.get())
    assert again.status == "success", again.error

    page = upload(mia, job, lines)

    assert f"Job {again.pk} has sent rejected rows of job {job.pk} already." in page
    assert job.resends.count() == 1
    assert "Send those of the file once more?" in mia.get(job.get_absolute_url()).text
    upload(mia, job, lines, once_more="yes")
    assert job.resends.count() == 2


def test_an_export_that_replaces_by_now_sends_none_alone(run, mia):  # noqa: F811
    job = run()
    query = Query.objects.create(name="People", database=Database.objects.get(), owner=job.owner)
    query.authentication, query.export = job.authentication, job.export
    query.export = job.export | {"path_prefix": "/in/people.csv"}
    query.save()
    Job.objects.filter(pk=job.pk).update(query=query)

    assert "Send mended rows" not in mia.get(job.get_absolute_url()).text
    job.refresh_from_db()
    with pytest.raises(NoResult, match="cannot be sent by themselves"):
        jobs.resend(job, job.owner)


HEAD = ["row", "reason", "id", "email"]
BAD = {
    "another head": ([["id", "email"], ["2", "b"]], "Its first line has to be that of the"),
    "no rows": ([HEAD], "It has no rows."),
    "a row that was sent": ([HEAD, ["1", "", "1", "b"]], "Row 1 is none of the rejected rows"),
    "no number": ([HEAD, ["two", "", "2", "b"]], "Line 2: “two” is no number of a row."),
    "a row twice": ([HEAD, *[["2", "", "2", "b"]] * 2], "Line 3: row 2 is there twice."),
    "too few columns": ([HEAD, ["2", "", "2"]], "Line 2 has 3 columns in the place of 4."),
    "another type": ([HEAD, ["2", "", "x", "b"]], "Row 2, column id: “x” is no integer."),
    "a fraction": ([HEAD, ["2", "", "2.5", "b"]], "Row 2, column id: “2.5” is no integer."),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_does_not_fit_sends_nothing_and_says_why(run, mia, case):  # noqa: F811
    job = run()
    lines, said = BAD[case]

    page = upload(mia, job, lines)

    assert f"mended.csv: {said}" in page and "Nothing was sent." in page
    assert Job.objects.count() == 1


def test_a_file_in_another_encoding_is_told(run, mia):  # noqa: F811
    page = upload(mia, run(), [HEAD, ["2", "", "2", "ü"]], encoding="latin-1")

    assert "It is not a CSV file in UTF-8." in page


def test_a_second_file_waits_for_the_first(run, mia):  # noqa: F811
    job = run()
    lines = [HEAD, ["2", "", "2", "b@example.com"]]
    upload(mia, job, lines)

    page = upload(mia, job, lines)

    assert f"is sending rejected rows of job {job.pk} already. Nothing more was sent." in page
    assert job.resends.count() == 1


def test_others_cannot_send_them(run, client, colleague):  # noqa: F811
    job = run()
    client.force_login(colleague)

    assert client.post(f"/workbench/jobs/{job.pk}/mended/").status_code == 404


def test_where_a_file_would_be_replaced_there_is_no_way_to(run, mia):  # noqa: F811
    job = run(path_prefix="/in/people.csv")

    assert "Send mended rows" not in mia.get(job.get_absolute_url()).text
    assert mia.post(f"/workbench/jobs/{job.pk}/mended/").status_code == 404
