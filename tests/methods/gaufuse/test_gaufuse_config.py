"""GauFuse's config: wrong values are named, sections must agree, every epoch is scaled."""

import importlib
import inspect
import math
from pathlib import Path

import pytest
import toy_gaufuse

from jaxseg import methods
from jaxseg.methods import from_dict
from jaxseg.methods.gaufuse import config as instances
from jaxseg.methods.gaufuse import method as gaufuse
from jaxseg.proposals import find_instances, fusion, select
from jaxseg.training.members import enumerate_members
from jaxseg.training.setup import set_up

FILES = sorted((Path(toy_gaufuse.__file__).parents[1] / "configs").glob("*_*.py"))
GAUFUSE = ("gaufuse_thumos14", "gaufuse_activitynet13", "case_on_gaufuse_thumos14")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.length_tolerance", -1),
        ("data.videos_per_batch", 0),
        ("model.num_clusters", 1),
        ("model.hidden", 0),
        ("model.num_means", 0),
        ("model.em_rounds", 0),
        ("model.memory_slots", 0),
        ("model.scale", 0.0),
        ("model.cluster_scale", math.nan),
        ("model.dropout", 1.0),
        ("model.propagation", 1.0),
        ("loss.agnostic_weight", -1.0),
        ("loss.top_divisor", 0),
        ("loss.memory_from", -1),
        ("loss.memory_share", 1.5),
        ("loss.distillation_temperature", 0.0),
        ("loss.distillation_at", (200, 100)),
        ("loss.distillation_weights", (1.0, -0.5, 1.0)),
        ("loss.pseudo_share", -0.1),
        ("loss.pseudo_growth", 0.0),
        ("loss.clustering", "ccc"),
        ("pseudo.share", 1.1),
        ("pseudo.thresholds", ()),
        ("pseudo.thresholds", (0.5, 2.0)),
        ("pseudo.shortest", 0),
        ("pseudo.compat", "case"),
        ("pseudo.method", "mean"),
        ("pseudo.overlap", 1.5),
        ("pseudo.distribution", "cauchy"),
        ("pseudo.weight", "q"),
        ("pseudo.taus", (0.02, 0.02, 0.02, 0.002, 0.002, 0.0)),
        ("pseudo.taus", (0.02, 0.02)),
        ("pseudo.refresh_at", (230, 200)),
        ("pseudo.refresh_at", (200, 200)),
        ("pseudo.refresh_at", (-1, 200)),
        ("pseudo.labels", "fused"),
        ("pseudo.linpro", "center"),
        ("pseudo.delta_at", (300, 250)),
        ("pseudo.delta_factors", (2.0,)),
        ("predict.maps", -1),
        ("predict.video_share", 2.0),
        ("predict.class_threshold", -0.1),
        ("predict.nms_threshold", 0.0),
        ("predict.nms_alpha", -1.0),
        ("predict.foreground", "P_A"),
        ("predict.tau", 0.0),
    ],
)
def test_a_value_that_cannot_be(path, value):
    with pytest.raises(ValueError) as error:
        toy_gaufuse.make_config({path: value})
    text = str(error.value)
    assert f"config.{path} must" in text and "\n" not in text
    entries = value if isinstance(value, tuple) else (value,)
    assert any(str(entry) in text for entry in entries) or "must not be empty" in text


def test_a_weight_for_each_part_of_the_schedule():
    with pytest.raises(ValueError, match=r"distillation_weights must have one more than .*\(1.0,"):
        toy_gaufuse.make_config({"loss.distillation_weights": (1.0, 0.5)})


@pytest.mark.parametrize(
    "path", ["pseudo.refresh", "predict.taus", "loss.gamma", "data.num_snippets"]
)
def test_a_name_that_does_not_exist(path):
    with pytest.raises(ValueError, match=f"config.{path} does not exist; nearest is") as error:
        toy_gaufuse.make_config({path: 1})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("clustering", ["scc", "none"])
@pytest.mark.parametrize("foreground", ["both", "clusters"])
def test_clusters_that_nobody_classifies_cannot_assist_the_test(clustering, foreground):
    values = {"loss.clustering": clustering, "predict.foreground": foreground}
    with pytest.raises(ValueError) as error:
        toy_gaufuse.make_config(values)
    assert f"config.predict.foreground={foreground}" in str(error.value)
    assert "give --config.predict.foreground=attention" in str(error.value)


@pytest.mark.parametrize("name", [file.stem for file in FILES])
@pytest.mark.parametrize("root", ["", "/data"])
def test_every_file_builds_with_and_without_a_root(name, root):
    values = importlib.import_module(f"configs.{name}").get_config()
    place = "videos" if values.data.name == "videos" else "root"
    values.data[place] = root or ("/data" if values.data.name == "folder" else "")
    config = from_dict(values.to_dict())
    assert isinstance(config, methods.find(values.method).CONFIG)
    assert getattr(config.data, place) == values.data[place]
    assert config.data.is_embedded == (not values.data[place])


