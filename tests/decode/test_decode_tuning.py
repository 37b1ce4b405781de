"""Settings, halves, the choice."""

import json

import numpy as np
import pytest

from jaxseg.decode.settings import DEFAULTS, GRID, ITERATIONS, Settings, grid, read_settings, single
from jaxseg.decode.tuning import Tuned, choose, halves

VIDEOS = [f"v{place}" for place in range(9)]


def test_halves_are_disjoint_and_the_same_for_a_seed():
    drawn = [halves(VIDEOS, None, seed) for seed in range(20)]
    for one, other in drawn:
        assert sorted(one + other) == VIDEOS
        assert len(one) == 4
        assert one == sorted(one) and other == sorted(other)
    assert len({tuple(one) for one, _ in drawn}) > 10
    assert halves(VIDEOS, None, 3) == drawn[3]


def test_splits_are_not_divided():
    splits = {"1": VIDEOS[:2], "2": VIDEOS[2:6], "3": VIDEOS[6:]}
    for seed in range(20):
        one, other = halves(VIDEOS, splits, seed)
        assert one in splits.values()
        assert sorted(one + other) == VIDEOS
    # One split alone has to be divided.
    one, _ = halves(VIDEOS, {"1": VIDEOS}, 0)
    assert len(one) == 4


def test_one_video_has_no_halves():
    with pytest.raises(ValueError, match="--tune needs two videos at least, and there is 1"):
        halves(VIDEOS[:1], None, 0)


def row(alpha, accuracy, edit, f1):
    return Settings(alpha=alpha), {"accuracy": accuracy, "edit": edit, "f1@50": f1}


def test_choice():
    before = {"accuracy": 60.0, "edit": 40.0, "f1@50": 30.0}
    rows = [row(0.1, 60, 50, 40), row(0.2, 59.5, 60, 41), row(0.3, 59.4, 90, 90)]
    assert choose(rows, before).alpha == 0.2
    assert choose([*rows, row(0.4, 70, 60.5, 40.5)], before).alpha == 0.2
    # Where all cost more accuracy than that, the most accurate one.
    assert choose([row(0.1, 50, 90, 90), row(0.2, 51, 10, 10)], before).alpha == 0.2


def test_grid_is_every_combination():
    found = grid({"alpha": (0.5,), "radius": (0.1, 0.2)})
    epsilons, lambdas = GRID["epsilon"], GRID["lambda_actions"]
    assert len(found) == len(set(found)) == 2 * len(epsilons) * len(lambdas)
    assert {each.alpha for each in found} == {0.5}
    assert {each.radius for each in found} == {0.1, 0.2}


def test_given_numbers_go_before_those_of_a_file(tmp_path):
    path = tmp_path / "tuned.json"
    tuned = Tuned(Settings(0.1, 0.2, 0.3, 0.4), 7, [], {}, [], [])
    path.write_text(json.dumps(tuned.record()))
    assert single({}, path) == (Settings(0.1, 0.2, 0.3, 0.4), 7)
    assert single({"radius": (0.5,)}, path) == (Settings(0.1, 0.5, 0.3, 0.4), 7)
    assert single({"radius": (0.5,)}, None) == (DEFAULTS._replace(radius=0.5), ITERATIONS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"alpha": (1.5,)}, r"alpha must be in \[0, 1\], got 1.5"),
        ({"alpha": (-0.1,)}, r"alpha must be in \[0, 1\], got -0.1"),
        ({"radius": (0.0,)}, "radius must be positive, got 0"),
        ({"epsilon": (-1.0,)}, "epsilon must be positive, got -1"),
        ({"epsilon": (1e-9,)}, "epsilon must be between 0.001 and 10, got 1e-09"),
        ({"lambda_actions": (np.nan,)}, "lambda_actions must be finite, got nan"),
        ({"radius": (np.inf,)}, "radius must be finite, got inf"),
    ],
)
def test_numbers_out_of_range(given, message):
    with pytest.raises(ValueError, match=message):
        single(given, None)
    with pytest.raises(ValueError, match=message):
        grid(given)


def test_several_values_without_tuning():
    with pytest.raises(ValueError, match="alpha: 2 values; several are for --tune"):
        single({"alpha": (0.1, 0.2)}, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("[]", "not written by --tune"),
        ("{}", "no 'settings'"),
        ('{"settings": {"alpha": 0.1}, "iterations": 5}', "no 'radius'"),
        ('{"settings": {}, "iterations": 5}', "no 'alpha'"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_broken_settings(tmp_path, content, message):
    path = tmp_path / "tuned.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as error:
        read_settings(path)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize(("name", "value"), [("alpha", 2), ("epsilon", "x"), ("iterations", 0)])
def test_settings_with_a_wrong_value(tmp_path, name, value):
    content = {"settings": DEFAULTS._asdict(), "iterations": 25}
    (content if name == "iterations" else content["settings"])[name] = value
    path = tmp_path / "tuned.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f"not written by --tune: .*{value}"):
        read_settings(path)


def test_missing_settings(tmp_path):
    with pytest.raises(ValueError, match="none: No such file or directory"):
        read_settings(tmp_path / "none")
