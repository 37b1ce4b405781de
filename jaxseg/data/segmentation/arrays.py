"""Sequences that a program has in memory, a list of arrays or arrays by name, checked as files are.

`Names` remembers how they came, so that results go back in the same form.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from jaxseg.data.segmentation.features import check_channels
from jaxseg.formats.names import check_file_name, clip

T = TypeVar("T")
SEQUENCES = "sequences"  # the activity of sequences in memory
SHAPE = "a sequence is an array of numbers [frames, channels], a row a frame"


class Names(NamedTuple):
    """How sequences came and what they are called in files.

    Attributes:
        names: of each sequence, in the order in which they came; unique, and names that files can
            have. Those of a list are its places, "07", as wide as is needed to sort them.
        keys: of the mapping that they came in; None for a list.
    """

    names: tuple[str, ...]
    keys: tuple[Any, ...] | None

    def arrange(self, values: Mapping[str, T]) -> list[T] | dict[Any, T]:
        """Values by name, in the form in which the sequences came."""
        ordered = [values[name] for name in self.names]
        return ordered if self.keys is None else dict(zip(self.keys, ordered, strict=True))


def is_folder(sequences: Any) -> bool:
    """Whether this is the path of a folder, and not sequences in memory."""
    return isinstance(sequences, str | os.PathLike)


def read_sequences(sequences: Any) -> tuple[Names, dict[str, np.ndarray]]:
    """Names and arrays of sequences in memory.

    Args:
        sequences: a list, tuple or mapping of what `np.asarray` makes [frames, channels] of.

    Returns:
        How they came, and name -> float32 [frames, channels].

    Raises:
        ValueError: no sequences; one that is not two-dimensional, has fewer than two frames, no
            channels, other channels than the rest or a value that is not finite in float32; a
            name that no file can have, or two alike.
    """
    if getattr(sequences, "ndim", 0) == 2:
        raise ValueError(
            f"got one array of shape {sequences.shape} in place of several; "
            "give a list, of one sequence too: [array]"
        )
    if not isinstance(sequences, Iterable):
        raise ValueError(
            f"sequences must be a list or dict of arrays or a folder, got {clip(sequences)}"
        )
    if isinstance(sequences, Mapping):
        names = _names_of(sequences.keys())
        shown, values = [clip(key) for key in sequences], list(sequences.values())
    else:
        values = list(sequences)
        width = len(str(max(len(values) - 1, 0)))
        names = Names(tuple(f"{place:0{width}d}" for place in range(len(values))), None)
        shown = [str(place) for place in range(len(values))]
    if not values:
        raise ValueError("there are no sequences; give at least one")
    arrays = [
        _as_frames(f"sequence {name}", each) for name, each in zip(shown, values, strict=True)
    ]
    shapes = {f"sequence {name}": each.shape for name, each in zip(shown, arrays, strict=True)}
    check_channels(shapes, "sequences", "; all need the same channels")
    return names, dict(zip(names.names, arrays, strict=True))


def _names_of(keys: Iterable[Any]) -> Names:
    names: dict[str, Any] = {}
    for key in keys:
        name = check_file_name("sequences", "name", str(key))
        if name in names:
            raise ValueError(
                f"sequences {clip(names[name])} and {clip(key)} have the same name in files, "
                f"{clip(name)}; rename one"
            )
        names[name] = key
    return Names(tuple(names), tuple(names.values()))


def _as_frames(where: str, value: Any) -> np.ndarray:
    """One sequence as float32 [frames, channels]; `where` names it in messages."""
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different length
        raise ValueError(f"{where}: {error}; {SHAPE}") from None
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise ValueError(f"{where}: {array.dtype} of shape {array.shape}; {SHAPE}")
    if len(array) < 2 or not array.shape[1]:
        raise ValueError(
            f"{where} has shape {array.shape}; at least two frames and one channel are needed: "
            "leave it out"
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is named
        frames = np.ascontiguousarray(array, np.float32)
    finite = np.isfinite(frames)
    if not finite.all():
        frame, channel = np.argwhere(~finite)[0]
        raise ValueError(
            f"{where}: value [{frame}, {channel}] is {array[frame, channel]}, not a finite number; "
            "fill such values in, or leave the frames out"
        )
    return frames
