"""What an SFTP server says of a file, read from its answer."""

import struct

from paramiko import SFTPAttributes

FLAGS = 4  # bytes
# Of version 3, in their order: the flag that says that it is there, and what it holds.
FIELDS = (
    (1, struct.Struct(">Q"), ("st_size",)),
    (2, struct.Struct(">II"), ("st_uid", "st_gid")),
    (4, struct.Struct(">I"), ("st_mode",)),
    (8, struct.Struct(">II"), ("st_atime", "st_mtime")),
)


def attributes(content: bytes) -> SFTPAttributes:
    """Return the attributes; those that are not there, or are cut off, are None."""
    found, place = SFTPAttributes(), FLAGS
    flags = int.from_bytes(content[:FLAGS], "big")
    for flag, form, names in FIELDS:
        if not flags & flag:
            continue
        if len(content) < place + form.size:
            break
        for name, value in zip(names, form.unpack_from(content, place), strict=True):
            setattr(found, name, value)
        place += form.size
    return found
