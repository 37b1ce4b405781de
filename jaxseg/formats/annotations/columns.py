"""Names of the columns of tables of segments, as people and programs write them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jaxseg.formats.annotations.annotation import FRAMES, SECONDS, UNNAMED

CLOCK = "clock"
UNITS = {
    SECONDS: "s sec secs second seconds ss",
    "ms": "ms msec msecs millisecond milliseconds",
    FRAMES: "f fr frame frames",
    CLOCK: "hh mm",
}
UNIT_OF = {word: unit for unit, words in UNITS.items() for word in words.split()}
PREFERRED = (SECONDS, "ms", CLOCK, UNNAMED, FRAMES)
STARTS = ("start", "begin", "beginning", "onset", "starts", "begins", "from")
STOPS = ("stop", "end", "ending", "stops", "ends", "to", "offset", "finish")
DURATIONS = ("duration", "dur")
PLAIN_LABELS = ("label", "behavior", "action", "activity", "annotation", "class")
LABELS = (
    *PLAIN_LABELS,
    *("event", "trial type", "phase", "state", "category", "cluster", "code"),
    *("name", "text", "value", "description"),
)
TIERS = ("subject", "tier", "track", "individual", "animal")
RECORDINGS = (
    *("observation id", "video id", "video", "recording", "file name", "filename", "file"),
    *("media file name", "media file", "media file path"),
)
# Words that add nothing: "Start time", "t_start", "Begin Time - ss.msec", "startPoint".
IDLE = {"time", "times", "timestamp", "t", "point", "index", "idx", "no", "number", "in"}


class TimeColumn(NamedTuple):
    """Place of a column of times, and their unit; `CLOCK` is parsed by its colons."""

    place: int
    unit: str


class Columns(NamedTuple):
    """Places of the columns of a table of segments, None for those that it does not have."""

    start: TimeColumn | None = None
    stop: TimeColumn | None = None
    duration: TimeColumn | None = None
    time: int | None = None  # of events that start or stop
    status: int | None = None  # what an event does, or whether a row is a point event
    label: int | None = None
    tier: int | None = None
    recording: tuple[int, ...] = ()
    modifiers: tuple[int, ...] = ()
    fps: int | None = None
    header: tuple[str, ...] = ()

    @property
    def has_segments(self) -> bool:
        return self.start is not None

    @property
    def has_plain_label(self) -> bool:
        """Whether a column of labels is called so that it can be nothing else."""
        return (
            self.label is not None and " ".join(words_of(self.header[self.label])) in PLAIN_LABELS
        )

    @property
    def has_events(self) -> bool:
        """Whether rows are starts and stops, as BORIS' tabular export has them."""
        return None not in (self.time, self.status, self.label) and self.start is None


def words_of(name: str) -> tuple[str, ...]:
    """Words of a column's name in lower case: `startFrame`, `start_frame`, `Start (frame)`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    american = spaced.lower().replace("iour", "ior")
    return tuple(re.findall(r"[a-z]+|#", american))


def find_columns(header: Sequence[str]) -> Columns:
    """The columns of a table by their names; those that are not known are passed over."""
    words = [words_of(name) for name in header]
    plain = [" ".join(each) for each in words]

    def place(names: Sequence[str]) -> int | None:
        return next((plain.index(name) for name in names if name in plain), None)

    def times(names: Sequence[str]) -> TimeColumn | None:
        columns = []
        for at, each in enumerate(words):
            units = [UNIT_OF[word] for word in each if word in UNIT_OF]
            rest = [word for word in each if word not in UNIT_OF and word not in IDLE]
            # "Time offset (s)" of BORIS is no end; frames of a second (ff) are of any clock.
            if len(rest) == 1 and rest[0] in names and each[:2] != ("time", "offset"):
                unit = CLOCK if CLOCK in units else units[0] if units else UNNAMED
                columns.append((PREFERRED.index(unit), names.index(rest[0]), at, unit))
        return TimeColumn(*min(columns)[2:]) if columns else None

    return Columns(
        start=times(STARTS),
        stop=times(STOPS),
        duration=times(DURATIONS),
        time=place(("time", "time s")),
        status=place(("behavior type", "status")),
        label=place(LABELS),
        tier=place(TIERS),
        recording=tuple(plain.index(name) for name in RECORDINGS if name in plain),
        modifiers=tuple(at for at, each in enumerate(words) if each[:1] == ("modifier",)),
        fps=place(("fps", "fps frame s")),
        header=tuple(name.strip() for name in header),
    )
