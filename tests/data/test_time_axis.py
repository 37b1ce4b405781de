"""Which axis is time where no labels tell: what is read, and what the run asks."""

from pathlib import Path

import numpy as np
import pytest

from jaxseg.data import load

LAST = "--config.data.axis=last"


@pytest.fixture
def save(tmp_path, config):
    config.name, config.root = "folder", str(tmp_path / "mine")
    (tmp_path / "mine").mkdir()

    def write(*shapes):
        for number, shape in enumerate(shapes):
            np.save(tmp_path / "mine" / f"{number:02}.npy", np.ones(shape, np.float32))

    return write


def shapes(config):
    return [video.features.shape for video in load(config, progress=False).videos]


CLEAR = {
    "short clips of many channels": [(30 + k, 2048) for k in range(20)],
    "one of two is longer": [(40, 512), (41, 512)],
    "a long one": [(900, 64)],
    "of one length": [(300, 64)] * 3,
    "sensors, a power of two long": [(1024, 6)] * 2,
    "as many frames as channels of a network": [(1024, 512)],
}
DOUBTFUL = {
    "one video": ([(64, 300)], "00.npy is (64, 300): 64 frames of 300 channels, or 300 frames"),
    "clips of one length": ([(64, 300)] * 4, "00.npy is (64, 300), as are 3 more"),
    "one short clip": ([(50, 1024)], "50 frames of 1024 channels"),
    "a square": ([(64, 64)], "64 frames of 64 channels"),
    "as long as a network is wide": ([(2048, 300)] * 2, "or 300 frames of 2048 channels?"),
    "one number of rows": ([(64, 300), (64, 310)], "all 2 arrays have 64 rows"),
}


@pytest.mark.parametrize("each", CLEAR.values(), ids=CLEAR)
def test_what_is_clear_is_read(save, config, each):
    save(*each)
    assert shapes(config) == each


@pytest.mark.parametrize(("each", "part"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_is_in_doubt_is_asked(save, config, fails, each, part):
    save(*each)
    fails(config.root, part, LAST)
    config.axis = "last"
    assert shapes(config) == [shape[::-1] for shape in each]
    config.axis = "first"
    if len({shape[1] for shape in each}) == 1:
        assert shapes(config) == each


def test_different_lengths_channels_first(save, config, fails):
    save((64, 300), (65, 310))
    fails("do not have 300 channels", LAST)


def test_a_table_has_columns_of_channels(save, config):
    save()
    lines = ["a,b,c,d", *(f"{k},{k * k},{k},{-k}" for k in (2, 5, 3))]
    (Path(config.root) / "a.csv").write_text("\n".join(lines) + "\n")
    assert shapes(config) == [(3, 4)]


def test_labels_tell_and_the_key_wins(save, config, fails):
    save((3, 5))
    truth = Path(config.root) / "groundTruth"
    truth.mkdir()
    (truth / "00.txt").write_text("walk\n" * 5)
    assert shapes(config) == [(5, 3)]
    config.axis = "first"
    fails("00.npy", "(3, 5)")
