"""What a run found out about people's own sequences before training, choice.json."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import write_json
from jaxseg.runfiles.checks import read_record, to_json
from jaxseg.runfiles.segmentation import Spread

NAME = "choice.json"


class TriedDuration(NamedTuple):
    """What is known of one duration of those that were tried, over seeds."""

    duration: float  # frames
    nats: Spread  # saved a frame that counts, see `jaxseg.tuning.description`
    segments: Spread  # mean number a sequence
    used: Spread  # clusters
    score: float  # what the rule compares


class TriedCount(NamedTuple):
    """What is known of one number of actions of those that were tried."""

    num_actions: int
    nats: float  # saved a frame that counts
    segments: float  # mean number a sequence


class OrderEvidence(NamedTuple):
    """What speaks for a shared order of the actions or against it."""

    recurrence: float  # segments a sequence for each cluster that it has
    gain: float  # share of a label's information that the other sequences tell at the same time
    deviations: float  # of the gain from sequences that are shifted by chance, in their spread
    nats: float  # saved a frame by appearance alone


class Settled(NamedTuple):
    """The numbers of one activity, and where they come from."""

    num_actions: int
    duration: float  # frames; 0: not used
    order: str  # "shared" or "free"; "": not used
    reasons: Mapping[str, str] = {}  # term that was "auto" -> why it is what it is, a sentence
    doubts: Sequence[str] = ()  # what could not be told, with what to do, a sentence each
    tried: Sequence[TriedDuration] = ()  # descending
    counts: Sequence[TriedCount] = ()  # ascending
    order_evidence: OrderEvidence | None = None
    given: Sequence[str] = ()  # terms that were given; what is not found either is assumed

    def source(self, term: str) -> str:
        """Where "num_actions", "duration" or "order" comes from, in a word."""
        if term in self.reasons:
            return "found"
        return "given" if term in self.given else "assumed"


class Choice(NamedTuple):
    """The numbers of every activity; the rule is in words."""

    rule: str
    fps: float | None  # frames a second, where known
    activities: Mapping[str, Settled]


def write_choice(workdir: Path, choice: Choice) -> None:
    """Writes `choice.json`."""
    write_json(workdir / NAME, to_json(choice))


def read_choice(workdir: Path) -> Choice | None:
    """Reads `choice.json`; None where there is none."""
    return read_record(workdir / NAME, Choice)


def summary(choice: Choice) -> list[str]:
    """A line for each activity's numbers, and one for each doubt."""
    lines = []
    for name, each in choice.activities.items():
        parts = {"num_actions": f"{each.num_actions} actions"}
        if each.duration:
            parts["duration"] = f"of about {duration_text(each.duration, choice.fps)}"
        if each.order:
            parts["order"] = f"in {'a shared' if each.order == 'shared' else 'free'} order"
        for term in parts.keys() - each.given:
            parts[term] += f" ({each.source(term)})"
        lines.append(f"{name}: {', '.join(parts.values())}")
        lines += [f"{name}: {doubt}" for doubt in each.doubts]
    return lines


def duration_text(frames: float, fps: float | None) -> str:
    """A duration as people read it: in seconds where the rate is known."""
    return f"{frames / fps:.3g} s" if fps else f"{frames:.0f} frames"
