"""Reads what a localisation network said of test videos, `maps/<member>/<video>.npz`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxseg.report.localization.arrays import check_array, load_arrays, read_instances
from jaxseg.report.localization.records import ScoreMap
from jaxseg.report.segmentation.records import Member

_ATTENTION = "attention"
_INSTANCES = "instances_"


def read_maps(
    folder: Path, names: Sequence[str], classes: Sequence[str], member: Member
) -> dict[str, ScoreMap]:
    """Video -> score map, as far as there are files."""
    paths = {name: folder / f"{name}.npz" for name in names}
    return {
        name: _read_map(path, classes, member.num_clusters)
        for name, path in paths.items()
        if path.is_file()
    }


def _read_map(path: Path, classes: Sequence[str], num_clusters: int) -> ScoreMap:
    arrays = load_arrays(path, "score map", ("map", "seconds"))
    length = len(np.atleast_1d(arrays["map"]))
    # Of one stream it is "attention", of several "attention_<stream>".
    streams = [name for name in arrays if name.partition("_")[0] == _ATTENTION]
    shapes = dict.fromkeys(streams, (length,)) | {
        "map": (length, len(classes)),
        "clusters": (length, num_clusters),
        "video_scores": (len(classes),),
        "seconds": (length + 1,),
    }
    numbers = {
        name: check_array(path, name, arrays[name], shape)
        for name, shape in shapes.items()
        if name in arrays
    }
    if not length or (np.diff(numbers["seconds"]) <= 0).any():
        raise ValueError(f"{path}: seconds do not rise over {length} snippets")
    has_instances = any(name.startswith(_INSTANCES) for name in arrays)
    return ScoreMap(
        borders=numbers["seconds"],
        scores=numbers["map"],
        attention={name.partition("_")[2]: numbers[name] for name in streams},
        clusters=numbers.get("clusters"),
        video_scores=numbers.get("video_scores"),
        instances=read_instances(path, arrays, _INSTANCES, classes) if has_instances else None,
    )
