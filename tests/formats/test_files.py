"""Atomic writes leave the old file or the new one; JSON is read or refused in one line."""

import os

import pytest

from jaxseg.formats.files import (
    atomic_folder,
    atomic_write,
    entries,
    need_file,
    need_folder,
    read_json,
    write_json,
)


def test_a_file_is_replaced_at_the_end_or_not_at_all(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with atomic_write(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old" and entries(tmp_path) == [path]
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]
    with pytest.raises(OSError, match=r"cannot write .*none/v\.txt: No such file"):
        write_json(tmp_path / "none" / "v.txt", {})


def test_a_folder_is_replaced_at_the_end_or_not_at_all(tmp_path):
    folder = tmp_path / "out"
    for name in ("first", "second"):
        with atomic_folder(folder) as temporary:
            (temporary / name).touch()
    assert [path.name for path in folder.iterdir()] == ["second"]
    with pytest.raises(KeyboardInterrupt), atomic_folder(folder):
        raise KeyboardInterrupt
    assert [path.name for path in folder.iterdir()] == ["second"]
    assert list(tmp_path.iterdir()) == [folder]


def test_folders_that_killed_processes_left_are_removed_when_they_are_old(tmp_path):
    old, young, other = (tmp_path / name for name in (".out.0123abcd", ".out.0123abce", ".out.b"))
    for folder in (old, young, other):
        (folder / "inside").mkdir(parents=True)
    for folder in (old, other):
        os.utime(folder, (0, 0))
    with atomic_folder(tmp_path / "out"):
        pass
    assert not old.exists() and young.exists() and other.exists()


def test_json_is_read_as_written(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"ж": [1, 2.5, None]})
    assert read_json(path) == {"ж": [1, 2.5, None]}
    path.write_bytes(b"\xef\xbb\xbf[1]")  # as some editors write it
    assert read_json(path) == [1]
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, float("nan"))
    assert read_json(path) == [1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b" \n", "empty"),
        (b'{"a":', "not valid JSON: Expecting value in line 1, column 6"),
        (b'{"a": 1, "a": 2}', "not valid JSON: key 'a' stands there twice"),
        (b'{"a": "\xff"}', "not a text file: byte 7 is not UTF-8"),
        (b"[" * 100_000, "not valid JSON: nested too deeply"),
        (b"9" * 5000, "not valid JSON: Exceeds the limit"),
    ],
)
def test_broken_json(tmp_path, content, message):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        read_json(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert len(str(error.value).splitlines()) == 1


def test_paths_that_have_to_exist(tmp_path):
    (tmp_path / ".hidden").touch()
    (tmp_path / "b").touch()
    (tmp_path / "a").mkdir()
    assert [path.name for path in entries(tmp_path)] == ["a", "b"]
    assert need_file(tmp_path / "b").name == "b" and need_folder(tmp_path / "a").name == "a"
    for need, name in ((need_file, "a"), (need_folder, "b")):
        with pytest.raises(FileNotFoundError, match=f"{name}: no such f"):
            need(tmp_path / name)
