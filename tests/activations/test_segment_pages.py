"""Pages of the studio, as a browser without scripts sees them, and who may see them."""

import json
import re

import pytest
from django.urls import reverse

from activations.models import Folder, ParentSegment, Segment
from activations.segments import saving
from tests.activations.studio import GOLD, all_of, bought, refresh, rule


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def sent(segment=None, rules=GOLD, **changes):
    text = rules if isinstance(rules, str) else json.dumps(rules)
    given = {"name": "Gold", "description": "", "folder": "", "rules": text}
    if segment:
        given |= {"name": segment.name, "version": segment.version}
    return given | changes


def new(shoppers):
    return reverse("new-segment", args=[shoppers.pk])


def test_the_rail_leads_to_the_studio(mia, shoppers):
    page = mia.get(reverse("home")).content.decode()

    assert 'href="/studio/"' in page
    assert "Customers" in mia.get(reverse("segments")).content.decode()


def test_without_a_parent_segment_the_studio_says_what_to_do(mia):
    assert b"No parent segments yet" in mia.get(reverse("segments")).content


def test_before_the_first_refresh_the_studio_says_so_and_looks_again(mia, unbuilt):
    address = reverse("studio-parent", args=[unbuilt.pk])

    page = mia.get(address).text
    assert "There are no customers yet" in page and "Create your first segment" not in page
    assert f'hx-get="{address}"' in page

    refresh(unbuilt)
    page = mia.get(address).text
    assert "There are no customers yet" not in page and "Create your first segment" in page


def test_a_segment_is_saved_and_listed(mia, shoppers):
    response = mia.post(new(shoppers), sent(description="The best"))

    segment = Segment.objects.get()
    assert response.url == reverse("segment", args=[shoppers.pk, segment.pk])
    page = mia.get(reverse("studio-parent", args=[shoppers.pk])).content.decode()
    assert "Gold" in page and "The best" in page and "Not counted" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Give the segment a name"),
        ({"rules": "{"}, "The rules are no JSON"),
        ({"rules": json.dumps({"type": "Or"})}, "A rule set needs a list of rules"),
        ({"rules": "[" * 100_000}, "The rules are no JSON"),
        ({"rules": '{"type": []}'}, "The type of a rule has to be a text."),
    ],
)
def test_what_cannot_be_saved_comes_back_with_the_reason(mia, shoppers, changes, said):
    response = mia.post(new(shoppers), sent(**changes))

    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Segment.objects.exists()


def test_a_taken_name_and_a_newer_version_are_told(mia, shoppers, make, marketer):
    segment, page = make(), reverse("segment", args=[shoppers.pk, make("Other").pk])
    taken = mia.post(page, sent(rules=GOLD, name="Gold", version=1))
    assert taken.status_code == 422 and "has a segment “Gold” already" in taken.content.decode()

    page = reverse("segment", args=[shoppers.pk, segment.pk])
    mia.post(page, sent(segment, all_of(bought(2))))
    late = mia.post(page, sent(segment, all_of(bought(3)), version=1))
    assert late.status_code == 422 and "saved version 2" in late.content.decode()
    again = mia.post(page, sent(segment, all_of(bought(3)), version=2))
    assert again.status_code == 302
    assert Segment.objects.get(pk=segment.pk).version == 3


def test_a_problem_of_all_rules_is_said_on_the_page(mia, shoppers, make):
    segment = make()
    make("Others", all_of({"type": "Reference", "id": segment.pk}))
    limited = GOLD | {"limit": {"type": "Count", "number": 5}}

    response = mia.post(reverse("segment", args=[shoppers.pk, segment.pk]), sent(segment, limited))

    assert response.status_code == 422 and "“Others” refers to it" in response.content.decode()


def test_search_finds_segments_of_all_folders(mia, shoppers, make):
    folder = Folder.objects.create(parent_segment=shoppers, name="Growth")
    make("Gold in summer", folder=folder)
    make("Silver")

    page = mia.get(reverse("studio-parent", args=[shoppers.pk]), {"q": "summer"}).content.decode()
    nothing = mia.get(reverse("studio-parent", args=[shoppers.pk]), {"q": "winter"})

    assert "Gold in summer" in page and "Silver" not in page
    assert b"No segment matches" in nothing.content


def test_a_segment_is_duplicated_moved_and_deleted(mia, shoppers, make):
    segment = make()
    folder = Folder.objects.create(parent_segment=shoppers, name="Growth")
    at = lambda name: reverse(name, args=[shoppers.pk, segment.pk])  # noqa: E731

    mia.post(at("duplicate-segment"))
    mia.post(at("move-segment"), {"folder": folder.pk})
    assert b"Gold" in mia.get(folder.get_absolute_url()).content
    asked = mia.get(at("delete-segment"))
    assert b"This cannot be undone" in asked.content
    mia.post(at("delete-segment"))

    assert [each.name for each in Segment.objects.all()] == ["Copy of Gold"]


def test_what_is_used_is_not_deleted(mia, shoppers, make):
    gold = make()
    make("Others", all_of({"type": "Reference", "id": gold.pk}))

    response = mia.post(reverse("delete-segment", args=[shoppers.pk, gold.pk]))

    assert response.status_code == 422 and b"Others" in response.content


