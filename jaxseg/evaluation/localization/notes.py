"""Sentences on what looks wrong in truth or predictions and is scored as it is, with counts."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

import numpy as np

from jaxseg.evaluation.localization.matching import Task
from jaxseg.formats.detections import Segments
from jaxseg.formats.names import nearest, plain

BEYOND = 0.5  # seconds after the end of a video that rounding explains
SHOWN = 5  # names in a note
# The last end of a video is so many times as late as it can be: a mistake of the unit. Where
# durations are not known some of it can be an action that is early in its video.
SURE, LIKELY = 3.0, 8.0
MILLISECONDS = 300  # times as late: more than any frame rate
SHORT = 8  # seconds: no shares of a length of 1
UNIT = "all times have to be in seconds"


def check_videos(truth: Segments, predictions: Segments, all_truth: Segments) -> None:
    """Raises ValueError if there are no true segments, or no video is in truth and predictions."""
    if not len(truth.video):
        hint = ": labels without a time can be learned from, not scored" if truth.untimed else ""
        raise ValueError(f"{truth.source}: no true segments among {len(truth.videos)} videos{hint}")
    if not predictions.videos or set(predictions.videos) & set(truth.videos):
        return
    elsewhere = dict(zip(all_truth.videos, all_truth.subsets, strict=True))
    subsets = {elsewhere[name] for name in predictions.videos if name in elsewhere}
    if subsets:
        hint = f": they are of the subset {', '.join(map(repr, sorted(subsets)))}"
    else:
        hint = f", such as {truth.videos[0]!r}"
        likely = near_videos(truth.videos)
        for name in predictions.videos:
            if likely(name) is not None:
                hint += f": is {name!r} its {likely(name)!r}? The names have to be equal"
                break
    raise ValueError(
        f"{predictions.source}: video {predictions.videos[0]!r} and all others are not among"
        f" those of {truth.source}{hint}"
    )


def data_notes(truth: Segments, predictions: Segments, all_truth: Segments) -> list[str]:
    """Sentences on names that match nothing and on times that cannot be, whatever the protocol.

    Args:
        truth: true segments that are scored, without ambiguous ones.
        predictions: all that were given.
        all_truth: the truth of all subsets.
    """
    notes = [*truth.notes, *predictions.notes]
    notes += video_notes(truth, predictions, all_truth)
    for what, segments in (("true segments", truth), ("predictions", predictions)):
        early = np.flatnonzero(segments.start < 0)
        if len(early):
            first = early[np.argmin(segments.start[early])]
            notes.append(
                f"{what} that begin before 0: {len(early):,} of {len(segments.start):,}, taken as"
                f" they are; the earliest at {segments.start[first]:g} s in"
                f" {segments.videos[segments.video[first]]}"
            )
    return notes + time_notes(truth, predictions)


def video_notes(truth: Segments, predictions: Segments, all_truth: Segments) -> list[str]:
    """Predicted videos that no subset has, and true ones without a prediction."""
    notes, known = [], set(all_truth.videos)
    unknown = [name for name in predictions.videos if name not in known]
    if unknown:
        notes.append(
            f"predicted videos that the truth does not have: {len(unknown):,} of"
            f" {len(predictions.videos):,}: {first_few(unknown, near_videos(all_truth.videos))}"
        )
    subset_of = dict(zip(all_truth.videos, all_truth.subsets, strict=True))
    others = [name for name in predictions.videos if name in known.difference(truth.videos)]
    if others:
        subsets = ", ".join(sorted({repr(subset_of[name] or "none") for name in others}))
        notes.append(
            f"predicted videos of another subset, {subsets}: {len(others):,} of"
            f" {len(predictions.videos):,}: {first_few(others)}"
        )
    used = {truth.videos[video] for video in np.unique(truth.video)}
    predicted = {predictions.videos[video] for video in np.unique(predictions.video)}
    if missing := [name for name in truth.videos if name in used - predicted]:
        notes.append(
            f"videos with truth and without predictions: {len(missing):,} of {len(used):,}:"
            f" {first_few(missing)}"
        )
    return notes


def near_videos(known: Sequence[str]) -> Callable[[str], str | None]:
    """The function that finds the known video that a name, written otherwise, may stand for."""
    cores: dict[str, str] = {}
    for name in known:
        cores.setdefault(core(name), name)
    return lambda name: cores.get(core(name))


def core(name: str) -> str:
    """A video's name without folder, file suffix, YouTube's "v_", case, blanks and signs."""
    return plain(re.sub(r"\.[A-Za-z]\w{1,4}$", "", PurePath(name).name).removeprefix("v_"))


def time_notes(truth: Segments, predictions: Segments) -> list[str]:
    """Segments beyond the end of their video, and whole files that are in another unit."""
    pairs = (("true segments", truth, predictions), ("predictions", predictions, truth))
    for what, segments, other in pairs:
        if len(segments.end) and segments.end.max() <= 1 and median(other.end) > SHORT:
            return [f"{what} all end by 1: they look like shares of a video's length; {UNIT}"]
    durations, notes = truth.durations, []
    for what, segments, _ in pairs:
        if times := unit_factor(segments, durations, SURE):
            notes.append(
                f"{what} lie after the end of their video for the most part, in the median"
                f" {times:,.0f} times as late: {unit_guess(times)}; {UNIT}"
            )
            continue
        limit = bounds(segments, durations)
        beyond = np.flatnonzero(segments.end > limit + BEYOND)
        if len(beyond):
            worst = beyond[np.argmax((segments.end - limit)[beyond])]
            notes.append(
                f"{what} that end more than {BEYOND:g} s after their video: {len(beyond):,} of"
                f" {len(segments.end):,}, taken as they are; one at {segments.end[worst]:g} s in"
                f" {segments.videos[segments.video[worst]]}, which lasts {limit[worst]:g} s"
            )
    if notes:
        return notes
    # Without durations, or where the other file alone can be wrong.
    if times := unit_factor(predictions, latest(truth), LIKELY):
        notes.append(
            "predictions lie after the last true segment of their video for the most part, in the"
            f" median {times:,.0f} times as late: {unit_guess(times)}; {UNIT}"
        )
    if times := unit_factor(truth, latest(predictions), LIKELY):
        notes.append(
            "true segments lie after the last prediction of their video for the most part, in the"
            f" median {times:,.0f} times as late: the truth in frames or milliseconds, or the"
            f" predictions in minutes? {UNIT}"
        )
    return notes


def unit_factor(segments: Segments, limits: Mapping[str, float], least: float) -> float:
    """How many times as late as it can be the last end of a video is, in the median; 0 if it fits.

    Args:
        limits: video -> seconds after which nothing is expected.
        least: how many times are a mistake of the unit, if most segments lie after the limit.
    """
    bound = bounds(segments, limits)
    known, late = np.isfinite(bound), (segments.start + segments.end) / 2 > bound
    if not known.any() or late[known].mean() <= 0.5:
        return 0.0
    times = median([end / limits[name] for name, end in latest(segments).items() if name in limits])
    return times if times >= least else 0.0


def unit_guess(times: float) -> str:
    """The unit that is likely where times are so many times as late as in seconds."""
    return f"{'milliseconds' if times >= MILLISECONDS else 'frames'} for seconds?"


def median(values: Sequence[float] | np.ndarray) -> float:
    """The median, 0 of nothing."""
    return float(np.median(values)) if len(values) else 0.0


def latest(segments: Segments) -> dict[str, float]:
    """Video -> its last end, of the videos that have segments."""
    ends = np.full(len(segments.videos), -np.inf)
    np.maximum.at(ends, segments.video, segments.end)
    return {name: end for name, end in zip(segments.videos, ends.tolist(), strict=True) if end > 0}


def bounds(segments: Segments, limits: Mapping[str, float]) -> np.ndarray:
    """The limit of each segment's video, infinite where there is none, [n]."""
    return np.array([limits.get(name, np.inf) for name in segments.videos])[segments.video]


