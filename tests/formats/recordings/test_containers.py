"""MATLAB's files of both kinds, HDF5 and .npz: which array, of which sequence, at which rate."""

import h5py
import numpy as np
import pytest
from matlab_files import save_v73
from mutations import survives
from scipy.io import savemat

from jaxseg.formats.matrices import read_matrices
from jaxseg.formats.recordings.reader import read_recordings
from jaxseg.formats.recordings.recording import Settings

LONG = np.random.default_rng(0).normal(size=(40, 3))
SHORT = 2 * LONG[:20]


def cells(*arrays):
    cell = np.empty((1, len(arrays)), object)
    for place, array in enumerate(arrays):
        cell[0, place] = array
    return cell


def save(path, **arrays):
    """Writes a file as the program of its suffix does; "a__b" is b in the struct or group a."""
    nested = {}
    for name, value in arrays.items():
        *groups, last = name.split("__")
        place = nested
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    elif path.stem == "v73":
        save_v73(path, **nested)
    elif path.suffix == ".mat":
        savemat(path, {k: cells(*v) if isinstance(v, list) else v for k, v in nested.items()})
    else:
        with h5py.File(path, "w") as file:
            for name, value in arrays.items():
                file[name.replace("__", "/")] = value


def read(path, array=""):
    return read_recordings(path, Settings(array=array))


def check(recordings, **expected):
    """The names and arrays are these; "only" is the name of an only one."""
    assert [name or "only" for name in recordings] == list(expected)
    for recording, array in zip(recordings.values(), expected.values(), strict=True):
        np.testing.assert_array_equal(recording.array, array)


NAMES = ("v5.mat", "v73.mat", "a.h5", "a.hdf5", "a.npz")
files = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def path(tmp_path, name):
    return tmp_path / name


@files
def test_the_only_matrix_whatever_lies_beside_it(path):
    save(path, note=np.arange(7.0), X=LONG)
    check(read(path), only=LONG)


@files
def test_one_of_several_is_named_or_all_are_sequences(path):
    save(path, walk=LONG, run=SHORT, n=np.array([[3.0]]))
    with pytest.raises(ValueError, match=r"several.*walk \(40, 3\).*--config.data.array=") as error:
        read(path)
    assert str(path) in str(error.value) and "--config.data.array='*'" in str(error.value)
    check(read(path, "run"), only=SHORT)
    recordings = read(path, "*")
    check({name: recordings[name] for name in ("walk", "run")}, walk=LONG, run=SHORT)
    assert len(recordings) == 2
    with pytest.raises(ValueError, match=r"no array 'swim'.*it holds.*walk"):
        read(path, "swim")


@files
def test_an_array_called_features_is_the_one(path):
    save(path, pca=SHORT, features=LONG)
    check(read(path), only=LONG)


@pytest.mark.parametrize("name", NAMES[:4])
def test_structs_and_groups(path):
    save(path, a__features=LONG, b__features=SHORT)
    check(read(path, "b/features"), only=SHORT)
    check(read(path, "b.features"), only=SHORT)
    check(read(path, "*/features"), a=LONG, b=SHORT)
    with pytest.raises(ValueError, match=r"--config.data.array='\*/features'"):
        read(path)


@pytest.mark.parametrize("name", NAMES[:2])
def test_cells_are_sequences(path):
    save(path, C=[LONG, SHORT], who="me")
    check(read(path), **{"01": LONG, "02": SHORT})
    for array, cell in zip(read_matrices(path, "C").values(), (LONG, SHORT), strict=True):
        np.testing.assert_array_equal(array, cell)


@files
def test_the_rate_is_of_a_clock_or_else_of_a_number(path):
    save(path, X=LONG, fs=np.array([[25.0]]))
    assert read(path)[""].fps == 25
    save(path, X=LONG, fs=np.array([[25.0]]), timestamps_ms=40.0 * np.arange(40) * 2)
    recording = read(path)[""]
    assert recording.fps == 12.5 and recording.notes == ("times are from 'timestamps_ms'",)


@pytest.mark.parametrize("name", NAMES[1:4])
def test_decode_reads_the_same(path):
    save(path, S=LONG)
    np.testing.assert_array_equal(read_matrices(path)[""], LONG)
    np.testing.assert_array_equal(read_matrices(path, "S")[""], LONG)


def test_hdf5_that_claims_what_it_does_not_hold(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(10**7, 10**5), dtype="f4", chunks=(100, 100))
    with pytest.raises(ValueError, match=r"a\.h5: .*claims 4000000000000 bytes, and 0 are stored"):
        read(path)


def test_hdf5_that_leads_to_other_files(tmp_path):
    np.ones((4, 4)).tofile(tmp_path / "secret")
    for path, options in (
        (tmp_path / "a.h5", {"external": [(str(tmp_path / "secret"), 0, 128)]}),
        (tmp_path / "b.h5", {}),
    ):
        with h5py.File(path, "w") as file:
            if options:
                file.create_dataset("x", (4, 4), "f8", **options)
            else:
                layout = h5py.VirtualLayout((4, 4), "f8")
                layout[:] = h5py.VirtualSource(str(tmp_path / "a.h5"), "x", (4, 4))
                file.create_virtual_dataset("x", layout)
        with pytest.raises(ValueError, match="lies in another file"):
            read(path)
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["x"] = h5py.ExternalLink(str(tmp_path / "a.h5"), "x")
    with pytest.raises(ValueError, match="no matrix of numbers: nothing"):
        read(tmp_path / "c.h5")


def test_a_file_without_matrices(tmp_path):
    save(tmp_path / "v5.mat", text="words")
    with pytest.raises(ValueError, match=r"no matrix of numbers: text .*table2array"):
        read(tmp_path / "v5.mat")


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
@files
def test_mutated_files(path, count):
    save(path, X=LONG, fs=np.array([[25.0]]), **({} if path.suffix == ".npz" else {"s__y": SHORT}))
    survives(path, count, lambda each: read(each, "X"))
