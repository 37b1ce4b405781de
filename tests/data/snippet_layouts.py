"""Small localization data sets, written in the layouts that people have them in."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from jaxseg.data import load_localization

CHANNELS = 3
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_annotations = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the public annotations are not on this machine"
)


@dataclasses.dataclass
class Config:
    """The part of a config that `load_localization` reads."""

    name: str
    root: str
    length_tolerance: int = 0
    skip_missing: bool = False


def load(name: str, root: Path, length_tolerance: int = 0, *, skip_missing: bool = False):
    config = Config(name, str(root), length_tolerance, skip_missing)
    return load_localization(config, progress=False)


def fails(name: str, root: Path, *parts: object, kind: type[Exception] = ValueError, tolerance=0):
    """Loading is one error of one line that holds the parts."""
    with pytest.raises(kind) as error:
        load(name, root, tolerance)
    text = str(error.value)
    assert "\n" not in text
    for part in parts:
        assert str(part) in text


def matrix(num_snippets: int, seed: int = 0, channels: int = CHANNELS) -> np.ndarray:
    """Features, float32 [num_snippets, channels]."""
    return np.random.default_rng(seed).random((num_snippets, channels), np.float32)


def save(path: Path, array: np.ndarray) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
    return array


def write(path: Path, content: object) -> Path:
    """A text as it is, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def entry(subset: str, *segments: tuple, **more: object) -> dict:
    """A video of ActivityNet's JSON with (start, end, label) segments."""
    annotations = [{"label": label, "segment": [start, end]} for start, end, label in segments]
    return {"subset": subset, "annotations": annotations, **more}


class Thumos14:
    """Two training videos and one test video; the tests break or add something."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.database = {
            "train_b": entry("train", ("1.0", "2.5", "Diving"), ("4", "6", "CliffDiving")),
            "train_a": entry("train", ("0.5", "3", "GolfSwing")),
            "test_a": entry("test", ("2", "4", "Diving")),
        }
        self.splits = {"train": ["train_a", "train_b"], "test": ["test_a"]}
        for subset, videos in self.splits.items():
            for seed, video in enumerate(videos):
                self.features(subset, video, matrix(9 + seed, seed), matrix(9 + seed, seed + 10))
        self.write()

    def write(self) -> None:
        write(self.folder / "gt.json", {"database": self.database})
        for subset, videos in self.splits.items():
            write(self.folder / f"split_{subset}.txt", "".join(f"{v}\n" for v in videos))

    def path(self, subset: str, stream: str, video: str) -> Path:
        return self.folder / "features" / subset / stream / f"{video}.npy"

    def features(self, subset: str, video: str, rgb: np.ndarray, flow: np.ndarray) -> None:
        save(self.path(subset, "rgb", video), rgb)
        save(self.path(subset, "flow", video), flow)

    def add(self, subset: str, video: str, *segments: tuple, num_snippets: int = 8) -> None:
        """One more video with its features and annotation."""
        self.database[video] = entry(subset, *segments)
        self.splits[subset].append(video)
        self.features(subset, video, matrix(num_snippets, 5), matrix(num_snippets, 6))
        self.write()


def objects(*values: object) -> np.ndarray:
    """An object array of its arguments, as W-TALC packs lists of different lengths."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


class Bundle:
    """W-TALC's arrays of three videos; the tests break or change something."""

    def __init__(
        self,
        folder: Path,
        name: str = "Thumos14reduced",
        subsets: tuple[str, str] = ("validation", "test"),
    ):
        self.folder, self.name = folder, name
        self.features = [matrix(7 + seed, seed, 2 * CHANNELS) for seed in range(3)]
        self.arrays = {
            "videoname": np.array([b"v_b", b"v_a", b"t_a"]),
            "subset": np.array([subsets[0], *subsets], "S"),
            "segments": objects([[1.0, 2.0], [3.0, 4.0]], [[0.5, 3.0]], [[2.0, 4.0]]),
            "labels": objects([b"Diving", b"Diving"], [b"GolfSwing"], [b"Diving"]),
            "labels_all": objects([b"Diving", b"CliffDiving"], [b"GolfSwing"], []),
            "classlist": np.array([b"CliffDiving", b"Diving", b"GolfSwing"]),
            "duration": np.array([[5.0], [6.0], [7.0]]),
        }

    def write(self) -> Path:
        joint = self.folder / f"{self.name}-I3D-JOINTFeatures.npy"
        joint.parent.mkdir(parents=True, exist_ok=True)
        np.save(joint, objects(*self.features), allow_pickle=True)
        for name, array in self.arrays.items():
            path = self.folder / f"{self.name}-Annotations" / f"{name}.npy"
            path.parent.mkdir(exist_ok=True)
            np.save(path, array, allow_pickle=True)
        return joint
