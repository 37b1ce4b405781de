"""What is made of one body's points: gaps filled, coordinates in the body's own frame, speeds.

A point below the confidence, or absent, is missing. Gaps of at most `longest_gap` frames are filled
in linearly, at an end by the nearest place. In longer ones a point is at its median place in the
body, with the speed 0; where fewer than two points are known the body is lost, and its row is all
zero, which marks a frame without a feature.

The body axis runs from the rear to the front where names tell them (`FRONT`, `REAR`), else along
the longest axis of the mean shape, towards the keypoint that comes first by name. Where the named
ones are missing, the direction is that in which the median shape fits the known points best: it
needs no point in particular, and it is continuous.
"""

import re
from typing import NamedTuple

import numpy as np

from jaxseg.formats.names import listed

# Words in the names of keypoints, best first; all keypoints that match one are averaged.
FRONT = ("nose", "snout", "muzzle", "rostrum", "head", "forehead", "ear", "eye", "neck", "shoulder")
REAR = (
    *("tailbase", "basetail", "tailroot", "tailstart", "basoftail", "tailhead", "tail1", "tail0"),
    *("rump", "hip", "pelvis", "hindquarters", "abdomen", "thoraxend", "tail"),
)
TIP = ("tip", "end", "mid", "middle", "2", "3", "4", "5")  # of a tail that is no base
OFTEN = 0.5  # share of frames from which a keypoint counts as often missing
ROUNDS = 5  # of fitting a mean shape, which settles in two or three


class Body(NamedTuple):
    """One body in one recording.

    Attributes:
        points: [frames, keypoints, 2 or 3], NaN where there is none.
        confidence: [frames, keypoints] in [0, 1], NaN where it is not told; None: nowhere.
        keypoints: their names.
        vertical: place of the vertical among the coordinates, where there are three.
    """

    points: np.ndarray
    confidence: np.ndarray | None
    keypoints: tuple[str, ...]
    vertical: int = 2


class Features(NamedTuple):
    """[frames, channels], names of the channels, and sentences on what was done."""

    array: np.ndarray
    channels: tuple[str, ...]
    notes: tuple[str, ...]


class Frame(NamedTuple):
    """The body's own frame: `center` complex [frames], `angle` [frames] in rad, `shape` complex
    [keypoints]: median places in it; `axis` says which way it points."""

    center: np.ndarray
    angle: np.ndarray
    shape: np.ndarray
    axis: str


def make_features(body: Body, confidence: float, longest_gap: int) -> Features:
    """Coordinates in the body's frame, and speeds, in the file's units and per frame.

    For each keypoint "NAME forward" and "NAME sideways" (and "NAME up" of three coordinates) from
    the center of the keypoints, and "NAME speed", its speed within the body's frame; then the
    body's own "forward", "sideways" and "turning" (rad), and "up" and "height" over the median.

    Raises:
        ValueError: fewer than two keypoints, or no frame with two that can be relied on.
    """
    points, missing, notes = fill_gaps(body, confidence, longest_gap)
    known = ~missing
    lost = known.sum(axis=1) < 2
    if len(points) < 2:
        raise ValueError(f"{len(points)} frame; at least two are needed")
    if points.shape[1] < 2 or lost.all():
        raise ValueError(_unusable(body, confidence))
    flat = points.shape[2] == 2
    first, second = (0, 1) if flat else ((body.vertical + 1) % 3, (body.vertical + 2) % 3)
    plane = points[..., first] + 1j * points[..., second]
    frame = find_frame(plane, known, lost, body.keypoints)
    back = np.exp(-1j * frame.angle)
    places = np.where(known, (plane - frame.center[:, None]) * back[:, None], frame.shape)
    parts = [places.real, places.imag]
    if not flat:
        middle, heights = _heights(points[..., body.vertical], known, lost)
        parts.append(heights)
    places = np.stack(parts, axis=-1)  # [frames, keypoints, 2 or 3]
    speeds = np.linalg.norm(np.gradient(places, axis=0), axis=-1)
    # A point that comes back from its median place has not moved.
    padded = np.pad(known, ((1, 1), (0, 0)), mode="edge")
    speeds[~(padded[:-2] & known & padded[2:])] = 0
    motion = np.gradient(frame.center) * back
    whole = [motion.real, motion.imag, np.gradient(frame.angle)]
    names = ["forward", "sideways", "up"][: places.shape[2]]
    channels = [f"{point} {name}" for point in body.keypoints for name in (*names, "speed")]
    own = ["forward", "sideways", "turning"]
    if not flat:
        whole += [np.gradient(middle), middle - np.median(middle[~lost])]
        own += ["up", "height"]
    each = np.concatenate([places, speeds[..., None]], axis=2).reshape(len(points), -1)
    array = np.concatenate([each, np.stack(whole, axis=1)], axis=1)
    array[lost] = 0
    if lost.any():
        notes.append(f"the body is lost in {lost.sum()} of {len(lost)} frames, whose rows are zero")
    notes.append(frame.axis)
    return Features(array, (*channels, *own), tuple(notes))


