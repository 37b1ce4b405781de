"""Points of bodies in containers of arrays, and OpenPose's folders of a file a frame.

    DeepLabCut   .h5 of a table of pandas, in either of its layouts
    SLEAP        .slp, analysis .h5
    NWB          groups of ndx-pose
    OpenPose     a folder of one NAME_000000000000_keypoints.json a frame

All but .slp are read here, so that none of a file's pickles is run and nothing has to be installed.
`movement` reads .slp, whose tables differ from version to version.
"""

import importlib.util
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.formats.arrays import RestrictedUnpickler, refusing
from jaxseg.formats.files import read_json
from jaxseg.formats.hdf5 import check_claim, open_hdf5
from jaxseg.formats.names import clip
from jaxseg.formats.recordings.poses_tables import (
    IMAGES,
    MOST_EMPTY,
    PoseFile,
    Track,
    from_columns,
    placed,
)

JSON_NAME = re.compile(r"(?:.*?[_-])?(\d+)_keypoints\.json$")
BODY_NAMES = (
    "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist mid_hip "
    "right_hip right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear "
    "left_ear left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel"
)
BODY_25 = BODY_NAMES.split()
COCO_18 = [*BODY_25[:8], *BODY_25[9:19]]
FAR = 1e6  # bodies
OPENPOSE_NAMES = {25: BODY_25, 18: COCO_18}
LONGEST_SLP = 600  # seconds for reading one file
SLP_ARRAYS = ("points", "scores", "names", "nodes")
# Writes an .npz with `SLP_ARRAYS`, [frames, individuals, ...] of the first two, and `videos`.
SLP_PROGRAM = """
import io, sys
import h5py, numpy as np
path = sys.argv[1]
with h5py.File(path, "r") as file:
    videos = [bytes(each).decode() for each in file["videos_json"][()]]
from loguru import logger
logger.disable("movement")
from movement.io import load_poses
poses = load_poses.from_sleap_file(path)
body = next(name for name in poses.dims if name.startswith("individual"))
node = next(name for name in poses.dims if name.startswith("keypoint"))
buffer = io.BytesIO()
np.savez(
    buffer,
    points=poses["position"].transpose("time", body, node, "space").to_numpy(),
    scores=poses["confidence"].transpose("time", body, node).to_numpy(),
    names=np.array([str(name) for name in poses[body].values]),
    nodes=np.array([str(name) for name in poses[node].values]),
    videos=np.array(videos, str),
)
sys.stdout.buffer.write(buffer.getvalue())
"""
INSTALL = "pip install '.[pose]' in jaxseg's checkout installs it"


def reader_of(path: Path) -> Callable[[Path], PoseFile] | None:
    """The function below that reads a container; None where it holds no poses."""
    with open_hdf5(path) as file:
        if {"metadata", "pred_points", "instances", "frames"} <= file.keys():
            return read_slp
        if {"tracks", "node_names"} <= file.keys():
            return read_analysis
        if _frame_group(file) is not None:
            return read_deeplabcut_h5
        return read_nwb if "nwb_version" in file.attrs and _nwb_groups(file) else None


def _whole(item: Any) -> np.ndarray:
    """An array of a file that claims no more than the file holds."""
    check_claim(item)
    return item[()]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _frame_group(file: Any) -> Any:
    """The group of a table that pandas wrote with body parts in its header, or None."""
    for group in file.values():
        attributes = getattr(group, "attrs", {})
        if not str(_text(attributes.get("pandas_type", ""))).startswith("frame"):
            continue
        levels = [group[name] for name in group if re.fullmatch(r"axis0_level\d+", name)]
        names = [_text(level.attrs.get("name", "")) for level in levels]
        if "bodyparts" in names or b"bodyparts" in bytes(attributes.get("info", b"")):
            return group
    return None


def read_deeplabcut_h5(path: Path) -> PoseFile:
    """DeepLabCut's table in either of pandas' layouts, of which none of the pickles is run."""
    with open_hdf5(path) as file:
        group = _frame_group(file)
        if "table" in group:
            rows = _whole(group["table"])
            blocks = [name for name in rows.dtype.names if name.startswith("values_block")]
            parts = [np.atleast_2d(rows[name].T).T for name in blocks]
            names = [
                [
                    tuple(map(_text, each))
                    for each in _unpickled(group["table"].attrs[f"{name}_kind"])
                ]
                for name in blocks
            ]
            levels = [_text(each) for each in _level_names(_unpickled(group.attrs["info"]))]
            index = rows["index"]
        else:
            count = int(group.attrs["axis0_nlevels"])
            levels = [_text(group[f"axis0_level{at}"].attrs["name"]) for at in range(count)]
            parts, names = [], []
            for block in range(int(group.attrs["nblocks"])):
                stem = f"block{block}_items"
                tables = [
                    [_text(each) for each in _whole(group[f"{stem}_level{at}"])]
                    for at in range(count)
                ]
                codes = [_whole(group[f"{stem}_label{at}"]) for at in range(count)]
                names.append(
                    [
                        tuple(tables[at][code] for at, code in enumerate(column))
                        for column in zip(*codes, strict=True)
                    ]
                )
                values = group[f"block{block}_values"]
                parts.append(
                    _whole(values) if values.attrs.get("transposed", 1) else _whole(values).T
                )
            index = _whole(group["axis1"]) if "axis1" in group else np.arange(len(parts[0]))
    keys = [dict(zip(levels, each, strict=True)) for block in names for each in block]
    values = np.concatenate(parts, axis=1).astype(np.float64)
    if index.dtype.kind not in "iuf":
        raise ValueError(IMAGES)
    return from_columns(keys, placed(values, index.astype(float)))


