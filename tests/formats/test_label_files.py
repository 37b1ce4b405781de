"""Reading and writing label files, and the one-line errors of broken ones."""

import re

import numpy as np
import pytest
from label_folders import read_folder, write_folder
from scipy.io import savemat

from jaxseg.formats.annotations.exports import FORMATS
from jaxseg.formats.labels import (
    OWN_FILES,
    OWN_TABLES,
    find_videos,
    read_classes,
    read_clusters,
    read_label_folder,
    read_labels,
    read_mat_labels,
    read_names,
    write_labels,
)


def one_line_error(call, *parts):
    """The call raises a ValueError of one line that holds all the parts."""
    with pytest.raises(ValueError) as error:
        call()
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert str(part) in message


def test_written_labels_read_back(tmp_path):
    clusters = {"v1": np.array([-1, 0, 12]), "v2": np.array([3])}
    write_folder(tmp_path / "a", clusters)
    back = read_folder(tmp_path / "a", read_clusters)
    assert list(back) == ["v1", "v2"]
    assert all(np.array_equal(back[name], clusters[name]) for name in clusters)
    write_labels(tmp_path / "v.txt", ["take cup", "SIL"])
    assert (tmp_path / "v.txt").read_bytes() == b"take cup\nSIL\n"
    assert read_names(tmp_path / "v.txt") == ["take cup", "SIL"]
    assert read_classes(tmp_path / "v.txt", {"SIL": 0, "take cup": 1}).tolist() == [1, 0]


def test_lenient_about_how_editors_end_lines(tmp_path):
    path = tmp_path / "v"
    path.write_bytes(b"\xef\xbb\xbfSIL \t\r\ntake\tcup")
    assert read_names(path) == ["SIL", "take cup"]
    path.write_bytes(b"### Frame level recognition: ###\rSIL\tcut")
    assert read_names(path) == ["SIL", "cut"]


def test_result_files_of_mstcn(tmp_path):
    path = tmp_path / "v"
    path.write_text("### Frame level recognition: ###\nSIL SIL cut\n")
    assert read_names(path) == ["SIL", "SIL", "cut"]
    path.write_text("### Frame level recognition: ###\nSIL\ncut\n")
    one_line_error(lambda: read_names(path), path, "2 lines of labels under the header")
    path.write_text("### Frame level recognition: ###\n")
    one_line_error(lambda: read_names(path), path, "0 lines of labels under the header")


def test_arrays(tmp_path):
    path = tmp_path / "v.npy"
    np.save(path, np.array([2, 2, -1], np.int16))
    assert read_labels(path) == ["2", "2", "-1"]
    for array, what in (
        (np.array([1.0, np.nan]), "float64[2] instead of whole numbers"),
        (np.zeros((2, 2), int), "int64[2, 2] instead of whole numbers"),
        (np.zeros(0, int), "empty"),
    ):
        np.save(path, array)
        one_line_error(lambda: read_labels(path), path, what)
    one_line_error(lambda: read_labels(tmp_path / "1.mat"), "1.mat", f"name {tmp_path}")
    path.write_bytes(path.read_bytes()[:40])
    one_line_error(lambda: read_labels(path), path, "not a readable .npy array")
    one_line_error(lambda: read_labels(tmp_path / "none.npy"), "none.npy", "No such file")


def test_a_tree_of_folders(tmp_path):
    """Names are short where that is enough, and whole paths where a name occurs twice."""
    write_labels(tmp_path / "coffee/P01.txt", [1])
    write_labels(tmp_path / "tea/P02.txt", [1])
    assert list(find_videos(tmp_path)) == ["P01", "P02"]
    write_labels(tmp_path / "tea/P01", [1])
    assert list(find_videos(tmp_path)) == ["coffee/P01", "tea/P01", "tea/P02"]


def test_folder_takes_files_with_and_without_suffix(tmp_path):
    (tmp_path / "b.cam.txt").write_text("1\n")
    (tmp_path / "a.cam").write_text("0\n")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "Thumbs.db").write_bytes(b"\x00\x01")
    (tmp_path / "more").mkdir()
    assert read_folder(tmp_path) == {"a.cam": ["0"], "b.cam": ["1"]}


