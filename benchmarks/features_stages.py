"""What the benchmark of features measures inside a process that does nothing else."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from jaxseg.features.video.frames import open_video

FPS = 15.0
STAGE_FRAMES = 150
STAGES = ("scale, grey", "flow", "histograms", "tracks", "Fisher vectors, PCA")
PROCESSOR = time.process_time
MIB = 2**20


def timed(
    function: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> tuple[float, object]:
    """(seconds, the result)."""
    start = clock()
    result = function()
    return clock() - start, result


def stages(kind, video: Path, tell: Callable) -> dict[str, float]:
    """Milliseconds of processor time a frame that each stage takes.

    Stages take turns frame by frame, so that all see the same load of the machine.
    """
    # Not above: the benchmark's --help needs no OpenCV.
    from jaxseg.features.motion.descriptors import cells
    from jaxseg.features.motion.flow import DenseFlow, to_grey
    from jaxseg.features.motion.trajectories import Trajectories

    with open_video(video) as opened:
        some = {"seconds": STAGE_FRAMES / FPS, "height": kind.height}
        taken, frames = timed(lambda: [x for _, x in opened.resampled(FPS, **some)], PROCESSOR)
    used = {"decode": taken} | dict.fromkeys(STAGES, 0.0)
    between, trajectories = DenseFlow(), Trajectories(kind.layout().tracks)
    encoder, last = kind.encoder(), to_grey(frames[0])

    def measure(name: str, function: Callable, *arguments) -> object:
        taken, result = timed(lambda: function(*arguments), PROCESSOR)
        used[name] += taken
        return result

    for frame in frames:
        grey = measure("scale, grey", to_grey, frame)
        flow = measure("flow", between, last, grey)
        measure("histograms", cells, last, flow)
        measure("tracks", trajectories.push, frame)
        measure("Fisher vectors, PCA", encoder.push, frame)
        last = grey
    # Each of the last two has done all that comes before it once more.
    used["Fisher vectors, PCA"] -= used["tracks"]
    used["tracks"] -= used["scale, grey"] + used["flow"] + used["histograms"]
    return {name: 1e3 * value / len(frames) for name, value in used.items()}


def resident() -> float:
    """MiB of this process that are in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def memory(minute: float, kind, video: Path, tell: Callable) -> list[float]:
    """MiB resident at the end of each whole minute of a video, or at its end if it has none.

    Args:
        minute: seconds of one.
    """
    encoder, found = kind.encoder(), []
    with open_video(video) as opened:
        for number, (_, frame) in enumerate(opened.resampled(FPS, height=kind.height), start=1):
            encoder.push(frame)
            if number % round(minute * FPS) == 0:
                found.append(resident())
    encoder.finish()
    return found or [resident()]
