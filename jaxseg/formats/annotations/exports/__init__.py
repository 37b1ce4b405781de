"""Segments for other programs: one file a format, and `write_exports` for several at once."""

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.annotations.exports import audacity, boris, csv_tables, eaf, frames, nwb, vtt
from jaxseg.formats.annotations.exports.segments import Clusters, Segmented
from jaxseg.formats.names import check_known


class Format(NamedTuple):
    """How segments become files.

    Attributes:
        write: (path, recording, clusters); writes a file of one recording. None: there is none.
        suffix: of that file, whose name is the recording's.
        write_folder: (folder, recordings, clusters); writes a file of all. None: there is none.
        together: name of that file.
        packages: (module, what pip calls it) of what is needed beyond the ordinary.
        in_seconds: whether it has no other unit of time.
    """

    write: Callable[[Path, Segmented, Clusters], None] | None = None
    suffix: str = ""
    write_folder: Callable[[Path, Sequence[Segmented], Clusters], None] | None = None
    together: str = ""
    packages: tuple[tuple[str, str], ...] = ()
    in_seconds: bool = True


# In the order in which they are listed; `config.predict.segments` takes these names.
FORMATS = {
    "csv": Format(csv_tables.write, ".csv"),
    "vtt": Format(vtt.write, ".vtt"),
    "eaf": Format(eaf.write, ".eaf", packages=(("pympi", "pympi-ling"),)),
    "boris": Format(write_folder=boris.write_project, together=boris.PROJECT),
    "nwb": Format(
        nwb.write, ".nwb", packages=(("pynwb", "pynwb"), ("ndx_ethogram", "ndx-ethogram"))
    ),
    "audacity": Format(audacity.write, ".audacity.txt"),
    "frames": Format(frames.write, ".ids.txt", frames.write_table, frames.TABLE, in_seconds=False),
}


def write_exports(
    folder: Path, recordings: Sequence[Segmented], clusters: Clusters, formats: Iterable[str]
) -> None:
    """Writes the files of some recordings into a folder, which is made where there is none.

    Links to videos have to hold where the folder is in the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in formats:
        form = FORMATS[name]
        for recording in recordings if form.write else ():
            form.write(folder / f"{recording.name}{form.suffix}", recording, clusters)
        if form.write_folder:
            form.write_folder(folder, recordings, clusters)


def split_formats(key: str, text: str) -> list[str]:
    """Names of formats in a text with commas between them, each once.

    Raises:
        ValueError: one that there is not; `key` is where it was given.
    """
    names = list(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
    check_known(key, names, FORMATS)
    return names


def check_formats(key: str, formats: Sequence[str], *, fps: float | None = 1.0) -> None:
    """Raises ValueError where files of these formats cannot be written, before any work is done.

    Args:
        key: where the names were given, as "config.predict.segments".
        formats: names of `FORMATS`.
        fps: frames a second; None or 0 where nobody knows.
    """
    for name in formats:
        for module, package in FORMATS[name].packages:
            if importlib.util.find_spec(module) is None:
                raise ValueError(
                    f"{key}={name} needs {package}, which is not installed; pip install "
                    "'.[export]' in jaxseg's checkout installs it (or pip install -r "
                    "requirements-export.txt)"
                )
    in_seconds = [name for name in formats if FORMATS[name].in_seconds and name != "csv"]
    if in_seconds and not fps:
        raise ValueError(
            f"{key}={','.join(in_seconds)}: times in these files are seconds, and nothing tells "
            "how many frames a second there are; give --config.data.fps=25, or whatever it is "
            "(csv counts frames then, and frames needs no time)"
        )
