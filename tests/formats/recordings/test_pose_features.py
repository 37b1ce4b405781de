"""Features of poses do not see where a body is, and fill in what is missing."""

import numpy as np
import pytest
import toy_mouse
from scipy.cluster.vq import kmeans2

from jaxseg.formats.recordings.poses_features import Body, fill_gaps, make_features, named_ends


def mouse(frames=200, seed=0):
    points, confidence, _ = toy_mouse.make(frames, seed)
    return Body(points, confidence, toy_mouse.KEYPOINTS)


def features(body, **others):
    return make_features(body, **({"confidence": 0.6, "longest_gap": 15} | others))


def turned(points, angle, shift):
    """The first two coordinates turned about the origin, and all shifted."""
    plane = (points[..., 0] + 1j * points[..., 1]) * np.exp(1j * angle)
    rest = [points[..., at] for at in range(2, points.shape[2])]
    return np.stack([plane.real, plane.imag, *rest], axis=2) + shift


@pytest.mark.parametrize("names", [toy_mouse.KEYPOINTS, tuple("abcdefghi")])
@pytest.mark.parametrize("angle", [0.0, 1.0, 3.1])
def test_where_a_body_is_and_where_it_looks_changes_nothing(names, angle):
    body = mouse()._replace(keypoints=names)
    moved = body._replace(points=turned(body.points, angle, np.array([1000.0, -300.0])))
    before, after = features(body), features(moved)
    np.testing.assert_allclose(after.array, before.array, atol=1e-8)
    assert after.notes == before.notes and after.channels == before.channels


def in_space(body, vertical=2):
    """The mouse in space, its keypoints at heights of their own, rising and falling."""
    count = body.points.shape[1]
    height = np.arange(count) + 5 * np.sin(np.arange(len(body.points)) / 20)[:, None]
    points = np.concatenate([body.points, height[..., None]], axis=2)
    return body._replace(points=np.roll(points, vertical - 2, axis=2), vertical=vertical)


def test_in_space_bodies_are_turned_about_the_vertical_alone():
    body = in_space(mouse())
    moved = body._replace(points=turned(body.points, 2.0, np.array([50.0, 20.0, 900.0])))
    before = features(body)
    np.testing.assert_allclose(features(moved).array, before.array, atol=1e-8)
    tilted = body._replace(points=body.points[..., [2, 0, 1]])
    assert np.abs(features(tilted).array - before.array).max() > 1
    for vertical in (0, 1):
        other = features(in_space(mouse(), vertical))
        np.testing.assert_allclose(other.array, before.array, atol=1e-8)
    flat = features(mouse())
    own = [before.channels.index(name) for name in ("nose forward", "forward", "turning")]
    same = [flat.channels.index(name) for name in ("nose forward", "forward", "turning")]
    np.testing.assert_allclose(before.array[:, own], flat.array[:, same], atol=1e-8)


def test_known_motion_has_known_features():
    """Straight on at 3 pixels a frame, then on the spot at 0.1 rad a frame, one ear twitching."""
    shape = np.array([20, 5j, -5j, -20 + 0j])
    angle = 0.7 + np.concatenate([np.zeros(50), 0.1 * np.arange(50)])
    center = 3 * np.concatenate([np.arange(50), np.full(50, 49)]) * np.exp(0.7j)
    plane = center[:, None] + shape * np.exp(1j * angle)[:, None]
    points = np.stack([plane.real, plane.imag], axis=2)
    result = features(Body(points, None, ("nose", "ear1", "ear2", "tail_base")))
    channel = dict(zip(result.channels, result.array.T, strict=True))
    np.testing.assert_allclose(channel["forward"][:49], 3, atol=1e-9)
    np.testing.assert_allclose(channel["forward"][51:], 0, atol=1e-9)
    np.testing.assert_allclose(channel["sideways"], 0, atol=1e-9)
    np.testing.assert_allclose(channel["turning"][:49], 0, atol=1e-9)
    np.testing.assert_allclose(channel["turning"][51:], 0.1, atol=1e-9)
    np.testing.assert_allclose(channel["nose forward"], 20, atol=1e-9)
    np.testing.assert_allclose(channel["ear1 sideways"], 5, atol=1e-9)
    np.testing.assert_allclose(channel["nose speed"], 0, atol=1e-9)
    assert result.notes == ("the body axis is from tail_base to nose",)


@pytest.mark.parametrize("names", [toy_mouse.KEYPOINTS, tuple("abcdefghi")])
def test_a_third_of_the_points_may_be_missing(names):
    body = mouse(400)._replace(keypoints=names)
    rng = np.random.default_rng(0)
    whole = features(body)
    holed = body._replace(confidence=np.where(rng.random((400, 9)) < 0.3, 0.1, body.confidence))
    result = features(holed)
    assert np.isfinite(result.array).all()
    # Filled in, they are within what the points shake.
    assert np.median(np.abs(result.array - whole.array)) < 0.5
    assert any("% of the points" in note for note in result.notes)


