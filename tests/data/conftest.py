"""Small data sets written as people have them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from jaxseg.data import load

CLASSES = ("SIL", "take_cup", "pour_milk")
CHANNELS = 3


@dataclasses.dataclass
class Config:
    """The part of a config that `jaxseg.data.load` reads."""

    name: str = "breakfast"
    root: str = ""
    standardize: bool = False
    unit_frames: bool = True
    scaling: str = ""
    length_tolerance: int = 0
    fps: float = 0.0
    excluded: tuple[str, ...] = ()


class Files:
    """A published data set in a temporary folder: one activity, more videos as they are added."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.write("mapping/mapping.txt", "".join(f"{i} {n}\n" for i, n in enumerate(CLASSES)))

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def features(self, path: str, array: np.ndarray, **arrays: np.ndarray) -> Path:
        file = self.folder / "features" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".txt":
            np.savetxt(file, array)
        elif file.suffix == ".npz":
            np.savez(file, **(arrays or {"features": array}))
        else:
            np.save(file, array)
        return file

    def truth(self, name: str, labels: np.ndarray) -> Path:
        return self.write(f"groundTruth/{name}", "".join(f"{CLASSES[i]}\n" for i in labels))

    def video(self, path: str, frames: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Adds features/`path` and its truth; returns both as they should be read."""
        rng = np.random.default_rng(seed)
        features = rng.standard_normal((frames, CHANNELS)).astype(np.float32)
        labels = np.sort(rng.integers(0, len(CLASSES), frames))
        self.features(path, features)
        self.truth(Path(path).stem, labels)
        return features, labels


@pytest.fixture
def files(tmp_path) -> Files:
    return Files(tmp_path / "Breakfast")


@pytest.fixture(scope="session")
def make_config() -> type[Config]:
    return Config


@pytest.fixture
def config(tmp_path) -> Config:
    """Reads what the fixture `files` writes."""
    return Config(root=str(tmp_path))


def message(error: pytest.ExceptionInfo) -> str:
    """The error's text, which a command prints as it is: one line."""
    text = str(error.value)
    assert "\n" not in text and text
    return text


@pytest.fixture
def fails(config):
    """fails(*parts, **load's arguments): loading is one error of one line that holds the parts."""

    def check(*parts: object, kind: type[Exception] = ValueError, **arguments) -> str:
        with pytest.raises(kind) as error:
            load(config, progress=False, **arguments)
        text = message(error)
        for part in parts:
            assert str(part) in text
        return text

    return check
