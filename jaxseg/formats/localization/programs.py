"""Detections as programs dump them: ActivityNet's JSON, ActionFormer's and MMAction2's objects.

    {"results": {video: [{"label", "score", "segment"}]}}               ActivityNet, OpenTAD, jaxseg
    {"video-id", "t-start", "t-end", "label", "score"} -> columns       ActionFormer's eval_results
    [{"video_name", "proposal_list": [{"score", "segment"}]}]           MMAction2's --out and --dump

The objects are what a JSON file or a pickle holds, see `arrays.read_pickle`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxseg.formats.detections import Segments, predicted_segments
from jaxseg.formats.localization.classes import name_of
from jaxseg.formats.names import clip

COLUMNS = ("video-id", "t-start", "t-end", "label", "score")
NUMBER = re.compile("[0-9]{1,9}")
V = "v_"  # before YouTube's name in MMAction2's lists; its own JSON of results is without it


def read_results(content: Mapping, source: str, names: Mapping[int, str]) -> Segments:
    """Detections from ActivityNet's {"results": {video: [...]}}; labels may be numbers."""
    results = content["results"]
    if isinstance(results, Mapping):
        results = {video: named(source, video, items, names) for video, items in results.items()}
    return predicted_segments(results, source)


def named(source: str, video: str, items: Any, names: Mapping[int, str]) -> Any:
    """A video's detections with names for the numbers of their labels."""
    if not isinstance(items, list):
        return items
    where = f"{source}: video {video!r}"
    return [
        item | {"label": name_of(where, as_number(item["label"], names), names)}
        if isinstance(item, dict) and "label" in item
        else item
        for item in items
    ]


def as_number(label: object, names: Mapping[int, str]) -> object:
    """The number that a label is: a whole float, or the text of one of `names` and no name."""
    if isinstance(label, float) and label.is_integer():
        return int(label)
    if isinstance(label, str) and NUMBER.fullmatch(label) and label not in names.values():
        return int(label) if int(label) in names else label
    return label


def read_columns(content: Mapping, source: str, names: Mapping[int, str]) -> Segments:
    """Detections from ActionFormer's columns, one entry a detection in each."""
    lists = {name: as_list(source, name, content[name]) for name in COLUMNS}
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{source}: columns of different lengths: {lengths}")
    results: dict[str, list[dict]] = {}
    for video, start, end, label, score in zip(*lists.values(), strict=True):
        video = video.decode("utf-8", "replace") if isinstance(video, bytes) else video
        if not isinstance(video, str):
            raise ValueError(f"{source}: video {clip(video)} is no name")
        name = name_of(f"{source}: video {video!r}", as_number(label, names), names)
        item = {"label": name, "score": score, "segment": [start, end]}
        results.setdefault(video, []).append(item)
    return predicted_segments(results, source)


def as_list(source: str, name: str, values: object) -> list:
    """A column as a list; raises ValueError if it is none."""
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return values.tolist()
    if isinstance(values, list):
        return values
    raise ValueError(f"{source}: {name!r} is no column of values but {clip(values)}")


def read_proposals(content: Sequence, source: str, names: Mapping[int, str]) -> Segments:
    """Proposals from MMAction2's list, one entry a video."""
    results: dict[str, Any] = {}
    for entry in content:
        video = entry.get("video_name") if isinstance(entry, Mapping) else None
        if not isinstance(video, str) or "proposal_list" not in entry:
            raise ValueError(f"{source}: {clip(entry)} has no 'video_name' and 'proposal_list'")
        name = video.removeprefix(V)
        if name in results:
            raise ValueError(f"{source}: video {video!r} stands there twice")
        results[name] = entry["proposal_list"]
    return read_results({"results": results}, source, names)
