"""Run of `python -m jaxseg.decode`: reads scores, decodes them, scores the result, writes it."""

import argparse
import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.command_line import comma_list, show
from jaxseg.decode import ARGMAX, FUGW, MEDIAN, VITERBI, decoders, tuning
from jaxseg.decode import settings as fugw_settings
from jaxseg.decode.records import Inputs, Output
from jaxseg.decode.scores import Scores, cost, find_kind, log_likelihood, progress, read_scores
from jaxseg.decode.settings import Settings
from jaxseg.decode.truth import PROTOCOL, Classes, read_truth, table_lines
from jaxseg.decode.tuning import Tuned
from jaxseg.evaluation.segmentation.groups import run_starts
from jaxseg.formats.files import atomic_folder, write_json, write_text
from jaxseg.formats.labels import find_videos, read_labels, write_labels
from jaxseg.formats.tables import read_columns_mapping
from jaxseg.solvers.checks import MOST_CLUSTERS
from jaxseg.solvers.sliding_window import half_width

PREDICTIONS = "predictions"
SEGMENTS = "segments.csv"


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; raises ValueError for a mistake in the input, before writing anything."""
    check_new(arguments.out)
    given = {name: getattr(arguments, name) for name in Settings._fields}
    given = {name: values for name, values in given.items() if values is not None}
    if arguments.tune:
        grid = fugw_settings.grid(given)
        settings, iterations = fugw_settings.DEFAULTS, fugw_settings.ITERATIONS
    else:
        settings, iterations = fugw_settings.single(given, arguments.settings)
    iterations = arguments.iterations or iterations
    inputs = read_inputs(arguments)
    show(describe(inputs))
    tuned = None
    if arguments.tune:
        tuned = tuning.tune(
            inputs.scores.videos,
            inputs.kind,
            inputs.truth,
            grid,
            iterations=iterations,
            seed=arguments.seed or 0,
        )
        show(describe_tuned(tuned))
        settings = tuned.settings
    if arguments.method == FUGW:
        warn_of_short(inputs, settings.radius)
    labels = decode(inputs, arguments, settings, iterations)
    output = Output(
        config=describe_config(arguments, inputs, settings, iterations),
        labels=labels,
        results=score(inputs, arguments.method, labels, tuned),
        tuned=tuned,
    )
    with atomic_folder(arguments.out) as folder:
        write(folder, arguments, inputs, output)
    for line in table_lines(output.results):
        print(line)
    print(f"{arguments.out / PREDICTIONS}: {len(labels)} videos")
    return 0


def check_new(folder: Path) -> None:
    """Raises ValueError unless a folder is empty, or missing and can be made."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: is no folder")
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: is not empty; give a new --out")
    above = next(parent for parent in folder.resolve().parents if parent.exists())
    # Better an error now than after an hour of decoding.
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise ValueError(f"{folder}: cannot be written in {above}")


def read_inputs(arguments: argparse.Namespace) -> Inputs:
    """Reads every file that the command names."""
    mapping = None if arguments.mapping is None else read_columns_mapping(arguments.mapping)
    names = None if mapping is None else first_names(mapping)
    scores = read_scores(
        arguments.scores,
        key=arguments.key,
        num_classes=arguments.classes if names is None else len(names),
        layout=arguments.layout,
    )
    if arguments.method == FUGW and scores.num_classes > MOST_CLUSTERS:
        raise ValueError(f"{scores.path}: {scores.num_classes} classes; fugw takes {MOST_CLUSTERS}")
    kind = find_kind(scores.path, scores.videos, arguments.kind)
    classes = Classes(names or [str(index) for index in range(scores.num_classes)], mapping)
    truth = None
    if arguments.truth is not None:
        truth = read_truth(
            arguments.truth,
            scores,
            classes,
            background=(None if arguments.background is None else comma_list(arguments.background)),
            length_tolerance=arguments.length_tolerance,
        )
    transcripts = None
    if arguments.order is not None:
        transcripts = read_transcripts(arguments.order, scores, classes)
    return Inputs(scores, kind, classes, truth, transcripts)


def first_names(mapping: Mapping[str, int]) -> list[str]:
    """Name of each class of a mapping: the first one where a class has several."""
    names = {index: name for name, index in reversed(mapping.items())}
    return [names[index] for index in range(len(names))]


def read_transcripts(path: Path, scores: Scores, classes: Classes) -> dict[str, np.ndarray]:
    """Video -> classes in their order, from a file for all videos or a folder with one for each."""
    files = find_videos(path) if path.is_dir() else dict.fromkeys(scores.videos, path)
    for name in scores.videos:
        if name not in files:
            raise ValueError(f"{path}: no order of video {name!r}")
    return {
        name: np.array(classes.indices(files[name], read_labels(files[name])))
        for name in scores.videos
    }