def label_notes(task: Task, truth: Segments, empty: list[str], zeroed: bool) -> list[str]:
    """Sentences on classes that only truth or only predictions have.

    Args:
        task: of one protocol.
        truth: with the labels of all subsets.
        empty: classes without predictions.
        zeroed: whether they make the whole mAP 0.
    """
    notes = []
    if empty:
        effect = "the whole mAP is 0 under this protocol" if zeroed else "their AP is 0"
        notes.append(f"classes without predictions: {first_few(empty)}: {effect}")
    beyond = task.predictions.label[task.predictions.label >= len(task.classes)]
    if len(beyond):
        names = [task.predictions.labels[label] for label in np.unique(beyond)]
        note = f"predictions of classes without truth: {len(beyond)}, not in the mAP"
        known = set(truth.labels)
        notes.append(
            f"{note}: "
            + first_few(names, lambda name: None if name in known else nearest(name, task.classes))
        )
        if len(beyond) == len(task.predictions.label):
            notes[-1] += f"; the classes of the truth are {first_few(task.classes)}"
    return notes


def first_few(names: Sequence[str], likely: Callable[[str], str | None] = lambda name: None) -> str:
    """The first few names, with the known ones that are likely meant, and how many more."""
    shown = [
        name if (meant := likely(name)) is None else f"{name} (truth has {meant!r})"
        for name in names[:SHOWN]
    ]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(shown) + more
