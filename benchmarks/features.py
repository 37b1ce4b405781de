"""Motion features: seconds of video for each second of wall time, time by stage, memory.

Measures `python -m jaxseg.features` of kind motion on a long video: signs, or a video of yours.

    python -m benchmarks.features
    python -m benchmarks.features --seconds=60 --processes=2 --json=features.json
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

from benchmarks import harness
from benchmarks.harness import MIB, Column, Table, note, positive
from jaxseg.features import pool
from jaxseg.features.job import extract, make_kind
from jaxseg.features.kinds import MOTION
from jaxseg.features.video.frames import VideoFile
from jaxseg.footage import signs

FPS = 15.0
MINUTE = 60.0
STAGE_FRAMES = 150
STAGES = ("scale, gray", "flow", "histograms", "tracks", "Fisher vectors, PCA")


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    with tempfile.TemporaryDirectory() as folder:
        video = options.video
        if video is None:
            note("joining recordings of signs")
            video = Path(folder) / "signs.mp4"
            make_video(video, options.seconds)
        return measure_video(video, options.processes)


def measure_video(video: Path, processes: int) -> dict:
    """Numbers of one video."""
    opened = VideoFile(video)
    size = opened.width, opened.height
    seconds = length(video)
    kind = make_kind(MOTION)
    note("fitting the codebook and the projection")
    fitting, _ = harness.timed(lambda: kind.fit([video], FPS))
    note("stage by stage")
    parts = alone(stages, video, kind)
    note("the whole command")
    whole = throughput(video, seconds, kind, processes)
    note("memory")
    return {
        "video": {"width": size[0], "height": size[1], "seconds": seconds, "fps": FPS},
        "cores": pool.cores(),
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


def alone(function: Callable, video: Path, kind) -> object:
    """Result of function(kind, video, tell) in a worker process with one thread."""
    with pool.Pool(1) as process:
        for _, event, value in process.run(functools.partial(function, kind), {"": video}):
            if event == pool.FAILED:
                raise ValueError(value)
            return value


def throughput(video: Path, seconds: float, kind, processes: int) -> dict:
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


def stages(kind, video: Path, tell: Callable) -> dict[str, float]:
    """Milliseconds of processor time for each frame, by stage; runs in a process of its own.

    Stages take turns frame by frame, so that all see the same load of the machine.
    """
    # Imported in this function, so that --help needs no OpenCV.
    from jaxseg.features.motion.descriptors import DenseFlow, cells, to_gray
    from jaxseg.features.motion.trajectories import Trajectories

    opened = VideoFile(video)
    some = opened.resampled(FPS, seconds=STAGE_FRAMES / FPS, height=kind.height)
    taken, frames = harness.timed(lambda: [frame for _, frame in some], time.process_time)
    used = {"decode": taken} | dict.fromkeys(STAGES, 0.0)
    between, trajectories = DenseFlow(), Trajectories(kind.layout(FPS).length)
    encoder, last = kind.encoder(), to_gray(frames[0])

    def measure(name: str, function: Callable, *arguments) -> object:
        taken, result = harness.timed(lambda: function(*arguments), time.process_time)
        used[name] += taken
        return result

    for frame in frames:
        gray = measure("scale, gray", to_gray, frame)
        flow = measure("flow", between, last, gray)
        measure("histograms", cells, last, flow)
        measure("tracks", trajectories.push, frame)
        measure("Fisher vectors, PCA", encoder.push, frame)
        last = gray
    # The last two stages repeat the work of those before them, which is subtracted.
    used["Fisher vectors, PCA"] -= used["tracks"]
    used["tracks"] -= used["scale, gray"] + used["flow"] + used["histograms"]
    return {name: 1e3 * value / len(frames) for name, value in used.items()}


def resident() -> float:
    """Resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def memory(minute: float, kind, video: Path, tell: Callable) -> list[float]:
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
    video, minutes = results["video"], results["resident_mib"]
    milliseconds = results["stages_milliseconds"]
    total = sum(milliseconds.values())
    rows = [
        {"stage": name, "milliseconds": value, "share": value / total}
        for name, value in (*milliseconds.items(), ("together", total))
    ]
    columns = (
        Column("stage", "stage"),
        Column("ms a frame", "milliseconds", "{:.2f}".format),
        Column("share", "share", "{:.0%}".format),
    )
    return [
        f"Features of motion, {video['width']} x {video['height']}, {video['seconds']:.0f} s at "
        f"{video['fps']:g} fps, {results['cores']} cores",
        f"fitting, once for each folder: {results['fit_seconds']:.1f} s",
        f"{results['processes']} processes, {results['processes']} videos: "
        f"{results['wall_seconds']:.1f} s, {results['times_real']:.1f} x real time",
        Table(columns, rows, "Processor time, one thread"),
        f"together {1e3 / total / video['fps']:.1f} x real time on one core",
        f"memory: {minutes[0]:.0f} MiB after the first minute, {minutes[-1]:.0f} after the last "
        f"({len(minutes)}), growth {minutes[-1] - minutes[0]:+.1f} MiB",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("features", __doc__)
    add = parser.add_argument
    add("--video", type=Path, metavar="FILE", help="a video of yours (default: signs)")
    add("--seconds", type=positive, default=600, metavar="S", help="of the made video (600)")
    add("--processes", type=positive, default=2, metavar="N", help="videos at once (2)")
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    # Imported by its name, under which worker processes find `stages` and `memory`.
    from benchmarks import features

    sys.exit(features.main())
