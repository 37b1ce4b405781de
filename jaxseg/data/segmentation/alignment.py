"""Which label belongs to which row of features, where the two have different rates or lengths.

Row i of features stands for the labels from i * stride to i * stride + window - 1, counted from 0,
and has the label in the middle, i * stride + window / 2, rounded down, or i * stride + offset where
an offset is given. Without a window, that is as long as the stride; without either, row i has
label i.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.formats.names import listed

LARGEST_SHARE = 0.05  # of a recording, by which lengths may differ where a user allows it
RATE_TOLERANCE = 0.02  # share by which rates that should be the same may differ


class TruthSettings(NamedTuple):
    """What a user says of labels that do not say it themselves; the keys of `config.data`."""

    length_tolerance: int = 0  # rows
    label_fps: float = 0.0
    window: int = 0
    stride: int = 0
    offset: int = -1
    tier: str = ""
    gaps: str = ""


class Clock(NamedTuple):
    """The labels of a row: `stride` from one row to the next, `window` for each row.

    `fps` are rows a second, None where unknown; lengths may differ by `tolerance` rows, but by no
    more than a `share` of a recording. `offset` is the label of row 0, None for the middle one.
    `picked`: it was found that rows are every nth frame, from the first on.
    """

    stride: float = 1
    window: float = 1
    fps: float | None = None
    tolerance: int = 0
    share: float = 1.0
    offset: float | None = None
    picked: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether row i has label i."""
        return self.stride == self.window == 1 and not self.offset

    @property
    def first(self) -> float:
        """Place of the label of row 0, before it is rounded down."""
        return self.window / 2 if self.offset is None else self.offset

    @property
    def label_fps(self) -> float | None:
        """Labels a second."""
        return self.fps and self.fps * self.stride

    def span(self, rows: int) -> float:
        """Labels that so many rows stand for."""
        return (rows - 1) * self.stride + self.window

    def surplus(self, rows: int, labels: int) -> float:
        """Labels that are too many, below 0 too few; 0 where a part of a stride is left over."""
        rest = labels - self.span(rows)
        slack = 0 if self.stride == 1 else max(self.stride, 1)
        return math.copysign(max(abs(rest) - slack, 0), rest)

    def allowed(self, rows: int) -> int:
        """Rows by which the lengths of a recording may differ."""
        return min(self.tolerance, max(1, math.floor(self.share * rows)))

    def fits(self, rows: int, labels: int) -> bool:
        """Whether so many labels can be those of so many rows."""
        return abs(self.surplus(rows, labels)) <= self.allowed(rows) * max(self.stride, 1)

    def places(self, rows: int, labels: int) -> np.ndarray:
        """Place of each row's label, int64; of fewer rows where labels end before the others do."""
        places = np.floor(np.arange(rows) * self.stride + self.first).astype(np.int64)
        if self.surplus(rows, labels) < 0:
            return places[places < labels]
        return np.minimum(places, labels - 1)

    def begun(self, pairs: Iterable[tuple[int, int]]) -> "Clock":
        """The clock, with row 0 at label 0 where rows were picked from there on, every nth frame.

        Lengths tell: the middle label of some last row would lie beyond its recording's end.

        Args:
            pairs: rows and labels of each recording.
        """
        beyond = (
            self.surplus(*pair) == 0 and (pair[0] - 1) * self.stride + self.first >= pair[1]
            for pair in pairs
        )
        return self._replace(offset=0.0, picked=True) if any(beyond) else self

    def words(self) -> str:
        """The rule, for a note."""
        step = "" if self.stride == 1 else f"{self.stride:g} "
        place = f"{step}i + {math.floor(self.first):g}"
        if not float(self.stride).is_integer():
            place = f"{step}i + {self.first:g} (rounded down)"
        if self.picked:
            return (
                f"row i of the features has label {step}i, counted from 0: the last rows are too "
                f"near the end to be of {self.window:g} labels; if they are windows that were "
                f"filled up, give --config.data.window={self.window:g}"
            )
        which = "the middle one of" if self.offset is None else "of a window of"
        middle = f"{which} {self.window:g}"
        return f"row i of the features has label {place}, counted from 0, {middle}"


def make_clock(settings: TruthSettings, fps: float | None) -> Clock:
    """The clock of a data set whose features have `fps` rows a second, None where unknown.

    Raises:
        ValueError: rates and stride contradict each other, or do not tell how many labels a row
            has.
    """
    label_fps, stride, window = settings.label_fps, settings.stride, settings.window
    offset = settings.offset if settings.offset >= 0 else None
    window = max(window, offset + 1) if offset else window
    if window and not stride and not (label_fps and fps):
        stride = 1
    if label_fps and stride:
        told = label_fps / stride
        if fps and abs(fps - told) > RATE_TOLERANCE * told:
            raise ValueError(
                f"data.label_fps={label_fps:g} and data.stride={stride} make {told:g} rows "
                f"a second, but features have {fps:g}; leave one of the three out"
            )
        fps = fps or told
    if label_fps and not fps:
        raise ValueError(
            f"data.label_fps={label_fps:g}: how many labels has a row? give data.fps, the rows of "
            "features a second, or data.stride, the labels from one row to the next"
        )
    ratio = stride or (label_fps / fps if label_fps else 1)
    return Clock(ratio, window or ratio, fps, settings.length_tolerance, LARGEST_SHARE, offset)


