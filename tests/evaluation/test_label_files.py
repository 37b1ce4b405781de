"""Reading and writing label files, and the one-line errors of broken ones."""

import re

import numpy as np
import pytest

from jaxseg.evaluation import (
    read_classes,
    read_clusters,
    read_folder,
    read_names,
    write_folder,
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
    assert read_classes(tmp_path / "v.txt", ["SIL", "take cup"]).tolist() == [1, 0]


def test_lenient_about_how_editors_end_lines(tmp_path):
    path = tmp_path / "v"
    path.write_bytes(b"\xef\xbb\xbfSIL \r\ncut")
    assert read_names(path) == ["SIL", "cut"]


def test_folder_takes_files_with_and_without_suffix(tmp_path):
    (tmp_path / "b.cam.txt").write_text("1\n")
    (tmp_path / "a.cam").write_text("0\n")
    (tmp_path / ".hidden").write_text("")
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
    one_line_error(lambda: read_classes(path, ["SIL"]), path, "'SlL' in line 2")


def test_missing_and_doubled_files(tmp_path):
    one_line_error(lambda: read_names(tmp_path / "none.txt"), "none.txt", "No such file")
    one_line_error(lambda: read_folder(tmp_path / "none"), "none", "no such folder")
    one_line_error(lambda: read_folder(tmp_path), tmp_path, "no label files")
    write_labels(tmp_path / "v", [1])
    write_labels(tmp_path / "v.txt", [1])
    one_line_error(lambda: read_folder(tmp_path), "v.txt", "'v' is also in v")


@pytest.mark.parametrize("labels", [[], ["two\nlines"], [""], [" padded"]])
def test_labels_that_would_not_read_back_are_not_written(tmp_path, labels):
    path = tmp_path / "v.txt"
    with pytest.raises(ValueError, match=re.escape(str(path))):
        write_labels(path, labels)
    assert not path.exists()
