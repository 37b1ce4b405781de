"""Pseudo-labels on disk that someone else has written: none is opened that is more than numbers."""

import numpy as np
import pytest
import toy_refreshes
from hostile_files import npy, refused, trapped, write_npz

from jaxseg.training.refreshes import Refreshes

NAMES = [f"seed{seed}/{name}" for seed in (0, 1) for name in ("counts", "columns", "values")]


@pytest.fixture(scope="module")
def setup(quickly):
    with quickly():
        return toy_refreshes.set_up()


@pytest.fixture
def refuse(setup, tmp_path):
    """refuse(): a run that goes on after its first refresh is one line that names the file."""
    refreshes = Refreshes(toy_refreshes.CONFIG, setup, tmp_path, progress=False)
    path = tmp_path / "pseudo_labels" / "0.all.npz"
    path.parent.mkdir()
    return lambda: refused(lambda: refreshes.restore(1), f"{path} is damaged")


def test_no_pickle_is_opened(tmp_path, refuse):
    trap = trapped(tmp_path / "sprung", 2)
    np.savez(tmp_path / "pseudo_labels" / "0.all.npz", **dict.fromkeys(NAMES, trap))
    refuse()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("shape", [(2**48,), (2**62, 2**62), (-2, 3)])
def test_headers_that_lie(tmp_path, refuse, shape):
    write_npz(tmp_path / "pseudo_labels" / "0.all.npz", dict.fromkeys(NAMES, npy(shape)))
    refuse()


def test_archives_that_swell(tmp_path, refuse):
    members = dict.fromkeys(NAMES, npy((10**14,)))
    path = tmp_path / "pseudo_labels" / "0.all.npz"
    write_npz(path, members, file_size=4 * 10**14 + 128)
    refuse()
    write_npz(path, dict.fromkeys(NAMES, npy((2, 3)) + bytes(10**7)))
    refuse()