def hint(pairs: Sequence[tuple[int, int]], clock: Clock) -> str:
    """What to set so that labels fit, for all pairs of rows and labels; "" for no idea."""
    if not pairs:
        return ""
    rows, labels = (np.array(each) for each in zip(*pairs, strict=True))
    more = set((labels - rows).tolist())
    if clock.is_plain and len(more) == 1 and 0 < (extra := more.pop()) <= rows.min() / 2:
        return of_window(extra, "in each" if len(pairs) > 1 else "here")
    if not clock.is_plain and float(clock.stride).is_integer():  # the stride is said
        near = _window(pairs, [int(clock.stride)]) or _tolerance(pairs, clock, LARGEST_SHARE)
        if near:
            return near
    ratio = float(np.median(labels / rows))
    if strides := [each for each in _around(ratio) if _explains(Clock(each, each), pairs)]:
        rate = f", or data.label_fps={strides[0] * clock.fps:g}" if clock.fps else ""
        several = " or ".join(map(str, strides))
        return (
            f"; labels are {several} times as many, as where a row stands for so many of them: "
            f"--config.data.stride={several}{rate}"
        )
    # Programs mostly take powers of two.
    if near := _window(pairs, sorted(_around(ratio), key=lambda each: each & (each - 1) > 0)):
        return near
    unlike = clock.is_plain and len(pairs) > 1 and abs(ratio - 1) > LARGEST_SHARE
    if unlike and np.ptp(labels / rows) <= 0.02 * ratio:
        keys = "--config.data.label_fps and --config.data.fps, labels and rows a second"
        if clock.fps:
            keys = f"--config.data.label_fps={ratio * clock.fps:.3g}"
        return f"; labels are {ratio:.3g} times as many: are there more a second? give {keys}"
    return _tolerance(pairs, clock, clock.share)


def _tolerance(pairs: Sequence[tuple[int, int]], clock: Clock, share: float) -> str:
    """The tolerance that would do, of at most a share of each recording; "" where none does."""
    excess = (abs(clock.surplus(*pair)) / max(clock.stride, 1) for pair in pairs)
    wider = clock._replace(tolerance=math.ceil(max(excess)), share=share)
    if wider.tolerance <= clock.tolerance or not all(wider.fits(*pair) for pair in pairs):
        return ""
    return (
        f"; --config.data.length_tolerance={wider.tolerance} would cut the ends, which is right "
        "only where they begin together"
    )


def _window(pairs: Sequence[tuple[int, int]], strides: Iterable[int]) -> str:
    """The first stride and window, of whole strides if one such fits, that explain all pairs."""
    for stride in strides:
        for window in sorted(range(2, 10 * stride), key=lambda each: (each % stride > 0, each)):
            if window != stride and _explains(Clock(stride, window), pairs):
                return (
                    f"; that is what rows of windows of about {window} labels have, at every "
                    f"{stride}th: --config.data.stride={stride} "
                    f"--config.data.window={window}"
                )
    return ""


def of_window(extra: int, where: str) -> str:
    """What to set where labels are so many more than rows."""
    return (
        f"; labels are {extra} more {where}, as where a row stands for a window of {extra + 1}: "
        f"--config.data.window={extra + 1}"
    )


def _around(ratio: float) -> range:
    """Whole numbers of about this size, of 2 or more."""
    return range(max(2, math.floor(0.8 * ratio)), math.ceil(1.25 * ratio) + 1 if ratio > 1.5 else 0)


def _explains(clock: Clock, pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether each number of rows has that number of labels by this clock."""
    return all(clock.surplus(*pair) == 0 for pair in pairs)


def check_lengths(
    pairs: Sequence[tuple[str, tuple[int, int], int]],
    fitting: Sequence[Sequence[int]],
    clock: Clock,
) -> None:
    """Raises ValueError where the labels of any recording fit neither axis of its features.

    Args:
        pairs: file, shape and number of labels of each recording that has labels.
        fitting: the axes that fit, of each.
        clock: of the data set.
    """
    misfits = [pair for pair, axes in zip(pairs, fitting, strict=True) if not axes]
    if not misfits:
        return
    shown = listed(f"{file} {shape} against {count} labels" for file, shape, count in misfits)
    # Those that fit, too: a window or another rate would be that of all.
    lengths = [
        (shape[(*axes, 0)[0]], count)
        for (_, shape, count), axes in zip(pairs, fitting, strict=True)
    ]
    advice = hint(lengths, clock)
    limit = f"data.length_tolerance={clock.tolerance} frames"
    if clock.tolerance and clock.share < 1:
        limit += f" or {100 * clock.share:g} % of their length"
    raise ValueError(
        f"features and truth of {len(misfits)} of {len(pairs)} videos differ in length by "
        f"more than {limit}: {shown}{advice}"
    )
