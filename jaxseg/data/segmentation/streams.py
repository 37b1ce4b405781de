"""Recordings whose features lie in several files: streams that are joined, and side files.

Extractors write NAME_rgb.npy and NAME_flow.npy, or rgb/NAME.npy, or NAME/rgb.npy. Files whose
names differ in the name of a stream alone are one recording, whose channels are those of all its
streams. `data.streams` names the streams that are taken, in their order; "none": each file is a
recording.

NAME_timestamps_ms.npy and NAME_fps.npy beside them tell the rate.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.data.segmentation.sources import Source
from jaxseg.formats.arrays import read_npy
from jaxseg.formats.matrices import read_text_matrix
from jaxseg.formats.names import listed
from jaxseg.formats.recordings import clocks

KEY = "--config.data.streams"
NONE = "none"
# Networks, views and sensors by which extractors and recorders name their files, in the order in
# which they are joined.
WORDS = (
    "rgb flow i3d r21d r2plus1d s3d c3d tsn tsm slowfast x3d swin videomae videomaev2 vjepa "
    "internvideo omnivore egovlp clip siglip blip dino dinov2 dinov3 resnet resnet18 resnet34 "
    "resnet50 resnet101 resnet152 resnext vit timm raft pwc depth audio vggish ast pann panns "
    "wav2vec hubert mfcc speech text pose skeleton hands face gaze imu acc accel accelerometer "
    "gyro gyroscope mag magnetometer emg eeg ecg eda ppg"
)
NAMES = WORDS.split()
SIDE = re.compile(r"(.+?)[_.-](fps|timestamps?(?:[_-](?:ms|s|sec|us|ns))?)", re.IGNORECASE)
SIDE_SUFFIXES = (".npy", ".txt")
TOLERANCE = 2  # rows by which the streams of a recording may differ; they are cut

Files = Mapping[tuple[str, str], Path]  # by (activity, name)


def find_streams(features: Files, top: str, folder: Path, wanted: Sequence[str]) -> list[Source]:
    """The recordings of a folder, sorted, each with its streams where it has several.

    Args:
        features: all files, by (name of the subfolder or `top`, stem).
        top: activity of the files in no subfolder.
        folder: of the files; those in it are `Source.top`.
        wanted: names of streams; (): those that are known, where there are several; (NONE,).
    """
    sides = {key: path for key, path in features.items() if _is_side(path)}
    files = {key: path for key, path in features.items() if key not in sides}
    if not files:
        raise ValueError(f"{folder}: holds no features, only {listed(p.name for p in sides)}")
    streams = _by_recording(files, top, folder, tuple(wanted))
    sources = []
    for key, paths in sorted(streams.items()):
        parts = [Source(*key, path, top=path.parent == folder) for path in paths.values()]
        if len(parts) > 1:
            is_top = parts[0].top or key[0] == top
            parts = [Source(*key, parts[0].features, top=is_top, streams=tuple(parts))]
        sources += parts
    read = {path for paths in streams.values() for path in paths.values()}
    left = [path.name for path in files.values() if path not in read]
    return _with_sides(sources, sides, streams, left)


def join(source: Source, arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
    """The streams of a recording as one array, and how many rows were cut of the longest.

    Args:
        source: the recording.
        arrays: of its parts, [frames, channels] each; equally long but for `TOLERANCE`. Of one
            part it is returned as it is.
    """
    if len(arrays) == 1:
        return arrays[0], 0
    lengths = [len(array) for array in arrays]
    shortest = min(lengths)
    if max(lengths) - shortest > TOLERANCE:
        shapes = zip(source.streams, arrays, strict=True)
        raise ValueError(
            f"streams of {source.video} differ in length: "
            f"{', '.join(f'{part.features} {array.shape}' for part, array in shapes)}; make them "
            f"alike, name those that are to be read with {KEY}=, or give {KEY}={NONE} where each "
            "file is a recording of its own"
        )
    array = np.concatenate([np.asarray(each[:shortest], np.float32) for each in arrays], axis=1)
    return array, max(lengths) - shortest


def cut_notes(cuts: Mapping[str, int]) -> tuple[str, ...]:
    """A note on the recordings, video -> rows, of which the ends of longer streams were cut."""
    cuts = {video: rows for video, rows in cuts.items() if rows}
    if not cuts:
        return ()
    return (
        f"streams of {len(cuts)} recordings differ by up to {max(cuts.values())} rows: cut to the "
        f"shortest ({listed(cuts)})",
    )


def _by_recording(
    files: Files, top: str, folder: Path, wanted: tuple[str, ...]
) -> dict[tuple[str, str], dict[str, Path]]:
    """(activity, recording) -> name of a stream -> file, in the order of the streams."""
    apart = {key: {"": path} for key, path in files.items()}
    if wanted == (NONE,):
        return apart
    known = _together(files, top, NAMES, once=False)
    if wanted:
        names = [name.lower() for name in wanted]
        # Names of one's own, or of those that the extractors give: "i3d_rgb" of i3d/NAME_rgb.npy.
        own = _together(files, top, names, once=True)
        is_own = all(any(name in has for has in own.values()) for name in names)
        return _only(own if is_own or not known else known, folder, wanted, names)
    if all(len(streams) == 1 for streams in known.values()):
        return apart
    all_streams = sorted(
        {stream for streams in known.values() for stream in streams},
        key=lambda stream: [NAMES.index(word) for word in stream.split("_") if word],
    )
    _check_whole(folder, known, all_streams)
    return {key: {s: has[s] for s in all_streams} for key, has in known.items()}


def _together(
    files: Files, top: str, names: Sequence[str], *, once: bool
) -> dict[tuple[str, str], dict[str, Path]]:
    """(activity, recording) -> name of a stream -> file; {} where two files have one name.

    Args:
        names: of streams.
        once: a file's name has one of them, else several make one name.
    """
    groups, stems = ({key[at].lower() for key in files} for at in (0, 1))

    def are_streams(found: set[str]) -> bool:
        return found >= set(names) if once else len(found) > 1 and found <= set(names)

    by_file, by_folder = are_streams(stems), are_streams(groups)
    together: dict[tuple[str, str], dict[str, Path]] = {}
    for (group, stem), path in files.items():
        if by_file:
            key, stream = (top, group), stem.lower()
        elif by_folder:
            base, stream = (stem, "") if once else _split(stem, names, once=once)
            key, stream = (
                (top, base),
                "_".join(filter(None, dict.fromkeys((group.lower(), stream)))),
            )
        else:
            base, stream = _split(stem, names, once=once)
            key = group, base
        if stream in together.setdefault(key, {}):
            return {}  # "a_rgb.npy" and "a-rgb.npy"
        together[key][stream] = path
    return together


def _only(
    together: dict[tuple[str, str], dict[str, Path]],
    folder: Path,
    wanted: tuple[str, ...],
    names: list[str],
) -> dict[tuple[str, str], dict[str, Path]]:
    """The streams that were asked for, of the recordings that have any."""
    chosen = {
        key: {name: has[name] for name in names if name in has}
        for key, has in together.items()
        if not has.keys().isdisjoint(names)
    }
    if not chosen:
        raise ValueError(
            f"{folder}: no file is called NAME_{wanted[0]} or {wanted[0]}/NAME ({KEY})"
        )
    _check_whole(folder, chosen, names)
    return chosen


def _check_whole(
    folder: Path, together: Mapping[tuple[str, str], Mapping[str, Path]], names: Sequence[str]
) -> None:
    """Raises ValueError where recordings lack a stream that others have."""
    lacking = {key: [name for name in names if name not in has] for key, has in together.items()}
    lacking = {key: streams for key, streams in lacking.items() if streams}
    if lacking:
        whole = [name for name in names if name and all(name in has for has in together.values())]
        some = f"read what all have with {KEY}={','.join(whole)}, " if whole else ""
        shown = [
            f"{name} ({', '.join(stream or 'the file of this name alone' for stream in streams)})"
            for (_, name), streams in lacking.items()
        ]
        raise ValueError(
            f"{folder}: {len(lacking)} of {len(together)} recordings lack a stream that others "
            f"have: {listed(shown)}; add the files, {some}or give {KEY}={NONE} where each file is "
            "a recording of its own"
        )


def _split(stem: str, names: Iterable[str], *, once: bool) -> tuple[str, str]:
    """Name of the recording and of the stream that a file's name ends or begins with.

    Without one the stream is "".
    """
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    count = "{1}" if once else "+"
    patterns = (
        rf"(?P<base>.+?)(?P<stream>([_.-]({words})){count})",
        rf"(?P<stream>(({words})[_.-]){count})(?P<base>.+)",
    )
    for pattern in patterns:
        if found := re.fullmatch(pattern, stem, re.IGNORECASE):
            stream = found["stream"].strip("_.-").lower()
            return found["base"], stream if once else re.sub("[.-]", "_", stream)
    return stem, ""


def stream_base(stem: str) -> str:
    """Name of the recording in a file's name that ends or begins with that of a known stream."""
    return _split(stem, NAMES, once=False)[0]


