"""Which axis of an array is time: that which is as long as the labels, where there are some.

`data.axis` says it. Without it, and without labels, arrays are read frames first, unless the other
reading is likelier; then the run asks. It is likelier where all arrays have the same number of
rows, and either their columns differ, or there are no more rows than columns, or the rows are as
many as networks have channels (512, 768, 1024, 2048 and so on) and the columns are not. Sequences
of different length with one number of columns are always frames first, however short they are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from jaxseg.data.segmentation.alignment import Clock, check_lengths
from jaxseg.data.segmentation.sources import Source
from jaxseg.formats.names import listed

FIRST, LAST = "first", "last"
KEY = "--config.data.axis"
WIDTHS = (400, 512, 768, 1024, 1280, 1408, 1536, 2048, 3072, 4096)  # channels of networks
FEWEST = 64  # columns, from which on they may be frames

Shape = tuple[int, int]


def frames_of(
    sources: Sequence[Source],
    arrays: Sequence[Sequence[np.ndarray]],
    counts: Sequence[int | None],
    clock: Clock,
    *,
    axis: str = "",
    channels: int = 0,
) -> list[list[np.ndarray]]:
    """The arrays of all parts of all sources as [frames, channels].

    Args:
        sources: of any number of parts.
        arrays: of each source's parts.
        counts: labels of each source, None where their number tells nothing.
        clock: how many labels a row has.
        axis: of time, FIRST or LAST; "" where nobody says.
        channels: of a whole recording, where a run knows them; 0 elsewhere.

    Raises:
        ValueError: labels fit no axis, or nothing tells and the arrays may be channels first.
    """
    parts = [part for source in sources for part in source.parts]
    flat = [array for each in arrays for array in each]
    labels = [n for source, n in zip(sources, counts, strict=True) for _ in source.parts]
    if axis or any(count is not None for count in counts):
        axes = frame_axes(parts, flat, labels, clock, axis)
    else:
        if any(sum(array.shape[1] for array in each) != channels for each in arrays):
            _ask(sources, arrays)
        axes = [0] * len(flat)
    turned = iter(_frames_first(array, at) for array, at in zip(flat, axes, strict=True))
    return [[next(turned) for _ in source.parts] for source in sources]


def frame_axes(
    sources: Sequence[Source],
    arrays: Sequence[np.ndarray],
    counts: Sequence[int | None],
    clock: Clock,
    axis: str = "",
) -> list[int]:
    """The axis of each array that is time, where that is said or some have labels.

    Where both axes are as long as the labels, it is the one whose other axis is the number of
    channels that fits most videos; where that is a tie, the first axis. So it is for arrays that
    have no labels where others have some.
    """
    possible = {FIRST: [0], LAST: [1]}.get(axis, [0, 1])
    fitting = [
        [at for at in possible if count is None or clock.fits(array.shape[at], count)]
        for array, count in zip(arrays, counts, strict=True)
    ]
    labeled = [at for at, count in enumerate(counts) if count is not None]
    pairs = [(str(sources[at].features), arrays[at].shape, counts[at]) for at in labeled]
    check_lengths(pairs, [fitting[at] for at in labeled], clock)
    votes = Counter(
        array.shape[1 - at] for array, axes in zip(arrays, fitting, strict=True) for at in axes
    )
    return [
        max(axes, key=lambda at, shape=array.shape: votes[shape[1 - at]])
        for array, axes in zip(arrays, fitting, strict=True)
    ]


def _ask(sources: Sequence[Source], arrays: Sequence[Sequence[np.ndarray]]) -> None:
    """Asks for the axis where that is in doubt, for each stream by itself.

    Tables whose columns have names are in no doubt.
    """
    for place in range(max(map(len, arrays))):
        pairs = [
            (source.parts[place], each[place])
            for source, each in zip(sources, arrays, strict=True)
            if place < len(each)
        ]
        if not any(part.recording and part.recording.channels for part, _ in pairs):
            check_frames_first({_name(part): array.shape for part, array in pairs})


def _name(part: Source) -> str:
    """What a message calls an array: its file, and its sequence where there are several."""
    is_one = part.recording is None or part.video == part.features.stem
    return str(part.features) if is_one else f"{part.features} ({part.video})"


def _frames_first(array: np.ndarray, axis: int) -> np.ndarray:
    """[frames, channels]; a memory map stays one."""
    if axis == 0:
        return array
    return array.T if isinstance(array, np.memmap) else np.ascontiguousarray(array.T)


def check_frames_first(shapes: Mapping[str, Shape]) -> None:
    """Raises ValueError, a question, where arrays are likelier to be channels first.

    Args:
        shapes: by the names of the files.
    """
    name, (rows, columns) = next(iter(shapes.items()))
    if any(shape[0] != rows for shape in shapes.values()):
        return
    widths = {shape[1] for shape in shapes.values()}
    if len(widths) > 1:
        names = [f"{name} {shape}" for name, shape in shapes.items()]
        raise ValueError(
            f"all {len(shapes)} arrays have {rows} rows and different numbers of columns "
            f"({listed(names)}): they may be channels first, then say {KEY}={LAST}; frames first, "
            "all need the same number of columns"
        )
    is_width = rows in WIDTHS and columns not in WIDTHS and columns >= FEWEST
    if rows <= columns or is_width:
        others = f", as are {len(shapes) - 1} more" if len(shapes) > 1 else ""
        raise ValueError(
            f"{name} is ({rows}, {columns}){others}: {rows} frames of {columns} channels, or "
            f"{columns} frames of {rows} channels? say {KEY}={FIRST} or {KEY}={LAST}"
        )
