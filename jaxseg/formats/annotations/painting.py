"""Segments as a label for each frame."""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.formats.annotations.annotation import Span
from jaxseg.formats.names import clip

# Frames that neighbors may share: where one key is released after the next is pressed, the later
# one has them. More is no accident.
SHARED_FRAMES = 2
NOTHING = -1  # code of frames without a segment


class Painted(NamedTuple):
    """Labels of the frames of one recording.

    Attributes:
        codes: int32 [frames], places in `names`; `NOTHING` where there is no segment.
        names: the labels that occur, in the order of their first segments.
        shared: frames that two neighbors had, and the later one has now.
        beyond: frames of segments before the first frame or after the last one.
    """

    codes: np.ndarray
    names: list[str]
    shared: int
    beyond: int


def half_open(groups: Iterable[Sequence[Span]]) -> tuple[float, float]:
    """What to add to the starts and stops of spans in frames, so that frames are [start, stop).

    Where ends are mostly one before the next start, the last frame is included in a segment; where
    then every first segment begins at 1, frames are counted from 1.
    """
    touching = after = 0
    firsts = []
    for spans in groups:
        ordered = sorted(spans)
        firsts += [span.start for span in ordered[:1]]
        for one, other in itertools.pairwise(ordered):
            touching += other.start == one.stop
            after += other.start == one.stop + 1
    if after <= touching:
        return 0, 0
    return (-1, 0) if set(firsts) == {1} else (0, 1)


def frame_of(time: float, rate: float, last: int) -> int:
    """The frame that begins nearest to a time, from 0 to `last`; of two the later one."""
    return int(min(max(np.floor(time * rate + 0.5), 0), last))


def paint(where: object, spans: Iterable[Span], rate: float, frames: int) -> Painted:
    """The label of each frame: the one of the segment that its middle is in.

    Args:
        where: the file, for messages.
        spans: of one tier, half-open.
        rate: frames of one unit of their times.
        frames: of the recording.

    Raises:
        ValueError: two segments of different labels overlap by more than `SHARED_FRAMES`.
    """
    codes, names = np.full(frames, NOTHING, np.int32), {}
    shared = beyond = 0
    ordered = sorted(spans)
    for span in ordered:
        start, stop = (frame_of(time, rate, frames) for time in span[:2])
        code = names.setdefault(span.label, len(names))
        piece = codes[start:stop]
        taken = piece[(piece != NOTHING) & (piece != code)]
        if len(taken) > SHARED_FRAMES or 2 * len(taken) > stop - start > 0:
            label = list(names)[taken[0]]
            other = next(each for each in ordered if each.label == label and each.stop > span.start)
            raise ValueError(
                f"{where}: {_words(other)} and {_words(span)} overlap; a frame has one label: "
                "name the tier or subject that counts by --config.data.tier, or make segments "
                "that exclude each other"
            )
        shared += len(taken)
        codes[start:stop] = code
        over = max(span.stop * rate - frames, 0) + max(-span.start * rate, 0)
        beyond += round(over) if np.isfinite(over) else 0
    return Painted(codes, list(names), shared, beyond)


def _words(span: Span) -> str:
    tier = f" of {clip(span.tier)}" if span.tier else ""
    return f"{clip(span.label)}{tier} ({span.start:g} to {span.stop:g})"
