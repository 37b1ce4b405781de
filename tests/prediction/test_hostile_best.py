"""`oracle/best.npz` from someone else: none is opened that is more than numbers."""

import numpy as np
import pytest
from hostile_files import npy, refused, trapped, write_npz

from jaxseg.prediction.finished import BEST, read_best

LIKE = ({"gain": np.zeros(2)}, {"cluster_classes": np.zeros((2, 2, 2))})
NAMES = ("score", "step", "0000", "0001")


@pytest.fixture
def path(tmp_path):
    (tmp_path / BEST).parent.mkdir()
    return tmp_path / BEST


def refuse(path) -> None:
    refused(lambda: read_best(path.parents[1], like=LIKE), path, "is damaged")


def test_no_pickle_is_opened(path):
    np.savez(path, **dict.fromkeys(NAMES, trapped(path.parent / "sprung", 2)))
    refuse(path)
    assert not (path.parent / "sprung").exists()


@pytest.mark.parametrize("shape", [(2**48,), (2**62, 2**62), (-2, 3)])
def test_headers_that_lie(path, shape):
    write_npz(path, dict.fromkeys(NAMES, npy(shape)))
    refuse(path)


def test_archives_that_swell(path):
    write_npz(path, dict.fromkeys(NAMES, npy((10**14,))), file_size=4 * 10**14 + 128)
    refuse(path)
    write_npz(path, dict.fromkeys(NAMES, npy((2, 3)) + bytes(10**7)))
    refuse(path)
