"""Mappings, label maps, activities, splits and tables of columns, and their one-line errors."""

import pytest

from jaxseg.formats.tables import (
    read_activities,
    read_columns,
    read_columns_mapping,
    read_label_map,
    read_mapping,
    read_split,
)


def test_a_mapping_is_in_the_order_of_its_indices(tmp_path):
    path = tmp_path / "mapping.txt"
    for content in ("2 take cup\n0 SIL\n\n1 pour\n", "\ufeff2\ttake\tcup\r\n0\tSIL\r\n1\tpour\r\n"):
        path.write_bytes(content.encode())
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
        (read_columns_mapping, "0 a\n2 c\n", "no index 1: indices have to start at 0"),
        (read_columns_mapping, "1 a\n", "no index 0: indices have to start at 0"),
        (read_columns_mapping, "-1 SIL\n", "an index -1: indices have to start at 0"),
        (read_mapping, "0 a\n1 a\n", "line 2: duplicate name 'a', as on line 1"),
        (read_mapping, "a 0\n", "line 1: not `index name`: 'a 0'; the index stands first: '0 a'"),
        (
            read_mapping,
            "0,a b\n",
            "not `index name`: '0,a b'; a blank stands between them: '0 a b'",
        ),
        (read_mapping, "0 a\n1\n", "line 2: not `index name`: '1'"),
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


def test_columns_of_a_table(tmp_path):
    path = tmp_path / "info.csv"
    path.write_bytes(b'\xef\xbb\xbfvideo,frames,subset\r\nv,3,training\r\n"a,b",4,testing\r\n')
    assert read_columns(path, "video", "subset") == {"v": "training", "a,b": "testing"}
    for content in (b"video,subset\n", b"video,set\nv,x\n"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"info\.csv: no columns 'video' and 'subset'"):
            read_columns(path, "video", "subset")
    path.write_bytes(b"video,subset\n\xff,x\n")
    with pytest.raises(ValueError, match=r"info\.csv: byte 13 is not UTF-8; as Latin-1 line 2"):
        read_columns(path, "video", "subset")
