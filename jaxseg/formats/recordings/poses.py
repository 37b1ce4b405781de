"""Recordings of bodies: what programs that track animals and people write, as features.

Each animal or person is a sequence of its own, see `poses_features` for what is made of it.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from jaxseg.formats.names import check_known, listed, reason
from jaxseg.formats.recordings import poses_containers, poses_tables, tables
from jaxseg.formats.recordings.poses_features import Body, make_features, reliable
from jaxseg.formats.recordings.poses_tables import PoseFile, Track
from jaxseg.formats.recordings.recording import ONLY, Recording, Settings

TEXT, CONTAINERS = (".csv", ".tsv", ".parquet"), (".h5", ".hdf5", ".slp", ".nwb")
OWN = (".slp", ".nwb")
SUFFIXES = (*TEXT, *CONTAINERS, "")  # "" of a folder
NOT_POSES = "none"  # as data.keypoints: a table that looks like poses is a plain one
RARELY = 0.05  # share of the frames below which an individual is left out, unless it is asked for


def reads(path: Path) -> bool:
    """Whether a file, or OpenPose's folder of files, holds poses; from its content.

    No other reader takes files of `OWN` suffixes, whatever they hold.
    """
    return path.suffix.lower() in OWN or find_reader(path) is not None


def find_reader(path: Path) -> Callable[[Path], PoseFile] | None:
    """The function that reads a file's bodies; None where it holds none."""
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            return poses_containers.read_openpose if poses_containers.frame_files(path) else None
        if suffix in TEXT:
            return poses_tables.reader_of(path)
        return poses_containers.reader_of(path) if suffix in CONTAINERS else None
    except Exception:  # whatever else it is, or how it is broken, the next reader says
        return None


def read(path: Path, settings: Settings) -> dict[str, Recording]:
    """The individuals of a file by name, `ONLY` where it has one; raises as `read_recordings`."""
    with naming(path):
        reader = find_reader(path)
        if reader is None:
            raise ValueError("it holds no poses, SLEAP's or of ndx-pose, or it is broken")
        if reader is poses_tables.read_table and settings.keypoints == (NOT_POSES,):
            return tables.read(path, settings)
        file = reader(path)
        tracks, notes = choose(file.tracks, settings)
        recordings = {}
        for track in tracks:
            vertical = "xyz".index(settings.vertical) if settings.vertical else 2 - file.upright
            body = Body(track.points, track.confidence, track.keypoints, vertical)
            features = make_features(body, settings.confidence, settings.longest_gap)
            recordings[track.name] = Recording(
                features.array, file.fps, features.channels, (*file.notes, *notes, *features.notes)
            )
        return recordings


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turns any error into a ValueError of one line with the file's name."""
    try:
        yield
    except Exception as error:
        message = reason(error)
        if isinstance(error, ValueError) and str(error).startswith(f"{path}"):
            message = str(error)
        elif isinstance(error, ValueError):
            message = f"{path}: {error}"
        else:
            message = f"{path}: no whole file of its kind ({message})"
        raise ValueError(" ".join(message.split())) from None


def choose(tracks: Sequence[Track], settings: Settings) -> tuple[list[Track], list[str]]:
    """The individuals to be read, with the keypoints to be read in the order of their names.

    Files list them in any order, and all files need the same channels.
    """
    notes = []
    names = [track.name for track in tracks]
    if settings.individual:
        check_known("data.individual", [settings.individual], names)
        tracks = [track for track in tracks if track.name == settings.individual]
    elif len(tracks) > 1:
        usual = Counter(frozenset(track.keypoints) for track in tracks).most_common(1)[0][0]
        others = [track for track in tracks if set(track.keypoints) != usual]
        # DeepLabCut calls the points of the arena an individual, "single".
        if others:
            notes.append(
                f"left out, of other keypoints: {listed(track.name for track in others)}; "
                "--config.data.individual reads one of them"
            )
        tracks = [track for track in tracks if set(track.keypoints) == usual]
        present = [
            _present(track, settings.confidence) >= RARELY * len(track.points) for track in tracks
        ]
        if any(present) and not all(present):
            rare = [track.name for track, here in zip(tracks, present, strict=True) if not here]
            notes.append(
                f"left out, in less than {100 * RARELY:.0f} % of the frames: {listed(rare)}"
            )
            tracks = [track for track, here in zip(tracks, present, strict=True) if here]
    tracks = [_with_keypoints(track, settings.keypoints) for track in tracks]
    return [track._replace(name=ONLY) for track in tracks] if len(names) == 1 else tracks, notes


def _present(track: Track, confidence: float) -> int:
    """Frames in which two keypoints can be relied on."""
    body = Body(track.points, track.confidence, track.keypoints)
    return int((reliable(body, confidence).sum(axis=1) >= 2).sum())


def _with_keypoints(track: Track, keypoints: Sequence[str]) -> Track:
    """The track with these keypoints, all where none is given, sorted by name."""
    if keypoints:
        check_known("data.keypoints", keypoints, track.keypoints)
    names = sorted(set(keypoints) or track.keypoints)
    places = np.array([track.keypoints.index(name) for name in names])
    sure = None if track.confidence is None else track.confidence[:, places]
    return Track(track.name, tuple(names), track.points[:, places].astype(np.float64), sure)
