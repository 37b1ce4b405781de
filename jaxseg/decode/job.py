"""What the command reads, and what it makes of each video."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.decode import evidence, sequences, transport
from jaxseg.decode.options import FUGW, MEDIAN, VITERBI
from jaxseg.decode.progress import progress
from jaxseg.decode.score_files import Scores, read_scores
from jaxseg.decode.settings import Settings
from jaxseg.decode.truth import Classes, Truth, read_truth
from jaxseg.formats.labels import find_videos, read_labels
from jaxseg.formats.tables import read_mapping
from jaxseg.solvers.checks import MOST_CLUSTERS


class Job(NamedTuple):
    """What was read: `transcripts` is video -> classes in their order, of --order."""

    scores: Scores
    kind: str
    classes: Classes
    truth: Truth | None
    transcripts: dict[str, np.ndarray] | None


def read_job(arguments: argparse.Namespace) -> Job:
    """Reads every file that the command names."""
    mapping = None if arguments.mapping is None else read_mapping(arguments.mapping)
    names = None if mapping is None else first_names(mapping)
    scores = read_scores(
        arguments.scores,
        key=arguments.key,
        num_classes=arguments.classes if names is None else len(names),
        layout=arguments.layout,
    )
    if arguments.method == FUGW and scores.num_classes > MOST_CLUSTERS:
        raise ValueError(f"{scores.path}: {scores.num_classes} classes; fugw takes {MOST_CLUSTERS}")
    kind = evidence.find_kind(scores.path, scores.videos, arguments.kind)
    classes = Classes(names or [str(index) for index in range(scores.num_classes)], mapping)
    truth = None
    if arguments.truth is not None:
        background = [name.strip() for name in arguments.background.split(",") if name.strip()]
        options = {"background": background, "length_tolerance": arguments.length_tolerance}
        truth = read_truth(arguments.truth, scores, classes, **options)
    transcripts = None
    if arguments.order is not None:
        transcripts = read_transcripts(arguments.order, scores, classes)
    return Job(scores, kind, classes, truth, transcripts)


def first_names(mapping: Mapping[str, int]) -> list[str]:
    """Name of each class of a mapping; of several names of one class the first."""
    names = {index: name for name, index in reversed(mapping.items())}
    return [names[index] for index in range(len(names))]


def read_transcripts(path: Path, scores: Scores, classes: Classes) -> dict[str, np.ndarray]:
    """Video -> classes in their order, of a file for all videos or a folder with one for each.

    Raises:
        ValueError: no transcript of a video, or a label in it that is no class.
    """
    files = find_videos(path) if path.is_dir() else dict.fromkeys(scores.videos, path)
    for name in scores.videos:
        if name not in files:
            raise ValueError(f"{path}: no order of video {name!r}")
    return {
        name: np.array(classes.indices(files[name], read_labels(files[name])))
        for name in scores.videos
    }


def decode(
    job: Job, arguments: argparse.Namespace, chosen: Settings, iterations: int
) -> dict[str, np.ndarray]:
    """Video -> classes [N] by the method that was asked for."""

    def one(video: str, scores: np.ndarray) -> np.ndarray:
        labels = sequences.argmax(scores)
        if arguments.method == FUGW:
            return transport.decode(evidence.cost(scores, job.kind), [chosen], iterations)[0]
        if arguments.method == MEDIAN:
            return sequences.mode_filter(labels, arguments.window)
        if arguments.method == VITERBI:
            order = job.transcripts and job.transcripts[video]
            order = sequences.usual_order(labels) if order is None else order
            return sequences.align(evidence.log_likelihood(scores, job.kind), order)
        return labels

    videos = progress(job.scores.videos.items(), arguments.method, "video")
    return {video: one(video, scores) for video, scores in videos}
