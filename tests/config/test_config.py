"""A wrong value is one sentence that names the field; configs and classes have the same keys."""

import copy
import importlib
import math
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import toy

from jaxseg import methods
from jaxseg.config import describe, flatten, to_dict
from jaxseg.config.fields import complete
from jaxseg.methods import check_key, from_dict

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
CONFIG_FILES = sorted(file for file in CONFIGS.glob("*.py") if file.stem != "activities")


def one_line(error) -> str:
    text = str(error.value)
    assert text and "\n" not in text
    return text


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seeds", 0),
        ("num_epochs", -1),
        ("mesh.member", -1),
        ("mesh.data", -1),
        ("data.length_tolerance", -1),
        ("data.fps", -1.0),
        ("data.videos_per_batch", 0),
        ("data.frames_per_video", 1),
        ("model.layers", (6,)),
        ("model.layers", (6, 0)),
        ("model.num_clusters", 1),
        ("model.num_clusters", -3),
        ("model.temperature", 0.0),
        ("model.kmeans_restarts", 0),
        ("solver.train.epsilon", 0.0),
        ("solver.eval.epsilon", math.nan),
        ("solver.train.alpha", 1.01),
        ("solver.train.alpha", -0.01),
        ("solver.train.alpha", math.nan),
        ("solver.eval.radius", 0.0),
        ("solver.eval.lambda_actions", 0.0),
        ("solver.eval.lambda_frames", -1.0),
        ("solver.train.rho", -0.1),
        ("solver.train.num_iterations", 0),
        ("solver.train.num_sinkhorn_iterations", 0),
        ("optimizer.learning_rate", 0.0),
        ("optimizer.weight_decay", -1.0),
        ("checkpoint.every", -1),
        ("checkpoint.keep", 0),
        ("predict.num_buckets", 0),
        ("predict.couplings", -1),
        ("predict.segments", "tsv"),
        ("evaluation.protocols", ("asto",)),
        ("report.max_videos", 0),
    ],
)
def test_a_value_that_cannot_be(path, value):
    with pytest.raises(ValueError) as error:
        toy.make_config({path: value})
    text = one_line(error)
    assert f"config.{path}" in text or path in text
    shown = value[0] if path == "evaluation.protocols" else value
    assert str(shown) in text


def test_one_cluster_for_an_activity():
    with pytest.raises(ValueError) as error:
        toy.make_config({"model.clusters_by_activity": {"tea": 1}})
    assert "config.model.clusters_by_activity.tea must be at least 2, got 1" in one_line(error)


def test_both_marginals_relaxed_need_a_step_size():
    relaxed = {"solver.eval.lambda_frames": 0.1}
    with pytest.raises(ValueError) as error:
        toy.make_config(relaxed)
    assert "config.solver.eval.step_size" in one_line(error)
    toy.make_config(relaxed | {"solver.eval.step_size": 0.5})


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        ("seeds", 2.5, "int"),
        ("seeds", True, "int"),
        ("solver.train.alpha", "high", "float"),
        ("model.kmeans", 1, "bool"),
        ("data.root", 3, "str"),
        ("model.layers", 64, "tuple"),
        ("model.layers", (64, "wide"), "int"),
        ("activities", "coffee", "tuple"),
    ],
)
def test_a_value_of_another_type(path, value, kind):
    with pytest.raises(ValueError) as error:
        toy.make_config({path: value})
    text = one_line(error)
    assert f"config.{path}" in text and kind in text


def test_whole_numbers_stand_for_floats():
    assert toy.make_config({"data.fps": 15}).data.fps == 15.0


def test_a_key_that_does_not_exist_names_the_nearest():
    with pytest.raises(ValueError, match=r"config\.solver\.train\.epsilonn .* solver\.train\.eps"):
        toy.make_config({"solver.train.epsilonn": 1.0})
    with pytest.raises(ValueError, match=r"'num_epoch'; nearest is num_epochs"):
        check_key("num_epoch")
    with pytest.raises(ValueError, match=r"nearest is solver\.eval\.radius"):
        check_key("solver.eval.radios")
    check_key("solver.eval.radius")
    check_key("model.clusters_by_activity.tea")


def test_names_may_be_given_with_commas():
    assert toy.make_config({"activities": ("tea,coffee",)}).activities == ("tea", "coffee")


def test_there_and_back():
    config = toy.make_config({"seeds": 3, "sweep": ("model.temperature=0.2",)})
    assert from_dict(to_dict(config)) == config


def test_a_config_can_be_changed_nowhere():
    config = toy.make_config()
    with pytest.raises(AttributeError):
        config.seeds = 2


@pytest.mark.parametrize("file", CONFIG_FILES, ids=lambda file: file.stem)
def test_every_config_file_has_exactly_the_known_keys(file, monkeypatch):
    monkeypatch.syspath_prepend(str(CONFIGS.parent))
    values = runpy.run_path(str(file))["get_config"]().to_dict()
    assert set(flatten(values)) == set(flatten(to_dict(methods.find(values["method"]).CONFIG())))
    config = from_dict(values)
    assert config.method in file.stem and config.num_epochs >= 10


@pytest.mark.parametrize("name", methods.names())
@pytest.mark.parametrize("root", ["", "a folder"])
def test_a_name_alone_means_the_methods_config_file(name, root):
    values = importlib.import_module(f"configs.{name}").get_config()
    values.data.root = root
    config = from_dict({"method": name, "data": {"root": root}})
    assert config == from_dict(values.to_dict())
    assert from_dict(to_dict(config)) == config


@pytest.mark.parametrize("name", methods.names())
def test_every_key_is_described(name):
    cls = methods.find(name).CONFIG
    keys = describe(cls)
    assert [key.path for key in keys] == list(flatten(to_dict(cls())))
    for key in keys:
        assert key.comment and "\n" not in key.comment
        assert key.default == flatten(to_dict(cls()))[key.path]
    types = {key.path: key.type for key in keys}
    assert types["seeds"] == "int" and types["optimizer.change_at"] == "tuple of float"
    assert name not in ("asot", "tot") or types["model.num_clusters"] == "int or auto"


def test_configs_are_read_without_jax():
    """So that a wrong flag, or --help, is answered at once."""
    code = (
        "import sys, jaxseg.config, jaxseg.methods as methods\n"
        "for name in methods.names(): methods.from_dict({'method': name})\n"
        "print(sorted({'jax', 'flax', 'optax', 'orbax'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_open_is_filled_in_a_copy():
    """None alone: neither another value, 0 included, nor what was given is changed."""
    values = {"num_epochs": 0, "optimizer": {"freeze_steps": None}, "data": {"root": "a folder"}}
    given = copy.deepcopy(values)
    completed = complete(methods.find("tot").CONFIG, values)
    assert completed["num_epochs"] == 0 and completed["optimizer"]["freeze_steps"] == 1000
    assert completed["solver"]["train"]["sigma"] == 1.0 and completed["data"]["bins"] == 32
    assert values == given


def test_a_section_is_not_a_value():
    with pytest.raises(ValueError, match=r"^config\.solver\.eval is a section of keys, got 3$"):
        from_dict({"method": "tot", "solver": {"eval": 3}})
