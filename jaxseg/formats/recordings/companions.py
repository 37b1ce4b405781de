"""Files that pose programs write beside their recordings, of the same recordings or of none."""

import re
from collections.abc import Sequence
from pathlib import Path

from jaxseg.formats.recordings import poses

MEDIA = (
    *(".mp4", ".avi", ".mov", ".mkv", ".wmv", ".m4v", ".png", ".jpg", ".jpeg"),
    *(".pdf", ".yaml", ".yml"),
)
RANK = (".csv", ".parquet", ".tsv", ".h5", ".hdf5", ".nwb", ".slp")  # of the same numbers the first
FOLDERS = ("plot-poses", "labeled-data")  # of DeepLabCut's pictures
# What DeepLabCut calls its tables of several animals, after what the other files are called too.
STEPS = re.compile(r"(_(el|sk|bx|filtered))+$")


def companions(paths: Sequence[Path]) -> list[Path]:
    """The entries of a folder that are passed over because of the poses in it.

    They are pictures and videos; whatever is called as a file of poses is, and more (DeepLabCut's
    `_meta.pickle`, `_skeleton.csv`, LightningPose's `_temporal_norm.csv`); and poses that are there
    already: filtered, as another kind of file, or as the .slp of an analysis file.
    """
    bodies = [path for path in paths if not path.is_dir() and _holds(path)]
    if not bodies:
        return []
    stems = {path: path.name.removesuffix(path.suffix) for path in bodies}
    kept: dict[str, Path] = {}
    for path in sorted(bodies, key=lambda path: (_is_filtered(stems[path]), _rank(path))):
        core = stems[path].removesuffix("_filtered").removesuffix(".analysis")
        if path.suffix == ".slp" and any(other.startswith(f"{core}.") for other in kept):
            continue
        kept.setdefault(core, path)
    roots = [STEPS.sub("", stem) for stem in stems.values()]
    left = {path for path in bodies if path not in kept.values()}
    for path in paths:
        if path.is_dir():
            is_companion = path.name in FOLDERS
        else:
            is_companion = path.suffix.lower() in MEDIA or any(
                path.name.startswith((f"{root}_", f"{root}.")) for root in roots
            )
        if is_companion and path not in bodies:
            left.add(path)
    return sorted(left)


def _holds(path: Path) -> bool:
    return path.suffix.lower() in poses.SUFFIXES and poses.reads(path)


def _is_filtered(stem: str) -> bool:
    return stem.endswith("_filtered")


def _rank(path: Path) -> int:
    return RANK.index(path.suffix.lower())
