"""Scores: the same from every kind of file and layout, checked by kind, turned into costs."""

from pathlib import Path

import numpy as np
import pytest
from matlab_files import save_v73
from scipy.io import savemat
from score_sets import CLASSES, LENGTHS, cells, score_set, write_arrays

from jaxseg.decode.scores import LARGEST_LOSS, cost, find_kind, log_likelihood, read_scores

SCORES = score_set()
PATH = Path("scores")  # named in messages


def assert_same(read, wanted=SCORES):
    assert read.keys() == wanted.keys()
    for name, matrix in wanted.items():
        assert read[name].dtype == np.float32
        np.testing.assert_array_equal(read[name], matrix)


def write(folder, suffix):
    folder.mkdir()
    for name, matrix in SCORES.items():
        path = folder / f"{name}{suffix}"
        if suffix == ".npy":
            np.save(path, matrix.astype(np.float64))
        elif suffix == ".npz":
            np.savez(path, anything=matrix)
        elif suffix == ".mat":
            savemat(path, {"anything": matrix})
        else:
            np.savetxt(path, matrix, delimiter="," if suffix == ".csv" else " ")
    return folder


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".mat", ".txt", ".csv"])
def test_formats(tmp_path, suffix):
    folder = write(tmp_path / "scores", suffix)
    assert_same(read_scores(folder).videos)
    one = read_scores(folder / f"v2{suffix}", num_classes=CLASSES)
    assert_same(one.videos, {"v2": SCORES["v2"]})
    assert one.splits is None


def test_line_ends_and_marks_of_other_editors(tmp_path):
    wanted = np.array([[0.5, 0.5], [0.25, 0.75], [1, 0]], np.float32)
    for name, content in {
        "crlf.csv": b"0.5,0.5\r\n0.25,0.75\r\n1,0\r\n",
        "mark.csv": b"\xef\xbb\xbf0.5,0.5\n0.25,0.75\n1,0",
        "tabs.txt": b"0.5\t0.5\n 0.25\t0.75\n1\t0\n\n",
    }.items():
        (tmp_path / name).write_bytes(content)
        (found,) = read_scores(tmp_path / name, num_classes=2).videos.values()
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("known", [None, CLASSES])
@pytest.mark.parametrize(
    "turn",
    [lambda m: m, lambda m: m.T, lambda m: m[None], lambda m: m.T[None, None]],
    ids=["frames first", "channels first", "batch axis", "stage and batch axis"],
)
def test_layouts(tmp_path, turn, known):
    turned = {name: turn(matrix) for name, matrix in SCORES.items()}
    assert_same(read_scores(write_arrays(tmp_path / "s", turned), num_classes=known).videos)


def test_a_square_video_lies_as_the_others_do(tmp_path):
    """Four frames of four classes: alone they could be either way round."""
    square = np.arange(16, dtype=np.float32).reshape(4, 4)
    folder = write_arrays(tmp_path / "s", {"a": square, "b": SCORES["v1"].T})
    assert_same(read_scores(folder).videos, {"a": square.T, "b": SCORES["v1"]})
    (folder / "b.npy").unlink()
    with pytest.raises(ValueError, match=r"video 'a': either axis of \(4, 4\) may .* --layout"):
        read_scores(folder, num_classes=4)
    assert_same(read_scores(folder, layout="channels-first").videos, {"a": square.T})
    assert_same(read_scores(folder, layout="frames-first").videos, {"a": square})


def test_cells_of_a_mat_are_videos_and_its_files_are_splits(tmp_path):
    matrices = list(SCORES.values())
    savemat(tmp_path / "1.mat", {"S": cells(matrices[:3]), "P": np.zeros(3)})
    savemat(tmp_path / "2.mat", {"S": cells(matrices[3:])})
    scores = read_scores(tmp_path)
    names = ["1/01", "1/02", "1/03", "2/01"]
    assert_same(scores.videos, dict(zip(names, matrices, strict=True)))
    assert scores.splits == {"1": names[:3], "2": names[3:]}


def test_keys(tmp_path):
    np.savez(tmp_path / "v1.npz", a=SCORES["v1"], b=2 * SCORES["v1"])
    assert_same(read_scores(tmp_path, key="a", num_classes=4).videos, {"v1": SCORES["v1"]})
    with pytest.raises(ValueError, match=r"v1\.npz: choose one .* with --key: 'a', 'b'"):
        read_scores(tmp_path)
    with pytest.raises(ValueError, match=r"v1\.npz: no array 'c' among 'a', 'b'"):
        read_scores(tmp_path, key="c")
    np.savez(tmp_path / "v1.npz")
    with pytest.raises(ValueError, match=r"v1\.npz: holds no arrays"):
        read_scores(tmp_path)