def reliable(body: Body, confidence: float) -> np.ndarray:
    """Whether each point is there and can be relied on, [frames, keypoints]."""
    there = np.isfinite(body.points).all(axis=2)
    if body.confidence is None:
        return there
    # Some programs write a likelihood of 0 for all that they have smoothed: they tell none.
    if not (body.confidence[there] > 0).any():
        return there
    return there & ~(body.confidence < confidence)


def fill_gaps(
    body: Body, confidence: float, longest_gap: int
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Points with short gaps filled in, which are still missing, and notes on both."""
    seen = reliable(body, confidence)
    points = np.where(seen[..., None], body.points, np.nan)
    missing = ~seen
    filled, longest_filled, long_gaps, longest = 0, 0, 0, 0
    for k in range(seen.shape[1]):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], missing[:, k], [0]]).astype(np.int8)))
        for start, stop in edges.reshape(-1, 2):
            length = int(stop - start)
            if length > longest_gap or length == len(seen):
                long_gaps, longest = long_gaps + 1, max(longest, length)
                continue
            # At an end the point stays where it is nearest in time.
            before = points[start - 1 if start else stop, k]
            after = points[stop if stop < len(seen) else start - 1, k]
            weight = (np.arange(1, length + 1) / (length + 1))[:, None]
            points[start:stop, k] = (1 - weight) * before + weight * after
            missing[start:stop, k] = False
            filled, longest_filled = filled + length, max(longest_filled, length)
    notes = []
    if filled:
        notes.append(
            f"{100 * filled / seen.size:.1f} % of the points, missing or of a confidence below "
            f"{confidence:g}, were filled in; the longest gap among them: {longest_filled} frames"
        )
    if long_gaps:
        notes.append(
            f"{long_gaps} gaps are longer than data.longest_gap={longest_gap} frames, "
            f"the longest {longest}: points are at their median place in the body there"
        )
    often = [
        f"{name} ({100 * share:.0f} %)"
        for name, share in zip(body.keypoints, (~seen).mean(axis=0), strict=True)
        if share > OFTEN
    ]
    if often:
        notes.append(
            f"often missing: {listed(often)}; name the others in --config.data.keypoints to leave "
            "them out of all files"
        )
    return points, missing, notes


def find_frame(
    plane: np.ndarray, known: np.ndarray, lost: np.ndarray, names: tuple[str, ...]
) -> Frame:
    """The body's frame over time.

    Args:
        plane: points as complex numbers, [frames, keypoints].
        known: which of them are known; lost: [frames], where fewer than two are.
        names: of the keypoints.
    """
    count = len(plane)
    ends = named_ends(names)
    pointing = np.zeros(count, bool)
    if ends:
        rear, front = (plane[:, each].mean(axis=1) for each in ends)
        whole = known[:, np.concatenate(ends)].all(axis=1)
        pointing = whole & (np.abs(np.where(whole, front - rear, 0)) > 0)
    if pointing.any() and _is_long(front - rear, plane, known, pointing):
        axis = f"the body axis is from {_joined(names, ends[0])} to {_joined(names, ends[1])}"
        angle = np.where(pointing, np.angle(np.where(pointing, front - rear, 1)), 0)
        middle = (front + rear) / 2
        seen = known & pointing[:, None]
        shape = _median((plane - middle[:, None]) * np.exp(-1j * angle)[:, None], seen)
    else:
        axis = "no names tell front and rear: the body axis is the longest of the mean shape"
        pointing = np.zeros(count, bool)
        angle = np.zeros(count)
        shape = _mean_shape(plane, known, lost)
    shape = shape - np.nanmean(shape)
    everything = np.arange(count)
    fitted = _fit(plane, known, shape)[1]
    if pointing.any():
        # Where the named ones are missing, what they had added to the fit goes over into what they
        # add when they are back: the direction does not jump.
        shown = np.flatnonzero(pointing)
        added = np.unwrap(np.angle(np.exp(1j * (angle - fitted)[shown])))
        fitted = fitted + np.interp(everything, shown, added)
    angle = np.where(pointing, angle, fitted)
    away = plane - np.exp(1j * angle)[:, None] * shape
    center = _mean(away, known & np.isfinite(shape))
    # A body that is lost goes straight on, so that no speed beside the loss jumps.
    shown = np.flatnonzero(~lost)
    angle = np.interp(everything, shown, np.unwrap(angle[shown]))
    center = np.interp(everything, shown, center[shown])
    # A keypoint that was never seen is at the center.
    return Frame(center, angle, np.where(np.isfinite(shape), shape, 0), axis)


def named_ends(names: tuple[str, ...]) -> tuple[list[int], list[int]] | None:
    """Places of the keypoints at the rear and at the front; None where names do not tell both."""
    words = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in names]

    def find(candidates: tuple[str, ...]) -> list[int]:
        for candidate in candidates:
            places = [
                place
                for place, word in enumerate(words)
                if _has(word, candidate) and not (candidate == "tail" and word.endswith(TIP))
            ]
            if places:
                return places
        return []

    rear, front = find(REAR), find(FRONT)
    return (rear, front) if rear and front and not set(rear) & set(front) else None


def _has(word: str, candidate: str) -> bool:
    """Whether a name has a word in it; "ear" is no part of "rear", nor "hip" of "whip"."""
    bare = re.sub(r"rear|whip|chip|heart|forearm|near|bear|wear", "", word)
    return candidate in (bare if candidate in ("ear", "hip") else word)


def _joined(names: tuple[str, ...], places: list[int]) -> str:
    return " and ".join(names[place] for place in places[:3]) + (
        f" and {len(places) - 3} more" if len(places) > 3 else ""
    )


def _is_long(axis: np.ndarray, plane: np.ndarray, known: np.ndarray, where: np.ndarray) -> bool:
    """Whether the axis is longer than the body's spread: that of a person upright in space is not.

    It points up there, and what is left of it in the horizontal plane has no direction.
    """
    away = np.abs(plane - _mean(plane, known)[:, None]) ** 2
    spread = np.sqrt(np.nanmean(np.where(known, away, np.nan)[where]))
    return bool(np.median(np.abs(axis[where])) > spread)


def _mean_shape(plane: np.ndarray, known: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """The shape that fits all frames best, its longest axis along the real axis."""
    start = int(np.argmax(known.sum(axis=1)))
    shape = _along_axis(np.where(known[start], plane[start], np.nan))
    for _ in range(ROUNDS):
        center, angle = _fit(plane, known, shape)
        fits = known & (~lost)[:, None] & np.isfinite(center)[:, None]
        shape = _median((plane - center[:, None]) * np.exp(-1j * angle)[:, None], fits)
    return _along_axis(shape)


def _along_axis(shape: np.ndarray) -> np.ndarray:
    """A shape about its center, turned so that its longest axis is the real one."""
    away = shape - np.nanmean(shape)
    shape = away * np.exp(-0.5j * np.angle(np.nansum(away**2)))
    # Of the two directions the one in which the first keypoint lies that is far out.
    along = np.nan_to_num(shape.real)
    far = np.abs(along) > 0.5 * np.abs(along).max()
    return shape * (np.sign(along[np.argmax(far)]) or 1)


def _fit(plane: np.ndarray, known: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(center, angle) of the rotation and shift that bring a shape nearest to each frame's points.

    Centers are NaN where fewer than two points are known of both.
    """
    both = known & np.isfinite(shape)
    target, source = _mean(plane, both), _mean(np.broadcast_to(shape, plane.shape), both)
    turned = (plane - target[:, None]) * np.conj(shape - source[:, None])
    angle = np.angle(np.where(both, turned, 0).sum(axis=1))
    center = np.where(both.sum(axis=1) < 2, np.nan, target - np.exp(1j * angle) * source)
    return center, angle


def _heights(
    heights: np.ndarray, known: np.ndarray, lost: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The center's height, [frames], and the keypoints' over it, [frames, keypoints]."""
    usual = np.zeros(heights.shape[1])
    for _ in range(ROUNDS):
        middle = _mean(heights - usual, known & np.isfinite(usual))
        usual = _median(heights - middle[:, None], known & ~lost[:, None])
    shown = np.flatnonzero(~lost)
    middle = np.interp(np.arange(len(heights)), shown, middle[shown])
    return middle, np.where(known, heights - middle[:, None], np.nan_to_num(usual))


def _mean(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Mean over the keypoints that count, [frames]; NaN where none does."""
    count = where.sum(axis=1)
    total = np.where(where, values, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _median(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Median over the frames that count, [keypoints]; NaN where none does."""
    result = np.full(values.shape[1], np.nan, values.dtype)
    for k in np.flatnonzero(where.any(axis=0)):
        chosen = values[where[:, k], k]
        result[k] = np.median(chosen.real)
        if np.iscomplexobj(values):
            result[k] += 1j * np.median(chosen.imag)
    return result


def _unusable(body: Body, confidence: float) -> str:
    if body.points.shape[1] < 2:
        return f"a body needs two keypoints, and there is only {listed(body.keypoints)}"
    there = np.isfinite(body.points).all(axis=2)
    if not there.any() or body.confidence is None:
        return "no frame has two keypoints"
    best = np.nanmax(np.where(there, body.confidence, np.nan))
    return (
        f"no frame has two keypoints of a confidence of {confidence:g} or more; the highest is "
        f"{best:.3g}: give --config.data.confidence"
    )
