import json
import tempfile
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from integrations.connectors import CONNECTORS
from integrations.result import parse_result, sample
from tests.integrations.keys import private_key
from tests.integrations.openpgp import Receiver

PASSWORD = {
    "type": "sftp_v2",
    "host": "sftp.test",
    "auth_method": "password",
    "username": "mia",
    "password": "hunter2 ",
    "path_prefix": "/upload/test.csv",
}

# The seed's examples, as they are printed there.
STRUCTURE_PASSWORD = """{ "type": "sftp_v2", "host": "IP or host of SFTP server", "port": 22, \
"path_prefix": "/upload/2024Aug29/TC01.csv", "temp_file_threshold": 1024, "timeout": 600, \
"user_directory_is_root": false, "rename_file_after_upload": true, "auth_method": "password", \
"username": "login user", "password": "password of user when auth_method is password" }"""
STRUCTURE_KEY_PAIR = """{ "type": "sftp_v2", "host": "IP or host of SFTP server", "port": 22, \
"path_prefix": "/upload/2024Aug29/TC01.csv", "temp_file_threshold": 1024, "timeout": 600, \
"user_directory_is_root": false, "rename_file_after_upload": true, "auth_method": "key_pair", \
"secret_key_file": "Content of private key file", "secret_key_passphrase": "td@123" }"""
EXAMPLE_1 = """{"type":"sftp_v2","host":"your_ip","port": 22,"auth_method":"password",\
"username":"user_name","password":"your_pass", "user_directory_is_root": true, \
"rename_file_after_upload": true,"path_prefix":"/sftp/2024aug/test.csv"}"""
EXAMPLE_2 = """{"type":"sftp_v2","host":"your_ip","port": 22,"auth_method":"password",\
"username":"user_name","password":"password","user_directory_is_root":true,\
"path_prefix":"/sftp/2024aug/test.csv","rename_file_after_upload":true,"format": "csv", \
"compression": "gz","header_line":true,"quote_policy":"ALL","delimiter":"\\t","null_string":"",\
"newline":"CRLF","temp_file_threshold":0,"sequence_format":".%01d%01d"}"""
EXAMPLE_3 = """{"type":"sftp_v2","host":"your_ip","port": 22,"auth_method":"key_pair",\
"username":"user_name", "path_prefix": "/sftp/2024aug/test.csv","sequence_format":"",\
"max_connection_retry":5,"secret_key_passphrase":"123","timeout":600,"secret_key_file":\
"-----BEGIN OPENSSH PRIVATE KEY-----\\nline1\\nline2\\nline3\\n-----END OPENSSH PRIVATE KEY-----\
\\n\\n"}"""
EXAMPLE_5 = """{ "type": "sftp_v2", "host": "your host server", "auth_method": "password", \
"username": "your user name", "password": "your password", \
"path_prefix": "cli/test_27_3_500K.csv.bz2.gpg", "file_ext": ".gpg", \
"rename_file_after_upload": false, "formatter": { "type": "csv", "quote_policy": "MINIMAL", \
"delimiter": ",", "null_string": "null", "newline": "\\n" }, "compression": "encrypt_pgp", \
"public_key": "your public key", "key_identifier": "your key identifier", "armor": true/false, \
"compression_type": "bzip2/gzip/none" }"""
KEY_OF_EXAMPLE_3 = (
    r"-----BEGIN OPENSSH PRIVATE KEY-----\nline1\nline2\nline3"
    r"\n-----END OPENSSH PRIVATE KEY-----\n\n"
)


def errors_of(result):
    with pytest.raises(ValidationError) as caught:
        parse_result(result)
    return caught.value.message_dict


def test_the_structure_with_a_password():
    text = STRUCTURE_PASSWORD.replace("IP or host of SFTP server", "192.168.1.1")

    connector, authentication, export = parse_result(text)

    assert connector is CONNECTORS["sftp_v2"]
    assert authentication["password"] == "password of user when auth_method is password"
    assert authentication["username"] == "login user"
    assert export["temp_file_threshold"] == 1024 and export["rename_file_after_upload"] is True


def test_the_structure_with_a_key_pair_lacks_only_the_user():
    key = json.dumps(private_key("td@123"))
    text = STRUCTURE_KEY_PAIR.replace("IP or host of SFTP server", "eu-west-1.sftpcloud.io")
    text = text.replace('"Content of private key file"', key)

    assert errors_of(text) == {"username": ["This field is required."]}


def test_example_1_of_the_seed():
    _, authentication, export = parse_result(EXAMPLE_1.replace("your_ip", "127.0.0.1"))

    assert authentication == {
        "host": "127.0.0.1",
        "port": 22,
        "username": "user_name",
        "auth_method": "password",
        "password": "your_pass",
        "max_connection_retry": 5,
        "timeout": 600,
    }
    assert export["user_directory_is_root"] is True
    assert export["temp_file_threshold"] == 5_368_709_120 and export["newline"] == "CRLF"