@pytest.mark.parametrize(
    ("contents", "value"),
    [
        (b"", "empty"),
        (b"0\n\n1\n", "line 2"),
        (b"0\nx1\n", "'x1' in line 2"),
        (b"0.5\n", "'0.5' in line 1"),
        (b"0\nnan\n", "'nan' in line 2"),
        (b"-2\n", "'-2' in line 1"),
        (b"99999999999999999999\n", "99999999999999999999"),
        (b"0\n\xff\xfe\n", "UTF-8"),
    ],
)
def test_broken_cluster_files(tmp_path, contents, value):
    path = tmp_path / "v.txt"
    path.write_bytes(contents)
    one_line_error(lambda: read_clusters(path), path, value)


def test_unknown_label(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("SIL\nSlL\n")
    one_line_error(lambda: read_classes(path, {"SIL": 0}), path, "'SlL' in line 2")


def test_missing_and_doubled_files(tmp_path):
    one_line_error(lambda: read_names(tmp_path / "none.txt"), "none.txt", "No such file")
    one_line_error(lambda: read_folder(tmp_path / "none"), "none", "no such folder")
    one_line_error(lambda: read_folder(tmp_path), tmp_path, "no label files")
    write_labels(tmp_path / "v", [1])
    write_labels(tmp_path / "v.txt", [1])
    one_line_error(lambda: read_folder(tmp_path), "v.txt", "'v' is also in v")


@pytest.mark.parametrize("labels", [[], ["two\nlines"], [""], [" padded"], ["#1"]])
def test_labels_that_would_not_read_back_are_not_written(tmp_path, labels):
    path = tmp_path / "v.txt"
    with pytest.raises(ValueError, match=re.escape(str(path))):
        write_labels(path, labels)
    assert not path.exists()


def test_files_of_ed_tcn(tmp_path):
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = np.array([[0, 1, 1]]), np.array([[2.0, 2.5]])
    savemat(tmp_path / "1.mat", {"Y": cells, "P": cells[:, ::-1]})
    assert read_mat_labels(tmp_path / "1.mat", "P")["1/02"] == ["0", "1", "1"]
    folder = read_label_folder(tmp_path, "Y")
    assert folder.splits == {"1": ["1/01", "1/02"]} and folder.activities is None
    names = {name: [folder.labels[code] for code in codes] for name, codes in folder.codes.items()}
    assert names == {"1/01": ["0", "1", "1"], "1/02": ["2", "2.5"]}
    one_line_error(lambda: read_label_folder(tmp_path, "Z"), "1.mat: no array 'Z' among 'Y', 'P'")
    (tmp_path / "2.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    one_line_error(lambda: read_label_folder(tmp_path, "Y"), "2.mat: not a readable .mat file")


def test_label_folders(tmp_path):
    """Subfolders are activities; one file is a folder of one video."""
    for name in ("tea/v1", "tea/green/v2", "v3"):
        write_labels(tmp_path / f"{name}.txt", ["SIL", name[-1]])
    folder = read_label_folder(tmp_path, "Y")
    assert folder.activities == {"v1": "tea", "v2": "tea/green", "v3": ""}
    assert folder.splits is None and not folder.numbers
    assert "v2" in folder.places("2")
    one = read_label_folder(tmp_path / "v3.txt", "Y")
    assert (list(one.codes), one.labels, one.activities) == (["v3"], ["SIL", "3"], None)


def test_every_export_is_passed_over_beside_the_labels(tmp_path):
    for form in FORMATS.values():
        assert form.suffix in ("", *OWN_TABLES) and form.together in ("", *OWN_FILES)
    write_labels(tmp_path / "v.txt", [1])
    for name in (*(f"v{end}" for end in OWN_TABLES), *OWN_FILES):
        (tmp_path / name).write_text("x")
    assert list(find_videos(tmp_path)) == ["v"]
    (tmp_path / "v.txt").unlink()
    assert "v.audacity" in find_videos(tmp_path)
