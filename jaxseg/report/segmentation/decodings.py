"""Where the labels of a member's other decodings stand, beside its own."""

from collections.abc import Collection
from pathlib import Path


def find_decodings(folder: Path, directory: str, directories: Collection[str]) -> dict[str, str]:
    """Name of a decoding -> its directory, of one member.

    A decoding's directory is the member's with a comma and the decoding's name behind it; but a
    sweep gives its members such names, too, and they may have decodings of their own.

    Args:
        folder: predictions of one activity.
        directory: the member's.
        directories: those of all members.
    """
    found = {}
    for path in sorted(folder.glob("*,*")):
        owners = [each for each in directories if path.name.startswith(f"{each},")]
        if path.name not in directories and max(owners, key=len, default="") == directory:
            found[path.name.removeprefix(f"{directory},")] = path.name
    return found
