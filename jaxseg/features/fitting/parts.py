"""The file of a kind's fitted parts: .npz without pickles; the same parts give the same bytes."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.arrays import read_npz
from jaxseg.formats.names import reason


class About(NamedTuple):
    """What a file of parts is for."""

    kind: str  # of the features
    fps: float  # frames a second that the parts were fitted at
    settings: Mapping  # of the kind

    @property
    def what(self) -> str:
        """The file's own name of its content."""
        return f"jaxseg {self.kind} features"


def write_parts(path: Path, about: About, parts: Mapping[str, NamedTuple]) -> None:
    """Writes parts, tuples of arrays, by their names."""
    head = {"what": about.what, "fps": about.fps, "settings": about.settings}
    arrays = {"about": np.array(json.dumps(head))}
    for prefix, part in sorted(parts.items()):  # however they were put together
        arrays |= {f"{prefix}/{name}": array for name, array in part._asdict().items()}
    # An open file, since NumPy would append .npz to another name.
    with path.open("wb") as file:
        np.savez(file, **arrays)


def read_parts(
    path: Path, kind: str, settings: Mapping, types: Mapping[str, type]
) -> tuple[float, dict[str, NamedTuple]]:
    """Frames a second, and the parts by their names, of a file that was made by the same settings.

    Args:
        types: name of each part -> what it is made into.

    Raises:
        ValueError: the file is none of the kind, is damaged, or was made by other settings.
    """
    try:
        # `read_npz` does not check the sums of what it reads.
        with zipfile.ZipFile(path) as archive:
            if (broken := archive.testzip()) is not None:
                raise ValueError(f"{broken} is broken")
        arrays = read_npz(path)
        head = json.loads(str(arrays["about"]))
        about = About(kind, float(head["fps"]), head["settings"] | {})
        if head["what"] != about.what:
            raise ValueError(f"holds {head['what']!r}")
        if about.settings == settings:
            parts = {
                prefix: make(**{name: arrays[f"{prefix}/{name}"] for name in make._fields})
                for prefix, make in types.items()
            }
            return about.fps, parts
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        problem = reason(error).removeprefix(f"{path}: ")
        raise ValueError(f"{path}: no fitted features of {kind} ({problem})") from None
    both = {**settings, **about.settings}
    name = next(key for key in both if settings.get(key) != about.settings.get(key))
    raise ValueError(
        f"{path}: fitted with {name} = {about.settings.get(name)}, not {settings.get(name)}"
    )
