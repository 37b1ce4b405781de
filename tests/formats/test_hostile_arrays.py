"""Headers of .npy and .npz files that lie are found out before anything is allocated."""

import os
import zipfile

import numpy as np
import pytest
from hostile_files import ABSURD, CONTENT, LIES, npy, refused, trapped, write_npz

from jaxseg.formats.arrays import array_names, map_npy, read_npy, read_npz
from jaxseg.formats.labels import read_labels

READERS = {"in memory": read_npy, "mapped": map_npy}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "v.npy"


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_an_honest_file_is_read(path, read, order):
    for array in (np.asarray(np.arange(6.0).reshape(2, 3), order=order), np.array(5), np.ones(0)):
        np.save(path, array)
        back = read(path) if array.size else read_npy(path)
        np.testing.assert_array_equal(back, array)
        assert back.dtype == array.dtype


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("shape", "needed"), LIES.values(), ids=LIES)
def test_a_header_that_does_not_fit_its_file(path, read, shape, needed):
    path.write_bytes(npy(shape))
    refused(lambda: read(path), path, f"takes {needed} bytes, and there are 152")


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("shape", "word"), ABSURD.values(), ids=ABSURD)
def test_a_shape_that_no_array_has(path, read, shape, word):
    path.write_bytes(npy(shape))
    refused(lambda: read(path), path, word, f"shape {shape}")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00" + npy((2, 3))[8:],  # a version that does not exist
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b" " * 100,  # a header of four gigabytes
        npy((2, 3))[:40],
        npy((2, 3)).replace(b"(2, 3)", b"(2, [)"),
        npy((2, 3)).replace(b"'shape'", b"'shame'"),
        npy((2, 3)).replace(b"'<f4'", b"'V0' "),  # no bytes for any number of them
        npy((2, 3)).replace(b"(2, 3), }" + b" " * 40, b"(" * 45 + b"), }"),
        np.lib.format.magic(1, 0) + b"\xff\xff" + b"(" * 65535,
    ],
)
def test_a_header_that_is_none(path, content):
    path.write_bytes(content)
    for read in READERS.values():
        refused(lambda read=read: read(path), path, "not a readable .npy array")


def test_a_header_with_numbers_that_python_does_not_print(path):
    path.write_bytes(npy((2, 3)).replace(b"(2, 3), }" + b" " * 40, b"(" + b"9" * 45 + b",),}"))
    refused(lambda: read_npy(path), path)
    digits = "9" * 4000
    path.write_bytes(npy((int(digits), int(digits), 3)))
    refused(lambda: read_npy(path), path)


def test_objects_are_not_opened(path, tmp_path):
    np.save(path, trapped(tmp_path / "sprung", 2, 3), allow_pickle=True)
    for read in (*READERS.values(), read_labels):
        refused(lambda read=read: read(path), path, "Python objects")
    np.savez(tmp_path / "v.npz", a=trapped(tmp_path / "sprung", 2))
    refused(lambda: read_npz(tmp_path / "v.npz"), "v.npz", "'a.npy'", "Python objects")
    assert not (tmp_path / "sprung").exists()
    np.load(path, allow_pickle=True)  # the trap itself is a good one
    assert (tmp_path / "sprung").exists()


def test_an_honest_archive_is_read(tmp_path):
    path = tmp_path / "v.npz"
    arrays = {"a": np.arange(6.0).reshape(2, 3), "ж/1": np.zeros((500, 500)), "c": np.array(["x"])}
    for save in (np.savez, np.savez_compressed):
        save(path, **arrays)
        assert array_names(path) == list(arrays)
        for name, array in read_npz(path).items():
            np.testing.assert_array_equal(array, arrays[name])
        assert list(read_npz(path, ["c", "a"])) == ["c", "a"]
    refused(lambda: read_npz(path, ["a", "d"]), path, "no array 'd'")


@pytest.mark.parametrize(("shape", "needed"), LIES.values(), ids=LIES)
def test_a_member_that_does_not_fit(tmp_path, shape, needed):
    path = write_npz(tmp_path / "v.npz", {"a": npy(shape)})
    refused(lambda: read_npz(path), path, "'a.npy'", f"takes {needed} bytes, and there are 152")


@pytest.mark.parametrize(("shape", "word"), ABSURD.values(), ids=ABSURD)
def test_a_member_of_a_shape_that_no_array_has(tmp_path, shape, word):
    path = write_npz(tmp_path / "v.npz", {"a": npy(shape)})
    refused(lambda: read_npz(path), path, "'a.npy'", word)


def test_a_member_that_swells_far_beyond_its_shape(tmp_path):
    """Ten kilobytes of file, ten megabytes of member, six numbers of array."""
    path = write_npz(tmp_path / "v.npz", {"a": npy((2, 3)) + bytes(10**7)})
    assert os.path.getsize(path) < 20_000
    refused(lambda: read_npz(path), path, "takes 152 bytes, and there are 10000152")


@pytest.mark.parametrize("shape", [(2, 3), (25 * 10**12,)])
def test_a_table_of_contents_that_claims_a_hundred_terabytes(tmp_path, shape):
    size = 10**14 + 128
    path = write_npz(tmp_path / "v.npz", {"a": npy(shape)}, file_size=size)
    refused(lambda: read_npz(path), path, f"claims {size} bytes", os.path.getsize(path))
    path = write_npz(tmp_path / "v.npz", {"a": npy(shape)}, file_size=size, compress_size=size)
    refused(lambda: read_npz(path), path, f"claims {size} bytes", os.path.getsize(path))


def test_a_member_that_is_not_what_its_checksum_says(tmp_path):
    path = write_npz(tmp_path / "v.npz", {"a": npy((2, 3))}, CRC=1)
    refused(lambda: read_npz(path), path, "CRC")


def test_a_member_compressed_in_a_way_that_knows_no_limit(tmp_path):
    path = tmp_path / "v.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", npy((10**6,), bytes(4 * 10**6)))
    refused(lambda: read_npz(path), path, "compressed")


def test_an_archive_cut_anywhere(tmp_path):
    path = tmp_path / "v.npz"
    np.savez_compressed(path, a=np.arange(50.0), b=np.frombuffer(CONTENT, np.float32))
    content = path.read_bytes()
    for end in range(0, len(content) - 1, 7):
        path.write_bytes(content[:end])
        refused(lambda: read_npz(path), path, "not a readable .npz archive")


def test_a_flipped_bit_is_read_as_it_was_or_refused(tmp_path):
    """Not all bits matter; whatever comes back is what was written."""
    path = tmp_path / "v.npz"
    np.savez_compressed(path, a=np.arange(50.0))
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 4
        path.write_bytes(changed)
        try:
            array = read_npz(path, ["a"])["a"]
        except ValueError as error:
            assert len(str(error).splitlines()) == 1
        else:
            np.testing.assert_array_equal(array, np.arange(50.0))
