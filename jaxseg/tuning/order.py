"""Whether the actions come in one order in every sequence, from labels that know of no order."""

from collections.abc import Sequence

import numpy as np

from jaxseg.config.sequences import FREE, SHARED
from jaxseg.runfiles.choice import OrderEvidence

BINS = 20  # equal parts of a sequence
SHIFTS = 100  # sequences shifted by chance, to compare with
EVIDENT = 5.0  # deviations from them, and
GAIN = 0.02  # share of the information, above which the order is evident
RECUR = 1.5  # segments a sequence for each of its clusters, above which actions recur
LIKELY = 0.2  # share of it that few sequences can have by chance, but rarely do
CLEAR = 1.0  # nats a frame above which appearance alone tells the actions


def evidence(labels: Sequence[np.ndarray], nats: float) -> OrderEvidence:
    """What one segmentation tells about the order.

    Args:
        labels: int [frames] of each sequence, found without a temporal prior.
        nats: that the segmentation saves a frame.
    """
    runs = sum(1 + np.count_nonzero(np.diff(each)) for each in labels)
    recurrence = runs / sum(len(np.unique(each)) for each in labels)
    if len(labels) < 2:
        return OrderEvidence(recurrence, 0.0, 0.0, nats)
    shares = np.stack([_shares(each, 1 + max(map(np.max, labels))) for each in labels])
    gain, generator = _gain(shares), np.random.default_rng(0)
    by_chance = []
    for _ in range(SHIFTS):
        shifts = generator.integers(BINS, size=len(shares))
        rolled = [np.roll(each, shift, axis=0) for each, shift in zip(shares, shifts, strict=True)]
        by_chance.append(_gain(np.stack(rolled)))
    deviation = max(float(np.std(by_chance)), 1e-9)
    return OrderEvidence(recurrence, gain, float(gain - np.mean(by_chance)) / deviation, nats)


def decide(found: OrderEvidence, num_sequences: int) -> tuple[str, str]:
    """The order, and why, in a sentence."""
    if num_sequences < 2:
        return FREE, "There is one sequence: no other that could share its order."
    if found.deviations >= EVIDENT and found.gain >= GAIN:
        return SHARED, (
            f"The other sequences tell {found.gain:.0%} of what a sequence shows at the same "
            f"relative time, {found.deviations:.1f} deviations more than by chance."
        )
    if found.recurrence > RECUR:
        return FREE, (
            f"Actions recur: a sequence has {found.recurrence:.1f} segments of each of its "
            "clusters, and the other sequences do not tell when."
        )
    if found.gain >= LIKELY:
        return SHARED, (
            f"Actions do not recur, and the other sequences tell {found.gain:.0%} of what a "
            f"sequence shows at the same relative time: {found.deviations:.1f} deviations more "
            f"than by chance, which {num_sequences} sequences cannot rule out."
        )
    if found.nats > CLEAR:
        return FREE, (
            "No order is evident, and appearance alone tells the actions apart: "
            f"{found.nats:.1f} nats a frame."
        )
    return SHARED, (
        f"Actions do not recur in a sequence, and appearance alone tells little "
        f"({found.nats:.1f} nats a frame): place in time is what sequences can share."
    )


def _shares(labels: np.ndarray, num_clusters: int) -> np.ndarray:
    """Share of each cluster in each part of a sequence, [BINS, K]."""
    counts = np.zeros((BINS, num_clusters))
    # Frame by frame also where there are fewer frames than parts.
    places = np.arange(BINS * len(labels)) // len(labels)
    np.add.at(counts, (places, np.repeat(labels, BINS)), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def _gain(shares: np.ndarray) -> float:
    """Information on labels from other sequences at the same place, as a share of all of it.

    Below 0 where the others mislead. `shares` is [sequences, BINS, K].
    """
    others = len(shares) - 1
    there = (shares.sum(axis=0) - shares) / others
    anywhere = there.mean(axis=1, keepdims=True)
    # A sequence more, that knows no time: no share that another sequence may have is 0.
    there = (there * others + anywhere) / (others + 1)
    least = 1e-9
    told = shares * np.log(np.maximum(there, least) / np.maximum(anywhere, least))
    unknown = -shares * np.log(np.maximum(anywhere, least))
    return float(told.sum() / max(unknown.sum(), least))