def decode(
    inputs: Inputs, arguments: argparse.Namespace, settings: Settings, iterations: int
) -> dict[str, np.ndarray]:
    """Video -> classes [N] by the chosen method."""

    def decode_video(video: str, scores: np.ndarray) -> np.ndarray:
        labels = decoders.argmax(scores)
        if arguments.method == FUGW:
            costs = cost(scores, inputs.kind)
            return decoders.transport(costs, [settings], iterations)[0]
        if arguments.method == MEDIAN:
            return decoders.mode_filter(labels, arguments.window)
        if arguments.method == VITERBI:
            order = inputs.transcripts and inputs.transcripts[video]
            order = decoders.order_by_time(labels) if order is None else order
            return decoders.align(log_likelihood(scores, inputs.kind), order)
        return labels

    videos = progress(inputs.scores.videos.items(), arguments.method, "video")
    return {video: decode_video(video, scores) for video, scores in videos}


def score(
    inputs: Inputs, method: str, labels: Mapping[str, np.ndarray], tuned: Tuned | None
) -> dict[str, dict]:
    """Scores of argmax and of the method, on videos that were not tuned on; {} without truth."""
    if inputs.truth is None:
        return {}
    truth = inputs.truth.of(tuned.held_out) if tuned else inputs.truth
    best = {name: decoders.argmax(inputs.scores.videos[name]) for name in truth.labels}
    return {ARGMAX: truth.score(best), method: truth.score(labels)}


def describe(inputs: Inputs) -> str:
    """Line about the scores that were read."""
    frames = sum(len(each) for each in inputs.scores.videos.values())
    return (
        f"{inputs.scores.path}: {len(inputs.scores.videos)} videos, {frames:,} frames,"
        f" {inputs.scores.num_classes} classes, {inputs.kind}"
    )


def describe_tuned(tuned: Tuned) -> str:
    """Line about the chosen settings and the two halves of the videos."""
    values = ", ".join(f"{name} {value:g}" for name, value in tuned.settings._asdict().items())
    return (
        f"{len(tuned.rows)} settings tried on {len(tuned.tuned_on)} videos: {values};"
        f" scores of the other {len(tuned.held_out)}:"
    )


def warn_of_short(inputs: Inputs, radius: float) -> None:
    """Prints a line if there are videos in which the radius reaches no other frame."""
    videos = inputs.scores.videos
    short = [name for name, each in videos.items() if int(half_width(len(each), radius)) == 0]
    if short:
        show(
            f"a radius of {radius:g} reaches no neighbor in {len(short)} of {len(videos)} videos,"
            f" {short[0]!r} among them: fewer than {1 / radius:.0f} frames; see --radius"
        )


def describe_config(
    arguments: argparse.Namespace, inputs: Inputs, settings: Settings, iterations: int
) -> dict[str, Any]:
    """Content of `config.json`: how the decoding was made."""
    config = {"scores": str(arguments.scores), "kind": inputs.kind, "method": arguments.method}
    config["classes"] = len(inputs.classes.names)
    if arguments.method == FUGW:
        config |= settings._asdict() | {"iterations": iterations}
    if arguments.method == MEDIAN:
        config["window"] = arguments.window or f"1/{decoders.SHARE} of the video"
    if arguments.method == VITERBI:
        config["order"] = "by mean time" if arguments.order is None else str(arguments.order)
    if arguments.truth is not None:
        config |= {"truth": str(arguments.truth), "background": arguments.background}
    return config | ({"tuned": True, "seed": arguments.seed or 0} if arguments.tune else {})


def write(folder: Path, arguments: argparse.Namespace, inputs: Inputs, output: Output) -> None:
    """Writes every file of the output."""
    names, tuned = inputs.classes.names, output.tuned
    for video, labels in output.labels.items():
        path = folder / PREDICTIONS / f"{video}.txt"
        write_labels(path, [names[index] for index in labels.tolist()])
    write_json(folder / "config.json", output.config)
    if arguments.segments:
        write_segments(folder, output.labels, names)
    if output.results:
        document = {"task": "decoding", "protocol": PROTOCOL}
        document["videos"] = tuned.held_out if tuned else list(inputs.truth.labels)
        write_json(folder / "evaluation.json", document | {"results": output.results})
    if tuned:
        write_json(folder / "tuned.json", tuned.record())
    if arguments.report:
        # Drawing imports matplotlib, which takes its time to start.
        from jaxseg.decode.page import decoding_page

        page = decoding_page(arguments.out.resolve().name, inputs, output)
        write_text(folder / "report.html", page)


def write_segments(folder: Path, labels: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """Writes `segments.csv`: video, class, first frame and frame after the last one, from 0."""
    with (folder / SEGMENTS).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["video", "class", "start", "stop"])
        for video, classes in labels.items():
            starts = run_starts(classes).tolist()
            for start, stop in zip(starts, [*starts[1:], len(classes)], strict=True):
                writer.writerow([video, names[classes[start]], start, stop])
