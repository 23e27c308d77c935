import subprocess

import pytest

from integrations.transports.private_keys import KeyProblem, read_private_key

pytestmark = pytest.mark.needs("ssh-keygen")
PASSPHRASE = "td@123"
KEYS = {
    "ed25519": ["-t", "ed25519"],
    "ed25519 locked": ["-t", "ed25519", "-N", PASSPHRASE],
    "rsa": ["-t", "rsa", "-b", "2048"],
    "rsa locked": ["-t", "rsa", "-b", "2048", "-N", PASSPHRASE],
    "rsa PEM": ["-t", "rsa", "-b", "2048", "-m", "PEM"],
    "rsa PEM locked": ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", PASSPHRASE],
    "rsa PKCS8": ["-t", "rsa", "-b", "2048", "-m", "PKCS8"],
    "rsa PKCS8 locked": ["-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", PASSPHRASE],
    "ecdsa": ["-t", "ecdsa", "-b", "256"],
    "ecdsa PEM": ["-t", "ecdsa", "-b", "384", "-m", "PEM"],
}
SHAPES = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "one line with \\n": lambda text: text.replace("\n", "\\n"),
    "the CLI page's extra \\n\\n": lambda text: text.replace("\n", "\\n") + "\\n\\n",
    "no line breaks": lambda text: text.replace("\n", ""),
    "blanks for line breaks": lambda text: text.replace("\n", " "),
    "indented": lambda text: "\n".join("   " + line for line in text.splitlines()),
    "quoted": lambda text: '"' + text.replace("\n", "\\n") + '"',
    "no final line break": lambda text: text.rstrip(),
    "text around": lambda text: f"here it is:\n{text}\nbye",
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Private key texts and public keys by the names of KEYS."""
    folder = tmp_path_factory.mktemp("keys")
    for name, arguments in KEYS.items():
        unlocked = [] if "-N" in arguments else ["-N", ""]
        command = ["ssh-keygen", "-q", "-f", folder / name, *arguments, *unlocked]
        subprocess.run(command, check=True)
    return {
        name: ((folder / name).read_text(), (folder / f"{name}.pub").read_text().split()[1])
        for name in KEYS
    }


def refusal(text, passphrase=""):
    with pytest.raises(KeyProblem) as caught:
        read_private_key(text, passphrase)
    return f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_read_in_whatever_shape_it_is_pasted(keys, name, shape):
    text, public = keys[name]

    key = read_private_key(SHAPES[shape](text), PASSPHRASE if "locked" in name else "")

    assert key.get_base64() == public


@pytest.mark.parametrize("name", KEYS)
def test_a_passphrase_that_is_not_needed_does_no_harm(keys, name):
    text, public = keys[name]

    assert read_private_key(text, PASSPHRASE).get_base64() == public


@pytest.mark.parametrize("name", [name for name in KEYS if "locked" in name])
def test_a_locked_key_asks_for_its_passphrase(keys, name):
    text, _ = keys[name]

    assert "protected by a passphrase" in refusal(text)
    assert "does not open" in refusal(text, "wrong")


def test_a_putty_key_is_refused_with_the_command_that_converts_it():
    text = refusal("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n")

    assert "`puttygen key.ppk -O private-openssh -o key`" in text


@pytest.mark.parametrize("name", ["ed25519", "rsa", "ecdsa"])
def test_a_public_key_is_told_from_a_private_one(keys, name):
    kind = read_private_key(keys[name][0]).get_name()

    assert "This is the public key." in refusal(f"{kind} {keys[name][1]} me@here")


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("shape", ["as it is", "one line with \\n"])
@pytest.mark.parametrize("cut", [60, 200, -40, -60, -100])
def test_a_key_that_was_cut_off_is_refused(keys, name, shape, cut):
    assert "cut off" in refusal(SHAPES[shape](keys[name][0])[:cut])


def test_a_key_with_a_part_missing_is_refused(keys):
    text = keys["ed25519"][0]

    assert "damaged" in refusal(text[:100] + text[170:])
    assert "damaged" in refusal(text.replace("b3Bl", "b3 !"))


def test_weak_and_foreign_keys_are_refused():
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa

    def text(key):
        unlocked = pem.NoEncryption()
        return key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, unlocked).decode()

    assert "1024 bits" in refusal(text(rsa.generate_private_key(65537, 1024)))
    assert "DSA" in refusal(text(dsa.generate_private_key(1024)))
    assert "no keys on the curve secp256k1" in refusal(
        text(ec.generate_private_key(ec.SECP256K1()))
    )
    assert "not supported" in refusal(text(ed448.Ed448PrivateKey.generate()))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no BEGIN line"),
        ("hello", "no BEGIN line"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "certificate"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "public key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "damaged"),
        ("-----BEGIN RSA PRIVATE KEY-----\n!!!\n-----END RSA PRIVATE KEY-----", "damaged"),
    ],
)
def test_what_is_no_private_key_is_named(text, said):
    assert said in refusal(text)
