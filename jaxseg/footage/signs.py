"""Joins short recordings of signs into longer videos whose segments are known.

For a run without videos of the user's own: people of jaxseg/data/signs, each an activity, whose
recordings follow one another in drawn orders. Arms are down where they meet, so no cut is seen.
All repeats of a sign are the same recording, at other speeds.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features import need
from jaxseg.formats.files import atomic_write, write_json, write_text

CLIPS = Path(__file__).parents[1] / "data" / "signs"  # PERSON/SIGN.mkv
SEGMENTS_FILE = "segments.json"
FPS = 30  # pictures a second of every recording
TICKS = 90_000  # a second, of the times in the made files
WHOLE = 0.2  # a video lasts a multiple of so many seconds, so that rows of features fill it
REORDERED = 2  # pictures that a later one is stored before, at most
SEGMENTS, SPEEDS = (14, 20), (0.8, 1.25)  # least and most


class Segment(NamedTuple):
    """A sign in a made video: twice as fast as it was recorded where `speed` is 2."""

    sign: str  # name of a recording
    speed: float


class Packet(NamedTuple):
    """A picture of a recording as it is stored."""

    content: bytes
    is_key: bool  # whether it is decoded without others
    place: int  # among the recording's pictures as they are shown


Clip = Sequence[Packet]  # in the order in which they are stored


def people() -> dict[str, list[str]]:
    """Person -> their signs, both sorted."""
    found: dict[str, list[str]] = {}
    for path in sorted(CLIPS.glob("*/*.mkv")):
        found.setdefault(path.parent.name, []).append(path.stem)
    return found


def make(
    folder: Path,
    *,
    num_videos: int = 3,
    num_segments: tuple[int, int] = SEGMENTS,
    seed: int = 0,
) -> Path:
    """Makes the videos that are missing in a folder, and the truth beside them.

    These are `PERSON/signs<number>.mp4`, 640 x 480, whose pictures are copied as they are stored;
    about 40 seconds each if nothing else is asked for; `groundTruth/PERSON/signs<number>.csv`, see
    `write_truth`; and `segments.json`: video -> segments with `sign` and `speed`.

    Args:
        num_videos: of each person.
        num_segments: least and most in a video.
        seed: orders and speeds are drawn from it; the same seed gives the same files.
    """
    plans = {}
    for place, (person, signs) in enumerate(people().items()):
        files = {sign: CLIPS / person / f"{sign}.mkv" for sign in signs}
        clips = {sign: read_clip(file) for sign, file in files.items()}
        for number in range(num_videos):
            name = f"{person}/signs{number}"
            segments = plans[name] = fitted(plan(signs, [seed, place, number], num_segments), clips)
            ends = segment_ends(segments, clips)
            write_truth(folder / "groundTruth" / f"{name}.csv", [s.sign for s in segments], ends)
            path = folder / f"{name}.mp4"
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True)
                with atomic_write(path) as temporary:
                    join(temporary, files[signs[0]], clips, segments)
    record = {name: [segment._asdict() for segment in plans[name]] for name in plans}
    write_json(folder / SEGMENTS_FILE, record)
    return folder


def plan(
    signs: Sequence[str], seed: Sequence[int], num_segments: tuple[int, int] = SEGMENTS
) -> list[Segment]:
    """Draws the segments of one video: most signs several times, none twice in a row."""
    rng = np.random.default_rng(seed)
    order = draw_order(rng, signs, num_segments)
    speeds = np.exp(rng.uniform(*np.log(SPEEDS), len(order))).round(3)
    return [Segment(*each) for each in zip(order, speeds.tolist(), strict=True)]


def draw_order(
    rng: np.random.Generator, names: Sequence[str], length: tuple[int, int]
) -> list[str]:
    """Names in no fixed order, none twice in a row; `length` is the least and the most of them."""
    order: list[str] = []
    for _ in range(rng.integers(*length, endpoint=True)):
        others = [name for name in names if name not in order[-1:]]
        # One that has been there already is drawn less often.
        weights = np.array([0.25 ** order.count(name) for name in others])
        order.append(str(rng.choice(others, p=weights / weights.sum())))
    return order


def read_clip(path: Path) -> Clip:
    """Pictures of a recording as they are stored."""
    with need("av").open(str(path)) as container:
        found = [packet for packet in container.demux(video=0) if packet.pts is not None]
    places = {pts: place for place, pts in enumerate(sorted(packet.pts for packet in found))}
    return [Packet(bytes(each), each.is_keyframe, places[each.pts]) for each in found]


def fitted(segments: Sequence[Segment], clips: Mapping[str, Clip]) -> list[Segment]:
    """The segments with the last one a little faster or slower, so that all last whole `WHOLE`."""
    *before, end = segment_ends(segments, clips)
    seconds = round(end / WHOLE) * WHOLE - before[-1]
    sign = segments[-1].sign
    return [*segments[:-1], Segment(sign, len(clips[sign]) / (FPS * seconds))]


def segment_ends(segments: Sequence[Segment], clips: Mapping[str, Clip]) -> list[float]:
    """Where segments end, in seconds."""
    return np.cumsum([len(clips[each.sign]) / (FPS * each.speed) for each in segments]).tolist()


def write_truth(path: Path, labels: Sequence[str], ends: Sequence[float]) -> None:
    """Writes the segments of a video, the first from 0 on, as a table: start, end and label."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = zip([0.0, *ends], ends, labels, strict=False)
    lines = [f"{start:.4f},{end:.4f},{label}\n" for start, end, label in rows]
    write_text(path, "".join(["start_s,end_s,label\n", *lines]))


def join(path: Path, model: Path, clips: Mapping[str, Clip], segments: Sequence[Segment]) -> None:
    """Writes a video of recordings that were all encoded as `model` was: H.264 in .mp4.

    Every browser plays it. Its pictures are those of the recordings; their times are by the speeds.
    """
    av = need("av")
    spans = [1 / (FPS * each.speed) for each in segments for _ in clips[each.sign]]
    times = (np.cumsum([0.0, *spans]) * TICKS).round().astype(int).tolist()
    # Decoding has to be ahead of showing by the pictures that are stored in another order.
    decoded = iter([*range(-REORDERED * TICKS // FPS, 0, TICKS // FPS), *times])
    options = {"movflags": "faststart"}
    with (
        av.open(str(model)) as source,
        av.open(str(path), "w", format="mp4", options=options) as container,
    ):
        stream = container.add_stream_from_template(source.streams.video[0])
        first = 0
        for clip in (clips[segment.sign] for segment in segments):
            for each in clip:
                packet, place = av.Packet(each.content), first + each.place
                packet.stream, packet.time_base = stream, Fraction(1, TICKS)
                packet.pts, packet.dts = times[place], next(decoded)
                packet.duration = times[place + 1] - times[place]
                packet.is_keyframe = each.is_key
                container.mux(packet)
            first += len(clip)
