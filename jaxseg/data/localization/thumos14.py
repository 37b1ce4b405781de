"""THUMOS14 as CASE and BaS-Net lay it out.

    <root>/[THUMOS14/]features/{train,test}/{rgb,flow}/<video>.npy    [snippets, 1024] each
    <root>/[THUMOS14/]gt.json                         {"database": {video: {"subset", ...}}}
    <root>/[THUMOS14/]split_{train,test}.txt          a video a line

The splits say which videos there are; `gt.json` has to say the same.
"""

from pathlib import Path

from jaxseg.data.batches.crew import ALONE, Crew
from jaxseg.data.localization.annotations import Annotation, annotate, class_names
from jaxseg.data.localization.assembly import assemble
from jaxseg.data.localization.files import (
    check_paired,
    find_home,
    find_streams,
    need_file,
    read_streams,
)
from jaxseg.data.localization.records import SnippetSet
from jaxseg.data.segmentation.files import listed
from jaxseg.formats.detections import read_truth
from jaxseg.formats.tables import read_split

FOLDERS = ("THUMOS14", "thumos14", "THUMOS")
SUBSETS = ("train", "test")


def read_thumos14(
    name: str, root: Path, *, length_tolerance: int, progress: bool, crew: Crew = ALONE
) -> SnippetSet:
    """Reads the data set.

    Raises:
        FileNotFoundError: no root, or a part of the data set is missing.
        ValueError: a split without videos, videos without features or without an annotation,
            an annotation that contradicts the splits, and whatever `read_streams` and `assemble`
            find.
    """
    folder = find_home(root, FOLDERS, "features")
    annotations = read_annotations(folder)
    files = {}
    for subset in SUBSETS:
        found = find_streams(folder / "features" / subset)
        annotated = [video for video, one in annotations.items() if one.subset == subset]
        check_paired(found, annotated, folder / "features" / subset)
        files |= found
    classes = class_names(annotations.values())
    streams = read_streams(files, progress=progress, crew=crew)
    videos = assemble(annotations, streams, classes, length_tolerance=length_tolerance)
    return SnippetSet(name, videos, classes)


def read_annotations(folder: Path) -> dict[str, Annotation]:
    """`gt.json`, for the videos of the splits and no others.

    Raises:
        ValueError: a video that only one of the two has, or that they put into another subset.
    """
    gt = need_file(folder / "gt.json")
    annotations = annotate(read_truth(gt), {subset: subset for subset in SUBSETS})
    for subset in SUBSETS:
        path = need_file(folder / f"split_{subset}.txt")
        annotated = {video for video, one in annotations.items() if one.subset == subset}
        if different := sorted(annotated.symmetric_difference(read_split(path))):
            raise ValueError(
                f"{path}: {len(different)} {subset} videos stand only here or only in {gt.name} "
                f"({listed(different)})"
            )
    return annotations