def test_names(tmp_path):
    """Subfolders are left out of names until two videos have the same one."""
    for name in ("x/v1", "y/v2"):
        write_arrays(tmp_path / name, {})
        np.save(tmp_path / f"{name}.npy", SCORES[name[-2:]])
        (tmp_path / name).rmdir()
    (tmp_path / ".hidden").write_text("no scores")
    assert list(read_scores(tmp_path).videos) == ["v1", "v2"]
    np.save(tmp_path / "x/v2.npy", SCORES["v2"])
    assert list(read_scores(tmp_path).videos) == ["x/v1", "x/v2", "y/v2"]


def with_value(value):
    matrix = SCORES["v2"].astype(np.float64)
    matrix[3, 2] = value
    return matrix


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (with_value(np.nan), "video 'v2': row 4, column 3: not finite: nan"),
        (with_value(1e300), "video 'v2': row 4, column 3: not finite: 1e+300"),
        (np.zeros((0, CLASSES)), "video 'v2': empty video (shape (0, 4))"),
        (np.zeros(5), "video 'v2': not a matrix of numbers: float64 of shape (5,)"),
        (np.zeros((2, 5, 4)), "video 'v2': not a matrix of numbers: float64 of shape (2, 5, 4)"),
        (np.zeros((5, 4), bool), "video 'v2': not a matrix of numbers: bool of shape (5, 4)"),
        (np.full((5, 4), "a"), "video 'v2': not a matrix of numbers: <U1 of shape (5, 4)"),
        (np.zeros((70, 7)), "videos 'v1' (60, 4) and 'v2' (70, 7) share no axis of classes"),
    ],
)
def test_broken_arrays(tmp_path, matrix, message):
    folder = write_arrays(tmp_path / "s", SCORES | {"v2": matrix})
    with pytest.raises(ValueError) as error:
        read_scores(folder)
    assert message in str(error.value)


def test_class_count_that_no_axis_has(tmp_path):
    folder = write_arrays(tmp_path / "s", SCORES)
    with pytest.raises(ValueError, match=r"video 'v1': no axis of \(60, 4\) is 5 classes"):
        read_scores(folder, num_classes=5)
    with pytest.raises(ValueError, match=r"video 'v2': 75 classes channels-first, not 60"):
        read_scores(folder, layout="channels-first")
    np.save(folder / "v2.npy", SCORES["v2"].T)
    with pytest.raises(ValueError, match=r"videos lie in both layouts: 'v1' is \(60, 4\)"):
        read_scores(folder, num_classes=4)


def test_videos_of_one_length_need_the_class_count(tmp_path):
    folder = write_arrays(tmp_path / "s", {"a": SCORES["v1"], "b": SCORES["v1"]})
    with pytest.raises(ValueError, match=r"either axis of \(60, 4\) may .* say --classes=K"):
        read_scores(folder)
    assert read_scores(folder, num_classes=4).num_classes == 4


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("v.txt", b"1 2\n\n3 4\n", "v.txt: line 2: empty line"),
        ("v.txt", b"1 2\n3 x\n", "v.txt: line 2: not a number: 'x'"),
        ("v.csv", b"frame,class\n1,2\n", "v.csv: line 1: not a number: 'frame'"),
        ("v.csv", b"1,2\n3\n", "v.csv: line 2: 1 numbers, not 2 as before"),
        ("v.txt", b" \n", "v.txt: empty video"),
        ("v.txt", b"\xff\xfe", "v.txt: UTF-16 and not UTF-8"),
        ("v.npy", b"\x93NUMPY", "v.npy: not a readable .npy array"),
        ("v.npz", b"PK", "v.npz: not a readable .npz archive"),
        ("v.mat", b"MATLAB 5.0 MAT-file" + bytes(200), "v.mat: not a readable .mat file"),
        ("v.mat", b"", "v.mat: not a readable .mat file"),
        ("v.h5", b"", "v.h5: not a readable HDF5 file"),
        ("v.pkl", b"", "v.pkl: no file of scores (.npy, .npz, .mat, .h5, .hdf5, .txt, .csv)"),
    ],
)
def test_broken_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError) as error:
        read_scores(tmp_path)
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_mat_of_version_7_3(tmp_path):
    scores = np.full((5, 2), 0.5, np.float32)
    save_v73(tmp_path / "v.mat", S=[scores, scores[:3]], note="split 1")
    assert {name: len(each) for name, each in read_scores(tmp_path).videos.items()} == {
        "v/01": 5,
        "v/02": 3,
    }


