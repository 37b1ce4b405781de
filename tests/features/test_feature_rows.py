"""Files of rows: whole, or not there at all."""

import os

import numpy as np
import pytest

from jaxseg.features.video.extraction import open_rows, remove_leftovers, shape_of
from jaxseg.formats import files


@pytest.mark.parametrize("count", [0, 1, 12345])
def test_rows_are_a_npy_file(tmp_path, count):
    path = tmp_path / "tea" / "a.npy"
    with open_rows(path, 2) as add_rows:
        add_rows([np.array([k, -k], np.float64) for k in range(count)])
    array = np.load(path)
    assert array.dtype == np.float32 and array.shape == shape_of(path) == (count, 2)
    assert (array[:, 0] == np.arange(count)).all() and os.listdir(path.parent) == ["a.npy"]


def test_an_error_leaves_the_file_before(tmp_path):
    path = tmp_path / "a.npy"
    with open_rows(path, 2) as add_rows:
        add_rows([np.ones(2)])
    with pytest.raises(ValueError, match="too short"), open_rows(path, 2) as add_rows:
        add_rows([np.zeros(2)])
        raise ValueError("too short")
    assert np.load(path).tolist() == [[1, 1]] and os.listdir(tmp_path) == ["a.npy"]


def test_a_full_disk_is_not_filled_further(tmp_path, monkeypatch):
    temporary = tmp_path / ".a.npy.1"
    temporary.symlink_to("/dev/full")
    monkeypatch.setattr(files, "temporary_path", lambda path: temporary)
    with (
        pytest.raises(OSError, match="No space left"),
        open_rows(tmp_path / "a.npy", 2) as add_rows,
    ):
        add_rows([np.ones(2)])
    assert not os.listdir(tmp_path)


def test_what_is_no_file_of_rows(tmp_path):
    path = tmp_path / "a.npy"
    assert shape_of(path) is None
    np.save(path, np.zeros((3, 2), np.float32))
    path.write_bytes(path.read_bytes()[:-1])
    assert shape_of(path) is None
    np.save(path, np.zeros((3, 2)))
    assert shape_of(path) is None
    (tmp_path / "tea").mkdir()
    (tmp_path / "tea" / ".b.npy.77").touch()
    (tmp_path / ".a.npy.8").touch()
    remove_leftovers(tmp_path)
    assert shape_of(path) is None and sorted(os.listdir(tmp_path)) == ["a.npy", "tea"]
    assert not os.listdir(tmp_path / "tea")
