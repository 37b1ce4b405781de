"""Fusion or suppression of anyone's detections: ActivityNet's JSON in, ActivityNet's JSON out."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from jaxseg.formats.detections import Segments, read_predictions, write_predictions
from jaxseg.proposals.instances import Instances, select
from jaxseg.proposals.localize import Detections, as_segments


def rewrite(predictions: Path, out: Path, *, version: str = "", **settings) -> tuple[int, int]:
    """Makes one detection of those that mean the same, in every video and class.

    Only scores stand in such files, so that they are the weights of the fusion, too.

    Args:
        predictions: ActivityNet's JSON.
        out: file that is written; its folder is made.
        version: what the file says of itself.
        settings: of `select`; times are seconds.

    Returns:
        Detections before and after.

    Raises:
        ValueError: an `out` that is the input, a file that is no such JSON, with file, video and
            value, or settings out of range.
    """
    segments = read_predictions(predictions)
    if out.exists() and out.samefile(predictions):
        raise ValueError(f"{out}: is the file that is read; --out must name another one")
    if out.is_dir():
        raise ValueError(f"{out}: is a folder; --out must name a file")
    videos = tqdm(
        zip(segments.videos, instances_by_video(segments), strict=True),
        *("videos", len(segments.videos)),
        unit="video",
        delay=1,  # quick ones show no bar
    )
    results = {}
    for video, instances in videos:
        chosen = select(instances, **settings, weight="score")
        found = Detections(chosen.label, chosen.score, chosen.start, chosen.end)
        results[video] = as_segments(found, segments.labels, digits=None)
    write_predictions(out, results, version)
    return len(segments.video), sum(map(len, results.values()))


def instances_by_video(segments: Segments) -> Iterator[Instances]:
    """The detections of every video in turn, in seconds, with the score as inner mean."""
    order = np.argsort(segments.video, kind="stable")
    borders = np.searchsorted(segments.video[order], np.arange(len(segments.videos) + 1))
    for first, last in itertools.pairwise(borders):
        own = order[first:last]
        score = segments.score[own]
        yield Instances(segments.label[own], segments.start[own], segments.end[own], score, score)
