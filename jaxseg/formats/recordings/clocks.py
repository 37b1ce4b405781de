"""Time columns of tables: which columns are clocks, how many rows a second they tell, and whether
their steps are even.

A clock is known by its name and by rising: a column "t" that goes up and down is a feature. Its
unit is in its name, in a row of units, or in its values, where they count from 1970; "time" whose
steps are below 1 is in seconds. A frame number is no feature either, and has no rate.
"""

import re
from typing import NamedTuple

import numpy as np

VOCABULARY = {
    "time": "time times timestamp timestamps stamp t datetime date clock elapsed epoch unix utc "
    "posix zeit zeitstempel uhrzeit datum temps tiempo fecha",
    "count": "frame frames framenumber frameno index idx sample samples row rows packet",
    "filler": "in since start the of local system sensor phone device video camera relative rel "
    "recording begin global fine counter number no nr num id count day",
}
TIME, COUNTS, FILLERS = (frozenset(words.split()) for words in VOCABULARY.values())
SPELLINGS = {
    1.0: "s sec secs second seconds sekunden",
    1e-3: "ms msec msecs millis millisecond milliseconds",
    1e-6: "us usec µs μs micros microsecond microseconds",
    1e-9: "ns nsec nanos nanosecond nanoseconds",
    60.0: "min mins minute minutes",
    3600.0: "h hour hours",
}
UNITS = {word: unit for unit, words in SPELLINGS.items() for word in words.split()}  # in seconds
SHORT = {"t", "s", "min", "h"}  # names of features too
EPOCHS = {1.0: 1.0, 1e3: 1e-3, 1e6: 1e-6, 1e9: 1e-9}  # ticks a second -> seconds a tick
YEAR_2000, YEAR_2100 = 946_684_800, 4_102_444_800  # seconds since 1970
FASTEST = 20_000.0  # rows a second that are believed without a unit
SLOWEST = 3600.0  # seconds from row to row that are believed of a number without a unit
GAP, JITTER = 1.5, 0.2  # a longer step, of the usual one, is a gap; one so far off is uneven
UNEVEN = 0.05  # share of uneven steps that is worth a note
RISING = 0.8  # least share of steps of a clock that do not go back; each recording may start anew
COARSE = 0.2  # share of repeated stamps from which on a clock has no time for each row


class Rate(NamedTuple):
    """Rows a second of a clock, and what is odd about it."""

    fps: float | None
    notes: tuple[str, ...] = ()


def words_of(name: str) -> list[str]:
    """Words of a column's name in lower case: "UnixTime [ms]" -> unix, time, ms."""
    return [word.lower() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])", name)]


def is_time_name(name: str) -> bool:
    """Whether a column is called like a time."""
    if "timestamp" in name.lower():
        return True
    words = words_of(name)
    known = TIME | FILLERS | UNITS.keys() | COUNTS
    if re.search(r"\d", name) or not words or not known.issuperset(words):
        return False
    return bool(TIME.intersection(words)) or (len(words) == 1 and words[0] in UNITS)


def is_count_name(name: str) -> bool:
    """Whether a column is called like a number of a frame or row."""
    words = words_of(name)
    known = COUNTS | FILLERS
    return not re.search(r"\d", name) and bool(COUNTS.intersection(words)) and known >= set(words)


def is_clock(name: str, values: np.ndarray) -> bool:
    """Whether a column of numbers is a clock or a frame number: by its name, and by rising."""
    steps = np.diff(values[np.isfinite(values)])
    if not len(steps):
        return False
    if is_time_name(name):
        short = name.lower() in SHORT
        rising = (steps > 0).mean() == 1 if short else (steps >= 0).mean() >= RISING
        return bool(rising and np.any(steps > 0))
    return is_count_name(name) and bool(np.all(steps > 0))


def repeats(name: str, values: np.ndarray) -> bool:
    """Whether a column of numbers of frames has several rows of one frame."""
    if not is_count_name(name) or not {"frame", "frames"} & set(words_of(name)):
        return False
    known = values[np.isfinite(values)]
    return 1 < len(np.unique(known)) < len(known) and bool(np.all(known == np.round(known)))


