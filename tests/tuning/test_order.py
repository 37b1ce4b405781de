"""An order is shared where other sequences tell what comes when, and free where they do not."""

import numpy as np
import pytest
import recordings

from jaxseg.config.sequences import FREE, SHARED
from jaxseg.tuning.order import decide, evidence


def recipes(swap: bool) -> list[np.ndarray]:
    """Six sequences with five actions once each, in about the same order."""
    rng = np.random.default_rng(0)
    sequences = []
    for _ in range(6):
        order = np.arange(5)
        if swap:
            place = rng.integers(4)
            order[[place, place + 1]] = order[[place + 1, place]]
        sequences.append(np.repeat(order, rng.integers(20, 90, 5)))
    return sequences


def recurring(videos: int) -> list[np.ndarray]:
    """Five actions that come again and again, at any time."""
    rng = np.random.default_rng(1)
    return [recordings.bouts(rng, range(5), 400, 15, 40) for _ in range(videos)]


def two_of_five() -> list[np.ndarray]:
    """Ten sequences with two actions each, once."""
    rng = np.random.default_rng(2)
    pairs = [rng.permutation(5)[:2] for _ in range(10)]
    return [np.repeat(pair, rng.integers(100, 300, 2)) for pair in pairs]


@pytest.mark.parametrize("nats", [0.1, 3.0])
@pytest.mark.parametrize("swap", [False, True])
def test_recipes_share_their_order(swap, nats):
    labels = recipes(swap)
    found = evidence(labels, nats)
    assert found.recurrence == 1 and found.gain > 0.2 and found.deviations > 3
    chosen, why = decide(found, len(labels))
    assert chosen == SHARED and f"{found.gain:.0%}" in why


def test_many_recipes_leave_no_chance():
    labels = recipes(True)
    found = evidence(labels * 3, 3.0)
    assert found.deviations > 10 and decide(found, 18)[1].endswith("more than by chance.")


@pytest.mark.parametrize("nats", [0.1, 3.0])
def test_actions_that_recur_have_no_order(nats):
    labels = recurring(6)
    found = evidence(labels, nats)
    chosen, why = decide(found, len(labels))
    assert chosen == FREE and found.recurrence > 2 and "recur" in why
    assert f"{found.recurrence:.1f}" in why


def test_one_sequence_has_no_order_to_share():
    found = evidence(recurring(1), 2.0)
    assert (found.gain, found.deviations) == (0, 0) and found.recurrence > 2
    assert decide(found, 1)[0] == FREE
    assert decide(evidence(recipes(False)[:1], 0.1), 1)[0] == FREE


def test_two_of_five_actions_have_an_order_only_where_looks_do_not_tell():
    labels = two_of_five()
    chosen, why = decide(evidence(labels, 2.5), len(labels))
    assert chosen == FREE and "appearance alone" in why and "2.5 nats" in why
    assert decide(evidence(labels, 0.3), len(labels))[0] == SHARED


@pytest.mark.parametrize("frames", [1, 7, 400])
def test_sequences_that_show_one_thing_tell_nothing_of_order(frames):
    found = evidence([np.full(frames, number % 2) for number in range(6)], 2.0)
    assert found.recurrence == 1 and abs(found.gain) < 1e-6 and found.deviations < 1
    assert decide(found, 6)[0] == FREE


def test_clusters_that_none_uses_do_not_matter():
    labels = recipes(True)
    assert evidence([3 * each for each in labels], 1.0) == evidence(labels, 1.0)