def test_gaps_are_filled_in_up_to_a_length():
    points = np.zeros((20, 2, 2))
    points[:, 0, 0] = np.arange(20.0)
    points[:, 1] = 5
    points[3:6, 0] = np.nan
    points[10:15, 0] = np.nan
    points[:2, 1] = np.nan
    filled, missing, notes = fill_gaps(Body(points, None, ("a", "b")), 0.6, 4)
    assert (filled[:2, 1] == 5).all()
    np.testing.assert_allclose(filled[3:6, 0, 0], [3, 4, 5])
    assert np.flatnonzero(missing[:, 0]).tolist() == [10, 11, 12, 13, 14]
    assert "12.5 % of the points" in notes[0] and "1 gaps are longer" in notes[1]


def test_a_point_that_is_long_gone_is_at_its_usual_place():
    body = mouse(300)
    confidence = body.confidence.copy()
    confidence[100:200, 0] = 0
    result = features(body._replace(confidence=confidence))
    nose = result.array[:, result.channels.index("nose forward")]
    assert np.ptp(nose[100:200]) == 0 and abs(nose[150] - np.median(nose)) < 2
    assert (result.array[99:201, result.channels.index("nose speed")] == 0).all()
    whole = features(body)
    turning = result.channels.index("turning")
    assert np.abs(result.array - whole.array)[:, turning].max() < 0.05


def test_a_body_that_is_lost_has_rows_of_zeros():
    body = mouse(300)
    confidence = body.confidence.copy()
    confidence[100:200] = 0
    result = features(body._replace(confidence=confidence))
    assert (result.array[100:200] == 0).all() and result.array[[99, 200]].any(axis=1).all()
    assert np.abs(result.array[:, result.channels.index("forward")]).max() < 10
    assert any("lost in 100 of 300 frames" in note for note in result.notes)


def test_a_confidence_that_is_never_given_does_not_count():
    """Smoothers write a likelihood of 0 throughout; people's labels have none."""
    body = mouse()
    zeros = body._replace(confidence=np.zeros_like(body.confidence))
    none = features(body._replace(confidence=None))
    np.testing.assert_array_equal(features(zeros).array, none.array)
    unknown = body._replace(confidence=np.full_like(body.confidence, np.nan))
    np.testing.assert_array_equal(features(unknown).array, none.array)


def test_points_that_cannot_be_used():
    body = mouse(50)
    with pytest.raises(ValueError, match=r"confidence of 0\.6 or more; the highest is 0\.5"):
        features(body._replace(confidence=np.minimum(body.confidence, 0.5)))
    with pytest.raises(ValueError, match="no frame has two keypoints"):
        features(body._replace(points=np.full_like(body.points, np.nan)))
    with pytest.raises(ValueError, match="needs two keypoints, and there is only nose"):
        features(Body(body.points[:, :1], None, ("nose",)))


@pytest.mark.parametrize(
    ("names", "ends"),
    [
        ("tail_tip Snout tail_base", ([2], [1])),
        ("nose tail1 tail2", ([1], [0])),
        ("LEFT_EAR RIGHT_EAR LEFT_HIP RIGHT_HIP", ([2, 3], [0, 1])),
        ("TailBase1 mouse-nose rear_paw", ([0], [1])),
        ("head tailtip", None),
        ("rear_left paw", None),
        ("p0 p1 p2", None),
    ],
)
def test_names_tell_front_and_rear(names, ends):
    assert named_ends(tuple(names.split())) == ends


def test_an_upright_person_in_space_faces_along_no_height():
    """From hip to nose is up; which way a person looks is in the shoulders and hips."""
    names = ("nose", "left_shoulder", "right_shoulder", "left_hip", "right_hip")
    plane = np.array([0.05, 0.2j, -0.2j, 0.12j, -0.12j])
    facing = np.cumsum(np.full(60, 0.05))
    plane = plane * np.exp(1j * facing)[:, None]
    heights = np.broadcast_to([1.7, 1.4, 1.4, 0.9, 0.9], plane.shape)
    points = np.stack([plane.real, plane.imag, heights], axis=2)
    result = features(Body(points, None, names))
    np.testing.assert_allclose(result.array[:, result.channels.index("turning")], 0.05, atol=1e-9)
    assert "no names tell" in result.notes[-1] or "longest" in result.notes[-1]


def test_a_made_up_mouse_is_told_apart_by_features_and_not_by_places():
    """Purity of k-means: of the features, and of the coordinates that they are made of."""
    points, confidence, kinds = toy_mouse.make(3000, 1)
    ours = features(Body(points, confidence, toy_mouse.KEYPOINTS)).array

    def purity(rows):
        rows = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-9)
        means = np.stack([np.convolve(row, np.full(15, 1 / 15), "same") for row in rows.T], axis=1)
        _, clusters = kmeans2(means, 5, iter=50, minit="++", rng=np.random.default_rng(0))
        counts = np.histogram2d(clusters, kinds, bins=(5, 5))[0]
        return counts.max(axis=1).sum() / len(kinds)

    filled, _, _ = fill_gaps(Body(points, confidence, toy_mouse.KEYPOINTS), 0.6, 10**6)
    filled = np.nan_to_num(filled.reshape(len(points), -1), nan=300.0)
    assert purity(ours) > 0.65 > 0.45 > purity(filled)