def test_cells_that_hold_no_scores(tmp_path):
    savemat(tmp_path / "1.mat", {"S": cells([SCORES["v1"], np.zeros((0, 4))])})
    with pytest.raises(ValueError, match=r"1\.mat: video '1/02': empty video"):
        read_scores(tmp_path)
    savemat(tmp_path / "1.mat", {"S": np.empty((0, 0), object)})
    with pytest.raises(ValueError, match=r"1\.mat: no videos"):
        read_scores(tmp_path)


def test_missing_and_doubled(tmp_path):
    with pytest.raises(ValueError, match="none: no such file or folder"):
        read_scores(tmp_path / "none")
    with pytest.raises(ValueError, match="no files of scores"):
        read_scores(tmp_path)
    np.save(tmp_path / "v1.npy", SCORES["v1"])
    with pytest.raises(ValueError, match=r"v1\.npy: a \.npy file has no keys \(--key=S\)"):
        read_scores(tmp_path, key="S")
    np.savez(tmp_path / "v1.npz", SCORES["v1"])
    with pytest.raises(ValueError, match=r"v1\.npz: video 'v1' is also in v1\.npy"):
        read_scores(tmp_path)
    (tmp_path / "v1.npz").unlink()
    (tmp_path / "new\nline.npy").write_bytes(b"")
    with pytest.raises(ValueError, match=r"a name cannot have '\\n' in it"):
        read_scores(tmp_path)


def test_lengths_of_the_set_differ():
    """What the tests of layouts rest on."""
    assert len(set(LENGTHS.values())) == len(LENGTHS)


def test_kinds_that_can_be_told():
    assert find_kind(PATH, SCORES, None) == "probabilities"
    assert find_kind(PATH, SCORES, "similarities") == "similarities"
    half = {name: each.astype(np.float16).astype(np.float32) for name, each in SCORES.items()}
    assert find_kind(PATH, half, None) == "probabilities"


def test_logits_are_no_probabilities():
    """One video whose frames do not sum to 1 shows that the others are logits, too."""
    with pytest.raises(ValueError, match=r"^scores: every frame sums to 1: probabilities, not log"):
        find_kind(PATH, SCORES, "logits")
    mixed = SCORES | {"v1": SCORES["v1"] * 2}
    assert find_kind(PATH, mixed, "logits") == "logits"
    assert find_kind(PATH, {"v1": np.ones((5, 1), np.float32)}, "logits") == "logits"


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda p: p * 2, None, "frame 1 sums to 2, not to 1 .*; say --kind=logits or --kind="),
        (lambda p: p - 0.2, None, "scores: video 'v1': -0.1 is no probability; say --kind="),
        (lambda p: p * 2, "probabilities", "frame 1 sums to 2, not to 1 as probabilities do$"),
        (lambda p: p * 2, "similarities", r"1.4 is no similarity in \[-1, 1\]$"),
        (lambda p: p * -2, "similarities", r"-1.4 is no similarity in \[-1, 1\]$"),
    ],
)
def test_kinds_that_numbers_cannot_be(change, kind, message):
    with pytest.raises(ValueError, match=message):
        find_kind(PATH, {name: change(each) for name, each in SCORES.items()}, kind)


def test_logits_and_their_probabilities_say_the_same():
    """In float64 within rounding of float32, at any offset a frame and for huge logits."""
    logits = np.random.default_rng(0).normal(0, 3, (50, 7)).astype(np.float32)
    exact = np.exp(logits.astype(np.float64))
    exact /= exact.sum(1, keepdims=True)
    for shift in (0, 100, -100):
        found = log_likelihood(logits + np.float32(shift), "logits")
        np.testing.assert_allclose(found, np.log(exact), atol=2e-5)
    np.testing.assert_allclose(
        cost(logits, "logits"), cost(exact.astype(np.float32), "probabilities"), atol=1e-5
    )
    assert np.isfinite(log_likelihood(1e30 * logits, "logits")).all()


def test_cost_is_the_log_loss_cut_and_scaled():
    scores = np.array([[1, 0, 0], [1e-4, 1e-2, 0.9899], [1.004, 1e-9, 0]], np.float32)
    found = cost(scores, "probabilities")
    assert pytest.approx(4 * np.log(10)) == LARGEST_LOSS
    np.testing.assert_allclose(found[:, :2], [[0, 1], [1, 0.5], [0, 1]], atol=1e-6)
    assert found.min() == 0 and found.max() == 1 and found.dtype == np.float32


def test_similarities_cost_what_they_lack():
    scores = np.array([[1.0, -1.0, 0.25]], np.float32)
    np.testing.assert_array_equal(cost(scores, "similarities"), [[0, 2, 0.75]])
    np.testing.assert_array_equal(log_likelihood(scores, "similarities"), scores)
