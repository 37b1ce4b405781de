"""The recordings of gestures that stand in where no folder is named: real data, from UCI."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from jaxseg.data import EMBEDDED, load

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT.parent / "shared/data/sequences/gesture_phase"
LENGTHS = {"a1": 1743, "a2": 1260, "a3": 1830, "b1": 1069, "b3": 1420, "c1": 1107, "c3": 1444}
NAMES = {"D": "rest", "P": "preparation", "S": "stroke", "H": "hold", "R": "retraction"}


@pytest.fixture
def data(config):
    config.name, config.root = "folder", ""
    return load(config, progress=False)


def test_a_folder_that_is_not_named(data):
    assert data.name == "gesture_phase" and list(data.activities) == ["gesture_phase"]
    assert {video.name: video.num_frames for video in data.videos} == LENGTHS
    assert data.classes == tuple(sorted(NAMES.values())) and data.num_channels == 32
    assert data.has_labels and data.excluded == () and data.fps is None
    assert not data.generated and "UCI, CC BY 4.0" in data.origin


def test_a_folder_that_is_named_says_nothing_of_its_origin(data, config):
    config.root = str(EMBEDDED)
    named = load(config, progress=False)
    assert named.name == "folder" and named.origin == ""
    assert [v.checksum for v in named.videos] == [v.checksum for v in data.videos]


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"no published recordings at {PUBLISHED}")
def test_they_are_the_published_ones_but_for_the_rounding_that_is_stated(data):
    for video in data.videos:
        published = np.load(PUBLISHED / "features" / f"{video.name}.npy").astype(np.float64)
        error = np.abs(video.features - published)
        assert (error <= np.maximum(5e-4 * np.abs(published), 3e-8)).all()
        assert (np.sqrt(np.square(error).mean(0)) < 4e-4 * published.std(0)).all()
        labels = (PUBLISHED / "groundTruth" / f"{video.name}.txt").read_text().split()
        assert [data.classes[label] for label in video.labels] == [NAMES[each] for each in labels]


def test_lengths_of_vectors_are_those_of_their_parts(data):
    """The order of the channels is as ATTRIBUTION.md has it."""
    for video in data.videos:
        vectors, lengths = video.features[:, :24].reshape(-1, 8, 3), video.features[:, 24:]
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=2), lengths, rtol=1e-3, atol=1e-7)


def test_they_are_small_named_and_installed():
    files = [path for path in EMBEDDED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 700_000
    text = (EMBEDDED / "ATTRIBUTION.md").read_text()
    for part in ("Gesture Phase Segmentation", "Madeo", "Wagner", "Peres", "licenses/by/4.0"):
        assert part in text
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    package = EMBEDDED.parent
    installed = {p for each in settings["package-data"]["jaxseg.data"] for p in package.glob(each)}
    assert set(files) <= installed
