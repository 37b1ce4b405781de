"""Members share a program and nothing else."""

import dataclasses

import jax
import numpy as np
import pytest
import toy

from jaxseg.data.segmentation.records import DataSet
from jaxseg.training.members import enumerate_members, stack
from jaxseg.training.settled import settled_configs
from jaxseg.training.setup import set_up
from jaxseg.tuning.settle import choose

DATA = toy.make_data()
OPEN = (("radius", 0.0), ("rho", -1.0))  # from human terms
# Padded shapes make XLA sum in another order, so that members agree to rounding and not bit for
# bit; six steps of Adam at 1e-3 leave the rounding of a parameter near 1e-6.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def own(setup, state, **what):
    """The parameters of the one member that has these attributes, without masked clusters."""
    (index,) = [
        i
        for i, member in enumerate(setup.members)
        if all(getattr(member, name) == value for name, value in what.items())
    ]
    params = jax.tree.map(lambda leaf: leaf[index], state.params)
    return params | {"prototypes": params["prototypes"][: setup.members[index].num_clusters]}


def part(activity: str) -> DataSet:
    return dataclasses.replace(DATA, videos=DATA.activities[activity])


@pytest.mark.parametrize("activity", ["salad", "soup"])
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_member_alone_is_the_same(train_toy, toy_run, activity, seed):
    setup, state, _ = toy_run
    together = own(setup, state, activity=activity, seed=seed)
    config = toy.make_config({"seeds": 2})
    alone, state, _ = train_toy(config, data=part(activity))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, **CLOSE),
        own(alone, state, activity=activity, seed=seed),
        together,
    )


def test_seeds_differ_and_activities_too(toy_run):
    setup, state, _ = toy_run
    kernels = state.params["layer_0"]["kernel"]
    assert len(kernels) == len(setup.members) == 4
    for i in range(4):
        for j in range(i):
            assert np.abs(kernels[i] - kernels[j]).max() > 0.1


def test_a_folder_of_any_name_draws_the_same():
    """Videos in no subfolder are an activity named after the folder they lie in."""

    def drawn(name, top):
        videos = [
            dataclasses.replace(video, activity=name, top=top) for video in part("soup").videos
        ]
        config = toy.make_config({"model.num_clusters": 3, "data.test_share": 0.5})
        setup = set_up(config, dataclasses.replace(DATA, videos=tuple(videos)))
        keys = jax.random.key_data(setup.inputs.key).tolist()
        return keys, setup.batches.batch(2)["frames"].tolist(), setup.members[0].test

    assert drawn("mine", True) == drawn("yours", True)
    mine, yours = drawn("mine", False), drawn("yours", False)
    assert mine[0] != yours[0] and mine[1] != yours[1]


def test_seeds_are_counted_from_the_first(toy_run):
    later = set_up(toy.make_config({"seeds": 2, "first_seed": 1}), DATA)
    assert [member.directory for member in later.members] == ["seed1", "seed2"] * 2
    setup, *_ = toy_run
    keys, same = (np.array(jax.random.key_data(each.inputs.key)) for each in (later, setup))
    np.testing.assert_array_equal(keys[[0, 2]], same[[1, 3]])
    frames, same = (each.batches.batch(1)["frames"] for each in (later, setup))
    np.testing.assert_array_equal(frames[[0, 2]], same[[1, 3]])


def test_a_finished_member_keeps_its_parameters(train_toy):
    """Soup is done after two of salad's steps, as if it had been trained alone."""
    config = toy.make_config({"num_epochs": 2, "seeds": 2})
    setup, state, _ = train_toy(config)
    assert [member.num_steps for member in setup.members] == [4, 4, 2, 2]
    alone, other, _ = train_toy(config, data=part("soup"))
    assert int(other.step) == 2 and int(state.step) == 4
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, **CLOSE),
        own(setup, state, activity="soup", seed=0),
        own(alone, other, activity="soup", seed=0),
    )
    assert state.opt_state["free"][1].count.tolist() == [4, 4, 2, 2]


SWEEP = ("optimizer.learning_rate=0.001", "optimizer.learning_rate=0.01,solver.train.rho=0.3")


