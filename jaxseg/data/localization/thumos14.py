"""Reader of THUMOS14 as CASE and BaS-Net lay it out, or with THUMOS14's own annotation.

    <root>/[THUMOS14/]features/{train,test}/{rgb,flow}/<video>.npy    [snippets, 1024] each
    <root>/[THUMOS14/]gt.json                         {"database": {video: {"subset", ...}}}, or
    <root>/[THUMOS14/]annotation[s]/CLASS_{val,test}.txt              `video start end` a line
    <root>/[THUMOS14/]split_{train,test}.txt          a video a line; not needed with the latter

Splits and annotation have to list the same videos.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxseg.data.localization.assembly import (
    SKIP,
    Parts,
    annotate,
    class_names,
    find_streams,
    pair,
    read_streams,
)
from jaxseg.formats.detections import Segments
from jaxseg.formats.files import need_file
from jaxseg.formats.localization.files import read_truth
from jaxseg.formats.localization.thumos14 import named_files
from jaxseg.formats.names import listed
from jaxseg.formats.tables import read_split

SUBSETS = ("train", "test")
OWN_FOLDERS = ("annotation", "annotations")  # of THUMOS14's text files
TRAIN, TEST = ("train", "training"), ("test", "testing")
VALIDATION = ("val", "validation")  # THUMOS14's training videos, where none are called so


def read_thumos14(folder: Path, *, skip_missing: bool = False, **reading: Any) -> Parts:
    """Reads the layout; see `LocalizationEntry.read` for the arguments.

    With `skip_missing` videos that the splits do not list are left out too, and their features are
    not read.
    """
    source = find_annotation(folder)
    truth = read_truth(source)
    annotations = annotate(truth, subset_names(truth))
    files, missing = {}, ()
    for subset in SUBSETS:
        annotated = [video for video, one in annotations.items() if one.subset == subset]
        unlisted = check_split(source, subset, annotated, skip_missing=skip_missing)
        inside = folder / "features" / subset
        pairs = find_streams(inside, skip_missing=skip_missing)
        pair(pairs, annotated, inside, skip_missing=skip_missing)
        pairs = {video: paths for video, paths in pairs.items() if video not in unlisted}
        missing += tuple(video for video in annotated if video not in pairs)
        files |= pairs
    return Parts(annotations, read_streams(files, **reading), class_names(annotations), missing)


def find_annotation(folder: Path) -> Path:
    """`gt.json`, or else the folder of THUMOS14's text files."""
    gt = folder / "gt.json"
    own = (folder / name for name in OWN_FOLDERS if (folder / name).is_dir())
    found = None if gt.is_file() else next(filter(named_files, own), None)
    return found or need_file(gt)


def subset_names(truth: Segments) -> dict[str, str]:
    """The annotation's names of subsets -> "train", "test"; upper case is as lower case."""
    names = {name: name.lower() for name in truth.subsets}
    train = TRAIN if any(name in TRAIN for name in names.values()) else VALIDATION
    known = dict.fromkeys(train, "train") | dict.fromkeys(TEST, "test")
    # Of names that are none of these `annotate` says which there are.
    return {name: known[low] for name, low in names.items() if low in known} or dict(
        zip(SUBSETS, SUBSETS, strict=True)
    )


def check_split(
    source: Path, subset: str, annotated: Sequence[str], *, skip_missing: bool
) -> set[str]:
    """The videos of a subset that the split beside the annotation `source` does not list.

    THUMOS14's own folder of annotation needs no split.

    Raises:
        FileNotFoundError: there is no split.
        ValueError: it lists other videos, or not all and none are to be skipped.
    """
    path = source.with_name(f"split_{subset}.txt")
    if source.is_dir() and not path.is_file():
        return set()
    split = set(read_split(need_file(path)))
    unlisted, unknown = set(annotated) - split, split - set(annotated)
    if different := sorted(unknown if skip_missing else unknown | unlisted):
        hint = "" if unknown else f"; {SKIP}, and those that the split lacks"
        raise ValueError(
            f"{path}: {len(different)} {subset} videos stand only here or only in {source.name} "
            f"({listed(different)}){hint}"
        )
    return unlisted
