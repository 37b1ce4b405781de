"""Features of videos: seconds of video a second of wall time, time by stage, memory.

Measures `python -m jaxseg.features` for each kind that is fitted to the videos, on a long video:
signs, or a video of yours.

    python -m benchmarks.features
    python -m benchmarks.features --seconds=60 --kinds=image --processes=2 --json=features.json
    python -m benchmarks.features --video=holiday.mp4
"""

import argparse
import functools
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import harness
from benchmarks.harness import MIB, Column, Table, note, positive
from jaxseg.features import pool
from jaxseg.features.job import extract, make_kind
from jaxseg.features.kinds import BOTH, FITTED, IMAGE, MOTION, Kind
from jaxseg.features.video.frames import VideoFile
from jaxseg.footage import signs

FPS = 15.0
MINUTE = 60.0
STAGE_FRAMES = 150
MOTION_STAGES = ("scale, gray", "flow", "histograms", "tracks", "Fisher vectors, PCA")
IMAGE_STAGES = ("scale", "network", "PCA, mean")


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    with tempfile.TemporaryDirectory() as folder:
        video = options.video
        if video is None:
            note("joining recordings of signs")
            video = Path(folder) / "signs.mp4"
            make_video(video, options.seconds)
        opened = VideoFile(video)
        seconds = length(video)
        return {
            "video": {
                "width": opened.width,
                "height": opened.height,
                "seconds": seconds,
                "fps": FPS,
            },
            "cores": pool.cores(),
            "kinds": {
                name: measure_kind(name, video, seconds, options.processes)
                for name in options.kinds
            },
        }


def measure_kind(name: str, video: Path, seconds: float, processes: int) -> dict:
    """Numbers of one kind of features on one video."""
    kind = make_kind(name)
    note(f"{name}: fitting")
    fitting, _ = harness.timed(lambda: kind.fit([video], FPS))
    note(f"{name}: stage by stage")
    parts = alone(stages, video, kind)
    note(f"{name}: the whole command")
    whole = throughput(video, seconds, kind, processes)
    note(f"{name}: memory")
    return {
        "fit_seconds": fitting,
        "stages_milliseconds": parts,
        **whole,
        "resident_mib": alone(functools.partial(memory, MINUTE), video, kind),
    }


def make_video(path: Path, seconds: float) -> None:
    """Writes a video of real content at 640 x 480: a person's signs, until the length is met."""
    person, names = next(iter(signs.people().items()))
    files = [signs.CLIPS / person / f"{name}.mkv" for name in names]
    clips = {file.stem: signs.read_clip(file) for file in files}
    segments, left = [], seconds
    for name in itertools.cycle(names):
        lasts = len(clips[name]) / signs.FPS
        if left < 1.5 * lasts:  # the last one, at another speed
            segments.append(signs.Segment(name, lasts / left))
            break
        segments.append(signs.Segment(name, 1.0))
        left -= lasts
    signs.join(path, files[0], clips, segments)


def alone(function: Callable, video: Path, kind: Kind) -> object:
    """Result of function(kind, video, tell) in a worker process with one thread."""
    with pool.Pool(1) as process:
        for _, event, value in process.run(functools.partial(function, kind), {"": video}):
            if event == pool.FAILED:
                raise ValueError(value)
            return value


