"""Sequences in memory: forms in which they come, and what is wrong with one."""

import numpy as np
import pytest

from jaxseg.data import from_arrays, load, load_unlabeled
from jaxseg.data.segmentation.arrays import read_sequences

GOOD = np.arange(12.0).reshape(6, 2)


def test_a_list_keeps_its_order():
    """Its places sort as names, so that a folder of such files is read in the same order."""
    names, arrays = read_sequences([GOOD + place for place in range(11)])
    assert sorted(names.names) == list(names.names) and names.names[10] == "10"
    assert arrays["03"].dtype == np.float32
    np.testing.assert_array_equal(arrays["03"], GOOD + 3)
    assert names.arrange({name: int(name) for name in arrays}) == list(range(11))


def test_keys_of_a_mapping_come_back():
    names, arrays = read_sequences({"walk": GOOD, 7: GOOD})
    assert set(arrays) == {"walk", "7"}
    assert names.arrange({"7": "b", "walk": "a"}) == {"walk": "a", 7: "b"}


def test_what_numpy_makes_an_array_of():
    class Table:
        """As a pandas frame."""

        def __array__(self, dtype=None, copy=None):
            return GOOD.astype(dtype or np.float64)

    for sequences in ([Table()], [GOOD.tolist()], (GOOD.astype(int),), np.stack([GOOD])):
        names, arrays = read_sequences(sequences)
        assert names.names == ("0",)
        np.testing.assert_array_equal(arrays["0"], GOOD)


def holed(value: float) -> np.ndarray:
    array = GOOD.copy()
    array[4, 1] = value
    return array


@pytest.mark.parametrize(
    ("sequences", "parts"),
    [
        ([], ["no sequences"]),
        (5, ["list or dict of arrays or a folder", "5"]),
        (GOOD, ["one array of shape (6, 2)", "[array]"]),
        ([GOOD, GOOD[0]], ["sequence 1", "shape (2,)", "[frames, channels]"]),
        ([GOOD[:, :, None]], ["sequence 0", "shape (6, 2, 1)"]),
        ([[[1.0], [1.0, 2.0]]], ["sequence 0", "[frames, channels]"]),
        ({"walk": GOOD.astype(str)}, ["sequence 'walk'", "numbers"]),
        ({"walk": GOOD[:1]}, ["sequence 'walk'", "(1, 2)", "two frames"]),
        ({"walk": GOOD[:, :0]}, ["sequence 'walk'", "(6, 0)"]),
        ([GOOD, holed(np.nan)], ["sequence 1", "value [4, 1] is nan"]),
        ([GOOD, holed(1e300)], ["sequence 1", "value [4, 1] is 1e+300"]),
        ([GOOD, GOOD, GOOD[:, :1]], ["sequence 2 (6, 1)", "2 channels"]),
        ({"a/b": GOOD}, ["'a/b'", "'/'"]),
        ({".a": GOOD}, ["'.a'"]),
        ({"": GOOD}, ["no name"]),
        ({"1": GOOD, 1: GOOD}, ["'1' and 1", "rename one"]),
    ],
)
def test_what_is_wrong_is_one_sentence(sequences, parts):
    with pytest.raises(ValueError) as error:
        read_sequences(sequences)
    text = str(error.value)
    assert "\n" not in text and all(part in text for part in parts), text


@pytest.mark.parametrize("scaling", ["none", "folder", "sequence", "auto"])
def test_the_same_data_set_as_of_a_folder(tmp_path, config, scaling):
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(3, 2, (20 + place, 3)) for place, name in enumerate("bca")}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    config.name, config.root, config.scaling, config.fps = "folder", str(tmp_path), scaling, 4.0
    expected = load(config, progress=False)
    config.name, config.root = "arrays", ""
    found = from_arrays(config, read_sequences(arrays)[1])
    assert found.fps == expected.fps == 4 and not found.generated
    for one, other in zip(found.videos, expected.videos, strict=True):
        assert one.name == other.name and one.top and other.top
        np.testing.assert_array_equal(one.frames(), other.frames())
    with pytest.raises(ValueError, match="in a program's memory"):
        load(config)


def test_labels_of_a_folder_are_not_read(tmp_path, config):
    np.save(tmp_path / "a.npy", GOOD)
    (tmp_path / "groundTruth").mkdir()
    (video,) = load_unlabeled(tmp_path, config, progress=False).videos
    assert video.labels is None and video.top
    np.testing.assert_array_equal(video.frames(), GOOD)
