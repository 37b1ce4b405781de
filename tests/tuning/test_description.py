"""A segmentation saves nats where it tells the data, and costs where it does not."""

import numpy as np
import pytest
import recordings
from scipy.stats import ortho_group

from jaxseg.tuning.description import COMPONENTS, Description, frame_time, whiten

DRAWN = np.random.default_rng(0)
TRUTH = [recordings.bouts(DRAWN, range(4), frames, 20, 60) for frames in (700, 500)]
POINTS = recordings.looks(DRAWN, 4, 8, 3.0)
FRAMES = [recordings.render(DRAWN, labels, POINTS, memory=0.5) for labels in TRUTH]


def halved(labels: np.ndarray) -> np.ndarray:
    """Twice as many clusters: even and odd stretches of ten frames."""
    return 2 * labels + np.arange(len(labels)) // 10 % 2


OTHERS = {
    "too many clusters": [halved(each) for each in TRUTH],
    "too few clusters": [each // 2 for each in TRUTH],
    "shifted": [np.roll(each, 10) for each in TRUTH],
    "clusters of other sequences": [TRUTH[0], TRUTH[1] + 4],
    "flicker": [np.where(np.arange(len(each)) % 15, each, 3 - each) for each in TRUTH],
    "one segment": [np.full_like(each, number) for number, each in enumerate(TRUTH)],
}


@pytest.mark.parametrize("kind", OTHERS)
def test_the_truth_saves_most(kind):
    told = Description(FRAMES)
    assert told.saving(TRUTH).nats > 1.02 * told.saving(OTHERS[kind]).nats
    assert told.saving(TRUTH).nats > 1


def test_one_cluster_saves_nothing():
    saving = Description(FRAMES).saving([np.full_like(each, 7) for each in TRUTH])
    assert saving == (0, 1, 1) and saving.score(4) == 0


def test_a_score_counts_the_clusters_that_are_used():
    told = Description(FRAMES)
    saving = told.saving(TRUTH)
    runs = [1 + np.count_nonzero(np.diff(each)) for each in TRUTH]
    assert (saving.segments, saving.used) == (np.mean(runs), 4)
    assert saving.score(4) == saving.nats and saving.score(8) == saving.nats / 2
    noise = told.saving([DRAWN.integers(0, 4, len(each)) for each in TRUTH])
    assert noise.nats == noise.score(4) == noise.score(8) < 0
    assert told.saving([np.where(each == 3, -1, each) for each in TRUTH]).used == 3


def test_names_units_and_axes_do_not_matter():
    turned = ortho_group.rvs(8, random_state=0)
    others = [7e3 * each @ turned + 1e4 for each in np.float64(FRAMES[0])[None]]
    renamed = np.array([2, 0, 3, 1])[TRUTH[0]]
    expected = Description(FRAMES[:1]).saving(TRUTH[:1])
    np.testing.assert_allclose(Description(others).saving([renamed]), expected, rtol=1e-6)


def test_components_have_variance_1_and_are_not_correlated():
    wide = DRAWN.standard_normal((3000, 40))
    for frames, count in ((FRAMES, None), ([wide], COMPONENTS), ([wide[:, :1] * [1, 2]], 1)):
        rows = np.concatenate(whiten(frames))
        assert count in (None, rows.shape[1])
        np.testing.assert_allclose(np.cov(rows.T, bias=True), np.eye(rows.shape[1]), atol=1e-9)


def test_frames_count_by_how_much_they_differ():
    """0.95 a frame: the difference of two frames is 1 - 0.95^lag, 0.2 at a lag of 4.35."""
    nothing = np.zeros(20_000, int)
    expected = {0.0: 1, 0.5: 1, 0.9: 2.1, 0.95: 4.35, 0.98: 11.0}
    for memory, frames in expected.items():
        noise = recordings.render(np.random.default_rng(1), nothing, POINTS, memory)
        assert frame_time(whiten([noise])) == pytest.approx(frames, rel=0.1)
    jumps = recordings.render(DRAWN, TRUTH[0], POINTS)
    assert frame_time(whiten([jumps])) < 2


@pytest.mark.parametrize("frames", [1, 2, 40])
def test_constant_data_can_be_told(frames):
    told = Description([np.full((frames, 3), 0.1, "f4"), np.full((40, 3), 0.1, "f4")])
    saving = told.saving([np.arange(frames) % 2, np.arange(40) // 20])
    assert np.isfinite(saving.nats) and saving.nats < 0
    assert np.isfinite(told.frame_time) and told.frame_time >= 1
