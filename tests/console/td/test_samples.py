"""The page of the command line: what is copied from it is what td and its --result take."""

import html
import json
import re
import shlex

import pytest
from django.urls import reverse

from console.td import samples
from console.td.command import COMMANDS, command_of, parser_of, with_waits
from integrations.connectors import CONNECTORS
from integrations.models import SwitchedOff
from integrations.result import parse_result, sample
from integrations.settings_json import MASK
from tests.integrations.keys import private_key

every_connector = pytest.mark.parametrize(
    "connector", CONNECTORS.values(), ids=lambda connector: connector.name
)


@pytest.fixture
def shown(client, marketer):
    client.force_login(marketer)
    return client.get(reverse("command-line")).content.decode()


def copied(shown, name):
    """Return the text that the button copies."""
    found = re.search(rf'<pre class="code" id="{name}"[^>]*>(.*?)</pre>', shown, re.DOTALL)
    assert f'data-copy="#{name}"' in shown
    return html.unescape(found[1])


def with_secrets(settings):
    """Put something real in the place of each ***."""
    real = {"secret_key_file": private_key()}
    return {
        name: real.get(name, "open-sesame-1") if value == MASK else value
        for name, value in settings.items()
    }


@every_connector
def test_the_json_that_is_copied_is_understood_and_comes_back(shown, connector):
    pasted = with_secrets(json.loads(copied(shown, f"{connector.name}-json")))

    understood = parse_result(json.dumps(pasted))

    again = sample(*understood)
    assert understood[0] is connector
    assert {name: again[name] for name in pasted} == {
        name: MASK if name in connector.Authentication.secrets() else value
        for name, value in pasted.items()
    }
    hidden = {name: pasted[name] for name, value in again.items() if value == MASK}
    assert parse_result(again | hidden) == understood


@every_connector
def test_the_command_that_is_copied_has_the_same_json_and_the_example_query(shown, connector):
    words = shlex.split(copied(shown, f"{connector.name}-line").replace("\\\n", ""))
    name, rest = command_of(words[3:])

    asked = parser_of(name).parse_intermixed_args(with_waits(rest))

    assert " ".join(words[:3]) == samples.TD
    assert (name, asked.as_user, asked.wait) == ("query", "mia", -1)
    assert asked.sql == connector.example_query.strip()
    assert asked.result == copied(shown, f"{connector.name}-json")


def test_of_a_connector_that_is_switched_off_nothing_is_offered_to_copy(client, marketer):
    SwitchedOff.objects.create(type="rokt", reason="Use S3")
    client.force_login(marketer)

    page = client.get(reverse("command-line")).content.decode()

    card = page.partition('id="rokt"')[2].partition("</section>")[0]
    assert "Rokt is switched off by an administrator. Use S3." in card
    assert "data-copy" not in card and 'data-copy="#s3-line"' in page


def test_every_command_is_there_with_its_own_help(shown):
    for name, command in COMMANDS.items():
        assert f"<code>td {name}</code>" in shown and command.help in shown
    assert "set query type (presto, trino)" in shown


def test_the_connectors_and_the_keys_lead_to_the_samples(client, shown):
    assert 'href="/help/cli/#rokt"' in client.get("/integrations/catalog/rokt/").content.decode()
    assert 'href="/help/cli/"' in client.get("/help/keys/").content.decode()