def test_example_2_of_the_seed():
    _, _, export = parse_result(EXAMPLE_2)

    assert export["encoders"] == "gz" and export["quote_policy"] == "ALL"
    assert export["temp_file_threshold"] == 0 and export["sequence_format"] == ".%01d%01d"
    assert export["null_string"] == "" and export["header_line"] is True


@pytest.mark.parametrize(
    "form", ["escaped", "printed for a shell", "without line breaks", "with line breaks of Windows"]
)
def test_example_3_of_the_seed(form):
    key = private_key("123")
    spelled = {
        "escaped": key.replace("\n", r"\n") + r"\n",
        "printed for a shell": key.replace("\n", r"\\n"),
        "without line breaks": key.replace("\n", ""),
        "with line breaks of Windows": key.replace("\n", r"\r\n"),
    }[form]
    assert KEY_OF_EXAMPLE_3 in EXAMPLE_3

    _, authentication, export = parse_result(EXAMPLE_3.replace(KEY_OF_EXAMPLE_3, spelled))

    assert authentication["auth_method"] == "key_pair" and "password" not in authentication
    assert authentication["secret_key_passphrase"] == "123"
    assert export["user_directory_is_root"] is False and export["rename_file_after_upload"] is False


def test_example_5_as_printed_is_not_json():
    assert errors_of(EXAMPLE_5) == {
        "result": ["The --result is not JSON: Expecting ',' delimiter at line 1, column 474."]
    }


@pytest.fixture
def receiver():
    # Not in tmp_path: the path of gpg's socket has to be short.
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        receiver = Receiver(Path(home))
        yield receiver
        receiver.close()


@pytest.mark.needs("gpg")
def test_example_5_of_the_seed(receiver):
    subkey = receiver.add(receiver.make("ed25519", "cert"), "cv25519")
    text = (
        EXAMPLE_5.replace("your host server", "sftp.test")
        .replace('"your public key"', json.dumps(receiver.public()))
        .replace("your key identifier", subkey[-16:])
        .replace("true/false", "true")
    )

    for compression in ("bzip2", "gzip", "none"):
        _, authentication, export = parse_result(text.replace("bzip2/gzip/none", compression))

        assert authentication["username"] == "your user name"
        assert export["encoders"] == "encrypt_pgp" and export["armor"] is True
        assert export["compression_type"] == compression and export["file_ext"] == ".gpg"
        assert export["quote_policy"] == "MINIMAL" and export["newline"] == "LF"
        assert export["delimiter"] == "," and export["null_string"] == "null"


def test_a_part_of_an_example_names_what_is_missing():
    key = private_key().replace("\n", r"\n")
    text = f'{{"type":"sftp_v2", "secret_key_file": "{key}"}}'

    assert errors_of(text) == {
        name: ["This field is required."] for name in ("host", "username", "path_prefix")
    }


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"compression": "gzip"}, "encoders", "gz"),
        ({"encoders": "bz2"}, "encoders", "bzip2"),
        ({"newline": "\n"}, "newline", "LF"),
        ({"newline": "\r\n"}, "newline", "CRLF"),
        ({"formatter": {"type": "tsv"}}, "format", "tsv"),
        ({"formatter": {"null_string": "null"}}, "null_string", "null"),
        ({"header_line": "false"}, "header_line", False),
        ({"temp_file_threshold": "0"}, "temp_file_threshold", 0),
        ({"sequence_format": None}, "sequence_format", ""),
    ],
)
def test_other_spellings_are_understood(change, name, value):
    _, _, export = parse_result(PASSWORD | change)

    assert export[name] == value


def test_the_user_may_be_called_user():
    _, authentication, _ = parse_result(
        {name if name != "username" else "user": value for name, value in PASSWORD.items()}
    )

    assert authentication["username"] == "mia"


def test_a_json_without_a_retry_limit_means_five():
    assert parse_result(PASSWORD)[1]["max_connection_retry"] == 5
    assert CONNECTORS["sftp_v2"].Authentication.defaults()["max_connection_retry"] == 10