def test_a_name_that_was_given_meanwhile_is_shown_first(mia, make):
    segment = make()
    page = mia.get(segment.get_absolute_url()).content.decode()
    stale = {"seen": re.search(r'name="seen" value="(\w+)"', page)[1], "description": "mine"}
    Segment.objects.update(name="Theirs")

    answer = mia.post(segment.get_absolute_url(), sent(segment, **stale))

    page = answer.content.decode()
    assert answer.status_code == 422 and "it is “Theirs” at the top now" in page
    stale["seen"] = re.search(r'name="seen" value="(\w+)"', page)[1]
    assert mia.post(segment.get_absolute_url(), sent(segment, **stale)).status_code == 302
    assert Segment.objects.get().description == "mine"


def test_versions_are_compared_and_restored(mia, shoppers, make, marketer):
    segment = make()
    segment.rules = all_of(rule("age", "Greater", rightValue=30))
    saving.save(segment, by=marketer, opened=1)
    at = reverse("segment-versions", args=[shoppers.pk, segment.pk])

    page = mia.get(at, {"compare": "1"}).content.decode()
    assert "tier is “gold”" in page and "age is more than 30" in page
    for number in ("9" * 5000, "x", "7"):
        assert mia.get(at, {"compare": number}).status_code == 404
    mia.post(reverse("restore-segment", args=[shoppers.pk, segment.pk, 1]))

    segment.refresh_from_db()
    assert segment.rules == GOLD and segment.version == 3


def test_folders_are_made_renamed_and_deleted(mia, shoppers):
    mia.post(reverse("new-folder", args=[shoppers.pk]), {"name": "Growth"})
    folder = Folder.objects.get()
    twice = mia.post(reverse("new-folder", args=[shoppers.pk]), {"name": "Growth"})
    assert twice.status_code == 422 and "here already" in twice.content.decode()
    itself = {"name": "Growth", "within": folder.pk}
    refused = mia.post(reverse("edit-folder", args=[shoppers.pk, folder.pk]), itself)
    assert "into itself" in refused.content.decode()
    mia.post(reverse("edit-folder", args=[shoppers.pk, folder.pk]), {"name": "Summer"})
    assert Folder.objects.get().name == "Summer"

    mia.post(reverse("delete-folder", args=[shoppers.pk, folder.pk]))

    assert not Folder.objects.exists()


ADDRESSES = [
    "segment",
    "duplicate-segment",
    "move-segment",
    "delete-segment",
    "segment-versions",
    "segment-insight",
]


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_others_have_is_not_there(client, colleague, shoppers, make, name, method):
    client.force_login(colleague)
    segment = make()

    response = getattr(client, method)(reverse(name, args=[shoppers.pk, segment.pk]))

    assert response.status_code in (404, 405)
    assert Segment.objects.filter(pk=segment.pk).exists()
    assert Segment.objects.count() == 1


def test_a_parent_segment_of_others_is_not_there(client, colleague, shoppers):
    client.force_login(colleague)

    assert client.get(reverse("studio-parent", args=[shoppers.pk])).status_code == 404
    assert client.get(new(shoppers)).status_code == 404
    assert b"No parent segments yet" in client.get(reverse("segments")).content


def test_a_segment_is_found_only_under_its_own_parent(mia, shoppers, make, unbuilt, marketer):
    other = ParentSegment.objects.create(
        name="Others", owner=marketer, master="crm.x", key="id", query=second_query(shoppers)
    )

    assert mia.get(reverse("segment", args=[other.pk, make().pk])).status_code == 404


def second_query(shoppers):
    query = shoppers.query
    query.pk, query.place = None, "/other/"
    query.save(force_insert=True)
    return query


def test_the_groups_that_may_use_it_edit_without_what_is_masked(client, analyst, shoppers, make):
    segment = make()
    client.force_login(analyst)

    page = client.get(reverse("segment", args=[shoppers.pk, segment.pk])).content.decode()

    assert '"name": "tier"' in page and '"name": "email"' not in page and '"phone"' not in page


def test_insight_draws_growth_distribution_and_overlap(mia, shoppers, make):
    other, segment = make("Buyers", all_of(bought(1))), make()
    for customers in (10, 25):
        segment.sizes.create(customers=customers)
    asked = {"attribute": "tier", "with": [other.pk]}

    page = mia.get(
        reverse("segment-insight", args=[shoppers.pk, segment.pk]), asked
    ).content.decode()

    assert "<polyline" in page
    assert '<th scope="row">gold</th><td class="num">25</td>' in page
    assert "80 %" in page  # 20 of the 25 have bought


@pytest.mark.parametrize("attribute", ["age", "joined", "tags"])
def test_each_kind_of_attribute_has_a_distribution(mia, shoppers, make, attribute):
    segment = make("All", {"type": "And", "conditions": []})

    page = mia.get(
        reverse("segment-insight", args=[shoppers.pk, segment.pk]), {"attribute": attribute}
    ).content.decode()

    assert "bar-fill" in page and "could not be calculated" not in page
