"""What every reader of annotations gives: segments with labels, and the unit of their times."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from jaxseg.formats.names import check_known, check_name

SECONDS, FRAMES = "seconds", "frames"
UNNAMED = ""  # a table's own numbers, of which nothing says what they count
CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)")
LATEST = 1e9  # seconds or frames; later times are typing errors


class Span(NamedTuple):
    """One segment, from `start` to `stop`, half-open; `stop` may be infinite: the end.

    `tier` is who or what it is about: a subject of BORIS, a tier of ELAN; "" where there is none.
    """

    start: float
    stop: float
    label: str
    tier: str = ""


class Annotations(NamedTuple):
    """The annotated segments of one recording.

    Attributes:
        spans: in the order of the file.
        unit: of their times: `SECONDS`, `FRAMES` or `UNNAMED`.
        names: that the file calls the recording by, the likelier first.
        left_out: kind, as a plural noun -> how many of it are left out.
        notes: sentences on how the file was read, without its name.
        fps: of the annotated video, where the file tells; it need not be that of features.
    """

    spans: tuple[Span, ...]
    unit: str
    names: tuple[str, ...] = ()
    left_out: Mapping[str, int] = MappingProxyType({})
    notes: tuple[str, ...] = ()
    fps: float | None = None

    @property
    def tiers(self) -> list[str]:
        """Names of the tiers that have segments, sorted, "" for segments without one."""
        return sorted({span.tier for span in self.spans})


class Labels(NamedTuple):
    """A label for each frame of one recording."""

    labels: tuple[str, ...]


def choose_tier(where: object, annotations: Annotations, tier: str) -> Annotations:
    """The annotations of one tier; all of them where no tier is named or the file has none."""
    if not tier or annotations.tiers in ([], [""]):
        return annotations
    check_known(f"{where}: data.tier", [tier], annotations.tiers)
    return annotations._replace(
        spans=tuple(span for span in annotations.spans if span.tier == tier)
    )


def parse_time(text: str, unit_seconds: float = 1.0) -> float:
    """A time as a number times `unit_seconds`, or a clock's hours, minutes and seconds.

    Raises:
        ValueError: neither, or no time that a recording can have.
    """
    text = text.strip()
    if match := CLOCK.fullmatch(text):
        hours, minutes, seconds = match.groups(default="0")
        value = 3600 * int(hours) + 60 * int(minutes) + float(seconds.replace(",", "."))
    else:
        # Spreadsheets of half of Europe write commas.
        value = float(text.replace(",", ".") if text.count(",") == 1 else text) * unit_seconds
    if not math.isfinite(value) or abs(value) > LATEST:
        raise ValueError(f"{text!r} is no time")
    return value


def make_span(where: str, start: float, stop: float, label: str, tier: str = "") -> Span:
    """A checked span; `where` names its place for the message."""
    if stop < start:
        raise ValueError(f"{where}: {label!r} ends at {stop:g}, before it starts at {start:g}")
    label = " ".join(label.split())
    if label.startswith("#"):
        raise ValueError(f"{where}: class {label!r}: a name cannot begin with '#'")
    tier = check_name(where, "tier", tier.strip()) if tier.strip() else ""
    return Span(start, stop, check_name(where, "class", label), tier)


def lasting(spans: Iterable[Span], **left_out: int) -> tuple[tuple[Span, ...], dict[str, int]]:
    """The spans that last, and how many point events, of no length, and others are left out.

    `left_out` are kinds with _ for blanks.
    """
    spans = list(spans)
    kept = tuple(span for span in spans if span.stop > span.start)
    kinds = {"point events": len(spans) - len(kept)}
    kinds |= {kind.replace("_", " "): count for kind, count in left_out.items()}
    return kept, {kind: count for kind, count in kinds.items() if count}


def until_next(starts: Sequence[tuple[float, str]]) -> list[Span]:
    """Spans of labels of which each lasts until the next one begins, the last to the end."""
    ordered = sorted(starts, key=lambda each: each[0])
    ends = [*(start for start, _ in ordered[1:]), math.inf][: len(ordered)]
    return [Span(start, end, label) for (start, label), end in zip(ordered, ends, strict=True)]
