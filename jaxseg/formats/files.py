"""Atomic writes of files and folders, JSON, and lookups of files that have to exist.

A file or folder is written under a hidden name beside its own and renamed at the end, so that no
reader sees half of it, even where the writing process is killed.
"""

import contextlib
import glob
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jaxseg.formats.names import clip

# Seconds after which an unfinished folder counts as left behind by a process that was killed.
LONGEST_WRITE = 24 * 60 * 60


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
    """Text of a UTF-8 file, without the byte-order mark that some editors write.

    Raises:
        ValueError: the file cannot be read, is no text, or holds nothing but blanks.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text file: byte {error.start} is not UTF-8") from None
    if not text.strip():
        raise ValueError(f"{path}: empty")
    return text


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
    """Files and folders in a folder, sorted, without hidden ones (.DS_Store)."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
