"""Where --result sends a result, and how that is shown again without its secrets."""

import getpass
import json
import sys

from django.core.exceptions import ValidationError

from console.models import Job, Query
from console.td.errors import Refused
from integrations.access import sample_for
from integrations.models import SwitchedOff, inline_authentication
from integrations.result import parse_result
from integrations.secrets import SecretUnreadable


def destination(asked, owner):
    """Return the authentication and the export that --result names, or None and None."""
    if asked.result is None:
        return None, None
    try:
        connector, authentication, export = parse_result(filled_in(asked))
    except ValidationError as error:
        raise Refused("\n".join(complaints(error))) from None
    if off := SwitchedOff.objects.filter(type=connector.name).first():
        raise Refused(f"--result: {off.sentence}")
    return inline_authentication(owner, connector, authentication), export


def filled_in(asked):
    """Return the --result with the user name and the password that were given beside it."""
    more = {"username": asked.user} if asked.user else {}
    if asked.password:
        more["password"] = ask_password()
    if not more:
        return asked.result
    try:
        given = json.loads(asked.result)
    except ValueError:
        return asked.result  # Refused where it is read, with the reason.
    return given | more if isinstance(given, dict) else asked.result


def ask_password():
    if sys.stdin.isatty():
        return getpass.getpass("Password (typing will be hidden): ")
    return sys.stdin.readline().rstrip("\n")


def complaints(error):
    for name, messages in error.message_dict.items():
        for message in messages:
            yield f"--result: {message}" if name == "result" else f"--result: {name}: {message}"


def shown(item: Job | Query) -> str:
    """Return the --result of a job or a query, with *** for its secrets."""
    if item.authentication is None:
        return ""
    export = item.export or {}
    try:
        result = sample_for(item.owner, item.authentication, export)
    except SecretUnreadable:
        result = {"type": item.authentication.type} | export
    return json.dumps(result, ensure_ascii=False)
