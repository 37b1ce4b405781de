"""MATLAB's own files that SciPy is tested with, as SciPy reads them; broken ones are refused."""

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from mutations import survives

from jaxseg.formats.mat5 import is_mat5, read_mat5

FOLDER = Path(scipy.io.__file__).parent / "matlab" / "tests" / "data"
FILES = [path for path in sorted(FOLDER.glob("*.mat")) if is_mat5(path)]


def same(ours, theirs):
    """Whether an array is the same; cells are compared one by one."""
    if theirs.dtype == object:
        pairs = zip(ours.ravel(), theirs.ravel(), strict=True)
        return ours.shape == theirs.shape and all(same(*pair) for pair in pairs)
    if theirs.dtype.names:
        return True  # structs are compared by the one below
    if theirs.dtype.kind == "U":
        return [text.rstrip() for text in ours.tolist()] == [*map(str.rstrip, theirs)] or not (
            theirs.size
        )
    return np.array_equal(ours, theirs)


@pytest.mark.skipif(not FILES, reason="SciPy without its tests")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_matlab_wrote(path):
    try:
        theirs = scipy.io.loadmat(path)
    except Exception:
        theirs = {}
    try:
        ours = read_mat5(path)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1 and not theirs
        return
    for name, array in theirs.items():
        if name in ours and not scipy.sparse.issparse(array):
            assert same(ours[name], np.asarray(array)), name
        elif name[:2] != "__":
            assert scipy.sparse.issparse(array) or array.dtype.names or array.dtype == object, name


def test_a_struct_of_matrices(tmp_path):
    path = tmp_path / "a.mat"
    inside = {"x": np.arange(6.0).reshape(2, 3), "name": "me", "deep": {"y": np.eye(2)}}
    for compressed in (False, True):
        scipy.io.savemat(path, {"s": inside}, do_compression=compressed)
        read = read_mat5(path)
        assert list(read) == ["s/x", "s/name", "s/deep/y"] and read["s/name"].tolist() == ["me"]
        np.testing.assert_array_equal(read["s/x"], inside["x"])


@pytest.mark.parametrize("count", [120, pytest.param(1000, marks=pytest.mark.slow)])
def test_mutated_files(tmp_path, count):
    path = tmp_path / "a.mat"
    content = {"s": {"x": np.arange(6.0).reshape(2, 3)}, "c": np.array([[1, "ab"]], object)}
    scipy.io.savemat(path, content)
    survives(path, count, read_mat5)
