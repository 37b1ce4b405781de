"""Human terms in the config: what goes together, what is asked of the data, what wins."""

import dataclasses

import pytest
import toy

from jaxseg.config.fields import nest
from jaxseg.methods import from_dict, own_data

OPEN = {
    f"solver.{name}.{key}": value
    for name in ("train", "eval")
    for key, value in (("radius", 0.0), ("rho", -1.0))
}
AUTO = {"duration": "auto", "order": "auto"}


def asked(overrides) -> tuple[str, ...]:
    return toy.make_config(OPEN | overrides).asks_for


def test_what_is_asked_of_the_data():
    assert asked(AUTO) == ("duration", "order")
    assert asked({"duration": 3.0, "order": "auto"}) == ("order",)
    assert asked({"duration": "auto", "order": "free"}) == ("duration",)
    assert asked({"duration": 3.0, "order": "free"}) == ()
    assert asked(AUTO | {"num_actions": "auto"}) == ("num_actions", "duration", "order")
    assert asked(AUTO | {"model.num_clusters": "auto"}) == ("num_actions", "duration", "order")
    assert asked(AUTO | {"num_actions": "auto", "model.num_clusters": 4}) == ("duration", "order")


def test_one_explicit_number_leaves_the_other_solver_to_ask():
    assert asked(AUTO | {"solver.eval.radius": 0.1}) == ("duration", "order")
    assert asked(AUTO | {"solver.eval.radius": 0.1, "solver.train.reach": 9.0}) == ("order",)
    assert asked(AUTO | {"solver.eval.rho": 0.0, "solver.train.rho": 0.1}) == ("duration",)


def test_the_papers_configs_use_no_terms():
    assert not toy.make_config().uses_terms
    assert toy.make_config(OPEN | {"duration": 3.0, "order": "free"}).uses_terms


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        ({"duration": 3.0}, ["config.duration and config.order go together", "3.0", "''"]),
        ({"order": "auto"}, ["go together", "0.0", "'auto'"]),
        (OPEN | AUTO | {"sweep": ("solver.eval.alpha=0.5",)}, ["config.sweep", "duration, order"]),
        (
            OPEN | AUTO | {"data.test_share": 0.5},
            ["config.data.test_share=0.5", "give a value for"],
        ),
        ({"num_actions": 1}, ["num_actions", "at least 2", "1"]),
        ({"num_actions": "all"}, ["num_actions", "'all'"]),
        ({"duration": -2.0, "order": "free"}, ["duration", "-2"]),
        ({"duration": 2.0, "order": "any"}, ["order", "'any'"]),
        ({"solver.eval.radius": 0.0}, ["config.solver.eval.radius=0.0", "config.duration"]),
        ({"solver.train.rho": -1.0}, ["config.solver.train.rho=-1.0", "config.order"]),
    ],
)
def test_what_cannot_be(overrides, parts):
    with pytest.raises(ValueError) as error:
        toy.make_config(overrides)
    text = str(error.value)
    assert "\n" not in text and all(part in text for part in parts), text


def test_a_third_of_the_duration_and_the_prior_of_the_order():
    config = toy.make_config(OPEN | AUTO)
    free = config.with_terms(duration=30.0, order="free")
    shared = config.with_terms(duration=30.0, order="shared")
    for settled, rho in ((free, 0), (shared, 0.2)):
        for each in (settled.solver.train, settled.solver.eval):
            assert (each.radius, each.reach, each.rho) == (0, 10, rho)
        assert settled.data.piece == 64 * 30
        same = {"solver": config.solver, "data": config.data}
        assert dataclasses.replace(settled, **same) == config


def test_explicit_numbers_win():
    explicit = {
        "solver.train.radius": 0.1,
        "solver.train.rho": 0.0,
        "solver.eval.reach": 7.0,
        "data.piece": 500,
    }
    settled = toy.make_config(OPEN | AUTO | explicit).with_terms(duration=30.0, order="shared")
    train, decode = settled.solver.train, settled.solver.eval
    assert (train.radius, train.reach, train.rho) == (0.1, 0, 0)
    assert (decode.radius, decode.reach, decode.rho) == (0, 7, 0.2)
    assert settled.data.piece == 500


@pytest.mark.parametrize("method", ["asot", "tot"])
def test_peoples_own_data_ask_for_all_but_the_number(method):
    assert from_dict(nest(own_data(method))).asks_for == ("duration", "order")
