"""Segments from the first save to the last: versions, names, references, activations."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from activations.models import Activation, Folder, Segment
from activations.segments import folders, saving
from activations.segments.references import where_used
from activations.segments.usable import audience_for
from console.models import Query
from tests.activations.studio import GOLD, all_of, bought, refresh, rule


def reference(segment, **more):
    return {"type": "Reference", "id": segment.pk, **more}


def activate(segment, owner, name="Weekly"):
    query = Query.objects.create(
        name=name, database=segment.parent_segment.query.database, sql="", owner=owner, place="/a/"
    )
    return Activation.objects.create(segment=segment, name=name, query=query)


def test_each_change_of_the_rules_is_a_version(make, marketer):
    segment = make()
    segment.rules = all_of(bought(2))
    saving.save(segment, by=marketer, opened=1)
    segment.name = "Buyers"
    saving.save(segment, by=marketer, opened=2)

    assert segment.version == 2
    assert [each.number for each in segment.versions.all()] == [2, 1]

    saving.restore(segment, 1, by=marketer)

    assert segment.rules == GOLD and segment.version == 3


def test_who_saved_meanwhile_is_not_overwritten(make, marketer):
    segment = make()
    other = Segment.objects.get(pk=segment.pk)
    other.rules = all_of(bought(2))
    saving.save(other, by=marketer, opened=1)
    segment.rules = all_of(bought(3))

    with pytest.raises(saving.SavedMeanwhile, match="mia saved version 2 of this segment"):
        saving.save(segment, by=marketer, opened=1)

    assert Segment.objects.get(pk=segment.pk).rules == all_of(bought(2))


def test_a_folder_that_was_chosen_meanwhile_is_not_taken_back_unseen(make, shoppers, marketer):
    segment = make()
    stale, seen = Segment.objects.get(pk=segment.pk), saving.mark_of(segment)
    saving.move(segment, folders.save(Folder(parent_segment=shoppers, name="Growth")))
    stale.rules = all_of(bought(2))

    with pytest.raises(saving.SavedMeanwhile, match="in the folder “Growth” now") as refused:
        saving.save(stale, by=marketer, opened=1, seen=seen)

    assert Segment.objects.get(pk=segment.pk).folder == segment.folder
    saving.save(stale, by=marketer, opened=1, **refused.value.told)
    assert Segment.objects.get(pk=segment.pk).folder is None


def test_a_name_is_there_once_in_a_folder(make, shoppers):
    folder = folders.save(Folder(parent_segment=shoppers, name="Growth"))
    make("Gold")
    make("Gold", folder=folder)

    with pytest.raises(saving.NameTaken):
        make("Gold")
    with pytest.raises(saving.NameTaken):
        make("Gold", folder=folder)


def test_rules_that_cannot_be_run_are_not_saved(make):
    with pytest.raises(saving.Unsound, match="no attribute 'gone'"):
        make("Old", all_of(rule("gone", "IsNull")))

    assert not Segment.objects.exists()


def test_nothing_is_saved_before_the_first_refresh(unbuilt, marketer):
    segment = Segment(parent_segment=unbuilt, name="Gold", rules=GOLD, owner=marketer)

    with pytest.raises(saving.Unsound, match="was not refreshed yet"):
        saving.save(segment, by=marketer)


def test_who_may_not_see_what_is_masked_cannot_save_rules_about_it(make, analyst):
    segment = make("By mail", all_of(rule("email", "Contain", rightValues=["c1"]), bought(1)))
    segment.rules = all_of(rule("email", "Contain", rightValues=["c2"]), bought(1))

    with pytest.raises(saving.Unsound, match="'email' is masked"):
        saving.save(segment, by=analyst)


def test_a_segment_that_others_refer_to_stays(make, marketer):
    gold = make()
    user = make("Others", all_of(reference(gold, exclude=True)))

    with pytest.raises(saving.InUse) as refused:
        saving.delete(gold)
    assert refused.value.users == [("Segment", user)]

    saving.delete(user)
    saving.delete(gold)
    assert not Segment.objects.exists()


def test_a_count_goes_with_the_rules_of_a_segment_that_is_a_part(make, marketer):
    gold = make()
    user = make("Others", all_of(reference(gold, exclude=True)))
    Segment.objects.filter(pk=user.pk).update(customers=7, counted_at=timezone.now())
    gold.rules = all_of(rule("email", "IsNull"))

    saving.save(gold, by=marketer)

    user.refresh_from_db()
    assert (user.customers, user.counted_at) == (None, None)


def test_a_segment_with_an_activation_stays(make, marketer):
    gold = make()
    activation = activate(gold, marketer)

    with pytest.raises(saving.InUse):
        saving.delete(gold)

    assert where_used(gold) == [("Activation", activation)]


def test_a_segment_that_others_refer_to_gets_no_limit(make, marketer):
    gold = make()
    make("Others", all_of(reference(gold)))
    gold.rules = GOLD | {"limit": {"type": "Count", "number": 5}}

    with pytest.raises(saving.Unsound, match="“Others” refers to it"):
        saving.save(gold, by=marketer, opened=1)


def test_a_circle_is_refused(make, marketer):
    first = make("First")
    second = make("Second", all_of(reference(first)))
    third = make("Third", all_of(reference(second)))
    first.rules = all_of(reference(third))

    with pytest.raises(saving.Unsound, match="made of each other"):
        saving.save(first, by=marketer, opened=1)


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_make_no_circle(make, marketer):
    first, second = make("First"), make("Second")
    ready, refused = threading.Barrier(2), []

    def save(segment, other):
        segment.rules = all_of(reference(other))
        ready.wait()
        try:
            saving.save(segment, by=marketer, opened=1)
        except saving.Unsound as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=save, args=pair) for pair in [(first, second), (second, first)]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1 and "made of each other" in refused[0]


def test_activations_follow_the_segments_they_are_made_of(make, marketer):
    gold = make()
    user = make("Buyers of gold", all_of(reference(gold), bought(1)))
    own, over = activate(gold, marketer, "Own"), activate(user, marketer, "Over")
    gold.rules = all_of(rule("tier", "Equal", rightValue="platinum"))

    saving.save(gold, by=marketer, opened=1)

    for activation in (own, over):
        query = Query.objects.get(pk=activation.query_id)
        assert "'platinum'" in query.sql
        assert query.versions.get().saved_by == marketer


def test_where_an_activation_could_not_go_on_nothing_is_saved(make, marketer, analyst):
    gold = make()
    activation = activate(gold, analyst, "Weekly")
    gold.rules = all_of(rule("email", "Contain", rightValues=["c1"]))

    with pytest.raises(saving.Unsound, match="“Weekly” of the segment “Gold” could not go on"):
        saving.save(gold, by=marketer, opened=1)

    assert Segment.objects.get(pk=gold.pk).rules == GOLD
    assert Query.objects.get(pk=activation.query_id).sql == ""


def test_a_copy_has_the_rules_and_a_name_of_its_own(make, colleague, marketer):
    gold = make()
    first, second = (saving.duplicate(gold, by=marketer) for _ in range(2))

    assert [first.name, second.name] == ["Copy of Gold", "Copy of Gold (2)"]
    assert first.rules == GOLD and first.version == 1


def test_folders_are_no_circle_and_go_when_they_are_empty(shoppers, make):
    outer = folders.save(Folder(parent_segment=shoppers, name="Outer"))
    inner = folders.save(Folder(parent_segment=shoppers, name="Inner", within=outer))
    outer.within = inner
    with pytest.raises(folders.FolderError, match="into itself"):
        folders.save(outer)
    with pytest.raises(folders.FolderError, match="already"):
        folders.save(Folder(parent_segment=shoppers, name="Inner", within=inner.within))

    segment = make("Gold", folder=inner)
    with pytest.raises(folders.FolderError, match="1 segment in it"):
        folders.delete(inner)
    saving.move(segment, None)
    folders.delete(inner)

    assert Folder.objects.count() == 1


def test_groups_that_see_what_is_masked_use_the_other_database(unbuilt, analyst, marketer):
    unbuilt.unmasked.add(Group.objects.get(name="analysts"))
    refresh(unbuilt)

    audience = audience_for(unbuilt, analyst)

    assert audience.database == unbuilt.unmasked_database
    assert "email" in audience.attributes and "secret" not in audience.attributes