def _is_side(path: Path) -> bool:
    return path.suffix in SIDE_SUFFIXES and bool(SIDE.fullmatch(path.stem))


def _with_sides(
    sources: list[Source],
    sides: Files,
    streams: Mapping[tuple[str, str], Mapping[str, Path]],
    others: Sequence[str],
) -> list[Source]:
    """The sources with the rates that side files tell, and notes on what was joined or left out.

    `others` are the names of files of other streams.
    """
    rates: dict[str, dict[str, Path]] = {}
    for path in sides.values():
        base, kind = SIDE.fullmatch(path.stem).groups()
        rates.setdefault(base, {})[kind.lower()] = path
    used, result = {}, []
    for source in sources:
        stems = [source.video, *(path.stem for path in streams[source.key].values())]
        # One network alone: NAME_resnet.npy, and NAME_fps.npy beside it.
        stems += [stream_base(stem) for stem in stems]
        beside = {k: p for stem in stems for k, p in rates.get(stem, {}).items()}
        # Stamps are of rows; "fps" may be of the frames of which a row has several.
        for kind in sorted(beside, reverse=True):
            if fps := _side_rate(kind, beside[kind]):
                source = dataclasses.replace(source, fps=fps)
                used.setdefault("fps" if kind == "fps" else "timestamps", []).append(beside[kind])
                break
        result.append(source)
    notes = []
    first = next((each for each in streams.values() if len(each) > 1), None)
    if first:
        names = " and ".join(stream or "files without ending" for stream in first)
        notes.append(f"{names} of {len(sources)} recordings are joined along channels ({KEY})")
    if others:
        notes.append(f"{len(others)} files of other streams are not read: {listed(others)}")
    if "timestamps" in used:
        notes.append(f"times are from {listed(path.name for path in used['timestamps'])}")
    if "fps" in used:
        notes.append(
            f"rows a second are from {listed(path.name for path in used['fps'])}; where a row is "
            "made of several frames, give --config.data.fps"
        )
    known = {path for paths in used.values() for path in paths}
    if left := [path.name for path in sides.values() if path not in known]:
        notes.append(f"side files that are no features are left out: {listed(left)}")
    if notes:
        result[0] = dataclasses.replace(result[0], notes=tuple(notes))
    return result


def _side_rate(kind: str, path: Path) -> float | None:
    """Rows a second that a side file tells; None where it is broken or tells none."""
    try:
        array = read_npy(path) if path.suffix == ".npy" else read_text_matrix(path)
        values = np.asarray(array, np.float64).ravel()
    except (ValueError, TypeError):
        return None
    if not values.size or not np.isfinite(values).all():
        return None
    if kind == "fps":
        return float(values[0]) if values.size == 1 and values[0] > 0 else None
    seconds, _ = clocks.seconds_of(kind, values) if values.size > 1 else (None, "")
    return None if seconds is None else clocks.rate_of(kind, seconds).fps