@pytest.mark.parametrize("name", GAUFUSE)
def test_the_twins_schedule_is_the_default_without_a_root(name):
    values = importlib.import_module(f"configs.{name}").get_config()
    twin = from_dict(values.to_dict())
    values.data.root = "/data"
    published = from_dict(values.to_dict())
    for config, schedule in ((published, values.schedule), (twin, values.twin_schedule)):
        assert config.num_epochs == schedule.num_epochs and config.model.hidden == schedule.hidden
        assert config.optimizer.learning_rate == schedule.learning_rate
        assert config.optimizer.learning_rate == schedule.learning_rate
    assert (published.num_epochs, published.model.hidden) == (350, 2048)
    values.num_epochs, values.model.hidden = 7, 3
    config = from_dict(values.to_dict())
    assert (config.num_epochs, config.model.hidden) == (7, 3)


def test_defaults_are_those_of_the_functions():
    """One value of a constant, wherever it stands."""
    test, pseudo = instances.GaufuseTestConfig(), instances.PseudoConfig()
    assert tuple(fusion.DISTRIBUTIONS) == instances.DISTRIBUTIONS
    assert tuple(fusion.WEIGHTS) == instances.WEIGHTS
    for function in (find_instances, select):
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.default is not parameter.empty and name != "extra":
                assert getattr(test, name) == parameter.default
                assert name == "tau" or getattr(pseudo, name) == parameter.default


def test_numbers_may_be_swept():
    sweep = ("model.propagation=0.3,loss.pseudo_weight=5", "model.dropout=0.1,loss.wise_weight=1")
    config = toy_gaufuse.make_config({"sweep": sweep})
    first, second = enumerate_members(config, toy_gaufuse.make_data())
    assert (first.config.model.propagation, first.config.loss.pseudo_weight) == (0.3, 5.0)
    assert (second.config.model.dropout, second.config.loss.wise_weight) == (0.1, 1.0)
    assert first.num_steps == second.num_steps == toy_gaufuse.NUM_STEPS


@pytest.mark.parametrize("num_epochs", [350, 70, 14, 35, 105, 700])
def test_epochs_are_counted_in_the_published_ones(num_epochs):
    """Whole numbers exactly: at epoch 200 something else happens than after it."""
    config = toy_gaufuse.make_config({"num_epochs": num_epochs})
    for epoch in range(num_epochs + 1):
        if epoch * 350 % num_epochs == 0:
            assert config.counted(epoch) == epoch * 350 // num_epochs
    refresh = gaufuse.make(config, num_clusters=4).refresh
    assert len(refresh.epochs) == 6 and refresh.epochs[0] == pytest.approx(num_epochs * 4 / 7)


def test_targets_by_epoch():
    """None up to 200, P_r up to 250, 2 (P_r - P_r-1) up to 300, then 2.15 times that."""

    def mixes(overrides=None):
        mix = gaufuse.make(
            toy_gaufuse.make_config({"num_epochs": 350} | (overrides or {})), num_clusters=4
        ).refresh.mix
        return [mix(epoch) for epoch in (0, 200, 201, 250, 251, 300, 301, 349)]

    start = [(0, 0), (0, 0), (1, 0), (1, 0)]
    assert mixes() == [*start, (2, -2), (2, -2), (2.15, -2.15), (2.15, -2.15)]
    assert mixes({"pseudo.delta": False}) == [*start, *[(1, 0)] * 4]


def test_no_refreshes():
    config = toy_gaufuse.make_config({"pseudo.refresh_at": ()})
    assert gaufuse.make(config, num_clusters=4).refresh is None


def test_an_epoch_is_whole_batches():
    data = toy_gaufuse.make_config({"data.videos_per_batch": 10}).data
    assert [data.steps_per_epoch(videos) for videos in (200, 29, 5)] == [20, 2, 1]


@pytest.mark.parametrize(
    "overrides, message",
    [
        ({"pseudo.refresh_at": (200, 350)}, r"refresh_at counts in the schedule's 350 epochs"),
        ({"pseudo.refresh_at": (200,)}, r"delta learns what changed between two refreshes"),
    ],
)
def test_refreshes_that_would_not_do_what_they_say(overrides, message):
    with pytest.raises(ValueError, match=message):
        toy_gaufuse.make_config(overrides)


def test_one_refresh_is_enough_for_labels_themselves():
    config = toy_gaufuse.make_config({"pseudo.refresh_at": (200,), "pseudo.delta": False})
    assert len(config.pseudo.refresh_at) == 1


def test_a_freeze_of_nothing_is_refused():
    config = toy_gaufuse.make_config({"optimizer.freeze_steps": 2})
    with pytest.raises(ValueError, match="freeze_steps=2: gaufuse has no parameters that stay"):
        set_up(config, toy_gaufuse.make_data())
