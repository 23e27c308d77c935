"""How the sandbox can be as difficult as servers in the field are."""

from dataclasses import dataclass


@dataclass
class Switches:
    """What the server cannot do, or does wrong."""

    append: bool = True  # False: "no such file", as on servers that store objects
    rename_over: bool = True  # False: a rename onto an existing file fails, and posix-rename too
    rename_answer: int = 0  # a status that every rename gets: the server cannot, or may not
    refused_names: str = ""  # a pattern; files whose names it matches may not be made
    look: bool = True  # False: a drop box, in which nothing can be looked at or read
    damage: bool = False  # the first byte of what is written is stored as another one
    collect: bool = False  # a consumer takes files at once, when they are closed or renamed
    quota: int = 0  # bytes a file may have; 0 is no limit
    lost_renames: int = 0  # so many times the connection ends after a rename, before its answer
