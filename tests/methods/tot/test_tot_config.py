"""TOT's own sections: a row of constants for each flag, and wrong values in one sentence."""

import math
import runpy
from pathlib import Path

import pytest
import toy

from jaxseg.config import flatten, to_dict
from jaxseg.data.segmentation.records import DataSet
from jaxseg.methods import check_key, from_dict
from jaxseg.methods.tot.config import TotConfig
from jaxseg.training.members import enumerate_members
from jaxseg.training.setup import set_up

SALAD, SOUP = (DataSet("toy", videos) for videos in toy.make_data().activities.values())
CONFIGS = Path(__file__).resolve().parents[3] / "configs"
ROWS = {  # (rho, sigma) of TOT and of TOT+TCL: the supplement's tables
    "tot_50salads_eval": ((0.07, 2.5), (0.08, 2.5)),
    "tot_50salads_mid": ((0.08, 2.0), (0.07, 1.75)),
    "tot_yti": ((0.08, 1.25), (0.07, 3.0)),
    "tot_breakfast": ((0.05, 1.0), (0.04, 0.75)),
    "tot_desktop_assembly": ((0.07, 2.0), (0.07, 2.0)),
}


def one_line(error) -> str:
    text = str(error.value)
    assert text and "\n" not in text
    return text


@pytest.fixture
def values_of(monkeypatch):
    """values_of("tot_yti") -> the nested values of a config file."""
    monkeypatch.syspath_prepend(str(CONFIGS.parent))
    return lambda name: runpy.run_path(str(CONFIGS / f"{name}.py"))["get_config"]().to_dict()


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("tcl", [False, True])
def test_the_flag_picks_the_row_of_constants(values_of, name, tcl):
    labels = from_dict(values_of(name) | {"tcl": tcl}).solver.train
    assert (labels.rho, labels.sigma) == ROWS[name][tcl]


@pytest.mark.parametrize("tcl", [False, True])
def test_a_constant_that_is_given_wins_over_the_row(values_of, tcl):
    values = values_of("tot_yti") | {"tcl": tcl}
    values["solver"]["train"]["rho"] = 0.3
    labels = from_dict(values).solver.train
    assert (labels.rho, labels.sigma) == (0.3, ROWS["tot_yti"][tcl][1])
    assert values["solver"]["train"]["sigma"] is None  # what was given stays as it was


@pytest.mark.parametrize("name", ROWS)
def test_the_twin_has_a_schedule_of_its_own_and_what_is_given_wins(values_of, name):
    values = values_of(name)
    for root, schedule in (("", values["twin_schedule"]), ("a folder", values["schedule"])):
        values["data"]["root"] = root
        config = from_dict(values)
        assert config.num_epochs == schedule["num_epochs"] > 0
        assert config.optimizer.freeze_steps == schedule["freeze_steps"] > 0
        assert from_dict(values | {"num_epochs": 7}).num_epochs == 7
        thawed = from_dict(values | {"optimizer": values["optimizer"] | {"freeze_steps": 0}})
        assert thawed.optimizer.freeze_steps == 0
    assert values["schedule"] != values["twin_schedule"]


OPEN = {
    "duration": 24.0,
    "order": "free",
    "data.neighbor_window": 0,
    "solver.train.sigma": 0.0,
    "solver.eval.recurring": -1.0,
    "solver.eval.stay_probability": 0.0,
}


@pytest.mark.parametrize("tcl", [False, True])
def test_numbers_from_duration_and_order(tcl):
    config = toy.make_tot_config(OPEN | {"tcl": tcl})
    free, shared = (config.with_terms(duration=24, order=order) for order in ("free", "shared"))
    assert free.solver.eval.recurring == 1 and free.solver.train.sigma >= 1e6
    assert shared.solver.eval.recurring == 0
    assert shared.solver.train.sigma == (0.75 if tcl else 1.0)  # the paper's row
    for each in (free, shared):
        assert each.solver.eval.stay_probability == 1 - 1 / 24
        assert each.data.neighbor_window == 8 and each.solver.train.rho == config.solver.train.rho
    assert config.with_terms(duration=1, order="free").solver.eval.stay_probability == 0.5
    assert config.with_terms(duration=900, order="free").data.neighbor_window == 30  # the paper's


def test_explicit_numbers_win_over_terms():
    given = {
        "data.neighbor_window": 5,
        "solver.train.sigma": 2.0,
        "solver.eval.stay_probability": 0.75,
    }
    config = toy.make_tot_config(OPEN | given | {"duration": "auto", "order": "auto"})
    assert config.asks_for == ("order",)  # for the decoding
    result = config.with_terms(duration=24, order="free")
    assert result.data.neighbor_window == 5 and result.solver.train.sigma == 2
    assert result.solver.eval.stay_probability == 0.75 and result.solver.eval.recurring == 1
    config = toy.make_tot_config(OPEN | {"duration": "auto", "order": "auto"})
    assert config.asks_for == ("duration", "order")


def test_members_have_the_window_of_their_own_duration():
    config = toy.make_tot_config(OPEN)
    settled = [config.with_terms(duration=each, order="free") for each in (6, 24, 24)]
    members = [enumerate_members(each, SOUP)[0] for each in settled]
    streams = set_up(config, SOUP, members).batches.all
    assert [stream.neighbor_window for stream in streams] == [2, 8]  # the last two share theirs


