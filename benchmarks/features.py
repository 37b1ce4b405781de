"""Features of motion: seconds of video a second of wall time, where they go, memory over time.

python -m benchmarks.features
python -m benchmarks.features --seconds=60 --processes=2 --json=features.json
python -m benchmarks.features --video=holiday.mp4
"""

import argparse
import functools
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.features_stages import FPS, memory, stages, timed
from benchmarks.side_by_side import note, positive, report
from jaxseg.features import pool
from jaxseg.features.extra import need
from jaxseg.features.job import extract
from jaxseg.features.kinds import MOTION, make_kind
from jaxseg.features.video.frames import open_video
from jaxseg.footage.patchwork import clip_folder

SIZE = 640, 360
RATE = 25  # frames a second of the made video
CLIPS = ("bikes", "bigbuckbunny")
MINUTE = 60.0


def make_video(path: Path, seconds: float) -> None:
    """Real content at 640 x 360: two clips, encoded once and repeated to a length."""
    av = need("av")
    once = path.with_name(f"once-{path.name}")
    with av.open(str(once), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for frame in clip_frames():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    repeat_packets(once, path, seconds)
    once.unlink()


def clip_frames():
    cv2 = need("cv2")
    for name in CLIPS:
        with open_video(clip_folder() / f"{name}.mp4") as video:
            for _, frame in video.resampled(RATE):
                yield cv2.resize(frame, SIZE, interpolation=cv2.INTER_AREA)


def repeat_packets(once: Path, path: Path, seconds: float) -> None:
    """The packets of a video again and again, later each time; nothing is encoded anew."""
    av = need("av")
    with av.open(str(once)) as source, av.open(str(path), "w") as container:
        template = source.streams.video[0]
        stream = container.add_stream_from_template(template)
        frame = round(1 / (RATE * template.time_base))
        period = template.frames * frame
        for turn in range(-(-round(seconds * RATE) // template.frames)):
            source.seek(0)
            for packet in source.demux(template):
                if packet.dts is None or turn * period + packet.pts >= seconds * RATE * frame:
                    continue
                packet.pts, packet.dts = packet.pts + turn * period, packet.dts + turn * period
                packet.stream = stream
                container.mux(packet)


def alone(function: Callable, video: Path, kind) -> object:
    """function(kind, video, tell) in a process like those that make features, with one thread."""
    with pool.Pool(1) as process:
        for _, event, value in process.run(functools.partial(function, kind), {"": video}):
            if event == pool.FAILED:
                raise ValueError(value)
            return value


def throughput(video: Path, seconds: float, kind, processes: int) -> dict:
    """Seconds of wall time of the whole command, for as many copies of a video as processes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "videos").mkdir()
        for number in range(processes):
            (folder / "videos" / f"{number}{video.suffix}").symlink_to(video.resolve())
        job = [folder / "videos", folder / "features", kind]
        wall, _ = timed(lambda: extract(*job, fps=FPS, processes=processes, progress=False))
    return {"processes": processes, "wall_seconds": wall, "times_real": processes * seconds / wall}


def length(video: Path) -> float:
    """Seconds of a video, counted in frames."""
    with open_video(video) as opened:
        return sum(1 for _ in opened.resampled(FPS, height=36)) / FPS


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers."""
    with tempfile.TemporaryDirectory() as folder:
        video = options.video
        if video is None:
            note("making a video of real clips")
            video = Path(folder) / "clips.mp4"
            make_video(video, options.seconds)
        return measure_video(video, options.processes)


def measure_video(video: Path, processes: int) -> dict:
    with open_video(video) as opened:
        size = opened.width, opened.height
    seconds = length(video)
    kind = make_kind(MOTION)
    note("learning words and projection")
    fitting, _ = timed(lambda: kind.fit([video], FPS))
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


def table(results: dict) -> str:
    """The report of a run, as text."""
    video, minutes = results["video"], results["resident_mib"]
    parts = results["stages_milliseconds"]
    total = sum(parts.values())
    lines = [
        f"Features of motion, {video['width']} x {video['height']}, {video['seconds']:.0f} s at "
        f"{video['fps']:g} fps, {results['cores']} cores",
        f"learning, once a folder: {results['fit_seconds']:.1f} s",
        f"{results['processes']} processes, {results['processes']} videos: "
        f"{results['wall_seconds']:.1f} s, {results['times_real']:.1f} x real time",
        "",
        f"{'stage':<22}{'ms a frame':>10}{'share':>8}",
        *(f"{name:<22}{value:>10.2f}{value / total:>8.0%}" for name, value in parts.items()),
        f"{'together':<22}{total:>10.2f}, {1e3 / total / video['fps']:.1f} x real time on one core",
        "(milliseconds of processor time, one thread)",
        "",
        f"memory: {minutes[0]:.0f} MiB after the first minute, {minutes[-1]:.0f} after the last "
        f"({len(minutes)}), growth {minutes[-1] - minutes[0]:+.1f} MiB",
    ]
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.features",
        description="Measures `python -m jaxseg.features` of kind motion: seconds of video a "
        "second of wall time, milliseconds of each stage, memory over the minutes of a video.",
    )
    add = described.add_argument
    add("--video", type=Path, metavar="FILE", help="a video of your own (makes one of real clips)")
    add("--seconds", type=positive, default=600, metavar="S", help="of the made video (600)")
    add("--processes", type=positive, default=2, metavar="N", help="videos at once (2)")
    add("--json", metavar="FILE", help="also write the numbers to this file")
    return described


def main(argv: Sequence[str]) -> int:
    return report(parser().parse_args(argv), measure, table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
