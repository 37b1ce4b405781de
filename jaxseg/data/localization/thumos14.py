"""Reader of THUMOS14 as CASE and BaS-Net lay it out, or with THUMOS14's own annotation.

    <root>/[THUMOS14/]features/{train,test}/{rgb,flow}/<video>.npy    [snippets, 1024] each
    <root>/[THUMOS14/]gt.json                         {"database": {video: {"subset", ...}}}, or
    <root>/[THUMOS14/]annotation[s]/CLASS_{val,test}.txt              `video start end` a line
    <root>/[THUMOS14/]split_{train,test}.txt          a video a line; not needed with the latter

Splits and annotation have to list the same videos.
"""

from pathlib import Path
from typing import Any

from jaxseg.data.localization.assembly import (
    Annotation,
    Parts,
    annotate,
    class_names,
    find_streams,
    pair,
    read_streams,
)
from jaxseg.formats.files import need_file
from jaxseg.formats.localization.files import read_truth
from jaxseg.formats.localization.thumos14 import named_files
from jaxseg.formats.names import listed
from jaxseg.formats.tables import read_split

SUBSETS = ("train", "test")
OWN_FOLDERS = ("annotation", "annotations")  # of THUMOS14's text files
OWN_SUBSETS = {"train": "train", "val": "train", "validation": "train", "test": "test"}


def read_thumos14(folder: Path, *, skip_missing: bool = False, **reading: Any) -> Parts:
    """Reads the layout; see `LocalizationEntry.read` for the arguments."""
    annotations = read_gt(folder)
    files, missing = {}, ()
    for subset in SUBSETS:
        inside = folder / "features" / subset
        pairs = find_streams(inside, skip_missing=skip_missing)
        annotated = [video for video, one in annotations.items() if one.subset == subset]
        missing += pair(pairs, annotated, inside, skip_missing=skip_missing)
        files |= pairs
    return Parts(annotations, read_streams(files, **reading), class_names(annotations), missing)


def read_gt(folder: Path) -> dict[str, Annotation]:
    """The annotation, which has to have the videos of the splits and no others."""
    gt = folder / "gt.json"
    own = [folder / name for name in OWN_FOLDERS if (folder / name).is_dir()]
    own = [each for each in own if named_files(each)]
    is_own = bool(own) and not gt.is_file()
    subsets = OWN_SUBSETS if is_own else {subset: subset for subset in SUBSETS}
    source = own[0] if is_own else need_file(gt)
    annotations = annotate(read_truth(source), subsets)
    for subset in SUBSETS:
        path = folder / f"split_{subset}.txt"
        if is_own and not path.is_file():
            continue
        annotated = {video for video, one in annotations.items() if one.subset == subset}
        if different := sorted(annotated.symmetric_difference(read_split(need_file(path)))):
            raise ValueError(
                f"{path}: {len(different)} {subset} videos stand only here or only in "
                f"{source.name} ({listed(different)})"
            )
    return annotations
