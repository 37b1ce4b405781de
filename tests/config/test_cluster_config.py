"""`config.model.num_clusters`: a number for every command line there was, or auto."""

import sys
import warnings
from pathlib import Path
from unittest import mock

import pytest
import toy
from absl import flags
from ml_collections import config_flags

from jaxseg.config import to_dict
from jaxseg.methods import from_dict
from jaxseg.run.flags import parse

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
SEGMENTATION = sorted(
    file
    for file in CONFIGS.glob("*.py")
    if file.stem.startswith(("asot", "tot")) and file.stem not in ("asot", "tot")
)
AUTO = {"model.num_clusters": "auto", "seeds": 2}


def parsed(file: Path, *words: str) -> dict:
    """The values that a command line leads to."""
    values = flags.FlagValues()
    config_flags.DEFINE_config_file("config", None, "file", flag_values=values)
    argv = ["jaxseg.main", f"--config={file}", *words]
    with (
        mock.patch.object(sys, "argv", argv),
        mock.patch.object(flags, "FLAGS", values),
        warnings.catch_warnings(),  # of ml-collections, which loads configs the old way
    ):
        warnings.filterwarnings("ignore", "the load_module", DeprecationWarning)
        assert parse(argv) == ["jaxseg.main"]
        return values["config"].value.to_dict()


@pytest.mark.parametrize("file", SEGMENTATION, ids=lambda file: file.stem)
def test_every_config_takes_a_number_or_auto(file):
    for given, value in (("7", 7), ("auto", "auto")):
        words = ["--config.seeds=2", "--config.data.root=somewhere"]
        if file.stem == "asot_videos":
            words.pop()
        result = from_dict(parsed(file, *words, f"--config.model.num_clusters={given}"))
        assert result.model.num_clusters == value and result.model.chooses == (given == "auto")
        assert to_dict(result)["model"]["num_clusters"] == value


def test_the_number_may_stand_behind_a_space():
    file = CONFIGS / "asot_breakfast.py"
    result = parsed(file, "--config.model.num_clusters", "7", "--config.model.cluster_range", "3,9")
    assert result["model"]["num_clusters"] == 7 and result["model"]["cluster_range"] == (3, 9)


@pytest.mark.parametrize("value", ["seven", "", 7.5, True, None])
def test_what_is_neither(value):
    with pytest.raises(ValueError, match=r"^config.model.num_clusters must be int or auto, got "):
        toy.make_config({"model.num_clusters": value})


@pytest.mark.parametrize("value", [(1, 5), (5, 5), (5,), (2, 3, 4), ()])
def test_a_range_that_is_none(value):
    with pytest.raises(
        ValueError, match=r"^config.model.cluster_range must be .*, got \("
    ) as error:
        toy.make_config({"model.cluster_range": value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [("sweep", ("solver.train.alpha=0.2",)), ("data.test_share", 0.5)],
)
def test_what_auto_does_not_go_with(path, value):
    with pytest.raises(ValueError, match=r"give a value for num_actions") as error:
        toy.make_config(AUTO | {path: value})
    assert f"config.{path}" in str(error.value) and "\n" not in str(error.value)
    assert toy.make_config({path: value}).model.chooses is False
