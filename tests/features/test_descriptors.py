"""Histograms of orientations: pictures and flows whose histograms are known, cells, tracks."""

import math

import numpy as np
import pytest

pytest.importorskip("cv2")

from jaxseg.features.motion import descriptors
from jaxseg.features.motion.descriptors import (
    BINS,
    TIME,
    TOTAL,
    cells,
    describe,
    gradients,
    histograms,
)

HOG, HOF, MBHX, MBHY = np.split(np.arange(TOTAL), np.cumsum(list(BINS.values()))[:-1])
SIZE = 64, 96  # pixels


def ramp(dx, dy):
    """Gray levels that rise by so much a pixel."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return (100 + dx * (x - 40) + dy * (y - 40)).astype(np.uint8)


def constant(dx, dy):
    """A flow that is the same all over the picture."""
    return np.broadcast_to(np.float32([dx, dy]), (SIZE[0] // 2, SIZE[1] // 2, 2)).copy()


@pytest.mark.parametrize(
    ("dx", "dy", "expected"),
    [
        (2, 0, {0: 2}),
        (1, 1, {1: math.sqrt(2)}),
        (0, 2, {2: 2}),
        (-1, 0, {4: 1}),
        (0, -1, {6: 1}),
        (1, -1, {7: math.sqrt(2)}),
    ],
)
def test_hog_of_a_ramp_is_one_bin(dx, dy, expected):
    result = cells(ramp(dx, dy), constant(0, 0))[1:-1, 1:-1, HOG]  # a border has no gradient
    histogram = np.zeros(8)
    histogram[list(expected)] = list(expected.values())
    np.testing.assert_allclose(result, np.broadcast_to(histogram, result.shape), atol=1e-5)


def test_an_angle_between_two_bins_is_shared():
    half = math.radians(22.5)
    result = histograms(*(np.full((4, 4), f(half), np.float32) for f in (math.cos, math.sin)), 4)
    share = 0.5 / math.cos(half)  # two of this length, 45 degrees apart, make 1
    np.testing.assert_allclose(result[0, 0], [share, share, 0, 0, 0, 0, 0, 0], atol=1e-6)


def test_bins_add_up_to_the_vectors():
    dx, dy = np.random.default_rng(0).normal(size=(2, 8, 8)).astype(np.float32)
    result = histograms(dx, dy, 1)
    angles = math.tau / 8 * np.arange(8)
    np.testing.assert_allclose(result @ np.cos(angles), dx, atol=1e-6)
    np.testing.assert_allclose(result @ np.sin(angles), dy, atol=1e-6)
    assert (result >= 0).all() and ((result > 0).sum(axis=-1) <= 2).all()


def test_hof_of_a_translation_and_mbh_of_it():
    result = cells(ramp(0, 0), constant(3, 1))
    expected = [2, math.sqrt(2), 0, 0, 0, 0, 0, 0, 0]  # (3, 1) = 2 (1, 0) + (1, 1)
    np.testing.assert_allclose(result[0, 0, HOF], expected, atol=1e-6)
    assert (result[..., [*MBHX, *MBHY]] == 0).all()
    assert (result[..., HOG] == 0).all()


def test_what_hardly_moves_counts_as_still():
    result = cells(ramp(0, 0), constant(0.2, -0.2))
    np.testing.assert_array_equal(
        result[..., HOF], np.broadcast_to([0] * 8 + [1], result[..., HOF].shape)
    )


def test_mbh_sees_what_changes_across_the_picture():
    flow = constant(0, 0)
    flow[..., 0] = 0.5 * np.arange(flow.shape[1])  # u grows along x, v does not
    result = cells(ramp(0, 0), flow)[1:-1, 1:-1]
    np.testing.assert_allclose(result[..., MBHX[0]], 0.5, atol=1e-6)
    assert (result[..., MBHX[1:]] == 0).all() and (result[..., MBHY] == 0).all()


def test_a_cell_is_the_mean_over_its_pixels():
    gray = np.random.default_rng(0).integers(0, 255, SIZE).astype(np.uint8)
    result = cells(gray, constant(0, 0))
    dx, dy = gradients(gray)
    assert result.shape == (SIZE[0] // 4 - 3, SIZE[1] // 4 - 3, TOTAL)
    for i, j in ((0, 0), (3, 5), (12, 20)):
        part = np.s_[4 * i : 4 * i + 16, 4 * j : 4 * j + 16]
        expected = histograms(dx[part], dy[part], 16)[0, 0]
        np.testing.assert_allclose(result[i, j, HOG], expected, rtol=1e-5)


def described_one_by_one(frames, order, track):
    """The histograms of one track, [TIME, 4, TOTAL], cell by cell."""
    result = np.zeros((TIME, 4, TOTAL))
    steps = len(order) // TIME
    for step, (slot, (x, y)) in enumerate(zip(order, track, strict=True)):
        row = min(max(round(y / 4) - 4, 0), frames.shape[1] - 5)
        column = min(max(round(x / 4) - 4, 0), frames.shape[2] - 5)
        for cell, (down, right) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
            result[step // steps, cell] += frames[slot, row + down, column + right] / steps
    return result


def test_descriptors_gather_the_cells_beside_a_track():
    rng = np.random.default_rng(0)
    frames = rng.random((6, 13, 21, TOTAL)).astype(np.float32)
    order = np.array([4, 5, 0, 1, 2, 3])  # a ring that begins in its middle
    places = rng.uniform(0, [SIZE[1] - 1, SIZE[0] - 1], (6, 9, 2)).astype(np.float32)
    result = describe(frames, order, places)
    for track in range(9):
        expected = described_one_by_one(frames, order, places[:, track])
        parts = zip(BINS, np.split(expected, np.cumsum(list(BINS.values()))[:-1], -1), strict=True)
        for name, part in parts:
            total = part.sum() + descriptors.FLOORS[name] * part.shape[0] * part.shape[1]
            expected = np.sqrt(part / total).ravel()
            np.testing.assert_allclose(result[name][track], expected, rtol=1e-5)


def test_lengths_are_at_most_one_and_nothing_is_all_zeros():
    frames = np.zeros((3, 5, 5, TOTAL), np.float32)
    places = np.zeros((3, 2, 2), np.float32)
    for name, result in describe(frames, np.arange(3), places).items():
        assert result.shape == (2, 12 * BINS[name])
        assert (result == 0).all()
    frames[:] = 1e6
    for result in describe(frames, np.arange(3), places).values():
        np.testing.assert_allclose(np.linalg.norm(result, axis=1), 1, rtol=1e-5)


def test_no_tracks_have_no_descriptors():
    frames = np.ones((3, 5, 5, TOTAL), np.float32)
    for name, result in describe(frames, np.arange(3), np.empty((3, 0, 2), np.float32)).items():
        assert result.shape == (0, 12 * BINS[name])
