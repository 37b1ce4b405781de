"""The four decoders: against plain loops, and FUGW's many settings against each one alone."""

import itertools

import jax
import numpy as np
import pytest
from score_sets import probabilities, truth

from jaxseg.decode import decoders
from jaxseg.decode.decoders import (
    align,
    argmax,
    mode_filter,
    order_by_time,
    padded_length,
    transport,
)
from jaxseg.decode.scores import cost
from jaxseg.decode.settings import DEFAULTS, Settings, grid
from jaxseg.solvers import fugw

pytestmark = pytest.mark.usefixtures("quick_compile")


MEMBERS = grid({"alpha": (0.2, 0.6), "epsilon": (0.07,), "radius": (0.02, 0.1, 0.05)})
COST = cost(probabilities(70, 1), "probabilities")


def plain_mode(labels, reach):
    found = []
    for frame, own in enumerate(labels):
        window = labels[max(0, frame - reach) : frame + reach + 1]
        counts = np.bincount(window)
        found.append(own if counts[own] == counts.max() else counts.argmax())
    return found


@pytest.mark.parametrize("window", [1, 3, 7, 99])
def test_mode_filter(window):
    labels = np.random.default_rng(window).integers(0, 4, 41)
    np.testing.assert_array_equal(mode_filter(labels, window), plain_mode(labels, window // 2))


def test_mode_filter_reaches_as_far_as_the_default_radius():
    labels = np.random.default_rng(0).integers(0, 3, 149)
    np.testing.assert_array_equal(mode_filter(labels), mode_filter(labels, 5))
    assert mode_filter(np.array([2])).tolist() == [2]


def test_order_by_time():
    assert order_by_time(np.array([5, 5, 1, 5, 0, 0])).tolist() == [5, 1, 0]
    # Their mean times are equal: the lower number comes first.
    assert order_by_time(np.array([3, 2, 2, 3])).tolist() == [2, 3]


def test_align_finds_the_best_of_all_paths():
    """A transcript that shows class 1 twice, against every way to cut the video in four."""
    scores = np.log(np.random.default_rng(3).dirichlet(np.ones(3), 12)).astype(np.float32)
    transcript = np.array([1, 0, 1, 2])
    best = max(
        (
            np.repeat(transcript, np.diff([0, *cuts, 12]))
            for cuts in itertools.combinations(range(1, 12), 3)
        ),
        key=lambda labels: scores[np.arange(12), labels].astype(np.float64).sum(),
    )
    np.testing.assert_array_equal(align(scores, transcript), best)


def test_align_removes_what_is_out_of_order():
    scores = probabilities(60, 0)
    assert not np.array_equal(argmax(scores), truth(60))
    found = align(np.log(scores), np.arange(3))
    # A flicker at a border may move it by the frame or two that it is long.
    assert np.count_nonzero(found != truth(60)) <= 4
    assert (np.diff(found) >= 0).all()


def test_a_video_shorter_than_its_transcript_shows_a_stretch_of_it():
    scores = np.full((2, 5), -9, np.float32)
    scores[0, 3] = scores[1, 1] = 0
    assert align(scores, np.array([0, 3, 1, 4])).tolist() == [3, 1]


def test_padded_lengths_are_few():
    lengths = [padded_length(length) for length in range(1, 2000)]
    assert all(padded >= length for length, padded in enumerate(lengths, start=1))
    assert all(padded <= max(256, 1.5 * length) for length, padded in enumerate(lengths, start=1))
    assert sorted(set(lengths)) == [256, 384, 512, 768, 1024, 1536, 2048]


@jax.jit
def alone(member):
    """The solver on the video as it is, without padding and without others."""
    return fugw.solve(COST, num_iterations=25, **member._asdict()).plan.argmax(1)


def test_members_are_what_each_is_alone():
    found = transport(COST, MEMBERS, 25)
    assert found.shape == (len(MEMBERS), 70) and found.dtype == np.int32
    for member in (0, 7, len(MEMBERS) - 1):
        np.testing.assert_array_equal(found[member], alone(MEMBERS[member]))
    assert len(np.unique(found, axis=0)) > 3


def test_parts_change_nothing(monkeypatch):
    whole = transport(COST, MEMBERS, 25)
    # 70 frames are padded to 256: five settings at once, and 24 are no multiple of five.
    monkeypatch.setattr(decoders, "CELLS", 5 * 256 * 4)
    np.testing.assert_array_equal(transport(COST, MEMBERS, 25), whole)
    # A single video may be larger than the limit.
    monkeypatch.setattr(decoders, "CELLS", 1)
    np.testing.assert_array_equal(transport(COST, MEMBERS[:2], 25), whole[:2])


def test_flickers_go_and_segments_stay():
    scores = probabilities(90, 2)
    found = transport(cost(scores, "probabilities"), [DEFAULTS], 25)[0]
    wrong = np.count_nonzero(scores.argmax(1) != truth(90))
    assert np.count_nonzero(found != truth(90)) < wrong / 2


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_shortest_videos(frames):
    best = np.eye(3, dtype=np.float32)[np.arange(frames) % 3]
    found = transport(1 - best, [Settings(alpha=0.0)], 25)[0]
    np.testing.assert_array_equal(found, best.argmax(1))
