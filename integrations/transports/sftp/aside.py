"""The old file, out of the way of the new one, on servers that rename onto none.

It is kept until the new one has the name. Where it lies is written down, so that whichever try or
attempt comes next puts it back, or removes it.
"""

import posixpath
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass

from integrations.delivery import Delivery, Journal
from integrations.errors import ExportError, Stopped
from integrations.transports.sftp.connection import is_answer
from integrations.transports.sftp.notes import write_down

ENDING = ".old.tmp"
LONGEST_START = 200  # bytes of a name that has such an ending; common file systems take 255


@dataclass(frozen=True)
class Aside:
    """An old file that was set aside, or is about to be."""

    aside: str  # its name there
    path: str  # the one that it had
    temporary: str  # the name of the new file, until that has the other one


def replace(files, temporary: str, path: str, refusal: OSError) -> OSError | None:
    """Give the file the name of the one in its way. Return why not, where all is as before."""
    old = set_aside(files, temporary, path)
    if not old:
        return refusal
    refusal = refused(files, temporary, path)
    if refusal:
        put_back(files, old)
    return refusal


def set_aside(files, temporary, path):
    """Give the old file another name. Return nothing where the server does not do that."""
    for name in spare_names(path):
        old = Aside(name, path, temporary)
        write_down(journal_of(files), asdict(old))
        why = refused(files, path, name)
        if is_gone(why):
            return old
        end(files, old)
    return None


def spare_names(path):
    """Return names for the file; the second one is for servers that refuse a dot in front."""
    folder, name = posixpath.split(path)
    ending = f".{secrets.token_hex(4)}{ENDING}"
    short = name.encode()[:LONGEST_START].decode(errors="ignore")
    return [posixpath.join(folder, spare) for spare in (f".{short}{ending}", f"upload{ending}")]


def put_back(files, old):
    """Give the old file its name again, where no other file has that by now."""
    if is_gone(refused(files, old.aside, old.path)):
        end(files, old)


def refused(files, name, new):
    """Rename to a name that nobody has. Return why the server does not do that."""
    with files.doing(f"Rename {name} to {new}"):
        try:
            files.operations.rename(name, new)
        except OSError as error:
            if not is_answer(error):
                raise
            return error
    return None


def is_gone(refusal):
    """Return whether the file was renamed, or taken away by somebody before that."""
    return refusal is None or isinstance(refusal, FileNotFoundError)


def discard(files, path: str) -> None:
    """Remove what was set aside for a file that has its name now. No trouble here matters."""
    with suppress(ExportError, Stopped, OSError):
        for old in asides(journal_of(files)):
            if old.path == path:
                files.remove(old.aside)
                end(files, old)


def settle(files) -> None:
    """Put back what is aside of a new file that never got its name, and remove the rest."""
    delivery = files.connection.delivery
    olds = asides(delivery.journal)
    if olds and delivery.held():
        for old in olds:
            with suppress(ExportError):  # What is not answered is asked again later.
                settle_one(files, old)


def settle_one(files, old):
    """Put back or remove an old file; where it cannot be told which of them, it stays."""
    if files.stat(old.path):
        files.remove(old.aside)
        end(files, old)
    elif files.is_missing(old.path) and files.stat(old.temporary):
        put_back(files, old)


def asides(journal: Journal) -> list[Aside]:
    """Return the old files that were set aside and neither put back nor removed."""
    found = {}
    for entry in journal.read():
        match entry:
            case {"aside": name, "path": path, "temporary": temporary}:
                found[name] = Aside(name, path, temporary)
            case {"aside": name}:
                found.pop(name, None)
    return list(found.values())


def readable(journal: Journal) -> list[Aside]:
    """Return such files; none where the journal cannot be read."""
    with suppress(OSError):
        return asides(journal)
    return []


def tell(delivery: Delivery) -> None:
    """Say where old files may be that could neither be put back nor removed."""
    olds = readable(delivery.journal)
    for old in olds if olds and delivery.held() else ():  # Else another worker sees to them.
        delivery.log(
            f"The file that was {old.path} before may still be there as {old.aside}. "
            "If it is missed, rename it back on the server; else remove it."
        )


def end(files, old):
    with suppress(OSError):  # It is settled, whatever becomes of the note.
        journal_of(files).note({"aside": old.aside})


def journal_of(files):
    return files.connection.delivery.journal
