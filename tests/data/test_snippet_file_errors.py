"""Feature files that are not what they say: one line with the file and what is wrong with it."""

import numpy as np
import pytest
from snippet_layouts import CHANNELS, Thumos14, fails, load, matrix, save


@pytest.fixture
def files(tmp_path) -> Thumos14:
    return Thumos14(tmp_path)


@pytest.fixture
def broken(files):
    """The file that a test breaks."""
    return files.path("test", "flow", "test_a")


def test_nan_names_the_first_bad_row(files, broken):
    features = matrix(9)
    features[3, 1] = features[6, 0] = np.nan
    save(broken, features)
    fails("thumos14", files.folder, broken, "row 4, column 2", "nan")


def test_a_number_that_float32_cannot_hold(files, broken):
    save(broken, np.full((9, CHANNELS), 1e300))
    fails("thumos14", files.folder, broken, "row 1", "1e+300")


def test_a_stream_that_is_zero_everywhere(files, broken):
    features = np.zeros((9, CHANNELS), np.float32)
    save(broken, features)
    fails("thumos14", files.folder, broken, "1 of 6 streams are zero everywhere")
    features[8, 0] = 1  # rows of zeros are features too
    save(broken, features)
    assert load("thumos14", files.folder).test[0].flow.any()


def test_other_channels_than_the_rest(files, broken):
    save(broken, matrix(9, channels=CHANNELS + 1))
    fails("thumos14", files.folder, broken, "1 of 6 streams do not have 3 channels", "(9, 4)")


@pytest.mark.parametrize(
    ("array", "parts"),
    [
        (np.ones(9, np.float32), ["matrix", "(9,)"]),
        (np.ones((2, 9, CHANNELS), np.float32), ["matrix", "(2, 9, 3)"]),
        (np.ones((9, CHANNELS), np.complex64), ["matrix", "complex64"]),
        (np.full((9, CHANNELS), "a"), ["matrix", "<U1"]),
        (np.ones((0, CHANNELS), np.float32), ["empty video", "(0, 3)"]),
    ],
)
def test_arrays_that_cannot_be_features(files, broken, array, parts):
    save(broken, array)
    fails("thumos14", files.folder, broken, *parts)


def test_a_pickle_is_refused_and_not_run(files, broken, tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    array = np.empty((9, CHANNELS), object)
    array[0, 0] = Trap()
    np.save(broken, array, allow_pickle=True)
    fails("thumos14", files.folder, broken, "not a readable .npy array")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        (8, "of shape (8, 3) takes 224 bytes, and there are 236"),
        (10, "not a readable .npy array"),
        (10**12, "not a readable .npy array"),
        (10**30, "not a readable .npy array"),
        (-1, "not a readable .npy array"),
    ],
)
def test_a_header_that_lies(files, broken, rows, part):
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, CHANNELS)}
    with broken.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.write(matrix(9).tobytes())
    fails("thumos14", files.folder, broken, part)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"1 2 3\n"])
def test_a_file_that_is_no_array(files, broken, content):
    broken.write_bytes(content)
    fails("thumos14", files.folder, broken, "not a readable .npy array")
