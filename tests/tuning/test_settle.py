"""Sequences of which nothing is said but the number of actions, from data to labels."""

import dataclasses

import numpy as np
import pytest
import recordings
from scipy.optimize import linear_sum_assignment

from jaxseg import Segmenter, data
from jaxseg.run import stages
from jaxseg.runfiles.choice import read_choice, summary
from jaxseg.training.members import UNTOLD_ACTIONS
from jaxseg.training.settled import settled_config
from jaxseg.tuning import scouts
from jaxseg.tuning.settle import choose, settle

QUICK = {"least_steps": 100, "data.frames_per_video": 128}  # clear data needs no more
POINTS = recordings.looks(np.random.default_rng(5), 5, 8, 6.0)


def long_recording(frames: int = 1500):
    """One recording of bouts of four actions, a fortieth of it each."""
    rng = np.random.default_rng(0)
    truth = recordings.bouts(rng, range(4), frames, 20, 60)
    return [truth], [recordings.render(rng, truth, POINTS, memory=0.8)]


def two_of_five():
    """Ten recordings, each with two of five actions."""
    rng = np.random.default_rng(1)
    truth = [recordings.bouts(rng, rng.permutation(5)[:2], 300, 30, 60) for _ in range(10)]
    return truth, [recordings.render(rng, each, POINTS, memory=0.8) for each in truth]


def fit(sequences, num_actions, **params) -> Segmenter:
    params = {"seeds": 1, "progress": False, "settings": QUICK} | params
    return Segmenter(num_actions, **params).fit(sequences)


def accuracy(truth, labels) -> float:
    """Percent of frames, by the best matching over all sequences."""
    truth, labels = np.concatenate(truth), np.concatenate(labels)
    counts = np.zeros((1 + truth.max(), 1 + labels.max()))
    np.add.at(counts, (truth, labels), 1)
    return 100 * counts[linear_sum_assignment(counts, maximize=True)].sum() / len(truth)


def config_and_data(sequences, num_actions, **params):
    """What `fit` makes of the same."""
    params = {"seeds": 1, "settings": QUICK} | params
    config = Segmenter(num_actions, **params)._make_config()
    names = [f"{number}" for number in range(len(sequences))]
    return config, data.from_arrays(config.data, dict(zip(names, sequences, strict=True)))


@pytest.fixture
def no_scouts(monkeypatch):
    def run(*_, **__):
        raise AssertionError("scouts have run")

    monkeypatch.setattr(scouts, "run", run)


@pytest.fixture(scope="module")
def long(quickly):
    truth, sequences = long_recording()
    with quickly():
        return truth, sequences, fit(sequences, 4)


@pytest.fixture(scope="module")
def several(quickly):
    truth, sequences = two_of_five()
    with quickly():
        return truth, sequences, fit(sequences, 5)


def test_short_bouts_of_one_recording(long):
    truth, _, model = long
    assert accuracy(truth, model.labels_) >= 95
    assert len(np.unique(model.labels_[0])) == 4
    runs = 1 + np.count_nonzero(np.diff(truth[0]))
    assert 0.8 * runs < len(model.segments()[0]) < 1.25 * runs


def test_what_was_chosen_and_why(long):
    choice = read_choice(long[-1].workdir_)
    (settled,) = choice.activities.values()
    assert (settled.num_actions, settled.order, settled.doubts) == (4, "free", [])
    assert settled.source("num_actions") == "given" and settled.source("duration") == "found"
    tried = [each.duration for each in settled.tried]
    assert tried == sorted(tried, reverse=True) and tried[-1] < settled.duration < tried[0]
    best = max(settled.tried, key=lambda each: each.score)
    assert f"{best.nats.mean:.2f} nats" in settled.reasons["duration"]
    assert "one sequence" in settled.reasons["order"]


def test_a_choice_that_is_there_is_taken(long, no_scouts, quick_compile):
    _, sequences, model = long
    config, data_set = config_and_data(sequences, 4)
    before = read_choice(model.workdir_)
    stages.run(config, model.workdir_, ["predict"], data_set=data_set, progress=False)
    assert read_choice(model.workdir_) == before
    again = Segmenter.load(model.workdir_).labels_
    np.testing.assert_array_equal(list(again.values()), model.labels_)


def test_a_choice_for_other_activities_is_not_taken(long, no_scouts, tmp_path):
    (tmp_path / "choice.json").write_text((long[-1].workdir_ / "choice.json").read_text())
    config, data_set = config_and_data(long[1], 4)
    assert settle(config, data_set, tmp_path) == read_choice(tmp_path)
    renamed = dataclasses.replace(
        data_set,
        videos=tuple(dataclasses.replace(each, activity="other") for each in data_set.videos),
    )
    with pytest.raises(AssertionError, match="scouts have run"):
        settle(config, renamed, tmp_path)


def test_terms_that_are_given_need_no_scouts(no_scouts):
    radius = QUICK | {"solver.eval.radius": 0.02}
    config, data_set = config_and_data(
        long_recording()[1], 4, duration=60, order="free", settings=radius
    )
    choice = choose(config, data_set, progress=False)
    (settled,) = choice.activities.values()
    assert settled[:3] == (4, 60.0, "free") and not settled.tried and not settled.doubts
    solver = settled_config(config, settled).solver
    assert (solver.train.radius, solver.train.reach, solver.train.rho) == (0, 20, 0)
    assert (solver.eval.radius, solver.eval.reach, solver.eval.rho) == (0.02, 0, 0)


def test_the_number_of_clear_actions_is_found(no_scouts):
    config, data_set = config_and_data(long_recording()[1], "auto", duration=40, order="free")
    (settled,) = choose(config, data_set).activities.values()
    assert settled.num_actions == 4 and settled.source("num_actions") == "found"
    (doubt,) = settled.doubts
    assert "guess" in doubt and "config.num_actions" in doubt


def test_the_number_of_actions_in_noise_cannot_be_told(no_scouts):
    noise = np.random.default_rng(0).standard_normal((600, 8))
    config, data_set = config_and_data([noise], "auto", duration=40, order="free")
    choice = choose(config, data_set)
    (settled,) = choice.activities.values()
    assert settled.num_actions == UNTOLD_ACTIONS and settled.source("num_actions") == "assumed"
    assert not settled.reasons and all(each.nats < 0 for each in settled.counts)
    line, doubt = summary(choice)
    assert f"{UNTOLD_ACTIONS} actions (assumed)" in line and "cannot be told" in doubt


@pytest.mark.slow
def test_nothing_can_be_told_of_noise(quick_compile):
    noise = np.random.default_rng(0).standard_normal((600, 8))
    config, data_set = config_and_data([noise], "auto")
    (settled,) = choose(config, data_set, progress=False).activities.values()
    assert all("cannot be told" in each for each in settled.doubts) and len(settled.doubts) == 2
    assert settled.duration == 600 / UNTOLD_ACTIONS and "duration" not in settled.reasons
    assert all(each.score <= 0 for each in settled.tried)


@pytest.mark.slow
def test_two_of_five_actions_in_each_recording(several):
    truth, _, model = several
    assert accuracy(truth, model.labels_) >= 95
    (settled,) = read_choice(model.workdir_).activities.values()
    assert settled.order == "free" and not settled.doubts


@pytest.mark.slow
def test_an_offset_of_all_recordings_changes_nothing(several, quick_compile):
    _, sequences, model = several
    moved = fit([each + np.float32(500) for each in sequences], 5)
    labels = zip(moved.labels_, model.labels_, strict=True)
    # The offset leaves fewer digits for the rest in float32.
    assert np.mean([np.mean(one == other) for one, other in labels]) > 0.99
