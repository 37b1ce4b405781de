"""Mappings, label maps, activities, splits and ED-TCN's files, and their one-line errors."""

import numpy as np
import pytest
from scipy.io import savemat

from jaxseg.formats.tables import (
    read_activities,
    read_label_map,
    read_mapping,
    read_split,
    read_tcn_folder,
)


def test_a_mapping_is_in_the_order_of_its_indices(tmp_path):
    path = tmp_path / "mapping.txt"
    path.write_text("2 take cup\n0 SIL\n\n1 pour\n")
    assert list(read_mapping(path).items()) == [("SIL", 0), ("pour", 1), ("take cup", 2)]


def test_names_of_one_index_are_one_class(tmp_path):
    path = tmp_path / "mapping.txt"
    path.write_text("0 cut_tomato\n0 cut_cheese\n1 mix\n")
    assert read_mapping(path) == {"cut_tomato": 0, "cut_cheese": 0, "mix": 1}


def test_words_of_other_files(tmp_path):
    path = tmp_path / "file"
    path.write_text("P01.txt coffee\nP02 tea\n")
    assert read_activities(path) == {"P01": "coffee", "P02": "tea"}
    assert read_label_map(path) == {"P01.txt": "coffee", "P02": "tea"}
    path.write_text("P01.txt\nP02\n\n")
    assert read_split(path) == ["P01", "P02"]


@pytest.mark.parametrize(
    ("read", "contents", "message"),
    [
        (read_mapping, "0 a\n2 c\n", "no name for index 1, but for index 2"),
        (read_mapping, "1 a\n", "no name for index 0"),
        (read_mapping, "0 a\n1 a\n", "'a' has index 0 and index 1"),
        (read_mapping, "a 0\n", "index 'a' of '0' is no whole number"),
        (read_mapping, "-1 SIL\n", "index '-1' of 'SIL'"),
        (read_mapping, "0 a\n1\n", "'1' in line 2 stands alone"),
        (read_mapping, "", "empty"),
        (read_label_map, "a x\na y\n", "label 'a' is both 'x' and 'y'"),
        (read_activities, "v a\nv.txt b\n", "video 'v' is both 'a' and 'b'"),
        (read_split, "v\nw\nv.txt\n", "video 'v' is listed twice"),
        (read_split, "", "empty"),
    ],
)
def test_broken_files(tmp_path, read, contents, message):
    path = tmp_path / "file"
    path.write_text(contents)
    with pytest.raises(ValueError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_files_of_ed_tcn(tmp_path):
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = np.array([[0, 1, 1]]), np.array([[2, 2]])
    savemat(tmp_path / "1.mat", {"Y": cells, "P": cells[:, ::-1]})
    truth = read_tcn_folder(tmp_path, "Y")["1"]
    assert {name: labels.tolist() for name, labels in truth.items()} == {
        "1/01": [0, 1, 1],
        "1/02": [2, 2],
    }
    assert read_tcn_folder(tmp_path, "P")["1"]["1/02"].tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match=r"1\.mat: no field 'Z'"):
        read_tcn_folder(tmp_path, "Z")
    (tmp_path / "2.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(ValueError, match=r"2\.mat: no \.mat file"):
        read_tcn_folder(tmp_path, "Y")