def throughput(video: Path, seconds: float, kind: Kind, processes: int) -> dict:
    """Wall time of the whole command on as many copies of a video as there are processes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "videos").mkdir()
        for number in range(processes):
            (folder / "videos" / f"{number}{video.suffix}").symlink_to(video.resolve())
        job = [folder / "videos", folder / "features", kind]
        wall, _ = harness.timed(lambda: extract(*job, fps=FPS, processes=processes, progress=False))
    return {"processes": processes, "wall_seconds": wall, "times_real": processes * seconds / wall}


def length(video: Path) -> float:
    """Length of a video in seconds, counted in frames."""
    opened = VideoFile(video)
    return sum(1 for _ in opened.resampled(FPS, height=36)) / FPS


def stages(kind: Kind, video: Path, tell: Callable) -> dict[str, float]:
    """Milliseconds of processor time for each frame, by stage; runs in a process of its own.

    Stages take turns frame by frame, so that all see the same load of the machine.
    """
    opened = VideoFile(video)
    some = opened.resampled(FPS, seconds=STAGE_FRAMES / FPS, height=kind.height)
    taken, frames = harness.timed(lambda: [frame for _, frame in some], time.process_time)
    used = {"decode": taken}

    def measure(name: str, function: Callable, *arguments) -> object:
        taken, result = harness.timed(lambda: function(*arguments), time.process_time)
        used[name] = used.get(name, 0.0) + taken
        return result

    kind.encoder()  # which hands the fitted parts of both kinds to each
    halves = kind.halves if kind.name == BOTH else {kind.name: kind}
    steps = [{MOTION: motion_steps, IMAGE: image_steps}[name](halves[name]) for name in halves]
    for frame in frames:
        for step in steps:
            step(frame, measure)
    if MOTION in halves:
        # The last two stages repeat the work of those before them, which is subtracted.
        used["Fisher vectors, PCA"] -= used["tracks"]
        used["tracks"] -= used["scale, gray"] + used["flow"] + used["histograms"]
    return {name: 1e3 * value / len(frames) for name, value in used.items()}


def motion_steps(kind) -> Callable:
    """Function that measures the stages of motion on the next frame."""
    # Imported in this function, so that --help needs no OpenCV.
    from jaxseg.features.motion.descriptors import DenseFlow, cells, to_gray
    from jaxseg.features.motion.trajectories import Trajectories

    between, trajectories = DenseFlow(), Trajectories(kind.layout(FPS).length)
    encoder, last = kind.encoder(), None

    def step(frame: np.ndarray, measure: Callable) -> None:
        nonlocal last
        gray, flow, histograms, tracks, vectors = MOTION_STAGES
        picture = measure(gray, to_gray, frame)
        before = picture if last is None else last
        measure(histograms, cells, before, measure(flow, between, before, picture))
        measure(tracks, trajectories.push, frame)
        measure(vectors, encoder.push, frame)
        last = picture

    return step


def image_steps(kind) -> Callable:
    """Function that measures the stages of image on the next frame."""
    from jaxseg.features.image.kind import ROWS, ImageEncoder, network, scaled, seen

    network()  # made before the clock runs
    encoder = ImageEncoder(kind.reach(FPS), kind.parts[ROWS])

    def step(frame: np.ndarray, measure: Callable) -> None:
        scale, see, mean = IMAGE_STAGES
        row = measure(see, seen, measure(scale, scaled, frame))
        measure(mean, encoder.add, row)

    return step


def resident() -> float:
    """Resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def memory(minute: float, kind: Kind, video: Path, tell: Callable) -> list[float]:
    """MiB resident at the end of each minute of a video, or once for a shorter one.

    Args:
        minute: length of a minute in seconds; tests make it shorter.
    """
    encoder, sizes = kind.encoder(), []
    opened = VideoFile(video)
    for number, (_, frame) in enumerate(opened.resampled(FPS, height=kind.height), start=1):
        encoder.push(frame)
        if number % round(minute * FPS) == 0:
            sizes.append(resident())
    encoder.finish()
    return sizes or [resident()]


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    video = results["video"]
    lines = [
        f"Features, video of {video['width']} x {video['height']}, {video['seconds']:.0f} s, at "
        f"{video['fps']:g} rows a second, {results['cores']} cores"
    ]
    for name, kind in results["kinds"].items():
        lines += ["", *report_kind(name, kind, video["fps"])]
    return lines


def report_kind(name: str, kind: dict, fps: float) -> list[str | Table]:
    """Report of one kind of features."""
    milliseconds, minutes = kind["stages_milliseconds"], kind["resident_mib"]
    total = sum(milliseconds.values())
    rows = [
        {"stage": stage, "milliseconds": value, "share": value / total}
        for stage, value in (*milliseconds.items(), ("together", total))
    ]
    columns = (
        Column("stage", "stage"),
        Column("ms a frame", "milliseconds", "{:.2f}".format),
        Column("share", "share", "{:.0%}".format),
    )
    return [
        f"{name}: fitting, once for each folder: {kind['fit_seconds']:.1f} s",
        f"{kind['processes']} processes, {kind['processes']} videos: "
        f"{kind['wall_seconds']:.1f} s, {kind['times_real']:.1f} x real time",
        Table(columns, rows, f"{name}: processor time, one thread"),
        f"together {1e3 / total / fps:.1f} x real time on one core",
        f"memory: {minutes[0]:.0f} MiB after the first minute, {minutes[-1]:.0f} after the last "
        f"({len(minutes)}), growth {minutes[-1] - minutes[0]:+.1f} MiB",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("features", __doc__)
    add = parser.add_argument
    add("--video", type=Path, metavar="FILE", help="a video of yours (default: signs)")
    add("--seconds", type=positive, default=600, metavar="S", help="of the made video (600)")
    add("--kinds", nargs="+", choices=FITTED, default=FITTED, help="kinds of features (all)")
    add("--processes", type=positive, default=2, metavar="N", help="videos at once (2)")
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    # Imported by its name, under which worker processes find `stages` and `memory`.
    from benchmarks import features

    sys.exit(features.main())
