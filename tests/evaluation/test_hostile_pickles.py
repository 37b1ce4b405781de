"""Pickles that W-TALC's annotation may hold, written to run, to fill memory, or never to end."""

import struct

import numpy as np
import pytest
from hostile_files import ABSURD, LIES, npy, refused, trapped

from jaxseg.formats.detections import clip
from jaxseg.formats.pickled_arrays import read_npy
from jaxseg.formats.wtalc import ARRAYS, read_wtalc

# What a pickle of an array begins with, and a dtype's, up to their states.
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt"


def write(path, program: bytes, shape: tuple = (1,)):
    """An `.npy` file of objects whose pickle is given as opcodes."""
    path.write_bytes(npy(shape, program, "|O"))
    return path


def array_program(shape: tuple, code: bytes, data: bytes) -> bytes:
    """Opcodes of an array whose state says this of itself; `data` are opcodes too."""
    axes = b"".join(b"L%dL\n" % axis for axis in shape)
    kind = b"cnumpy\ndtype\n(S'" + code + b"'\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb"
    return RECONSTRUCT + b"S'b'\ntR(I1\n(" + axes + b"t" + kind + b"I00\n" + data + b"tb."


def test_the_programs_of_these_tests_are_good_ones(tmp_path):
    path = write(tmp_path / "p.npy", array_program((1,), b"O8", b"(S'a'\nl"))
    assert read_npy(path).tolist() == [b"a"]
    path = write(tmp_path / "p.npy", array_program((2,), b"S3", b"S'abcdef'\n"), (2,))
    assert read_npy(path).tolist() == [b"abc", b"def"]


@pytest.mark.parametrize("shape", [lie[0] for lie in LIES.values() if 0 not in lie[0]])
@pytest.mark.parametrize(("code", "data"), [(b"O8", b"(S'a'\nl"), (b"S4", b"S'abcd'\n")])
def test_an_array_with_less_data_than_its_shape(tmp_path, shape, code, data):
    path = write(tmp_path / "p.npy", array_program(shape, code, data), shape)
    refused(lambda: read_npy(path), path, f"shape {shape}")


@pytest.mark.parametrize(("shape", "word"), ABSURD.values(), ids=ABSURD)
def test_an_array_of_a_shape_that_none_has(tmp_path, shape, word):
    path = write(tmp_path / "p.npy", array_program(shape, b"O8", b"(l"), shape)
    refused(lambda: read_npy(path), path, word)
    path.write_bytes(npy(shape))
    refused(lambda: read_npy(path), path, word)


@pytest.mark.parametrize("code", [b"S0", b"U0", b"V8", b"i4,i4", b"(99,)i4"])
def test_an_array_of_a_type_that_is_not_plain(tmp_path, code):
    path = write(tmp_path / "p.npy", array_program((2**40,), code, b"S''\n"), (2**40,))
    refused(lambda: read_npy(path), path, "array of dtype")


@pytest.mark.parametrize(("shape", "needed"), LIES.values(), ids=LIES)
def test_a_plain_array_whose_header_lies(tmp_path, shape, needed):
    path = tmp_path / "p.npy"
    path.write_bytes(npy(shape))
    refused(lambda: read_npy(path), path, f"takes {needed} bytes, and there are 152")


@pytest.mark.parametrize(
    "program",
    [
        b"]r" + struct.pack("<I", 2**32 - 1) + b".",  # a place in the memo, 64 GB further on
        b"\x80\x04\x8e" + struct.pack("<Q", 2**50) + b"abc.",  # a petabyte of bytes
        b"\x80\x04\x8d" + struct.pack("<Q", 2**50) + b"abc.",  # of text
        b"\x80\x04\x96" + struct.pack("<Q", 2**30) + b"abc.",  # a gigabyte to be written into
        b"\x80\x04\x95" + struct.pack("<Q", 2**50) + b"abc.",  # a frame
        b"\x8b" + struct.pack("<i", 2**31 - 1) + b"abc.",  # of a number
        b"L" + b"9" * 10_000 + b"L\n.",
        b"(" * 100_000 + b"l" * 100_000 + b".",
        b"]" * 100_000 + b"a" * 99_999 + b".",  # lists in lists
    ],
    ids=["memo", "bytes", "text", "bytearray", "frame", "number", "digits", "marks", "lists"],
)
def test_a_pickle_that_asks_for_more_than_there_is(tmp_path, program):
    path = write(tmp_path / "p.npy", program)
    with pytest.raises(ValueError) as error:
        read_npy(path)
    assert str(error.value).startswith(f"{path}: ") and len(str(error.value).splitlines()) == 1


def nested(depth: int) -> list:
    """A list in a list in a list ..."""
    inside: list = []
    for _ in range(depth):
        inside = [inside]
    return inside


def laughing(levels: int = 40, width: int = 10) -> list:
    """A short pickle of a list that takes 10^40 letters to write out."""
    inside = ["ha"] * width
    for _ in range(levels):
        inside = [inside] * width
    return inside


def test_values_are_shown_in_a_few_letters():
    for value in (nested(100_000), laughing(), np.zeros((9, 9)), "x" * 10**6, {"a": laughing()}):
        assert len(clip(value)) <= 80
    assert clip([1, "a", {"b": None}]) == "[1, 'a', {'b': None}]"


def objects(value: object) -> np.ndarray:
    """One video's entry."""
    array = np.empty(1, object)
    array[0] = value
    return array


@pytest.fixture
def folder(tmp_path):
    """W-TALC's arrays of one video."""
    values = {"videoname": b"v", "subset": b"test", "segments": [[1.0, 2.0]], "labels": [b"a"]}
    for name, value in values.items():
        np.save(tmp_path / f"{name}.npy", objects(value), allow_pickle=True)
    return tmp_path


def test_what_the_folder_holds(folder):
    truth = read_wtalc(folder)
    assert (truth.videos, truth.subsets, truth.labels) == (("v",), ("test",), ("a",))


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("value", [[nested(200)], [laughing()], [[laughing()] * 2], 7, [[7]]])
def test_entries_that_are_something_else(folder, name, value):
    np.save(folder / f"{name}.npy", objects(value), allow_pickle=True)
    with pytest.raises(ValueError) as error:
        read_wtalc(folder)
    assert str(folder) in str(error.value) and len(str(error.value)) < 500


@pytest.mark.parametrize("name", ARRAYS)
def test_no_array_of_the_folder_runs_anything(folder, name):
    np.save(folder / f"{name}.npy", trapped(folder / "sprung"), allow_pickle=True)
    refused(lambda: read_wtalc(folder), folder / f"{name}.npy", "refused: asks for pathlib")
    assert not (folder / "sprung").exists()


@pytest.mark.parametrize("value", ["a\nb", b"a\x00b", "\ud800", ""])
@pytest.mark.parametrize("name", ["videoname", "labels"])
def test_names_that_do_not_fit_on_a_line(folder, name, value):
    entry = value if name == "videoname" else [value]
    np.save(folder / f"{name}.npy", objects(entry), allow_pickle=True)
    shown = value.decode() if isinstance(value, bytes) else value
    with pytest.raises(ValueError) as error:
        read_wtalc(folder)
    text = str(error.value)
    assert text.startswith(str(folder)) and repr(shown) in text and len(text.splitlines()) == 1
