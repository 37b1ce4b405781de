"""Folders that `python -m jaxseg.features` has written."""

import json
from pathlib import Path

import numpy as np
import pytest

from jaxseg.data import load, top_activity

RECORD = {"kind": "motion", "fps": 12.5, "fitted": "motion.npz", "videos": {}, "failed": {}}


@pytest.fixture
def folder(tmp_path, config):
    config.name, config.root = "folder", str(tmp_path / "mine")
    (tmp_path / "mine").mkdir()
    np.save(tmp_path / "mine" / "a.npy", np.ones((4, 3), np.float32))
    np.savez(tmp_path / "mine" / "motion.npz", mean=np.ones(3))
    (tmp_path / "mine" / ".lock").touch()
    return tmp_path / "mine"


def test_its_other_files_are_no_features(folder, config):
    (folder / "features.json").write_text(json.dumps(RECORD))
    data = load(config, progress=False)
    assert [video.name for video in data.videos] == ["a"] and data.fps == 12.5
    config.fps = 30.0
    assert load(config, progress=False).fps == 30
    # Without it a motion.npz is a video like any other.
    (folder / "features.json").unlink()
    config.fps = 0.0
    with pytest.raises(ValueError, match=r"motion.npz"):
        load(config, progress=False)


@pytest.mark.parametrize("content", ["{", "[]", '{"videos": {}}', "\\xff"])
def test_a_file_of_somebody_else(folder, config, content, fails):
    (folder / "features.json").write_text(content)
    fails(folder, "not files of features", "features.json")


@pytest.mark.parametrize("fps", [0, -1, "15", None, float("inf")])
def test_a_rate_that_is_none(folder, config, fps):
    (folder / "features.json").write_text(json.dumps(RECORD | {"fps": fps}))
    assert load(config, progress=False).fps is None


def test_the_activity_of_videos_in_no_subfolder(tmp_path):
    assert top_activity(tmp_path / "my films") == "my films"
    assert [top_activity(place) for place in (tmp_path / ".films", Path("/"))] == ["videos"] * 2
    (tmp_path / "tea" / "tea").mkdir(parents=True)
    assert top_activity(tmp_path / "tea") == "videos"
