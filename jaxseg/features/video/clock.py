"""Mends the timestamps of a video: every picture gets its time, whatever the file says.

The order of the pictures is right, since it comes from the codec. So a picture that is marked
later than one behind it is marked wrong, or the clock has been set back.
"""

import collections
import dataclasses
import math
import statistics
from collections.abc import Callable, Sequence

# Codecs decode a picture at most so many places from where it is shown.
REORDERED = 16
# Pictures that are looked at to tell a wrong mark from a clock that was set: ten seconds at 25 a
# second, and for steps back and forth that are shorter than twice `REORDERED`.
AHEAD, AHEAD_OF_SHORT = 256, 2 * REORDERED
# Spacings; above it a picture may be late.
LATE = 1.5
# Seconds, and spacings, that a picture stays at least to be called a gap.
GAP, GAP_SPACINGS = 1.0, 10
# Pictures of a part between two jumps that is no part but marked wrong.
FEW = 3
MOST_FAULTS = 10  # that are told one by one
STEPS = 9  # spacings that the usual one is the median of

WRONG, BACK, FORWARD, STILL = "marked wrong", "goes back", "jumps ahead", "stands still"
STOPPED = "has stopped"
DECODING = "times of decoding"


@dataclasses.dataclass
class Fault:
    """Something wrong with a video's times, in seconds of its own, mended, time."""

    kind: str
    start: float
    end: float  # of its last picture
    least: float  # seconds that its pictures' marks, or the clock, are off; negative: early
    most: float
    count: int = 1  # number of pictures

    def __str__(self) -> str:
        """A full sentence."""
        size = f"{max(abs(self.least), abs(self.most)):.1f} s"
        if self.kind == STILL:
            span = f"from {_seconds(self.start)} to {_seconds(self.end)} s"
            return f"No picture {span}; the last one stands still there."
        if self.kind == DECODING:
            where = f"about {_seconds(self.start)} s"
            return f"From {where} on its times are those of decoding; the others go back and forth."
        if self.kind == STOPPED:
            which = f"{self.count} pictures from {_seconds(self.start)} s on"
            return f"The clock has stopped for {which}; they are taken one right after the other."
        if self.kind != WRONG:
            how = f"{self.kind} by {size} at {_seconds(self.start)} s"
            return f"The clock {how}; it is counted on from there."
        up_to = "up to " if self.most - self.least > 0.1 else ""
        which = "off" if self.least < 0 < self.most else "late" if self.most > 0 else "early"
        marked = f"marked {up_to}{size} {which}"
        if self.count == 1:
            where = f"at {_seconds(self.start)} s"
            return f"1 picture {where} was {marked}; it is taken at its place."
        where = f"from {_seconds(self.start)} s on"
        return f"{self.count} pictures {where} were {marked}; they are taken at their place."


def _seconds(time: float) -> str:
    """A tenth of a second, without the sign of a time just before 0."""
    return f"{round(time, 1) + 0.0:.1f}"


@dataclasses.dataclass
class Notes:
    """What went wrong while a video was read."""

    pictures: int = 0  # number of pictures that came out
    broken: int = 0  # packets that could not be decoded, and 1 where reading broke off
    mended: bool = False  # whether times are not those of the file
    # When the last picture's time is over, in seconds of the video's own timestamps.
    end: float = -math.inf
    faults: list[Fault] = dataclasses.field(default_factory=list)  # the first `MOST_FAULTS`
    more: int = 0  # number of faults behind those
    files: str = ""  # sentences on the file, or the files of a folder of pictures, as a whole

    def add(self, kind: str, start: float, end: float, amount: float, near: float) -> None:
        """Notes a fault; wrong marks less than `near` seconds apart are one, as are equal ones."""
        self.mended |= kind != STILL
        last = self.faults[-1] if self.faults and not self.more else None
        if last and kind == last.kind in (WRONG, STOPPED) and start - last.end < near:
            last.end, last.count = end, last.count + 1
            last.least, last.most = min(last.least, amount), max(last.most, amount)
        elif len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(kind, start, end, amount, amount))
        else:
            self.more += 1

    def sentences(self) -> list[str]:
        """What was mended, left out or not there, and where."""
        lines = [*filter(None, [self.files]), *map(str, self.faults)]
        if self.more:
            lines.append(f"Its times have {self.more} more such faults further on.")
        if self.broken:
            parts = "1 part" if self.broken == 1 else f"{self.broken} parts"
            lines.append(f"{parts} of the file cannot be read or decoded, and are left out.")
        return lines