def test_a_sweep_varies_what_it_names_and_nothing_else(train_toy, toy_run):
    setup, state, _ = toy_run
    swept, other, _ = train_toy(toy.make_config({"seeds": 2, "sweep": SWEEP}))
    assert [(m.activity, m.variant, m.seed) for m in swept.members[:4]] == [
        ("salad", SWEEP[0], 0),
        ("salad", SWEEP[0], 1),
        ("salad", SWEEP[1], 0),
        ("salad", SWEEP[1], 1),
    ]
    for seed in (0, 1):
        base = own(setup, state, activity="salad", seed=seed)
        same = own(swept, other, activity="salad", seed=seed, variant=SWEEP[0])
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **CLOSE), base, same)
        changed = own(swept, other, activity="salad", seed=seed, variant=SWEEP[1])
        assert np.abs(base["prototypes"] - changed["prototypes"]).max() > 1e-3


def test_sweep_overrides_reach_their_member_only():
    members = enumerate_members(toy.make_config({"sweep": SWEEP}), DATA)
    hyper = stack(members).hyper
    np.testing.assert_allclose(hyper["optimizer"]["learning_rate"], [0.001, 0.01] * 2)
    np.testing.assert_allclose(hyper["solver"]["train"]["rho"], [0.15, 0.3] * 2)
    np.testing.assert_allclose(hyper["solver"]["eval"]["rho"], [0.15] * 4)
    assert [member.directory for member in members[:2]] == [f"seed0,{text}" for text in SWEEP]


def test_a_sweep_is_of_the_numbers_that_human_terms_settle():
    terms = {"duration": 6.0, "order": "free", "sweep": ("solver.train.alpha=0.2",)}
    unset = {f"solver.{part}.{key}": value for part in ("train", "eval") for key, value in OPEN}
    config = toy.make_config(terms | unset)
    members = enumerate_members(config, DATA, settled_configs(config, choose(config, DATA)))
    for member in members:
        for part, alpha in (("train", 0.2), ("eval", config.solver.eval.alpha)):
            solver = getattr(member.config.solver, part)
            assert (solver.reach, solver.rho, solver.alpha) == (2, 0, alpha)


def test_masks_and_steps_of_the_members():
    inputs = stack(enumerate_members(toy.make_config(), DATA))
    assert inputs.cluster_mask.tolist() == [[True] * 4, [True] * 3 + [False]]
    assert inputs.num_steps.tolist() == [6, 3]


@pytest.mark.parametrize(
    ("entry", "parts"),
    [
        ("solver.train.alfa=0.3", ["'solver.train.alfa'", "solver.train.alpha"]),
        ("num_epochs=3", ["'num_epochs'"]),
        ("solver.train.num_iterations=3", ["'solver.train.num_iterations'"]),
        ("solver.train.alpha=high", ["'solver.train.alpha=high'"]),
        ("solver.train.alpha=1.5", ["solver.train.alpha", "[0, 1]", "1.5"]),
        ("solver.train.lambda_actions=inf", ["solver.train.lambda_actions=inf", "two runs"]),
        ("", ["''"]),
    ],
)
def test_a_sweep_that_cannot_be(entry, parts):
    with pytest.raises(ValueError) as error:
        enumerate_members(toy.make_config({"sweep": (entry,)}), DATA)
    assert all(part in str(error.value) for part in parts) and "\n" not in str(error.value)


def test_more_clusters_than_frames():
    config = toy.make_config({"model.num_clusters": 13})
    with pytest.raises(ValueError, match=r"salad/salad0 has 12 frames.*13 clusters"):
        enumerate_members(config, DATA)


def test_an_activity_without_a_number_of_clusters():
    config = toy.make_config({"model.clusters_by_activity": {"salad": 4}})
    with pytest.raises(ValueError, match=r"activity 'soup'.*num_clusters"):
        enumerate_members(config, DATA)


def test_an_unknown_method():
    with pytest.raises(ValueError, match=r"config\.method must be one of asot, .*got 'asto'"):
        toy.make_config({"method": "asto"})


def test_a_network_that_does_not_fit_the_features():
    with pytest.raises(ValueError, match=r"6 channels.*starts with 64"):
        set_up(toy.make_config({"model.layers": (64, 8, 5)}), DATA)
    assert set_up(toy.make_config({"model.layers": (0, 8, 5)}), DATA).num_steps == 6
