"""Names of videos, activities and classes: which are allowed, and how messages show values."""

import difflib
import re
import reprlib
import unicodedata
from collections.abc import Iterable

import numpy as np

# Line breaks and other control characters, and halves of characters, which no file can hold.
UNWRITABLE = ("Cc", "Zl", "Zp", "Cs")
# Bytes: the 255 of a file system, less a suffix and what a temporary name adds at both ends.
LONGEST_FILE_NAME = 235
SHOWN = 80  # characters of a value in a message
LISTED = 3  # names in a message
LONGEST_REASON = 200
# Bounded depth and length: a list of lists of one and the same list can have a full text that is
# longer than any memory.
SHORT = reprlib.Repr()
SHORT.maxlevel, SHORT.maxstring, SHORT.maxother, SHORT.maxlong = 4, 80, 80, 80


def check_name(where: object, what: str, name: str) -> str:
    """Returns the name if it fits on a line of a text file; else raises ValueError.

    For the message, `where` is the file that has the name, `what` its kind: "video", "class".
    """
    if not name:
        raise ValueError(f"{where}: {what} {name!r} has no name")
    # Nearly all names are printable; they need no look at every character.
    if not name.isprintable():
        for char in name:
            if unicodedata.category(char) in UNWRITABLE:
                raise ValueError(f"{where}: {what} {clip(name)}: a name cannot have {char!r} in it")
    return name


def check_file_name(where: object, what: str, name: str) -> str:
    """Returns the name if a file or folder can have it; no name leads out of its folder."""
    check_name(where, what, name)
    wrong = next((character for character in "/\\" if character in name), None)
    if wrong:
        problem = f"a name that files have cannot have {wrong!r} in it"
    elif name.startswith("."):
        problem = "a name that files have cannot begin with '.'"
    elif (length := len(name.encode())) > LONGEST_FILE_NAME:
        problem = f"{length} bytes are more than the {LONGEST_FILE_NAME} of a file's longest name"
    else:
        return name
    raise ValueError(f"{where}: {what} {clip(name)}: {problem}")


def clip(value: object) -> str:
    """Any value for a one-line message, a name in quotes; cut where it is long."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    text = SHORT.repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def listed(names: Iterable[object]) -> str:
    """The first names and the number of the others: 'a, b, c and 9 more'."""
    names = [name if (name := str(each)).isprintable() else repr(name) for each in names]
    rest = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + rest


def reason(error: Exception) -> str:
    """Message of an error in one line of limited length."""
    message = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return message.splitlines()[0][:LONGEST_REASON]


def nearest(name: str, known: Iterable[str], cutoff: float = 0.8) -> str | None:
    """The known name that `name` is most likely meant to be, or None where none is alike.

    Names are alike above all that differ in the case of letters, in blanks, dashes and
    underscores, in their suffix or in the folder before them; then those whose letters are the
    same to a share of `cutoff`.
    """
    known = sorted(each for each in known if each != name)
    for key in KEYS.values():
        for each in known:
            if key(each) == key(name) != "":
                return each
    if name.isdecimal():
        return None  # no number is meant to be another one
    folded = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold(), folded, 1, cutoff)
    return folded[found[0]] if found else None


def hint(name: str, known: Iterable[str]) -> str:
    """End of a message on an unknown name: the nearest known one and how it differs, or ""."""
    found = nearest(name, known)
    if found is None:
        return ""
    how = next((what for what, key in KEYS.items() if key(name) == key(found) != ""), "")
    return f"; the nearest is {clip(found)}" + (f", which differs in {how}" if how else "")


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _stem(name: str) -> str:
    """A name in small letters and digits alone, without the folder and the suffix of a file."""
    file = name.rpartition("/")[2]
    stem, dot, suffix = file.rpartition(".")
    is_suffix = dot and suffix[:1].isalpha() and len(suffix) <= 5
    return plain(stem if is_suffix else file)


def plain(name: str) -> str:
    """A name without case, blanks and signs, which are written in several ways."""
    return "".join(filter(str.isalnum, _composed(name).casefold()))


# What two names differ in -> what of them is the same then; the smallest difference stands first.
KEYS = {
    "the form of its Unicode letters": _composed,
    "the case of letters": lambda name: _composed(name).casefold(),
    "blanks, dashes and the like": lambda name: re.sub(r"[\W_]", "", _composed(name)),
    "blanks, dashes and the like and in the case of letters": plain,
    "its folder": lambda name: _composed(name).rpartition("/")[2],
    "its suffix": _stem,
}


def check_known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raises ValueError for the first name that is not known; it lists the known, nearest first."""
    known = sorted(known)
    for name in names:
        if name not in known:

            def likeness(candidate: str, name: str = name) -> float:
                return difflib.SequenceMatcher(None, name.lower(), candidate.lower()).ratio()

            nearest = ", ".join(sorted(known, key=likeness, reverse=True)) or "nothing"
            raise ValueError(f"{what}: there is no {name!r}; there is {nearest}")
