"""From scores to labels: Viterbi and argmax, background, order in time, CTE's centers."""

import functools

import jax
import numpy as np
import pytest
import tot_reference as reference

from jaxseg.methods.tot.decoding import Survey, decode, make_survey, mean_time_order
from jaxseg.methods.tot.method import log_probabilities
from jaxseg.solvers import viterbi

FRAMES, CLUSTERS = 24, 3  # and a fourth cluster that is masked
BY_TIME = {"solver.eval.order": "mean_time"}
BACKGROUND = {"solver.eval.background": True}
KMEANS = {"clusters": "kmeans", "cte": True}
pytestmark = pytest.mark.usefixtures("quick_compile")


def make_scores(order=(0, 1, 2), noise=0.4, seed=0) -> np.ndarray:
    """[frames, 4]: the clusters one after the other under noise; the masked one is highest."""
    rng = np.random.default_rng(seed)
    truth = np.array(order)[np.arange(FRAMES) * CLUSTERS // FRAMES]
    scores = (truth[:, None] == np.arange(4)) + noise * rng.standard_normal((FRAMES, 4))
    scores[:, 3] = 5
    return scores.astype("f4")


def survey_of(overrides, arrays: dict, mask=None) -> Survey:
    """What the frames of one long video tell its decoding."""
    config, member = reference.make_member(overrides)
    (length,) = {len(array) for array in arrays.values()}
    mask = np.ones(length, bool) if mask is None else mask
    time = (np.arange(length) / length).astype("f4")
    survey = make_survey(config)
    return jax.jit(lambda arrays, mask: survey(arrays, time, mask, member))(arrays, mask)


def decoded(overrides, scores, survey=(), mask=None) -> tuple[list, list]:
    """(labels, likeliest clusters) of one video."""
    config, member = reference.make_member(overrides)
    mask = np.ones(len(scores), bool) if mask is None else mask

    @jax.jit
    def run(scores, mask, survey):
        return decode(config, log_probabilities(scores, member), scores, mask, survey, member)

    return tuple(np.array(labels).tolist() for labels in run(scores, mask, survey))


def ordered(scores, order=(0, 1, 2), mask=None) -> np.ndarray:
    """Viterbi's labels, of float64 log codes."""
    logs = np.log(reference.codes(np.asarray(scores, float)[:, order]))
    result = viterbi.decode(np.maximum(logs, np.log(1e-30)).astype("f4"), mask=mask)
    return np.where(result < 0, -1, np.array(order)[result])


def test_viterbi_by_default_and_argmax_beside_it():
    scores = make_scores(noise=0.8)
    labels, likeliest = decoded({}, scores)
    assert likeliest == scores[:, :3].argmax(1).tolist() != labels
    assert labels == ordered(scores).tolist() == sorted(labels)
    assert set(labels) == {0, 1, 2}
    assert decoded({"solver.eval.viterbi": False}, scores) == (likeliest, likeliest)


def test_members_of_one_program_decode_in_order_or_let_clusters_recur():
    """The order of this member's config is static, whether its clusters recur is a number."""
    scores = make_scores((0, 1, 0), noise=0.3)
    config, member = reference.make_member({"duration": 5.0, "order": "free"})
    log_codes = log_probabilities(scores, member)

    @jax.jit
    @jax.vmap
    def run(recurring, stay):
        member.hyper["solver"]["eval"] |= {"recurring": recurring, "stay_probability": stay}
        return decode(config, log_codes, scores, np.ones(FRAMES, bool), (), member)[0]

    shared, free = np.array(run(np.array([0.0, 1.0], "f4"), np.array([0.5, 0.9], "f4")))
    assert shared.tolist() == ordered(scores).tolist()
    logs = np.maximum(log_codes[:, :3], np.log(1e-30))
    expected = viterbi.decode_recurring(logs, stay_probability=0.9)
    assert free.tolist() == expected.tolist()
    assert free[np.flatnonzero(np.diff(free, prepend=-1))].tolist() == [0, 1, 0]


def test_codes_below_the_floor_are_equally_unlikely():
    """In the second frame e^-100 and e^-80 both count as 1e-30, and the third frame decides."""
    logs = [[0, -90, -90], [-100, -80, 0], [0, -2, -90], [-90, 0, -90], [-90, -90, 0]]
    labels, _ = decoded({}, np.pad(np.array(logs, "f4") / 10, ((0, 0), (0, 1))))
    assert labels == [0, 0, 0, 1, 2]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_clusters_in_the_order_of_their_mean_time(order):
    scores = make_scores(order)
    survey = survey_of(BY_TIME, {"scores": scores})
    assert survey.order.tolist() == [*order, 3] and survey.thresholds is None
    labels, likeliest = decoded(BY_TIME, scores, survey)
    assert labels == ordered(scores, order).tolist()
    assert list(dict.fromkeys(labels)) == list(order)
    assert likeliest == decoded({}, scores)[1]


def test_mean_times_are_of_valid_frames_and_empty_clusters_come_last():
    labels = np.array([2, 2, 0, 0, 1, 1])
    time, mask = np.linspace(0, 1, 6), np.array([1, 1, 1, 0, 0, 0], bool)
    order = functools.partial(mean_time_order, cluster_mask=np.array([True, True, True, False]))
    assert order(labels, time, np.ones(6, bool)).tolist() == [2, 0, 1, 3]
    assert order(labels, time, mask).tolist() == [2, 0, 1, 3]
    assert order(labels, time, ~mask).tolist() == [0, 1, 2, 3]
    assert order(labels[::-1], time, ~mask).tolist() == [0, 2, 1, 3]


@pytest.mark.parametrize("percentile", [45.0, 60.0, 80.0])
def test_background_is_what_no_cluster_claims(percentile):
    """Thresholds are of all the activity's frames; Viterbi runs on the foreground alone."""
    settings = BACKGROUND | {"solver.eval.percentile": percentile}
    activity = np.concatenate([make_scores(seed=seed, noise=1.0) for seed in range(4)])
    survey = survey_of(settings, {"scores": activity})
    thresholds = np.percentile(activity[:, :3].astype(float), percentile, axis=0)
    np.testing.assert_allclose(survey.thresholds[:3], thresholds, rtol=1e-5, atol=1e-6)
    scores = activity[FRAMES : 2 * FRAMES]
    claimed = (scores[:, :3] > thresholds).any(1)
    assert 0 < claimed.sum() < FRAMES
    labels, likeliest = map(np.array, decoded(settings, scores, survey))
    assert ((labels == -1) == ~claimed).all() and ((likeliest == -1) == ~claimed).all()
    assert labels[claimed].tolist() == ordered(scores[claimed]).tolist()
    assert likeliest[claimed].tolist() == scores[claimed, :3].argmax(1).tolist()


def test_percentile_0_claims_all_but_the_least_and_100_none():
    scores = make_scores()
    for percentile, unclaimed in ((0.0, []), (100.0, list(range(FRAMES)))):
        settings = BACKGROUND | {"solver.eval.percentile": percentile}
        labels, _ = decoded(settings, scores, survey_of(settings, {"scores": scores}))
        assert np.flatnonzero(np.array(labels) == -1).tolist() == unclaimed
    worst = scores.copy()
    worst[7, :3] = -9  # the least of every cluster, and so above the threshold of none
    settings = BACKGROUND | {"solver.eval.percentile": 0.0}
    labels, _ = decoded(settings, worst, survey_of(settings, {"scores": worst}))
    assert np.flatnonzero(np.array(labels) == -1).tolist() == [7]


def test_padding_of_the_activity_and_of_the_video_does_not_matter():
    settings = BACKGROUND | BY_TIME
    scores = make_scores((1, 0, 2))
    mask = np.arange(2 * FRAMES) < FRAMES
    for garbage in (9.0, np.nan):
        padded = np.concatenate([scores, np.full_like(scores, garbage)])
        expected = survey_of(settings, {"scores": scores})
        result = survey_of(settings, {"scores": padded}, mask)
        np.testing.assert_array_equal(result.order, expected.order)
        np.testing.assert_allclose(result.thresholds[:3], expected.thresholds[:3], rtol=1e-6)
        labels, likeliest = decoded(settings, padded, result, mask)
        assert (labels[:FRAMES], likeliest[:FRAMES]) == decoded(settings, scores, expected)
        assert set(labels[FRAMES:]) == set(likeliest[FRAMES:]) == {-1}


def test_cte_decodes_with_centers_of_all_embeddings_in_the_order_of_time():
    """Three clouds one after the other: their means are the centers."""
    rng = np.random.default_rng(0)
    clouds = rng.random((3, reference.WIDTH))
    truth = np.arange(30) // 10
    embeddings = (clouds[truth] + 0.01 * rng.standard_normal((30, reference.WIDTH))).astype("f4")
    survey = survey_of(KMEANS, {"embeddings": embeddings})
    order = np.array(survey.order)
    assert sorted(order[:3].tolist()) == [0, 1, 2] and order[3] == 3
    means = embeddings.reshape(3, 10, -1).mean(1)
    np.testing.assert_allclose(survey.centers[order[:3]], means, atol=1e-6)
    labels, likeliest = decoded(KMEANS, survey.scores(embeddings), survey)
    assert labels == likeliest == order[truth].tolist()


def test_scores_of_centers_rank_as_distances_do():
    rng = np.random.default_rng(1)
    points, centers = rng.random((9, 5)), rng.random((4, 5))
    distances = ((points[:, None] - centers) ** 2).sum(-1)
    scores = np.array(Survey(centers=centers).scores(points))
    np.testing.assert_allclose(
        scores[:, 1:] - scores[:, :1], distances[:, :1] - distances[:, 1:], atol=1e-6
    )


@pytest.mark.parametrize(
    ("overrides", "surveyed"), [({}, False), (BACKGROUND, True), (BY_TIME, True), (KMEANS, True)]
)
def test_all_frames_are_looked_at_only_where_decoding_asks(overrides, surveyed):
    config, _ = reference.make_member(overrides)
    assert (make_survey(config) is not None) == surveyed


@pytest.mark.parametrize(
    "overrides", [{}, BY_TIME, BACKGROUND, KMEANS, {"solver.eval.viterbi": False}]
)
def test_a_prediction_has_what_its_files_and_the_report_ask_for(overrides):
    method, member, params = reference.make(overrides)
    video = {name: reference.make_batch()[name][0] for name in ("frames", "mask")}
    video["mask"][11:] = False
    carried = ()
    if method.survey:
        look = jax.jit(lambda video: method.observe(params, (), video, member))
        carried = survey_of(overrides, look(video), video["mask"])
    result = jax.jit(lambda video: method.predict(params, carried, video, member))(video)
    labels = np.array(result["labels"])
    assert labels[11:].tolist() == [-1] * 5 and set(labels[:11]) <= {-1, 0, 1, 2}
    assert (-1 in labels[:11]) <= (overrides is BACKGROUND)
    expected = set() if overrides.get("solver.eval.viterbi") is False else {"argmax"}
    assert set(result["decodings"]) == expected
    matrices = {name: np.array(matrix) for name, matrix in result["matrices"].items()}
    assert set(matrices) == {"plan", "plan_without_prior", "codes", "affinity"}
    for name in ("plan", "plan_without_prior", "codes"):
        np.testing.assert_allclose(matrices[name][:11].sum(1), 1, atol=1e-5)
        assert not matrices[name][:11, 3].any()
    if overrides is not KMEANS:
        scores = reference.encode(params, video["frames"])[1][:11, :3]
        expected = reference.labels(scores[None])[0], reference.labels(scores[None], sigma=None)[0]
        for name, plan in zip(("plan", "plan_without_prior"), expected, strict=True):
            np.testing.assert_allclose(matrices[name][:11, :3], plan, atol=1e-4)
        np.testing.assert_allclose(matrices["codes"][:11, :3], reference.codes(scores), atol=1e-5)