def test_blanks_at_the_end_of_a_password_count():
    assert parse_result(PASSWORD)[1]["password"] == "hunter2 "


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"password": ""}, {"password": "This field is required."}),
        ({"password": None}, {"password": "This field is required."}),
        ({"password": "***"}, {"password": "Put the real value in the place of ***."}),
        ({"pth_prefix": "x"}, {"pth_prefix": "Unknown setting. Did you mean path_prefix?"}),
        ({"formatter": {"nul_string": ""}}, {"formatter.nul_string": "Unknown setting."}),
        ({"formatter": "csv"}, {"formatter": "Must be an object."}),
        ({"port": "abc"}, {"port": "Enter a whole number."}),
        ({"port": True}, {"port": "Must be a whole number, not true or false."}),
        ({"port": 70000}, {"port": "Enter 65535 or less."}),
        ({"timeout": 1.5}, {"timeout": "Enter a whole number."}),
        ({"format": "xls"}, {"format": 'Must be one of "csv", "tsv".'}),
        ({"host": ["a"]}, {"host": "Must be text, not a list."}),
        ({"path_prefix": {"a": 1}}, {"path_prefix": "Must be text, not an object."}),
        ({"path_prefix": 5}, {"path_prefix": "Must be text, not a number."}),
        ({"rename_file_after_upload": "maybe"}, {"rename_file_after_upload": "Must be true or"}),
        ({"rename_file_after_upload": 1}, {"rename_file_after_upload": "Must be true or false, n"}),
        ({"encoders": "gz", "compression": "bzip2"}, {"compression": "Contradicts encoders"}),
        ({"armor": True}, {"armor": 'Applies only when encoders is "encrypt_pgp", and'}),
        ({"amor": True}, {"amor": 'Applies only when encoders is "encrypt_pgp", and'}),
        (
            {"secret_key_passphrase": "x"},
            {"secret_key_passphrase": "Applies only when auth_method"},
        ),
        ({"type": "sftp"}, {"type": "Unknown type: sftp. Did you mean sftp_v2?"}),
        ({"type": None}, {"type": "This is required. There is: sftp_v2, s3, rokt, clevertap"}),
        ({"type": ["sftp_v2"]}, {"type": "Unknown type"}),
    ],
)
def test_a_mistake_is_named(change, expected):
    errors = errors_of(PASSWORD | change)

    assert errors.keys() == expected.keys()
    assert all(errors[name][0].startswith(message) for name, message in expected.items())


def test_two_spellings_of_one_value_contradict_nothing():
    both = PASSWORD | {"encoders": "gz", "compression": "gzip"}

    assert parse_result(both)[2]["encoders"] == "gz"


def test_a_password_without_its_auth_method_contradicts_the_default():
    without = {name: value for name, value in PASSWORD.items() if name != "auth_method"}
    secret_key_file = private_key()

    assert errors_of(without | {"secret_key_file": secret_key_file}) == {
        "password": ['Applies only when auth_method is "password", and auth_method is "key_pair".']
    }


def test_a_blank_password_beside_a_key_contradicts_nothing():
    key_pair = {"auth_method": "key_pair", "password": "", "secret_key_file": private_key()}

    assert "password" not in parse_result(PASSWORD | key_pair)[1]


def test_all_mistakes_are_named_at_once():
    assert errors_of({"type": "sftp_v2", "port": "x", "foo": 1}).keys() >= {"port", "foo", "host"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sftp://mia:hunter2@sftp.test/a.csv", "A URL is not understood here."),
        ("{", "The --result is not JSON: Expecting property name"),
        ("[]", "The --result must be a JSON object"),
        ('{"a": NaN}', "The --result is not JSON: NaN is not a value."),
        ("[" * 100_000, "The --result is not JSON that can be read."),
        ('{"a": ' + "1" * 5000 + "}", "The --result is not JSON that can be read."),
    ],
)
def test_what_is_not_a_json_object_is_refused(text, message):
    [problem] = errors_of(text)["result"]

    assert problem.startswith(message) and "hunter2" not in problem


def test_a_setting_that_is_there_twice_is_refused():
    assert errors_of('{"type": "sftp_v2", "port": 22, "port": 23}') == {"port": ["Is there twice."]}


def test_a_sample_hides_the_secrets_and_means_the_same():
    parsed = parse_result(PASSWORD | {"compression": "gzip", "header_line": False})

    shown = sample(*parsed)

    assert "hunter2" not in json.dumps(shown)
    assert shown["password"] == "***" and shown["type"] == "sftp_v2"
    assert parse_result(shown | {"password": "hunter2 "}) == parsed


def test_a_sample_says_which_way_to_log_in():
    key_pair = {"auth_method": "key_pair", "password": "", "secret_key_file": private_key()}

    assert sample(*parse_result(PASSWORD | key_pair))["auth_method"] == "key_pair"


@pytest.mark.parametrize("gzip", [{"encoders": "gz"}, {"compression": "gzip"}])
def test_a_sample_says_the_level_and_what_it_belongs_to(gzip):
    shown = sample(*parse_result(PASSWORD | gzip | {"gz_level": 6}))

    assert shown["encoders"] == "gz" and shown["gz_level"] == 6
    assert "compression_type" not in shown


def test_a_sample_says_what_a_json_would_take_otherwise():
    connector, authentication, export = parse_result(PASSWORD | {"max_connection_retry": 10})

    assert sample(connector, authentication, export)["max_connection_retry"] == 10