def seconds_of(name: str, values: np.ndarray, unit: str = "") -> tuple[np.ndarray | None, str]:
    """A clock's values in seconds; None and the reason where nothing tells their unit.

    Args:
        name: of the column.
        values: finite, [rows].
        unit: of a row of units below the names; "" where there is none.
    """
    units = [each for each in (*words_of(unit), *words_of(name)) if each in UNITS]
    units = units if len(units) < 2 else [each for each in units if each not in SHORT] or units
    if units:
        return values * UNITS[units[0]], ""
    if not is_time_name(name):
        return None, ""  # a frame number
    middle = float(np.median(values))
    steps = np.diff(values)
    usual = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 0.0
    for ticks, second in EPOCHS.items():
        # Counters of sensors may be as large as the seconds since 1970, and step by thousands.
        if YEAR_2000 * ticks <= middle <= YEAR_2100 * ticks and usual * second <= SLOWEST:
            return values * second, ""
    if 1 / FASTEST <= usual < 1:
        return values, ""
    hint = "call it time_s or time_ms, or give --config.data.fps"
    return None, f"column {name!r} steps by {usual:g} and names no unit, so times are rows: {hint}"


def rate_of(name: str, seconds: np.ndarray) -> Rate:
    """Rows a second of a clock in seconds [rows], with notes on gaps, jumps back and jitter."""
    steps = np.diff(seconds)
    rising = steps[steps > 0]
    if not len(rising):
        return Rate(None)
    usual = float(np.median(rising))
    if (steps == 0).mean() > COARSE and seconds[-1] > seconds[0]:
        step = float(seconds[-1] - seconds[0]) / len(steps)
        note = f"column {name!r} repeats itself: the rate is rows by the time from first to last"
        return Rate(_tidy(step), (note,))
    # Stamps are often rounded: 33, 33 and 34 ms are a mean of 33.3, and a median of 33.
    step = float(np.mean(rising[rising <= GAP * usual]))
    problems = []
    if (back := steps < 0).any():
        row = int(back.argmax()) + 2
        often = f"{back.sum()} times, first " if back.sum() > 1 else ""
        problems.append(f"it runs backwards {often}at row {row}, as where recordings are joined")
    if (gaps := steps > GAP * usual).any():
        row = int(gaps.argmax()) + 2
        problems.append(
            f"{gaps.sum()} of {len(steps)} steps are gaps, the longest of {steps.max():.4g} s, the "
            f"first before row {row}"
        )
    off = np.abs(steps - usual) > JITTER * usual
    uneven = (off & ~gaps & ~back).mean()
    if uneven > UNEVEN:
        problems.append(f"{100 * uneven:.0f} % of its steps are uneven")
    if not problems:
        return Rate(_tidy(step))
    done = "rows are taken as evenly spaced, nothing is resampled"
    return Rate(_tidy(step), (f"column {name!r}: {'; '.join(problems)}; {done}",))


def count_notes(name: str, numbers: np.ndarray) -> tuple[str, ...]:
    """Notes on a rising frame number: how many are missing."""
    steps = np.diff(numbers)
    usual = float(np.median(steps))
    gaps = steps > GAP * usual
    if not gaps.any():
        return ()
    missing = round(float((steps[gaps] / usual - 1).sum()))
    row = int(gaps.argmax()) + 2
    return (
        f"column {name!r}: {missing} frames are missing, the first before row {row}; rows are "
        "taken as evenly spaced",
    )


def _tidy(step: float) -> float | None:
    """Rows a second of a step in seconds, to four digits; None beyond reason.

    Stamps are rounded: 30.006 are 30, though 29.97 are not.
    """
    if not 0 < step < np.inf or not 1e-9 < (fps := 1 / step) < np.inf:
        return None
    whole = round(fps)
    return float(whole) if abs(fps - whole) <= 5e-4 * fps else float(f"{fps:.4g}")