class Clock:
    """Times of a video's pictures, one after the other, rising.

    A picture far off, behind which the clock goes on as before, takes its place at the usual
    spacing. A clock that is set back goes on counting, as with players; so does one that jumps
    ahead by more than `longest`, or beyond what the file says it lasts. Other gaps stay.

    Args:
        usual: seconds from picture to picture, until some have been seen.
        longest: seconds that a picture may stay.
        lasts: seconds that the pictures last by the file's header, from the first timestamp, for
            which it is called; None where it does not say.
        first: first timestamp, where reading begins behind it.
    """

    def __init__(
        self,
        usual: float,
        longest: float,
        lasts: Callable[[float], float | None],
        notes: Notes,
        first: float | None = None,
    ):
        self._usual, self._longest, self._lasts, self._notes = usual, longest, lasts, notes
        self._first = first
        self._last: float | None = None  # time of the last picture
        self._sound = 0.0  # time of the last picture whose mark was right
        self._since = 0  # pictures behind that
        self._mark: float | None = None  # of the last picture
        self._stopped = False  # whether many are marked as that
        self._joins = False  # whether the next picture follows the last one, whatever its mark is
        self._shift = 0.0  # seconds from the file's clock to the one that is counted on
        self._steps: collections.deque[float] = collections.deque(maxlen=STEPS)

    def __call__(self, mark: float | None, coming: Callable[[int], Sequence[float]]) -> float:
        """Time of the next picture, from its timestamp, None where it has none.

        `coming(n)` are the timestamps of at most n pictures that are shown after it, in the order
        of decoding.
        """
        if self._last is None:
            time = 0.0 if mark is None else self._begin(mark, coming)
            self._first = time if self._first is None else self._first
            return self._believe(time)
        step = self._step()
        if self._has_stopped(mark, coming):
            place = self._last + step
            self._notes.add(STOPPED, place, place, 0.0, GAP + 2 * step)
            mark = None
        if mark is None:
            self._since += 1
            self._last += step
            return self._last
        if self._joins:
            self._joins, self._shift = False, self._last + step - mark
        time, expected = mark + self._shift, self._sound + (self._since + 1) * step
        if self._sound - step / 2 <= time <= expected + (LATE - 1) * step:
            return self._believe(time)
        return self._judge(time, expected, step, coming)

    def _has_stopped(self, mark: float | None, coming: Callable) -> bool:
        """Whether a picture is marked as the one before, and so are many behind it."""
        if mark is None or mark != self._mark:
            # It may go on from where it stood.
            self._joins |= self._stopped and mark is not None and mark + self._shift < self._last
            self._mark, self._stopped = mark, False
        elif not self._stopped:
            marks = coming(REORDERED)
            self._stopped = len(marks) == REORDERED and set(marks) == {mark}
        return self._stopped

    def take_decoding(self) -> None:
        """Says that the timestamps from now on are of another kind, those of decoding."""
        if self._last is not None:
            self._notes.add(DECODING, self._last, self._last, 0.0, 0.0)
            self._joins = True

    def _judge(self, time: float, expected: float, step: float, coming: Callable) -> float:
        """The time of a picture that is not where it is expected."""
        off = abs(time - expected)
        short, early = off <= AHEAD_OF_SHORT * step, time < self._sound
        marks = [each + self._shift for each in coming(AHEAD_OF_SHORT if short else AHEAD)]
        # Pictures that are shown later, but marked in between: proof that something is wrong.
        between = [each for each in marks if self._sound < each and (early or each < time)]
        if short:
            wrong = self._goes_on(marks, expected, off, step) if early else bool(between)
        else:
            wrong = self._comes_back(marks, time, expected, step)
        if wrong:
            return self._take_place(time, min(between, default=math.inf), step)
        if early or self.is_beyond(time):
            return self._set(time, BACK if early else FORWARD, step)
        if time - self._last > max(GAP, GAP_SPACINGS * step):
            self._notes.add(STILL, self._last, time, time - expected, 0.0)
        return self._believe(time)

    def _goes_on(self, marks: Sequence[float], expected: float, off: float, step: float) -> bool:
        """Whether the clock goes on as before behind a picture that is a little early."""
        ordered = sorted(marks[: AHEAD_OF_SHORT - REORDERED // 2])
        ahead = [each - expected - (k + 1) * step for k, each in enumerate(ordered)]
        return len(ahead) < FEW or abs(statistics.median(ahead)) < off / 2

    def _comes_back(
        self, marks: Sequence[float], time: float, expected: float, step: float
    ) -> bool:
        """Whether the clock comes back to where it would be without a jump to `time`."""
        off, highest, early = abs(time - expected), time, time < self._sound
        even = self._is_even(step)
        if len(marks) < FEW and (early or even):
            # The last pictures of a video, which had none late before.
            return True
        for k, mark in enumerate(marks):
            if not early and k < FEW and mark < time - step:
                # A few pictures far ahead, whatever comes then.
                return True
            jumps = mark - highest if early else highest - mark
            if mark > self._sound and jumps > REORDERED * step:
                # Where the rate varies, the place of a picture far behind is known less well.
                far = REORDERED if even else max(REORDERED, (k + 2) / 4)
                near = min(far * step, off / 2)
                if abs(mark - expected - (k + 1) * step) <= near:
                    return True
                if not early:
                    return False
            elif early and mark > self._sound:
                # A clock that restarted has come so far by itself.
                return False
            elif jumps > REORDERED * step:
                # Where part of a file is lost, pictures behind it may not come out.
                if not early:
                    return False
            else:
                highest = max(highest, mark)
        return False

    def _begin(self, mark: float, coming: Callable[[int], Sequence[float]]) -> float:
        """The time of the first picture, which is wrong where those behind it are elsewhere."""
        marks, step = coming(REORDERED), self._usual
        near = max(GAP, REORDERED * step)
        far = [each for each in marks if abs(each - mark) > 2 * near]
        if len(far) <= len(marks) / 2 or len(marks) < FEW:
            return mark
        middle = statistics.median_low(far)
        together = [each for each in far if abs(each - middle) <= near]
        start = min(together)
        self._sound = mark
        # Where the others are apart as well, as in a time lapse, the first is one of them.
        if len(together) < FEW or (start > mark and not self.is_beyond(start, mark)):
            return mark
        time = start - step
        self._notes.add(WRONG, time, time, mark - time, 0.0)
        return time

    def _step(self) -> float:
        """The usual seconds from picture to picture."""
        enough = len(self._steps) > STEPS // 2
        return (statistics.median(self._steps) if enough else 0.0) or self._usual

    def _is_even(self, step: float) -> bool:
        """Whether the last pictures came at a steady rate."""
        enough = len(self._steps) == STEPS
        return enough and all(abs(each - step) <= max(0.1 * step, 0.002) for each in self._steps)

    def is_beyond(self, time: float, first: float | None = None) -> bool:
        """Whether a jump to a time leads beyond the end of the file, or is too long."""
        first = self._first if first is None else first
        lasts = self._lasts(first)
        after = lasts is not None and time - first > lasts + max(GAP, 0.05 * lasts)
        return after or time - self._sound > self._longest

    def _believe(self, time: float) -> float:
        """Takes a time for right."""
        if self._last is not None and not self._since:
            self._steps.append(time - self._sound)
        self._sound, self._since = time, 0
        self._last = time if self._last is None else max(time, self._last)
        return self._last

    def _take_place(self, time: float, following: float, step: float) -> float:
        """A time at the usual spacing, before the following picture that is marked right."""
        place = min(self._last + step, max(self._last, (self._last + following) / 2))
        if self._last + step <= following:
            place = self._last + step
        self._notes.add(WRONG, place, place, time - place, max(GAP, REORDERED * step))
        self._last, self._since = place, self._since + 1
        return place

    def _set(self, time: float, kind: str, step: float) -> float:
        """Counts on from the last picture."""
        place = self._last + step
        self._notes.add(kind, place, place, time - place, 0.0)
        self._shift += place - time
        if kind == BACK:
            # What the file says of its length is as wrong as its clock.
            self._lasts = lambda first: None
        self._sound, self._last, self._since = place, place, 0
        return place