def _unpickled(content: Any) -> Any:
    """Lists, dicts, numbers and strings of an attribute that PyTables has pickled."""
    return RestrictedUnpickler(io.BytesIO(bytes(content)), encoding="utf-8").load()


def _level_names(info: Any) -> list[str]:
    return next(each["names"] for each in info.values() if "names" in each)


def read_analysis(path: Path) -> PoseFile:
    """SLEAP's analysis file, whose axes are in one of several orders."""
    with open_hdf5(path) as file:
        tracks = _in_order(file["tracks"], "tracks", ("frame", "track", "node", "xy"))
        scores = None
        if "point_scores" in file and file["point_scores"].size:
            scores = _in_order(file["point_scores"], "scores", ("frame", "track", "node"))
        nodes = tuple(_text(name) for name in _whole(file["node_names"]))
        names = (
            [_text(name) for name in _whole(file["track_names"])] if "track_names" in file else []
        )
    if tracks.shape[2] != len(nodes):
        raise ValueError(f"{tracks.shape[2]} points and {len(nodes)} names of them")
    names = names if len(names) == tracks.shape[1] else [str(at) for at in range(tracks.shape[1])]
    return PoseFile(
        [
            Track(name, nodes, tracks[:, at], None if scores is None else scores[:, at])
            for at, name in enumerate(names)
        ]
    )


def _in_order(data: Any, what: str, wanted: tuple[str, ...]) -> np.ndarray:
    """An array with its axes in a known order; they are MATLAB's where the file tells no other."""
    usual = ("track", "xy", "node", "frame") if what == "tracks" else ("track", "node", "frame")
    named = json.loads(data.attrs["dims"]) if "dims" in data.attrs else usual
    return np.transpose(_whole(data), [named.index(axis) for axis in wanted]).astype(np.float64)


def _nwb_groups(file: Any) -> list[Any]:
    """All groups of poses in an NWB file."""
    found = []

    def look(name: str, item: Any) -> None:
        if _text(item.attrs.get("neurodata_type", "")) == "PoseEstimation":
            found.append(item)

    if "processing" in file:
        file["processing"].visititems(look)
    return found


def read_nwb(path: Path) -> PoseFile:
    tracks, rates = [], []
    with open_hdf5(path) as file:
        groups = _nwb_groups(file)
        for group in groups:
            series = {
                name: item
                for name, item in group.items()
                if _text(item.attrs.get("neurodata_type", "")) == "PoseEstimationSeries"
            }
            if not series:
                continue
            first = next(iter(series.values()))
            lengths = {len(each["data"]) for each in series.values()}
            if len(lengths) > 1:
                raise ValueError(
                    f"{group.name}: keypoints have different lengths: {sorted(lengths)}"
                )
            rate, frames = _clock(first, lengths.pop())
            rates.append(rate)
            points = np.stack([_whole(each["data"]) for each in series.values()], axis=1)
            sure = [
                _whole(each["confidence"]) if "confidence" in each else np.full(len(points), np.nan)
                for each in series.values()
            ]
            both = np.concatenate([points, np.stack(sure, axis=1)[..., None]], axis=2)
            both = placed(both.astype(np.float64), frames)
            name = group.name.rsplit("/", 1)[-1].removeprefix("track=")
            taken = {track.name for track in tracks}
            name = name if name not in taken else f"{name}_{len(tracks)}"
            tracks.append(Track(name, tuple(series), both[..., :-1], both[..., -1]))
    if not tracks:
        raise ValueError("it holds no series of poses")
    if len(tracks) == 1:
        tracks = [tracks[0]._replace(name="")]
    return PoseFile(tracks, fps=float(np.median(rates)))


def _clock(series: Any, count: int) -> tuple[float, np.ndarray]:
    """Frames a second of a series of an NWB file, and the number of each of its rows."""
    if "timestamps" not in series:
        return float(series["starting_time"].attrs["rate"]), np.arange(count, dtype=float)
    times = _whole(series["timestamps"]).astype(np.float64)
    step = float(np.median(np.diff(times)))
    if not step > 0 or len(times) != count:
        raise ValueError(f"{series.name}: {len(times)} times of {count} rows, {step:g} s apart")
    return round(1 / step, 6), np.round((times - times[0]) / step)


