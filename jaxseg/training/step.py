"""What is compiled: the first state, the train step and the forward pass of all members."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh

from jaxseg.methods.method import MemberInputs, Method
from jaxseg.training import sharding

# (params, carried, a video's arrays, number of its valid rows) -> each member's outputs by name.
Forward = Callable[[Any, Any, dict[str, np.ndarray], int], list[dict[str, np.ndarray]]]


class TrainState(NamedTuple):
    """Everything that a checkpoint holds; all but the step have a leading member axis.

    Attributes:
        step: int32 [], how many steps have been done.
        opt_state: Adam's, of the parameters that are trained from the start and, apart, of those
            that are frozen at first.
        carried: what the method itself hands from step to step.
    """

    step: jax.Array
    params: Any
    opt_state: Any
    carried: Any


def state_shardings(mesh: Mesh) -> TrainState:
    """Prefix tree of shardings of a TrainState."""
    members = sharding.by_member(mesh)
    return TrainState(
        step=sharding.replicated(mesh), params=members, opt_state=members, carried=members
    )


def make_init(method: Method, mesh: Mesh) -> Callable[[dict, MemberInputs], TrainState]:
    """(example batch, members) -> the state before the first step, made on its own devices."""

    def init_member(example, member):
        params, carried = method.init(member.key, example, member)
        return params, _start(method, params, member), carried

    def init(example, members):
        return TrainState(jnp.zeros((), jnp.int32), *jax.vmap(init_member)(example, members))

    return jax.jit(init, out_shardings=state_shardings(mesh))


def make_warm_start(method: Method, mesh: Mesh) -> Callable[..., TrainState]:
    """(state, sample, members) -> the state with data-dependent parameters."""

    def warm_start(state, sample, members):
        return state._replace(params=jax.vmap(method.warm_start)(state.params, sample, members))

    return jax.jit(warm_start, donate_argnums=0, out_shardings=state_shardings(mesh))


def make_step(method: Method, mesh: Mesh) -> Callable[..., tuple[TrainState, dict]]:
    """(state, batch, members) -> (state, metrics by name [members]); the state is donated."""

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
    """Learning rate of one step, counted from 0.

    Without a schedule it is the config's number as it is, not multiplied by a factor of 1.
    """
    rate = member.hyper["optimizer"]["learning_rate"]
    if not len(member.rate_steps):
        return rate
    return rate * member.rate_factors[jnp.sum(step >= member.rate_steps)]


def _parted(params: dict, late: Sequence[str]) -> dict[str, dict]:
    """Parameters by when their training starts: {"free": {...}, "late": {...}}."""
    parts = {"free": {name: leaf for name, leaf in params.items() if name not in late}}
    return parts | ({"late": {name: params[name] for name in late}} if late else {})


def _start(method: Method, params: dict, member: MemberInputs) -> dict:
    """Adam's state of each part before the first step."""
    transform = optimizer(member.hyper["optimizer"], method.betas)
    return {name: transform.init(part) for name, part in _parted(params, method.late).items()}


def _update(
    method: Method,
    step: jax.Array,
    params: dict,
    opt_state: dict,
    grads: dict,
    member: MemberInputs,
) -> tuple[dict, dict]:
    """New parameters and Adam's state; a frozen part keeps both, bit by bit.

    The part that is frozen at first counts Adam's steps from its own start.
    """
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


def _choose(condition: jax.Array, new: Any, old: Any) -> Any:
    """One of two trees; `where` and not a branch, so that all members run one program."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)


def make_fill(num_members: int, mesh: Mesh) -> Callable[[TrainState], TrainState]:
    """State -> the same with copies of the last member in place of the idle ones.

    So a run on any mesh can go on from a checkpoint of any other.
    """
    slots = np.arange(num_members + sharding.padding(num_members, mesh))
    source = np.minimum(slots, num_members - 1)

    def fill(state: TrainState) -> TrainState:
        step, *others = state
        return TrainState(step, *jax.tree.map(lambda leaf: leaf[source], others))

    return jax.jit(fill, out_shardings=state_shardings(mesh))


def make_gather(num_members: int, mesh: Mesh) -> Callable[[Any], Any]:
    """Tree with the members' axis in front -> a copy of it on this process's first device.

    Idle members of the mesh are left out. All processes call it together; what each does with
    its copy needs no other process and does not depend on the mesh.
    """
    copy = jax.jit(
        lambda tree: jax.tree.map(lambda leaf: leaf[:num_members], tree),
        out_shardings=sharding.replicated(mesh),
    )
    return lambda tree: jax.tree.map(lambda leaf: leaf.addressable_data(0), copy(tree))


def make_forward(method: Method, inputs: MemberInputs) -> Forward:
    """One video through all members' networks, by this process alone, outputs on the host.

    Parameters, carried state and `inputs` are those of `make_gather`. Outputs come without
    padding. Compiled once for each shape of the video's arrays.
    """
    compiled = jax.jit(jax.vmap(method.predict, in_axes=(0, 0, None, 0)))

    def forward(params, carried, video: dict, num_rows: int) -> list[dict[str, np.ndarray]]:
        outputs = jax.tree.map(np.asarray, compiled(params, carried, video, inputs))
        num_members = len(inputs.num_steps)
        for name in outputs.keys() & set(method.rows):
            outputs[name] = outputs[name][:, :num_rows]
        return [
            {name: array[index] for name, array in outputs.items()} for index in range(num_members)
        ]

    return forward
