"""Late parameters: not a bit moves while they are frozen, and Adam meets them afresh."""

import json
import signal

import jax
import numpy as np
import pytest
import toy
from test_optimizer import adam

from jaxseg.training import loop
from jaxseg.training.interrupts import Stopped
from jaxseg.training.setup import abstract_state, set_up

FREEZE, RATE, DECAY = 2, 1e-3, 0.5  # a decay so strong that its absence would show
VALUES = {
    "seeds": 2,
    "optimizer.freeze_steps": FREEZE,
    "optimizer.weight_decay": DECAY,
    "checkpoint.watch_every": 1,
    "checkpoint.every": 100,  # at the end and where the run is stopped
}
CONFIG = toy.make_tot_config(VALUES)
SALAD, SOUP = slice(0, 2), slice(2, 4)  # members of six steps, and of three


def train(config, workdir, stop_after=None):
    """(setup, the state in NumPy after every step from the first)."""
    setup, states = set_up(config, toy.make_data()), []

    def watch(done, state):
        states.append(jax.tree.map(np.array, state))
        if done == stop_after:
            signal.raise_signal(signal.SIGINT)

    loop.train(config, setup, workdir, progress=False, watch=watch)
    return setup, states


@pytest.fixture(scope="module")
def watched(quickly, tmp_path_factory):
    with quickly():
        return train(CONFIG, tmp_path_factory.mktemp("run"))


def prototypes(state, members=slice(None)) -> np.ndarray:
    return state.params["prototypes"][members]


def start(setup) -> dict:
    """Each member's parameters before the first step."""
    init = jax.jit(jax.vmap(lambda batch, member: setup.method.init(member.key, batch, member)[0]))
    return jax.tree.map(np.array, init(setup.batches.batch(0), setup.inputs))


def test_frozen_prototypes_have_not_moved_by_one_bit(watched, quick_compile):
    setup, states = watched
    first = start(setup)
    assert [int(state.step) for state in states] == [1, 2, 3, 4, 5, 6]
    for state in states[:FREEZE]:
        assert prototypes(state).tobytes() == first["prototypes"].tobytes()
        kernel = state.params["layer_0"]["kernel"]
        assert np.abs(kernel - first["layer_0"]["kernel"]).max() > RATE / 2


def test_they_move_with_the_first_step_after_it(watched):
    _, states = watched
    for before, after in zip(states[FREEZE - 1 :], states[FREEZE:], strict=False):
        moved = prototypes(after) - prototypes(before)
        running = SALAD if int(after.step) > 3 else slice(None)
        assert (np.abs(moved[running]).max((1, 2)) > RATE / 2).all()


def test_every_activity_has_the_same_freeze_and_an_end_of_its_own(watched):
    _, states = watched
    np.testing.assert_array_equal(prototypes(states[2], SOUP), prototypes(states[5], SOUP))


def test_without_a_freeze_they_move_at_once(quick_compile, tmp_path):
    values = VALUES | {"optimizer.freeze_steps": 0, "num_epochs": 1}
    setup, states = train(toy.make_tot_config(values), tmp_path)
    moved = np.abs(prototypes(states[0]) - start(setup)["prototypes"])
    assert (moved.max((1, 2)) > RATE / 2).all()


def gradients(setup, states) -> np.ndarray:
    """Of the prototypes of the first member, at each step from the thaw on, decay left out."""
    member = jax.tree.map(lambda leaf: leaf[0], setup.inputs)

    @jax.jit
    def gradient(params, batch, step):
        def loss(params):
            return setup.method.loss(
                params, (), batch, jax.random.fold_in(member.key, step), member
            )

        return jax.grad(loss, has_aux=True)(params)[0]["prototypes"]

    found = []
    for step in range(FREEZE, setup.num_steps):
        params = jax.tree.map(lambda leaf: leaf[0], states[step - 1].params)
        batch = {name: array[0] for name, array in setup.batches.batch(step).items()}
        found.append(np.asarray(gradient(params, batch, step), float))
    return np.stack(found)


def test_moments_and_decay_start_with_the_thaw(watched, quick_compile):
    """As Adam that meets the prototypes then for the first time, with its own count of steps."""
    setup, states = watched
    frozen = prototypes(states[FREEZE - 1])[0].astype(float)
    expected = adam(frozen, gradients(setup, states), RATE, DECAY)
    np.testing.assert_allclose(prototypes(states[-1])[0], expected, atol=1e-6)
    counts = {part: state[1].count.tolist() for part, state in states[-1].opt_state.items()}
    assert counts == {"free": [6, 6, 3, 3], "late": [4, 4, 1, 1]}


@pytest.mark.parametrize("stop_after", [1, FREEZE, FREEZE + 1])
def test_stopped_and_resumed_equals_undisturbed(watched, quick_compile, tmp_path, stop_after):
    with pytest.raises(Stopped, match=f"saved at step {stop_after} of 6"):
        train(CONFIG, tmp_path, stop_after)
    _, states = train(CONFIG, tmp_path)
    assert len(states) == 6 - stop_after
    jax.tree.map(np.testing.assert_array_equal, states[-1], watched[1][-1])
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(6))


def test_methods_without_late_parameters_have_one_part():
    setup = set_up(toy.make_config(), toy.make_data())
    assert set(abstract_state(setup).opt_state) == {"free"}