def read_slp(path: Path) -> PoseFile:
    """SLEAP's own file, read by a process of its own.

    Of a broken file, the HDF5 library that reads its records may end the whole process.
    """
    if importlib.util.find_spec("movement") is None:
        raise ValueError(
            f"movement, which reads SLEAP's .slp files, is not installed; {INSTALL} (or export an "
            "analysis .h5 or .csv in SLEAP, which need nothing more)"
        )
    command = [sys.executable, "-W", "ignore", "-c", SLP_PROGRAM, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LONGEST_SLP)
    except subprocess.TimeoutExpired:
        raise ValueError(f"no readable SLEAP file (no end after {LONGEST_SLP} s)") from None
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        raise ValueError(f"no readable SLEAP file ({clip(last)})")
    with np.load(io.BytesIO(done.stdout)) as content:
        points, scores, names, nodes = (content[name] for name in SLP_ARRAYS)
        videos = [json.loads(each) for each in content["videos"].tolist()]
    notes = []
    if len(videos) > 1:
        notes.append(
            f"only the first of its {len(videos)} videos is read; export an analysis file of each"
        )
    fps = videos[0].get("backend", {}).get("fps") if videos else None
    tracks = [
        Track(name if len(names) > 1 else "", tuple(nodes.tolist()), points[:, at], scores[:, at])
        for at, name in enumerate(names.tolist())
    ]
    return PoseFile(tracks, fps if isinstance(fps, int | float) and fps > 0 else None, tuple(notes))


def frame_files(folder: Path) -> dict[int, Path]:
    """Files of OpenPose by frame number; {} where the folder holds anything else."""
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        found = JSON_NAME.fullmatch(path.name)
        if not found or int(found[1]) in files:
            return {}
        files[int(found[1])] = path
    return files


def read_openpose(folder: Path) -> PoseFile:
    files = frame_files(folder)
    first, last = min(files), max(files)
    if last - first + 1 > MOST_EMPTY * len(files):
        raise ValueError(f"{len(files)} files, numbered from {first} to {last}")
    people = {number - first: _people(path) for number, path in files.items()}
    sizes: dict[int, list[int]] = {}
    for number, each in people.items():
        for person in each:
            sizes.setdefault(len(person), []).append(number)
    if not sizes:
        raise ValueError(f"nobody is seen in any of its {len(files)} files")
    if len(sizes) > 1:
        odd, places = min(sizes.items(), key=lambda each: len(each[1]))
        raise ValueError(
            f"{files[first + places[0]]}: {odd} keypoints, and another number in most files"
        )
    size = next(iter(sizes))
    names = OPENPOSE_NAMES.get(size) or [f"point_{at}" for at in range(size)]
    follows = _followed(people)
    tracks = []
    for name, places in follows.items():
        values = np.full((last - first + 1, size, 3), np.nan)
        for frame, person in places.items():
            values[frame] = person
        # OpenPose writes zeros for a keypoint that it has not found.
        values[values[..., 2] == 0] = np.nan
        tracks.append(Track(name, tuple(names), values[..., :2], values[..., 2]))
    notes = []
    if len(tracks) > 1:
        notes.append("people are followed by their places, as OpenPose does not tell who is who")
    else:
        tracks = [tracks[0]._replace(name="")]
    return PoseFile(tracks, notes=tuple(notes))


def _people(path: Path) -> list[np.ndarray]:
    """People of one frame, [keypoints, (x, y, confidence)] each."""
    content = read_json(path)
    with refusing(path, "file of OpenPose"):
        people = [np.array(each["pose_keypoints_2d"], float) for each in content["people"]]
        people = [each.reshape(-1, 3) for each in people if each.size]
    return [np.where(np.isfinite(each).all(axis=1)[:, None], each, 0) for each in people]


def _followed(people: Mapping[int, list[np.ndarray]]) -> dict[str, dict[int, np.ndarray]]:
    """Each person's points by frame: whoever is nearest to where someone was last is the same.

    Someone farther away than a body is large is someone else.
    """
    from scipy.optimize import linear_sum_assignment

    tracks: list[dict[int, np.ndarray]] = []
    latest: list[np.ndarray] = []
    for frame in sorted(people):
        shown = people[frame]
        far = np.array([[_distance(last, person) for person in shown] for last in latest])
        pairs = zip(*linear_sum_assignment(far), strict=True) if far.size else ()
        owners = {int(person): int(track) for track, person in pairs if far[track, person] <= 1}
        for at, person in enumerate(shown):
            track = owners.get(at, len(tracks))
            if track == len(tracks):
                tracks.append({})
                latest.append(person)
            tracks[track][frame] = person
            latest[track] = person
    return {f"person{at}": track for at, track in enumerate(tracks)}


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean distance of the points that both have, in diagonals of the body; large where none."""
    both = (one[:, 2] > 0) & (other[:, 2] > 0)
    if not both.any():
        return FAR
    seen = one[one[:, 2] > 0, :2]
    size = max(float(np.linalg.norm(np.ptp(seen, axis=0))), 1e-6)
    return min(float(np.linalg.norm(one[both, :2] - other[both, :2], axis=1).mean()) / size, FAR)
