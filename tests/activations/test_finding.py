"""The search of the page for what is not there: what a person may see, and nothing else."""

import pytest

from activations.finding import MOST, find
from activations.models import Activation, Segment
from console.models import Job, Query

EVERYTHING = ["Queries", "Activations", "Segments", "Jobs", "Authentications"]


@pytest.fixture
def spring(unbuilt, sales, marketer, sftp):
    """One of each kind of Mia's that has spring in its name."""
    segment = Segment.objects.create(parent_segment=unbuilt, name="Spring gold", owner=marketer)
    given = {"database": sales, "sql": "SELECT 1", "owner": marketer}
    Query.objects.create(name="Spring buyers", **given)
    query = Query.objects.create(name="Spring mails", place="/studio/activations/1/", **given)
    Activation.objects.create(segment=segment, name="Spring mails", query=query)
    sftp.name = "Spring drop"
    sftp.save()
    return Job.objects.create(name="Spring buyers", database="crm", sql="SELECT 1", owner=marketer)


def labels(groups):
    return {group.label for group in groups}


def titles(groups):
    return {group.label: [str(item["title"]) for item in group.items] for group in groups}


def test_what_is_called_like_that_is_found_of_each_kind(spring, marketer):
    assert titles(find(marketer, "spRing")) == {
        "Queries": ["Spring buyers"],
        "Activations": ["Spring mails"],
        "Segments": ["Spring gold"],
        "Authentications": ["Spring drop"],
        "Jobs": [f"Job {spring.pk}"],
    }


def test_what_is_not_shared_is_not_found(spring, colleague, analyst, keeper):
    assert find(colleague, "spring") == []
    assert labels(find(analyst, "spring")) == {"Segments", "Activations"}
    assert labels(find(keeper, "spring")) == set(EVERYTHING)


def test_a_number_finds_what_has_it_and_is_the_persons(spring, marketer, colleague):
    for words in (str(spring.pk), f"#{spring.pk}"):
        assert titles(find(marketer, words))["Jobs"] == [f"Job {spring.pk}"]
        assert "Jobs" not in labels(find(colleague, words))


def test_what_is_used_by_others_is_found_only_once_it_is_shared(spring, sftp, colleague):
    assert find(colleague, "drop") == []

    sftp.shared_users.add(colleague)

    assert titles(find(colleague, "drop")) == {"Authentications": ["Spring drop"]}


def test_the_first_few_are_shown_and_the_list_has_the_rest(sales, marketer, client):
    for number in range(MOST + 1):
        Query.objects.create(name=f"Sale & {number}", database=sales, sql="", owner=marketer)
    [group] = find(marketer, "Sale &")
    client.force_login(marketer)

    page = client.get("/search/", {"q": " Sale  & "}).content.decode()

    assert len(group.items) == MOST
    assert 'href="/workbench/queries/?q=Sale+%26"' in page
    assert client.get(group.rest).content.decode().count("Sale &amp; ") >= MOST + 1


@pytest.mark.parametrize("words", ["", "  ", "\0", "<script>", "9" * 99, "%", "x" * 5_000])
def test_whatever_is_searched_is_answered(client, marketer, words):
    client.force_login(marketer)

    answer = client.get("/search/", {"q": words})

    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


def test_an_address_where_nothing_is_has_the_search(client, marketer, spring):
    stranger = client.get("/studio/nothing/")
    client.force_login(marketer)
    page = client.get(f"/workbench/jobs/{spring.pk + 1}/")

    assert stranger.status_code == page.status_code == 404
    assert 'action="/search/"' in page.content.decode()
    assert 'action="/search/"' not in stranger.content.decode()
    assert "Sign in" in stranger.content.decode()
    assert client.post("/search/").status_code == 405


def test_strangers_search_nothing(client, spring):
    assert client.get("/search/?q=spring").url == "/login/?next=/search/%3Fq%3Dspring"
