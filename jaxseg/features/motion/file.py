"""The fitted parts of the features of motion as one .npz, without pickles."""

import json
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features.motion.codebook import Mixture, Projection
from jaxseg.features.motion.descriptors import BINS
from jaxseg.features.motion.fisher import Words

WHAT = "jaxseg motion features"
FIRST_ROWS = "rows"  # the prefix of the last projection's arrays


class Fitted(NamedTuple):
    """What is learned from videos.

    Attributes:
        fps: frames a second that it was learned at.
        words: type of descriptor -> how it becomes a Fisher vector.
        projection: of Fisher vectors to channels.
    """

    fps: float
    words: dict[str, Words]
    projection: Projection


def write(path: Path, fitted: Fitted, settings: dict) -> None:
    """Writes a file; the same parts give the same bytes."""
    about = {"what": WHAT, "fps": fitted.fps, "settings": settings}
    arrays = {"about": np.array(json.dumps(about)), **_named(FIRST_ROWS, fitted.projection)}
    for name, words in fitted.words.items():
        arrays |= _named(f"{name}/projection", words.projection)
        arrays |= _named(f"{name}/mixture", words.mixture)
    with path.open("wb") as file:
        np.savez(file, **arrays)


def read(path: Path, settings: dict) -> Fitted:
    """Reads what `write` has written.

    Raises:
        ValueError: a file of something else, or of other settings; one line with the path.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            if (broken := archive.testzip()) is not None:
                raise ValueError(f"{broken} is broken")
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            there, fps = about["settings"] | {}, float(about["fps"])
            if about["what"] != WHAT:
                raise ValueError(f"holds {about['what']!r}")
            if there == settings:
                words = {name: _words(arrays, name) for name in BINS}
                return Fitted(fps, words, _take(Projection, arrays, FIRST_ROWS))
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: no fitted features of motion ({reason})") from None
    name = next(key for key in {**settings, **there} if settings.get(key) != there.get(key))
    raise ValueError(f"{path}: fitted with {name} = {there.get(name)}, not {settings.get(name)}")


def _named(prefix: str, parts: NamedTuple) -> dict[str, np.ndarray]:
    return {f"{prefix}/{name}": part for name, part in parts._asdict().items()}


def _take(kind: type, arrays: np.lib.npyio.NpzFile, prefix: str):
    return kind(*(arrays[f"{prefix}/{name}"] for name in kind._fields))


def _words(arrays: np.lib.npyio.NpzFile, name: str) -> Words:
    projection = _take(Projection, arrays, f"{name}/projection")
    return Words(projection, _take(Mixture, arrays, f"{name}/mixture"))
