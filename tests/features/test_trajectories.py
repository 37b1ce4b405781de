"""Flow, camera and tracks: pictures that move in a known way."""

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from jaxseg.features.motion.descriptors import DenseFlow, to_gray, working_size  # noqa: E402
from jaxseg.features.motion.trajectories import (  # noqa: E402
    LEAST_WEIGHT,
    Trajectories,
    carry,
    grid,
)


def texture(height, width, seed=0):
    """Smooth noise, uint8 [height, width]."""
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((360, 640), (180, 320)), ((1080, 1920), (180, 320)), ((1920, 1080), (320, 180))],
)
def test_the_working_size_keeps_shape_and_area(size, expected):
    assert working_size(*size) == expected


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (48, 64), (37, 1001)])
def test_any_size_has_a_working_size(size):
    height, width = working_size(*size)
    assert min(height, width) >= 32 and height % 4 == width % 4 == 0
    frame = np.zeros((*size, 3), np.uint8)
    gray = to_gray(frame)
    assert gray.shape == (height, width)
    assert DenseFlow()(gray, gray).shape == (height // 2, width // 2, 2)


def moved_pair():
    """Two views of a texture that goes by (3, 1) pixels."""
    whole = texture(200, 340)
    return whole[10:190, 10:330].copy(), whole[9:189, 7:327].copy()


def test_flow_of_a_translation():
    result = DenseFlow()(*moved_pair())
    # It searches at a quarter of the size, where the motion is 0.75 and 0.25 pixels.
    np.testing.assert_allclose(np.median(result, axis=(0, 1)), [3, 1], atol=0.15)
    inner = np.linalg.norm(result[10:-10, 10:-10] - [3, 1], axis=-1)
    assert np.percentile(inner, 95) < 0.5


def test_flow_does_not_depend_on_opencvs_threads():
    before, result = cv2.getNumThreads(), []
    for threads in (1, 2, 5):
        cv2.setNumThreads(threads)
        result.append(DenseFlow()(*moved_pair()))
    cv2.setNumThreads(before)
    np.testing.assert_array_equal(result[1:], result[:1] * 2)


def constant_flows(length, dx, dy):
    return np.broadcast_to(np.float32([dx, dy]), (length, 20, 30, 2))


def test_tracks_follow_the_flow_and_end_at_the_border():
    points = np.float32([[10, 10], [55, 20], [30, 37]])
    places, inside = carry(constant_flows(6, 1.5, 0.25), np.arange(6), points, 2)
    np.testing.assert_allclose(places[:, 0], points[0] + np.arange(6)[:, None] * [1.5, 0.25])
    assert inside.tolist() == [True, False, True]  # 55 + 6 x 1.5 is beyond 59
    assert places[..., 0].max() <= 59 and np.isfinite(places).all()


def test_tracks_go_through_a_ring_in_order():
    flows = np.zeros((3, 20, 30, 2), np.float32)
    flows[..., 0] = np.array([1, 2, 4])[:, None, None]
    places, _ = carry(flows, np.array([2, 0, 1]), np.float32([[10, 10]]), 2)
    assert places[:, 0, 0].tolist() == [10, 14, 15]


def test_a_grid_is_in_the_middle():
    points = grid(20, 35)
    assert points.tolist() == [[7, 4.5], [17, 4.5], [27, 4.5], [7, 14.5], [17, 14.5], [27, 14.5]]
    assert grid(3, 4).tolist() == [[1.5, 1.0]]


def test_every_point_of_the_grid_begins_a_track_in_turn():
    trajectories = Trajectories(3)
    frame = np.repeat(texture(180, 320)[..., None], 3, axis=-1)
    result = [tracks for _ in range(11) if (tracks := trajectories.push(frame)) is not None]
    assert [len(tracks.weights) for tracks in result] == [116, 115, 115, 115, 115, 116, 115, 115]
    np.testing.assert_allclose(
        np.concatenate([tracks.weights for tracks in result]), LEAST_WEIGHT, atol=1e-3
    )


def test_a_track_weighs_as_much_as_it_moves():
    whole = texture(180, 400)
    trajectories = Trajectories(3)
    for k in range(5):  # the left half rests, the right half goes by two pixels a frame
        gray = np.hstack([whole[:, :160], whole[:, 200 - 2 * k : 360 - 2 * k]])
        result = trajectories.push(np.repeat(gray[..., None], 3, axis=-1))
    heavy = (result.weights == 1).mean()
    light = (result.weights < 1.5 * LEAST_WEIGHT).mean()
    assert 0.4 < heavy < 0.6 and 0.3 < light < 0.5


def test_tracks_that_all_leave_the_picture():
    whole = texture(180, 700)
    trajectories = Trajectories(30)
    for k in range(31):
        gray = np.ascontiguousarray(whole[:, 12 * k : 12 * k + 320])
        result = trajectories.push(np.repeat(gray[..., None], 3, axis=-1))
    assert result.weights.shape == (0,)
    assert {len(each) for each in result.descriptors.values()} == {0}
