"""Feature files that would run, fill memory or lead astray, whichever layout they lie in."""

import json
import os

import numpy as np
import pytest
from hostile_files import ABSURD, CONTENT, LIES, little_memory, npy, trapped, write_npz
from snippet_layouts import Bundle, Thumos14, objects
from snippet_layouts import fails as fails_localization

from jaxseg.data import load
from jaxseg.data.segmentation import features as features_module

BOTH = {**{name: lie[0] for name, lie in LIES.items()}, **{n: a[0] for n, a in ABSURD.items()}}


@pytest.fixture
def video(files):
    """A good video and one more, of two frames, whose features the tests write."""
    files.video("milk/P01_milk.npy", 9)
    files.video("milk/P02_milk.npy", 2)
    return files.folder / "features" / "milk" / "P02_milk.npy"


@pytest.fixture
def archive(video):
    """The same as .npz."""
    video.unlink()
    return video.with_suffix(".npz")


@pytest.fixture
def refused(fails):
    """fails(...), at no cost."""

    def check(*parts):
        with little_memory():
            fails(*parts)

    return check


@pytest.mark.parametrize("shape", BOTH.values(), ids=BOTH)
@pytest.mark.parametrize("limit", [2**33, 0], ids=["in memory", "mapped"])
def test_headers_that_lie(video, refused, monkeypatch, shape, limit):
    monkeypatch.setattr(features_module, "MEMORY_LIMIT", limit)
    video.write_bytes(npy(shape))
    refused(video, "not a readable .npy array", shape)


def test_surplus_bytes_are_counted(video, refused):
    video.write_bytes(npy((2, 3), CONTENT + b"surplus"))
    refused(video, "of shape (2, 3) takes 152 bytes, and there are 159")


@pytest.mark.parametrize("shape", BOTH.values(), ids=BOTH)
def test_members_that_lie(archive, refused, shape):
    write_npz(archive, {"features": npy(shape)})
    refused(archive, "not a readable .npz archive", "'features.npy'", shape)


def test_archives_that_swell(archive, refused):
    write_npz(archive, {"features": npy((2, 3)) + bytes(10**7)})
    refused(archive, "takes 152 bytes, and there are 10000152")
    write_npz(archive, {"features": npy((10**14,))}, file_size=4 * 10**14 + 128)
    refused(archive, "claims 400000000000128 bytes", os.path.getsize(archive))


def test_other_members_are_not_looked_at(config, archive):
    write_npz(archive, {"features": npy((2, 3)), "bomb": npy((2**48,))})
    (_, video) = load(config, progress=False).videos
    assert video.features.tobytes() == CONTENT


def test_a_cut_archive(archive, refused):
    np.savez(archive, features=np.ones((2, 3)))
    content = archive.read_bytes()
    for end in (0, 30, len(content) // 2, len(content) - 1):
        archive.write_bytes(content[:end])
        refused(archive, "not a readable .npz archive")


def test_no_pickle_is_opened(video, fails, tmp_path):
    array = trapped(tmp_path / "sprung", 2, 3)
    np.save(video, array, allow_pickle=True)
    fails(video, "Python objects")
    video.unlink()
    np.savez(video.with_suffix(".npz"), features=array)
    fails(video.with_suffix(".npz"), "Python objects")
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_that_is_called_text(video, fails, tmp_path):
    text = video.with_suffix(".txt")
    np.save(video, trapped(tmp_path / "sprung", 2, 3), allow_pickle=True)
    video.rename(text)
    fails(text, "line 1")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("shape", BOTH.values(), ids=BOTH)
def test_streams_that_lie(tmp_path, shape):
    files = Thumos14(tmp_path)
    path = files.path("test", "flow", "test_a")
    path.write_bytes(npy(shape))
    with little_memory():
        fails_localization("thumos14", tmp_path, path, "not a readable .npy array", shape)


ANNOTATION = ("videoname", "subset", "segments", "labels", "labels_all", "classlist", "duration")


@pytest.mark.parametrize("name", (*ANNOTATION, "features"))
def test_no_array_of_a_bundle_runs_anything(tmp_path, name):
    bundle = Bundle(tmp_path / "bundle")
    joint = bundle.write()
    annotations = bundle.folder / "Thumos14reduced-Annotations"
    path = joint if name == "features" else annotations / f"{name}.npy"
    np.save(path, trapped(tmp_path / "sprung", 3), allow_pickle=True)
    fails_localization("thumos14_wtalc", bundle.folder, path, "refused: asks for")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("labels_all", np.ones(3), "1.0 is no list of labels"),
        ("labels_all", objects([[b"Diving"]], [b"Diving"], []), "is no text"),
        ("classlist", np.array(5), "class 5 is no text"),
        ("classlist", np.array(["Diving", "GolfSwing", "CliffDiving", "a\nb"]), r"'a\nb'"),
        ("videoname", np.array(["../v", "v_a", "t_a"]), "'../v'"),
        ("duration", objects([1.0], 5.0, 5.0), "[1.0] is no number"),
    ],
)
def test_annotation_arrays_that_hold_something_else(tmp_path, name, value, part):
    bundle = Bundle(tmp_path)
    bundle.arrays[name] = value
    bundle.write()
    fails_localization("thumos14_wtalc", tmp_path, tmp_path, part)


def test_features_of_a_bundle_that_are_no_arrays(tmp_path):
    bundle = Bundle(tmp_path)
    bundle.features[1] = [[1.0, 2.0], [3.0]]
    fails_localization("thumos14_wtalc", tmp_path, bundle.write(), "'v_a'", "[[1.0, 2.0], [3.0]]")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ('{"v": ' + "9" * 5000 + "}", "4300 digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"database": ' + "[" * 500 + "]" * 500 + "}", "[[[[...]]]]"),
        (json.dumps({str(n): 0 for n in range(200_000)})[:-1] + ', "199999": 0}', "'199999'"),
    ],
    ids=["digits", "unclosed", "nested", "a name twice, of many"],
)
def test_annotations_that_wear_a_reader_out(tmp_path, content, part):
    files = Thumos14(tmp_path)
    (files.folder / "gt.json").write_text(content)
    fails_localization("thumos14", tmp_path, tmp_path / "gt.json", part)
