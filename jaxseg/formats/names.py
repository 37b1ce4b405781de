"""Names of videos, activities and classes, as any file may spell them."""

import unicodedata

# Line breaks and other control characters, and halves of characters, which no file can hold.
UNWRITABLE = ("Cc", "Zl", "Zp", "Cs")
# Bytes: the 255 of a file system, less a suffix and what a temporary name has before and after.
LONGEST_FILE_NAME = 235
SHOWN = 80


def check_name(where: object, what: str, name: str) -> str:
    """The name itself, if it fits on a line of a text file.

    Args:
        where: file that has it, for the message.
        what: "video", "class".
        name: anything else is good, in any script.

    Raises:
        ValueError: an empty name, or one with a control character or half a character.
    """
    if not name:
        raise ValueError(f"{where}: {what} {name!r} has no name")
    # Printable names, which are nearly all, are known to be so at once.
    if not name.isprintable():
        for character in name:
            if unicodedata.category(character) in UNWRITABLE:
                raise ValueError(
                    f"{where}: {what} {shown(name)}: a name cannot have {character!r} in it"
                )
    return name


def check_file_name(where: object, what: str, name: str) -> str:
    """The name itself, if files and folders can be called so; nothing leads out of a folder.

    Raises:
        ValueError: as `check_name`; a name with a slash or a backslash, with a dot in front, or
            of more than `LONGEST_FILE_NAME` bytes.
    """
    check_name(where, what, name)
    for wrong in ("/", "\\"):
        if wrong in name:
            raise ValueError(
                f"{where}: {what} {shown(name)}: a name that files have cannot have {wrong!r} in it"
            )
    if name.startswith("."):
        raise ValueError(
            f"{where}: {what} {shown(name)}: a name that files have cannot begin with '.'"
        )
    if (length := len(name.encode())) > LONGEST_FILE_NAME:
        raise ValueError(
            f"{where}: {what} {shown(name)}: {length} bytes are more than the "
            f"{LONGEST_FILE_NAME} that the name of a file can have"
        )
    return name


def shown(name: str) -> str:
    """A name in quotes, in one line, cut where it is long."""
    quoted = repr(name)
    return quoted if len(quoted) <= SHOWN else f"{quoted[: SHOWN - 3]}..."
