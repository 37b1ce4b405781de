"""The train state and the one compiled step: every member's loss, gradient and update."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh

from jaxseg.methods.method import MemberInputs, Method
from jaxseg.training import sharding


class TrainState(NamedTuple):
    """Everything that a checkpoint holds; all but the step have a leading member axis."""

    step: jax.Array
    params: Any
    opt_state: Any
    carried: Any


def optimizer(
    hyper: dict, betas: tuple[float, float] = (0.9, 0.999)
) -> optax.GradientTransformation:
    """Adam with L2 decay added to the gradient before the moments, as PyTorch's Adam has it."""
    return optax.chain(
        optax.add_decayed_weights(hyper["weight_decay"]),
        optax.scale_by_adam(*betas),
        optax.scale_by_learning_rate(hyper["learning_rate"]),
    )


def learning_rate(step: jax.Array, member: MemberInputs) -> jax.Array:
    """Of one step, counted from 0; without a schedule it is the config's number as it is."""
    rate = member.hyper["optimizer"]["learning_rate"]
    if not len(member.rate_steps):
        return rate
    return rate * member.rate_factors[jnp.sum(step >= member.rate_steps)]


def _parted(params: dict, late: Sequence[str]) -> dict[str, dict]:
    """Parameters by when they start to be trained: {"free": {...}, "late": {...}}."""
    parts = {"free": {name: leaf for name, leaf in params.items() if name not in late}}
    return parts | ({"late": {name: params[name] for name in late}} if late else {})


def _start(method: Method, params: dict, member: MemberInputs) -> dict:
    """Adam's state of each part; the late one counts its steps from its own start."""
    transform = optimizer(member.hyper["optimizer"], method.betas)
    return {name: transform.init(part) for name, part in _parted(params, method.late).items()}


def _update(method: Method, step, params: dict, opt_state: dict, grads: dict, member):
    """New parameters and Adam's state; a frozen part keeps both, bit by bit."""
    hyper = member.hyper["optimizer"] | {"learning_rate": learning_rate(step, member)}
    transform = optimizer(hyper, method.betas)
    new_params, new_state = {}, {}
    gradients = _parted(grads, method.late)
    for name, part in _parted(params, method.late).items():
        updates, state = transform.update(gradients[name], opt_state[name], part)
        updated = optax.apply_updates(part, updates)
        if name == "late":
            thawed = step >= member.freeze_steps
            updated, state = _choose(thawed, (updated, state), (part, opt_state[name]))
        new_params |= updated
        new_state[name] = state
    return method.project(new_params), new_state


def _choose(condition, new, old):
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)


def state_shardings(mesh: Mesh) -> TrainState:
    """Prefix tree of shardings of a TrainState."""
    members = sharding.by_member(mesh)
    return TrainState(sharding.replicated(mesh), members, members, members)


def make_fill(num_members: int, mesh: Mesh) -> Callable[[TrainState], TrainState]:
    """State -> the same with copies of the last member in place of idle ones, whatever they were.

    So any mesh can go on from a checkpoint of any other: idle members are nobody's.
    """
    slots = np.arange(num_members + sharding.padding(num_members, mesh))
    source = np.minimum(slots, num_members - 1)

    def fill(state):
        step, *others = state
        return TrainState(step, *jax.tree.map(lambda leaf: leaf[source], others))

    return jax.jit(fill, out_shardings=state_shardings(mesh))


def make_init(method: Method, mesh: Mesh) -> Callable[[dict, MemberInputs], TrainState]:
    """(example batch, members) -> the state before the first step, born where it lives."""

    def init_member(example, member):
        params, carried = method.init(member.key, example, member)
        return params, _start(method, params, member), carried

    def init(example, members):
        return TrainState(jnp.zeros((), jnp.int32), *jax.vmap(init_member)(example, members))

    return jax.jit(init, out_shardings=state_shardings(mesh))


def make_warm_start(method: Method, mesh: Mesh):
    """(state, sample, members) -> the state with data-dependent parameters."""

    def warm_start(state, sample, members):
        return state._replace(params=jax.vmap(method.warm_start)(state.params, sample, members))

    return jax.jit(warm_start, donate_argnums=0, out_shardings=state_shardings(mesh))


def make_step(method: Method, mesh: Mesh):
    """(state, batch, members) -> (state, metrics [members]); the state is donated."""

    def member_step(step, params, opt_state, carried, batch, member):
        key = jax.random.fold_in(member.key, step)
        gradient = jax.value_and_grad(method.loss, has_aux=True)
        (_, (new_carried, metrics)), grads = gradient(params, carried, batch, key, member)
        updated = _update(method, step, params, opt_state, grads, member)
        new, old = (*updated, new_carried), (params, opt_state, carried)
        return _choose(step < member.num_steps, new, old), metrics

    def train_step(state, batch, members):
        over_members = jax.vmap(member_step, in_axes=(None, 0, 0, 0, 0, 0))
        new, metrics = over_members(*state, batch, members)
        return TrainState(state.step + 1, *new), metrics

    return jax.jit(
        train_step,
        donate_argnums=0,
        in_shardings=(
            state_shardings(mesh),
            sharding.by_member_and_video(mesh),
            sharding.by_member(mesh),
        ),
        out_shardings=(state_shardings(mesh), sharding.by_member(mesh)),
    )
