"""Atomic writes of files and folders, JSON, and lookups of files that have to exist.

A file or folder is written under a hidden name beside its own and renamed at the end, so that no
reader sees half of it, even where the writing process is killed.
"""

import codecs
import contextlib
import glob
import json
import os
import re
import secrets
import shlex
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jaxseg.formats.names import clip

# Seconds after which an unfinished folder counts as left behind by a process that was killed.
LONGEST_WRITE = 24 * 60 * 60
# Byte-order marks -> encodings, as iconv calls them. Those of four bytes begin like those of two.
WIDE_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # bytes that no text has


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Temporary path to be written; it replaces `path` at the end, and is gone after an error.

    Raises:
        OSError: with the file's name, which the system leaves out where the disk is full.
    """
    temporary = temporary_path(path)
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Temporary folder to be filled; it takes the name of `folder`, which it replaces.

    Unfinished folders of the same name are removed where they are older than `LONGEST_WRITE`.
    An OSError has the folder's name.
    """
    folder = folder.resolve()
    temporary = temporary_path(folder)
    try:
        for path in folder.parent.glob(f".{glob.escape(folder.name)}.{'[0-9a-f]' * 8}"):
            if time.time() - path.stat().st_mtime > LONGEST_WRITE:
                shutil.rmtree(path, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(temporary, folder)
    except OSError as error:
        raise OSError(f"cannot write {folder}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def temporary_path(path: Path) -> Path:
    """Hidden name beside a path, at random: machines that share a disk share process numbers."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def write_text(path: Path, text: str) -> None:
    """Writes a text file in UTF-8, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any, *, indent: int | None = 1) -> None:
    """Writes a JSON file, whole or not at all; raises ValueError for NaN and infinity."""
    write_text(path, json.dumps(value, indent=indent, allow_nan=False) + "\n")


def read_text(path: Path) -> str:
    """Text of a UTF-8 file with \\n between its lines, without byte-order marks.

    Raises:
        ValueError: the file cannot be read, is in another encoding (the message names it and the
            command that converts the file), is no text, or holds nothing but blanks.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from None
    text = decode_text(path, content)
    if not text.strip():
        raise ValueError(f"{path}: empty")
    return text


def decode_text(path: Path, content: bytes) -> str:
    """Text of a file's content, which was read already; as `read_text`, but may be empty."""
    if encoding := wide_encoding(content):
        raise ValueError(f"{path}: {encoding} and not UTF-8; {conversion(path, encoding)}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: {foreign_text(path, content, error)}") from None
    # Windows, and Macs of the last century; a file that was joined of several has several marks.
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    return text.replace("\n\ufeff", "\n")


def wide_encoding(content: bytes) -> str:
    """The encoding of two or four bytes a character that a content is in; "" for others."""
    for mark, encoding in WIDE_MARKS.items():
        if content.startswith(mark):
            return encoding
    # Without a mark every second byte of European text is zero; other text has no zeros.
    head = content[:1000]
    zeros = [head[at::2].count(0) / max(1, len(head) // 2) for at in (0, 1)]
    for encoding, share, other in zip(("UTF-16BE", "UTF-16LE"), zeros, zeros[::-1], strict=True):
        if len(content) % 2 == 0 and share > 0.5 and other < 0.1:
            return encoding
    return ""


def foreign_text(path: Path, content: bytes, error: UnicodeDecodeError) -> str:
    """Message on a content that is not UTF-8: it is Latin-1, Windows-1252, broken or no text."""
    start = error.start
    number = content.count(b"\n", 0, start) + 1
    if CONTROL.search(content):
        return f"not a text file: byte {start} is not UTF-8 (line {number})"
    if not content[:start].isascii() or error.reason == "unexpected end of data":
        return f"byte {start}, in line {number}, is not UTF-8 as the others are; is the file whole?"
    # Latin-1 has no characters between 0x80 and 0x9f, where Windows-1252 has dashes and quotes.
    encoding = "WINDOWS-1252" if re.search(rb"[\x80-\x9f]", content) else "LATIN1"
    line = content.split(b"\n")[number - 1].strip().decode(encoding.lower(), "replace")
    return (
        f"byte {start} is not UTF-8; as {'Latin-1' if encoding == 'LATIN1' else 'Windows-1252'}"
        f" line {number} reads {clip(line)}; {conversion(path, encoding)}"
    )


def conversion(path: Path, encoding: str) -> str:
    """What to do about a text file in another encoding."""
    path = Path(path)
    new = path.with_name(f"{path.stem}.utf8{path.suffix}")
    source, target = (shlex.quote(str(each)) for each in (path, new))
    return f"convert it: iconv -f {encoding} -t UTF-8 {source} > {target}"


def read_json(path: Path) -> Any:
    """Content of a JSON file.

    Raises:
        ValueError: the file cannot be read, is empty, cut short or not JSON, or repeats a key
            within one object: one of two videos would be lost without notice.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                raise ValueError(f"key {clip(key)} stands there twice")
            result[key] = value
        return result

    text = read_text(path)
    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{path}: not valid JSON: {error.msg} in {place}") from None
    except RecursionError:
        raise ValueError(f"{path}: not valid JSON: nested too deeply") from None
    except ValueError as error:  # a key twice, or a number of too many digits
        raise ValueError(f"{path}: not valid JSON: {error}") from None


def need_file(path: Path) -> Path:
    """Returns the path; raises FileNotFoundError if it is no file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    return path


def need_folder(path: Path) -> Path:
    """Returns the path; raises FileNotFoundError if it is no folder."""
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: no such folder")
    return path


def entries(folder: Path) -> list[Path]:
    """Files and folders in a folder, sorted, without hidden ones."""
    return sorted(path for path in folder.iterdir() if not is_hidden(path))


def is_hidden(path: Path) -> bool:
    """Whether a file is one that systems hide: .DS_Store, Thumbs.db."""
    return path.name.startswith(".") or path.name in ("Thumbs.db", "desktop.ini")
