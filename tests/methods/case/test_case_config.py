"""CASE's config: wrong values are named, sections must agree, the twin has its own schedule."""

import math

import pytest
import toy_case

from configs import case_activitynet13, case_thumos14
from jaxseg.methods import from_dict
from jaxseg.training.members import enumerate_members


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.videos_per_batch", 0),
        ("data.num_snippets", 0),
        ("model.num_clusters", 1),
        ("model.hidden", 0),
        ("model.scale", 0.0),
        ("solver.top_divisor", 0),
        ("solver.omega", 1.01),
        ("solver.assignment", "argmax"),
        ("solver.sigma", 0.0),
        ("solver.marginal", "even"),
        ("solver.epsilon", math.nan),
        ("solver.num_iterations", 0),
        ("solver.co_labeling", "rgb"),
        ("solver.compat", "asot"),
        ("loss.clustering", "ccc"),
        ("loss.attention", "mse"),
        ("loss.gamma", 0.0),
        ("loss.snippet_weight", -1.0),
        ("loss.cluster_weight", -0.1),
    ],
)
def test_a_value_that_cannot_be(path, value):
    with pytest.raises(ValueError) as error:
        toy_case.make_config({path: value})
    text = str(error.value)
    assert f"config.{path} must be" in text and str(value) in text and "\n" not in text


@pytest.mark.parametrize("clustering", ["scc", "none"])
@pytest.mark.parametrize("foreground", ["both", "clusters"])
def test_clusters_that_nobody_classifies_cannot_assist_the_test(clustering, foreground):
    values = {"loss.clustering": clustering, "predict.foreground": foreground}
    with pytest.raises(ValueError) as error:
        toy_case.make_config(values)
    assert f"config.predict.foreground={foreground}" in str(error.value)
    assert "give --config.predict.foreground=attention" in str(error.value)


def test_numbers_may_be_swept():
    sweep = ("solver.sigma=0.3,loss.gamma=0.5", "loss.cluster_weight=1,model.scale=5")
    config = toy_case.make_config({"sweep": sweep})
    first, second = enumerate_members(config, toy_case.make_data())
    assert (first.config.solver.sigma, first.config.loss.gamma) == (0.3, 0.5)
    assert (second.config.loss.cluster_weight, second.config.model.scale) == (1.0, 5.0)
    assert first.num_steps == second.num_steps == 6


@pytest.mark.parametrize("config", [case_thumos14, case_activitynet13])
def test_the_twins_schedule_is_the_default_without_a_root(config):
    values = config.get_config()
    twin = from_dict(values.to_dict())
    values.data.root = "/data"
    published = from_dict(values.to_dict())
    assert published.num_epochs == values.schedule.num_epochs
    assert published.data.num_snippets == values.schedule.num_snippets
    assert twin.num_epochs == values.twin_schedule.num_epochs
    values.num_epochs = 7
    assert from_dict(values.to_dict()).num_epochs == 7


def test_an_epoch_is_whole_batches():
    data = from_dict(case_thumos14.get_config().to_dict()).data
    assert [data.steps_per_epoch(videos) for videos in (200, 32, 31, 5)] == [12, 2, 1, 1]
