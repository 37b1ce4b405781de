"""Atomic writes leave the old file or the new one; JSON is read or refused in one line."""

import os
import re
import shutil
import subprocess

import pytest

from jaxseg.formats.files import (
    atomic_folder,
    atomic_write,
    entries,
    need_file,
    need_folder,
    read_json,
    read_text,
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
        (b'{"a": "\xff"}', "byte 7 is not UTF-8; as Latin-1 line 1 reads"),
        (b'{"a": "\xff\x00"}', "not a text file: byte 7 is not UTF-8"),
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


@pytest.mark.parametrize(
    "content",
    [b"a\r\nb\r\n", b"a\rb\r", b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n"],
    ids=["Windows", "old Mac", "joined files with marks"],
)
def test_line_ends_and_marks(tmp_path, content):
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    assert read_text(path) == "a\nb\n"


ENCODED = {
    "LATIN1": ("latin-1", "Latin-1 line 2 reads 'cr\u00e8me'"),
    "WINDOWS-1252": ("cp1252", "Windows-1252 line 2 reads '\u201ccr\u00e8me\u201d'"),
    "UTF-16": ("utf-16", "UTF-16 and not UTF-8"),
    "UTF-16LE": ("utf-16-le", "UTF-16LE and not UTF-8"),
    "UTF-16BE": ("utf-16-be", "UTF-16BE and not UTF-8"),
    "UTF-32": ("utf-32", "UTF-32 and not UTF-8"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_other_encodings_are_named_with_the_command_that_converts(tmp_path, name):
    """The command is run as it stands, and its result is read."""
    path = tmp_path / "my labels.txt"
    word = "\u201ccr\u00e8me\u201d" if name == "WINDOWS-1252" else "cr\u00e8me"
    path.write_bytes(f"SIL\n{word}\nmilk\n".encode(ENCODED[name][0]))
    with pytest.raises(ValueError) as error:
        read_text(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and ENCODED[name][1] in message
    assert "\n" not in message
    command = re.search("iconv .*", message).group()
    if shutil.which("iconv") is None:
        pytest.skip("no iconv on this machine")
    subprocess.run(command, shell=True, check=True)
    assert read_text(tmp_path / "my labels.utf8.txt") == f"SIL\n{word}\nmilk\n"


def test_text_that_is_broken_is_not_taken_for_latin(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes("cr\u00e8me\nth\u00e9".encode()[:-1])
    with pytest.raises(ValueError, match="byte 9, in line 2, is not UTF-8 as the others are"):
        read_text(path)
