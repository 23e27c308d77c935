"""One import: data files one after the other, each followed by its manifest, never by two.

What was done is written down before and after each step. A further attempt goes on from there:
it sends neither a data file nor a manifest again that is known to have arrived, and where that is
not known it uses the name that was written down before.
"""

from dataclasses import asdict, replace

from integrations.connectors.clevertap_sftp.files import (
    ManifestContent,
    Names,
    manifest,
    names,
    names_beside,
)
from integrations.connectors.clevertap_sftp.parts import PartContent
from integrations.connectors.receipt import DeliveredFile
from integrations.connectors.remote_name import as_test
from integrations.connectors.retry import retrying
from integrations.connectors.sftp.login import account_of
from integrations.transports.sftp import Connection, Files


class Sending:
    """The files of one import, on their way."""

    def __init__(self, connector, rows, delivery):
        self.connector = connector
        self.rows = rows
        self.delivery = delivery
        self.files = []
        self.parts = 0
        self.host_key = ""
        self.notes = {}  # part -> what was written down of it
        for entry in delivery.journal.read():
            if "part" in entry:  # Others are of the transport.
                self.notes.setdefault(entry["part"], {}).update(entry)

    def send_all(self) -> None:
        """Send the parts that there are; of a result without rows, one."""
        start = 0
        while not self.parts or start < self.rows.count:
            self.parts += 1
            start = self.send(self.parts, start)

    def send(self, part: int, start: int) -> int:
        """Send what is not there yet of a part. Return the row that the next one begins with."""
        known = self.notes.get(part, {})
        paths = self.names_of(part, known)
        if "stop" not in known:
            known = known | self.send_data(part, paths.data, start)
        self.files.append(DeliveredFile(**known["file"]))
        if not self.delivery.test:  # Without a manifest nothing is imported.
            known = self.announce(part, paths, known)
        self.host_key = self.host_key or known["host_key"]
        return known["stop"]

    def announce(self, part, paths, known):
        if "manifest" not in known:
            known = known | self.send_manifest(part, paths, may_be_there="announced" in known)
        self.files.append(DeliveredFile(**known["manifest"]))
        return known

    def names_of(self, part, known) -> Names:
        if "data" in known:
            return names_beside(known["data"])
        paths = names(self.connector.settings, self.delivery, part)
        if self.delivery.test:
            prefix, number = self.connector.test_prefix, self.delivery.number
            paths = names_beside(as_test(paths.data, prefix, number))
        self.note(part, data=paths.data)
        return paths

    def note(self, part, **said) -> dict:
        self.delivery.journal.write({"part": part} | said)
        return said

    def send_data(self, part, path, start):
        content = PartContent(
            self.rows,
            start,
            self.connector.file_settings(),
            self.further(),
            limit=self.connector.largest_file(),
        )
        file, host_key = self.connector.put(path, content, 0)
        file = replace(file, rows=content.stop - start)
        return self.note(part, stop=content.stop, file=asdict(file), host_key=host_key)

    def send_manifest(self, part, paths, *, may_be_there):
        content = ManifestContent(manifest(paths.data, self.connector.settings), self.further())
        self.delivery.fence()
        if may_be_there and (file := self.announced(paths, content)):
            return self.note(part, manifest=asdict(file))
        self.note(part, announced=True)
        file, _ = self.connector.put(paths.manifest, content, 0)
        self.delivery.log(f"{paths.manifest} follows {paths.data}: CleverTap can import it.")
        return self.note(part, manifest=asdict(file))

    def further(self):
        """Return a delivery whose progress counts what was sent before."""
        before = sum(file.bytes for file in self.files)
        return replace(self.delivery, progress=lambda count: self.delivery.progress(before + count))

    def announced(self, paths, content) -> DeliveredFile | None:
        """Return the manifest that an attempt before has sent, if it did."""
        size = sum(map(len, content))
        limit = self.connector.retry_limit()
        found = retrying(lambda: self.look(paths), limit, self.delivery)
        if found is None:
            return None
        self.delivery.log(f"{paths.manifest} had arrived: only the word of it was lost.")
        return DeliveredFile(found, size, content.digest.hexdigest())

    def look(self, paths) -> str | None:
        """Return the path of the manifest where it is there, or was taken with its data file."""
        with Connection(account_of(self.connector.authentication), self.delivery) as connection:
            files = Files(connection)
            data, announced = (files.full_path(path, from_login_directory=True) for path in paths)
            there = files.size(announced) is not None
            taken = files.is_missing(announced) and files.is_missing(data)
            return announced if there or taken else None

    def told(self) -> str:
        """Return what was delivered, as a sentence."""
        if self.delivery.test:
            return (
                f"One data file without its manifest, {self.rows.count:,} rows: CleverTap imports "
                "nothing of it."
            )
        many = f"{self.parts:,} data files, each" if self.parts > 1 else "One data file"
        return (
            f"{many} with its manifest, {self.rows.count:,} rows as "
            f"{self.connector.settings['import_type']}s. CleverTap mails "
            f"{self.connector.settings['client_email']} what becomes of them."
        )