def test_there_and_back():
    config = toy.make_tot_config({"tcl": True, "solver.train.rho": 0.3})
    assert from_dict(to_dict(config)) == config and isinstance(config, TotConfig)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("solver.train.rho", 0.0),
        ("solver.train.rho", -0.1),
        ("solver.train.sigma", 0.0),
        ("solver.train.sigma", -1.0),
        ("solver.train.sigma", math.nan),
        ("solver.train.num_iterations", 0),
        ("solver.train.prior_indices", "last"),
        ("solver.eval.percentile", -1.0),
        ("solver.eval.percentile", 100.5),
        ("solver.eval.percentile", math.nan),
        ("solver.eval.order", "time"),
        ("solver.eval.recurring", -1.0),
        ("solver.eval.recurring", 0.5),
        ("solver.eval.stay_probability", 0.0),
        ("solver.eval.stay_probability", 1.0),
        ("loss.alpha", -0.5),
        ("loss.time", -0.5),
        ("loss.tcl_temperature", 0.0),
        ("loss.tcl_groups", "codes"),
        ("data.bins", 1),
        ("data.neighbor_window", 0),
        ("data.test_share", 1.0),
        ("data.test_share", -0.2),
        ("data.test_share", math.nan),
        ("optimizer.freeze_steps", -1),
        ("evaluation.exclusion", "dropped"),
        ("clusters", "centers"),
    ],
)
def test_a_value_that_cannot_be(path, value):
    with pytest.raises(ValueError) as error:
        toy.make_tot_config({path: value})
    text = one_line(error)
    assert f"config.{path}" in text and str(value) in text


@pytest.mark.parametrize("percentile", [0.0, 100.0])
def test_the_ends_of_a_percentile_are_allowed(percentile):
    assert toy.make_tot_config({"solver.eval.percentile": percentile})


def test_a_row_that_cannot_be_names_the_field_it_fills(values_of):
    values = values_of("tot_breakfast") | {"tcl": True}
    values["constants"]["tot_tcl"]["sigma"] = 0.0
    with pytest.raises(ValueError, match=r"config\.solver\.train\.sigma=0.* stands for .*order"):
        from_dict(values)


@pytest.mark.parametrize("frames", [12, 15, 4])
def test_frames_are_a_multiple_of_anchors_and_neighbors(frames):
    with pytest.raises(ValueError) as error:
        toy.make_tot_config({"data.frames_per_video": frames})
    text = one_line(error)
    assert "config.data.frames_per_video" in text and "2 * bins = 8" in text and str(frames) in text


@pytest.mark.parametrize("flags", [{"tcl": True}, {"tcl": True, "cte": True}, {}])
def test_kmeans_learns_from_time_alone(flags):
    with pytest.raises(ValueError) as error:
        toy.make_tot_config({"clusters": "kmeans"} | flags)
    text = one_line(error)
    assert "config.clusters=kmeans" in text
    assert f"cte={flags.get('cte', False)} and tcl={flags.get('tcl', False)}" in text
    assert toy.make_tot_config({"clusters": "kmeans", "cte": True})


def test_more_clusters_than_a_video_has_frames():
    with pytest.raises(ValueError) as error:
        enumerate_members(toy.make_tot_config({"model.num_clusters": 13}), toy.make_data())
    text = one_line(error)
    assert "salad/salad0 has 12 frames" in text and "13 clusters" in text


@pytest.mark.parametrize("freeze", [3, 100])
def test_a_freeze_that_outlasts_the_training_names_the_activity(freeze):
    """Soup has three steps; two of them may be frozen, and with no training at all any number."""
    with pytest.raises(ValueError) as error:
        enumerate_members(toy.make_tot_config({"optimizer.freeze_steps": freeze}), SOUP)
    text = one_line(error)
    assert f"config.optimizer.freeze_steps={freeze} outlasts the 3 steps" in text
    assert "'soup'" in text and "3 epochs" in text
    enumerate_members(toy.make_tot_config({"optimizer.freeze_steps": 2}), SOUP)
    untrained = {"optimizer.freeze_steps": freeze, "num_epochs": 0}
    enumerate_members(toy.make_tot_config(untrained), SOUP)


def test_the_freeze_is_held_against_the_steps_that_a_split_leaves():
    """Three videos of salad make six steps; two to train on make three."""
    enumerate_members(toy.make_tot_config({"optimizer.freeze_steps": 5}), SALAD)
    split = {"optimizer.freeze_steps": 5, "data.test_share": 0.4}
    with pytest.raises(ValueError, match=r"outlasts the 3 steps of activity 'salad'"):
        enumerate_members(toy.make_tot_config(split), SALAD)


def test_every_key_of_tot_is_known_to_the_command_line():
    for path in flatten(to_dict(TotConfig())):
        check_key(path)
    for path in ("tcl", "constants.tot_tcl.sigma", "solver.eval.percentile", "loss.tcl_groups"):
        assert path in flatten(to_dict(TotConfig()))
    with pytest.raises(ValueError, match=r"'solver\.train\.rh'; nearest is solver\.train\.rho"):
        check_key("solver.train.rh")
    with pytest.raises(ValueError, match=r"nearest is temporal_prior"):
        check_key("temporal_priors")


def test_losses_and_decoding_can_be_swept():
    sweep = ("loss.alpha=0.5,solver.train.sigma=0.75", "loss.alpha=2,solver.eval.percentile=30")
    members = enumerate_members(toy.make_tot_config({"tcl": True, "sweep": sweep}), SOUP)
    assert [member.config.loss.alpha for member in members] == [0.5, 2]
    assert [member.config.solver.eval.percentile for member in members] == [45, 30]
    switch = toy.make_tot_config({"sweep": ("loss.alpha=0",)})
    with pytest.raises(ValueError, match=r"loss\.alpha=0.*on or off"):
        enumerate_members(switch, SOUP)
