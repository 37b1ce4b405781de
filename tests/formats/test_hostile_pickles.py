"""Pickles that W-TALC's annotation may hold, written to run, to fill memory, or never to end."""

import pickle
import struct

import numpy as np
import pytest
from hostile_files import ABSURD, LIES, npy, refused, trapped

from jaxseg.formats.arrays import read_pickled_npy
from jaxseg.formats.names import clip
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
    assert read_pickled_npy(path).tolist() == [b"a"]
    path = write(tmp_path / "p.npy", array_program((2,), b"S3", b"S'abcdef'\n"), (2,))
    assert read_pickled_npy(path).tolist() == [b"abc", b"def"]


@pytest.mark.parametrize("shape", [lie[0] for lie in LIES.values() if 0 not in lie[0]])
@pytest.mark.parametrize(("code", "data"), [(b"O8", b"(S'a'\nl"), (b"S4", b"S'abcd'\n")])
def test_an_array_with_less_data_than_its_shape(tmp_path, shape, code, data):
    path = write(tmp_path / "p.npy", array_program(shape, code, data), shape)
    refused(lambda: read_pickled_npy(path), path, f"shape {shape}")


@pytest.mark.parametrize(("shape", "word"), ABSURD.values(), ids=ABSURD)
def test_an_array_of_a_shape_that_none_has(tmp_path, shape, word):
    path = write(tmp_path / "p.npy", array_program(shape, b"O8", b"(l"), shape)
    refused(lambda: read_pickled_npy(path), path, word)
    path.write_bytes(npy(shape))
    refused(lambda: read_pickled_npy(path), path, word)


@pytest.mark.parametrize("code", [b"S0", b"U0", b"V8", b"i4,i4", b"(99,)i4"])
def test_an_array_of_a_type_that_is_not_plain(tmp_path, code):
    path = write(tmp_path / "p.npy", array_program((2**40,), code, b"S''\n"), (2**40,))
    refused(lambda: read_pickled_npy(path), path, "array of dtype")


@pytest.mark.parametrize(("shape", "needed"), LIES.values(), ids=LIES)
def test_a_plain_array_whose_header_lies(tmp_path, shape, needed):
    path = tmp_path / "p.npy"
    path.write_bytes(npy(shape))
    refused(lambda: read_pickled_npy(path), path, f"takes {needed} bytes, and there are 152")


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
        read_pickled_npy(path)
    assert str(error.value).startswith(f"{path}: ") and len(str(error.value).splitlines()) == 1


def object_array(values):
    """One entry a video, of any type."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def test_a_pickle_that_would_run_a_command_does_not(tmp_path):
    target = tmp_path / "ran"
    np.save(tmp_path / "attack.npy", object_array([["fine"], trapped(target)]))
    refused(
        lambda: read_pickled_npy(tmp_path / "attack.npy"),
        tmp_path / "attack.npy",
        "refused: asks for pathlib",
    )
    assert not target.exists()
    # The same file in the hands of an ordinary reader.
    np.load(tmp_path / "attack.npy", allow_pickle=True)
    assert target.exists()


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "numpy.load", "numpy.core.x"])
def test_a_pickle_that_names_anything_else_is_refused(name, tmp_path):
    module, _, attribute = name.rpartition(".")
    program = f"c{module}\n{attribute}\n(S'x'\ntR.".encode()
    refused(lambda: read_pickled_npy(write(tmp_path / "p.npy", program)), f"asks for {name}")


def test_bytes_do_not_pass_for_objects(tmp_path):
    array = np.zeros(1, [("where", object)])
    program = pickle.dumps(array, protocol=4)
    refused(lambda: read_pickled_npy(write(tmp_path / "p.npy", program)), "refused: array of dtype")
    # A plain dtype whose state adds the fields afterwards.
    program = b"cnumpy\ndtype\n(S'i8'\ntR(I3\nS'|'\nN(S'f'\nt(dI8\nI8\nI63\ntb."
    refused(lambda: read_pickled_npy(write(tmp_path / "p.npy", program)), "dtype with fields")


def test_arrays_bytes_and_strings_are_read(tmp_path):
    values = [[b"raw", "text", 1.5], np.arange(3.0), (2, None)]
    for protocol in (2, 3, 4):
        with (tmp_path / "p.npy").open("wb") as file:
            array = object_array(values)
            header = np.lib.format.header_data_from_array_1_0(array)
            np.lib.format.write_array_header_1_0(file, header)
            pickle.dump(array, file, protocol=protocol)
        back = read_pickled_npy(tmp_path / "p.npy")
        assert back[0] == values[0] and back[2] == values[2]
        assert np.array_equal(back[1], values[1])
    np.save(tmp_path / "plain.npy", np.arange(4))
    assert read_pickled_npy(tmp_path / "plain.npy").tolist() == [0, 1, 2, 3]


def test_broken_arrays(tmp_path):
    np.save(tmp_path / "whole.npy", object_array([["a"] * 50, ["b"]]))
    content = (tmp_path / "whole.npy").read_bytes()
    for part in (b"", content[:5], content[:40], content[:-30], b"text" * 20):
        (tmp_path / "cut.npy").write_bytes(part)
        refused(
            lambda: read_pickled_npy(tmp_path / "cut.npy"),
            tmp_path / "cut.npy",
            "empty" if not part else "no whole .npy file",
        )
    refused(
        lambda: read_pickled_npy(tmp_path / "missing.npy"), tmp_path / "missing.npy", "No such file"
    )


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


@pytest.fixture
def folder(tmp_path):
    """W-TALC's arrays of one video."""
    values = {"videoname": b"v", "subset": b"test", "segments": [[1.0, 2.0]], "labels": [b"a"]}
    for name, value in values.items():
        np.save(tmp_path / f"{name}.npy", object_array([value]), allow_pickle=True)
    return tmp_path


def test_what_the_folder_holds(folder):
    truth = read_wtalc(folder)
    assert (truth.videos, truth.subsets, truth.labels) == (("v",), ("test",), ("a",))


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("value", [[nested(200)], [laughing()], [[laughing()] * 2], 7, [[7]]])
def test_entries_that_are_something_else(folder, name, value):
    np.save(folder / f"{name}.npy", object_array([value]), allow_pickle=True)
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
    np.save(folder / f"{name}.npy", object_array([entry]), allow_pickle=True)
    shown = value.decode() if isinstance(value, bytes) else value
    with pytest.raises(ValueError) as error:
        read_wtalc(folder)
    text = str(error.value)
    assert text.startswith(str(folder)) and repr(shown) in text and len(text.splitlines()) == 1
