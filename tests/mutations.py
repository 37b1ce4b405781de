"""Random mutations of a file, by a seed: a reader has a result for each, or one line on it."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

VALUES = (b"", b"nan", b"1e999", b"-1", b"0", b"x", b'"', b"\xff", b"99999999999999999999", b"\x00")


def mutations(content: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """So many changed copies: bytes changed, parts cut out or doubled, lines swapped, values."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        changed = bytearray(content)
        start, stop = sorted(rng.integers(0, len(changed) + 1, 2))
        kind = number % 6
        if kind == 0:
            for place in rng.integers(0, len(changed), rng.integers(1, 9)):
                changed[place] = rng.integers(0, 256)
        elif kind == 1:
            del changed[start:]
        elif kind == 2:
            del changed[start : min(stop, start + rng.integers(1, 40))]
        elif kind == 3:
            changed[start:start] = changed[start : start + rng.integers(1, 200)]
        elif kind == 4:
            lines = bytes(changed).split(b"\n")
            one, other = rng.integers(0, len(lines), 2)
            lines[one], lines[other] = lines[other], lines[one]
            changed = bytearray(b"\n".join(lines))
        else:
            words = bytes(changed).split(b",")
            words[rng.integers(0, len(words))] = VALUES[rng.integers(0, len(VALUES))]
            changed = bytearray(b",".join(words))
        yield bytes(changed)


def survives(path: Path, count: int, read: Callable[[Path], object], seed: int = 0) -> int:
    """Reads so many mutations of a file in its place; returns how many had a result.

    Fails for any error but a ValueError of one line that names the file.
    """
    content, results = path.read_bytes(), 0
    for changed in mutations(content, count, seed):
        path.write_bytes(changed)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                read(path)
        except ValueError as error:
            text = str(error)
            assert len(text.splitlines()) == 1 and path.name in text, text
        else:
            results += 1
    path.write_bytes(content)
    return results
