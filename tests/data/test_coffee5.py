"""Five real Breakfast videos, where they are at hand."""

from pathlib import Path

import numpy as np
import pytest

from jaxseg.data import load

ROOT = Path(__file__).resolve().parents[2] / "../shared/data/breakfast_coffee5"
LENGTHS = {
    "P03_cam01_P03_coffee": 917,
    "P05_cam01_P05_coffee": 1119,
    "P06_cam01_P06_coffee": 472,
    "P08_webcam01_P08_coffee": 271,
    "P09_cam01_P09_coffee": 571,
}
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=f"no real videos at {ROOT}")


@pytest.mark.parametrize("activities", [(), ("coffee",)])
def test_reads_them(config, tmp_path, activities):
    config.root, config.standardize = str(ROOT), True
    data = load(config, activities=activities, cache=tmp_path, progress=False)
    assert {video.name: video.num_frames for video in data.videos} == LENGTHS
    assert list(data.activities) == ["coffee"] and data.num_channels == 64
    assert len(data.classes) == 48 and data.classes[5] == "pour_coffee" and data.has_labels
    for video in data.videos:
        rows = video.frames()
        leading = int(np.argmax(rows.any(axis=1)))
        assert 4 <= leading <= 52 and not rows[:leading].any()
        assert np.mean((rows[rows.any(axis=1)] ** 2).sum(axis=1)) == pytest.approx(1, abs=1e-5)


def test_reads_them_as_a_folder(config):
    config.name, config.root = "folder", str(ROOT / "features")
    data = load(config, progress=False)
    assert data.has_labels and data.classes[5] == "pour_coffee"
