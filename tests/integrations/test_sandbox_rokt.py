"""Rokt in the sandbox: it takes files, deletes them, and refuses what breaks its rules."""

import json

import pytest

from integrations.sandbox.rokt_files import Consumer

HASH = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
INCLUDE = "upload/custom-audience/include/Advertiser"


@pytest.fixture
def rokt(tmp_path):
    return Consumer(tmp_path / "rokt", tmp_path / "processed")


def drop(rokt, data, place=INCLUDE, name="people.csv"):
    path = rokt.folder / place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def report(rokt, name="people.csv"):
    assert rokt.look() == [] and rokt.look() == [name]
    return json.loads((rokt.kept / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("data", "plain", "hashed"),
    [
        ("a@example.com\r\nb@example.com\r\n", 2, 0),
        (f"{HASH}\n", 0, 1),
        ("a@example.com\n".encode("utf-16"), 1, 0),
        ("a@example.com\n".encode("utf-32"), 1, 0),
        ("", 0, 0),
    ],
)
def test_a_list_is_taken_and_deleted(rokt, data, plain, hashed):
    path = drop(rokt, data)

    said = report(rokt)

    assert (said["outcome"], said["plain"], said["hashed"]) == ("processed", plain, hashed)
    assert not path.exists()


@pytest.mark.parametrize(
    ("data", "place", "name", "said"),
    [
        (f"a@example.com\n{HASH}\n", INCLUDE, "people.csv", "mixed"),
        ("email\na@example.com\n", INCLUDE, "people.csv", "no address in 'email'"),
        ("a@example.com,A\n", INCLUDE, "people.csv", "one column"),
        ("a@example.com\n", INCLUDE, "people.json", ".csv or .txt"),
        ("a@example.com\n", "upload/custom-audience/include", "people.csv", "advertiser"),
        ("a@example.com\n", "upload", "people.csv", "no such list"),
    ],
)
def test_a_file_that_breaks_a_rule_is_rejected_as_a_whole(rokt, data, place, name, said):
    drop(rokt, data, place, name)

    found = report(rokt, name)

    assert found["outcome"] == "rejected" and said in found["error"]


def test_conversions_may_have_more_columns(rokt):
    drop(rokt, f"{HASH},12.5,USD\n", "upload/conversions")

    assert report(rokt)["hashed"] == 1


@pytest.mark.parametrize("name", [".people.csv", "people.csv.tmp"])
def test_temporary_files_are_left_alone(rokt, name):
    path = drop(rokt, "a@example.com\n", name=name)

    assert rokt.look() == rokt.look() == [] and path.exists()


def test_a_file_that_grows_is_left_alone_until_it_does_not(rokt):
    path = drop(rokt, "a@example.com\n")
    assert rokt.look() == []
    with path.open("a") as file:
        file.write("b@example.com\n")

    assert rokt.look() == [] and rokt.look() == ["people.csv"]
