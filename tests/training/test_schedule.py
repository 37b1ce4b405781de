"""A learning rate that changes at epochs, Adam's betas, and runs that have neither."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import toy
from test_optimizer import adam

from jaxseg.config.shared import MeshConfig
from jaxseg.methods import from_dict
from jaxseg.methods.method import Method
from jaxseg.training import sharding
from jaxseg.training.members import Member, enumerate_members, stack
from jaxseg.training.step import learning_rate, make_init, make_step

RATE, DECAY, STEPS = 3e-3, 0.02, 6
SHAPE = (4, 3)
OWN = {"optimizer.learning_rate": RATE, "optimizer.weight_decay": DECAY}
SCHEDULE = OWN | {"optimizer.change_at": (1.0, 2.5), "optimizer.factors": (0.5, 0.125)}


def members(overrides, num_epochs=3, steps=(STEPS,)) -> list[Member]:
    config = toy.make_config(overrides | {"num_epochs": num_epochs})
    return [Member("toy", 0, "", 2, own, config) for own in steps]


def given_gradients(betas=(0.9, 0.999)) -> Method:
    """One matrix, whose gradient is what the batch says."""

    def init(key, example, member):
        return {"weights": jax.random.normal(key, SHAPE)}, ()

    def loss(params, carried, batch, key, member):
        value = jnp.sum(params["weights"] * batch["gradient"][0])
        return value, (carried, {"loss": value})

    return Method(init, None, loss, lambda params: params, lambda *_: None, betas=betas)


def train(method: Method, chosen: list[Member]):
    """(weights before, gradients, weights after each step), each [members, ...]."""
    mesh = sharding.make_mesh(MeshConfig(), num_members=len(chosen), videos_per_batch=1)
    inputs = jax.device_put(stack(chosen), sharding.by_member(mesh))
    shape = (STEPS, len(chosen), 1, *SHAPE)
    gradients = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    state = make_init(method, mesh)({"gradient": gradients[0]}, inputs)
    start, after = np.array(state.params["weights"]), []
    step = make_step(method, mesh)
    for gradient in gradients:
        state, _ = step(state, {"gradient": gradient}, inputs)
        after.append(np.array(state.params["weights"]))
    return start, gradients[:, :, 0], after


def test_epochs_become_each_members_own_steps():
    overrides = {"optimizer.change_at": (1.0, 1.5), "optimizer.factors": (0.5, 0.25)}
    inputs = stack(enumerate_members(toy.make_config(overrides), toy.make_data()))
    assert inputs.num_steps.tolist() == [6, 3]  # salad has two steps an epoch, soup one
    assert inputs.rate_steps.tolist() == [[2, 3], [1, 2]]
    assert inputs.rate_factors.tolist() == [[1, 0.5, 0.25]] * 2
    assert inputs.rate_steps.dtype == np.int32 and inputs.rate_factors.dtype == np.float32


@pytest.mark.parametrize(
    ("epoch", "step"),
    [
        (0.1, 1),
        (0.1 * 3, 3),  # 0.30000000000000004
        (0.7 + 0.1 + 0.1, 9),  # 0.8999999999999999
        (1 / 3, 4),
        (2.01, 21),
        (2.999, 30),
        (80.0, 30),
        (1e300, 30),
    ],
)
def test_the_first_step_of_an_epoch_in_a_run_of_thirty(epoch, step):
    overrides = {"optimizer.change_at": (epoch,), "optimizer.factors": (0.5,)}
    assert stack(members(overrides, steps=(30,))).rate_steps.tolist() == [[step]]


def test_the_rate_of_every_step():
    inputs = jax.tree.map(lambda leaf: leaf[0], stack(members(SCHEDULE)))
    rates = [float(learning_rate(jnp.int32(step), inputs)) for step in range(STEPS)]
    np.testing.assert_allclose(rates, RATE * np.array([1, 1, 0.5, 0.5, 0.5, 0.125]), rtol=1e-6)


def test_training_follows_the_schedule_and_the_betas(quick_compile):
    betas = (0.8, 0.95)
    # The second member has half the steps an epoch, and comes to its end at half of the time.
    start, gradients, after = train(given_gradients(betas), members(SCHEDULE, steps=(6, 3)))
    rates = RATE * np.array([[1, 1, 0.5, 0.5, 0.5, 0.125], [1, 0.5, 0.5, 0, 0, 0]])
    for member, (own, weights) in enumerate(zip(rates, start.astype(float), strict=True)):
        expected = adam(weights, gradients[:, member], own, DECAY, betas)
        np.testing.assert_allclose(after[-1][member], expected, atol=1e-6)
        others = (
            adam(weights, gradients[:, member], own, DECAY),
            adam(weights, gradients[:, member], np.where(own > 0, RATE, 0), DECAY, betas),
        )
        assert all(np.abs(expected - other).max() > 1e-4 for other in others)


def test_a_factor_of_zero_stops_it(quick_compile):
    overrides = OWN | {"optimizer.change_at": (1.0,), "optimizer.factors": (0.0,)}
    _, _, after = train(given_gradients(), members(overrides))
    np.testing.assert_array_equal(after[1], after[-1])
    assert (after[0] != after[1]).any()


def test_without_a_schedule_the_rate_is_the_configs_own():
    inputs = stack(members(OWN))
    assert inputs.rate_steps.shape == (1, 0) and inputs.rate_factors.tolist() == [[1]]
    member = jax.tree.map(lambda leaf: leaf[0], inputs)
    assert learning_rate(jnp.int32(0), member) is member.hyper["optimizer"]["learning_rate"]


def test_without_a_schedule_the_update_is_optaxs_bit_by_bit(quick_compile):
    start, gradients, after = train(given_gradients(), members(OWN))
    transform = optax.chain(
        optax.add_decayed_weights(jnp.float32(DECAY)),
        optax.scale_by_adam(),
        optax.scale_by_learning_rate(jnp.float32(RATE)),
    )

    @jax.jit
    def update(params, state, gradient):
        updates, state = transform.update(gradient, state, params)
        return optax.apply_updates(params, updates), state

    params = jnp.asarray(start[0])
    state = transform.init(params)
    for gradient, expected in zip(gradients[:, 0], after, strict=True):
        params, state = update(params, state, gradient)
        np.testing.assert_array_equal(params, expected[0])


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("betas", (0.9,), ["optimizer.betas", "two numbers in [0, 1)", "(0.9,)"]),
        ("betas", (0.9, 1.0), ["optimizer.betas", "(0.9, 1.0)"]),
        ("betas", (-0.1, 0.9), ["optimizer.betas", "(-0.1, 0.9)"]),
        ("betas", (0.9, float("nan")), ["optimizer.betas", "nan"]),
        ("betas", 0.9, ["optimizer.betas must be a tuple", "0.9"]),
        ("change_at", (2.0, 1.0), ["optimizer.change_at", "ascending", "(2.0, 1.0)"]),
        ("change_at", (1.0, 1.0), ["optimizer.change_at", "ascending", "(1.0, 1.0)"]),
        ("change_at", (0.0, 1.0), ["optimizer.change_at", "positive", "(0.0, 1.0)"]),
        ("change_at", (1.0, float("inf")), ["optimizer.change_at", "inf"]),
        ("change_at", (float("nan"), 1.0), ["optimizer.change_at", "nan"]),
        ("factors", (0.5,), ["optimizer.factors", "(1.0, 2.5)", "(0.5,)"]),
        ("factors", (0.5, -0.5), ["optimizer.factors", "at least 0", "-0.5"]),
    ],
)
def test_a_schedule_that_cannot_be(name, value, parts):
    with pytest.raises(ValueError) as error:
        toy.make_config(SCHEDULE | {f"optimizer.{name}": value})
    assert all(part in str(error.value) for part in parts) and "\n" not in str(error.value)


def test_a_run_without_epochs():
    assert stack(members(SCHEDULE, num_epochs=0, steps=(0,))).rate_steps.tolist() == [[0, 0]]


@pytest.mark.parametrize(("num_epochs", "scale"), [(350, 1), (35, 0.1), (7, 0.02)])
def test_a_shorter_run_shrinks_the_schedule(num_epochs, scale):
    """GauFuse counts in 350 epochs; here of twenty steps each."""
    values = {"change_at": (80.0, 200.0, 245.0), "factors": (0.8, 0.4, 0.1)}
    config = from_dict({"method": "gaufuse", "num_epochs": num_epochs, "optimizer": values})
    member = Member("thumos14", 0, "", 16, 20 * num_epochs, config)
    expected = [round(step * scale) for step in (1600, 4000, 4900)]
    assert stack([member]).rate_steps.tolist() == [expected]
