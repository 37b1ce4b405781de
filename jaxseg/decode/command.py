"""What `python -m jaxseg.decode` does: reads, decodes, scores, writes."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jaxseg.decode import output, sequences, settings
from jaxseg.decode.job import Job, decode, read_job
from jaxseg.decode.options import ARGMAX, FUGW, MEDIAN, VITERBI
from jaxseg.decode.truth import PROTOCOL, table_lines
from jaxseg.decode.tuning import Tuned, tune
from jaxseg.solvers.sliding_window import half_width


def run(arguments: argparse.Namespace) -> int:
    """Raises ValueError for whatever is wrong with the input, before anything is written."""
    output.check_new(arguments.out)
    chosen, iterations, grid = read_settings(arguments)
    job = read_job(arguments)
    print(describe(job))
    tuned = None
    if arguments.tune:
        options = {"iterations": iterations, "seed": arguments.seed or 0}
        tuned = tune(job.scores.videos, job.kind, job.truth, grid, **options)
        print(describe_tuned(tuned))
        chosen = tuned.settings
    if arguments.method == FUGW:
        for line in describe_short(job, chosen.radius):
            print(line)
    after = decode(job, arguments, chosen, iterations)
    results = score(job, arguments.method, after, tuned)
    for line in table_lines(results):
        print(line)
    config = describe_config(arguments, job, chosen, iterations)
    with output.written_whole(arguments.out) as folder:
        write(folder, arguments, job, config, after, results, tuned)
    print(f"{arguments.out / output.PREDICTIONS}: {len(after)} videos")
    return 0


def read_settings(
    arguments: argparse.Namespace,
) -> tuple[settings.Settings, int, list[settings.Settings]]:
    """The settings where nothing is tuned, iterations, and the grid where something is."""
    given = {name: getattr(arguments, name) for name in settings.Settings._fields}
    given = {name: values for name, values in given.items() if values is not None}
    if arguments.tune:
        return settings.DEFAULTS, arguments.iterations or settings.ITERATIONS, settings.grid(given)
    chosen, iterations = settings.single(given, arguments.settings)
    return chosen, arguments.iterations or iterations, []


def score(
    job: Job, method: str, after: Mapping[str, np.ndarray], tuned: Tuned | None
) -> dict[str, dict]:
    """Results of argmax and of the method, on videos that were not tuned on; none without truth."""
    if job.truth is None:
        return {}
    truth = job.truth.of(tuned.held_out) if tuned else job.truth
    before = {name: sequences.argmax(job.scores.videos[name]) for name in truth.labels}
    return {ARGMAX: truth.score(before), method: truth.score(after)}


def describe(job: Job) -> str:
    """What was read, in one line."""
    frames = sum(len(each) for each in job.scores.videos.values())
    return (
        f"{job.scores.path}: {len(job.scores.videos)} videos, {frames:,} frames,"
        f" {job.scores.num_classes} classes, {job.kind}"
    )


def describe_tuned(tuned: Tuned) -> str:
    """The chosen values and how the videos were divided, in one line."""
    values = ", ".join(f"{name} {value:g}" for name, value in tuned.settings._asdict().items())
    return (
        f"{len(tuned.rows)} settings tried on {len(tuned.tuned_on)} videos: {values};"
        f" scores of the other {len(tuned.held_out)}:"
    )


def describe_short(job: Job, radius: float) -> list[str]:
    """A line about videos in which the radius reaches no other frame, where there are any."""
    widths = {name: int(half_width(len(each), radius)) for name, each in job.scores.videos.items()}
    short = [name for name, width in widths.items() if width == 0]
    if not short:
        return []
    return [
        f"a radius of {radius:g} reaches no neighbour in {len(short)} of {len(widths)} videos,"
        f" {short[0]!r} among them: fewer than {1 / radius:.0f} frames; see --radius"
    ]


def describe_config(
    arguments: argparse.Namespace, job: Job, chosen: settings.Settings, iterations: int
) -> dict:
    """What the decoding was made with, as plain values."""
    config = {"scores": str(arguments.scores), "kind": job.kind, "method": arguments.method}
    config["classes"] = len(job.classes.names)
    if arguments.method == FUGW:
        config |= chosen._asdict() | {"iterations": iterations}
    if arguments.method == MEDIAN:
        config["window"] = arguments.window or f"1/{sequences.SHARE} of the video"
    if arguments.method == VITERBI:
        config["order"] = "by mean time" if arguments.order is None else str(arguments.order)
    if arguments.truth is not None:
        config |= {"truth": str(arguments.truth), "background": arguments.background}
    return config | ({"tuned": True, "seed": arguments.seed or 0} if arguments.tune else {})


def write(
    folder: Path,
    arguments: argparse.Namespace,
    job: Job,
    config: Mapping,
    after: Mapping[str, np.ndarray],
    results: Mapping[str, dict],
    tuned: Tuned | None,
) -> None:
    """Every file of the output."""
    output.write_predictions(folder, after, job.classes.names)
    output.write_json(folder / "config.json", config)
    if arguments.segments:
        output.write_segments(folder, after, job.classes.names)
    if results:
        videos = tuned.held_out if tuned else list(job.truth.labels)
        document = {"task": "decoding", "protocol": PROTOCOL, "videos": videos, "results": results}
        output.write_json(folder / "evaluation.json", document)
    if tuned:
        output.write_json(folder / "tuned.json", tuned.record())
    if arguments.report:
        # Drawing needs matplotlib, which takes its time to start.
        from jaxseg.decode.page import decoding_page

        page = decoding_page(arguments.out.resolve().name, config, job, after, results, tuned)
        (folder / "report.html").write_text(page, encoding="utf-8")
