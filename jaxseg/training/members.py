"""The members of one program: activity x numeric overrides or numbers of clusters x seed."""

import dataclasses
import difflib
import itertools
import math
import zlib
from collections.abc import Mapping, Sequence

import jax
import numpy as np

from jaxseg.config import Config, to_dict
from jaxseg.data.batches.loader import test_videos
from jaxseg.data.segmentation.records import DataSet
from jaxseg.methods import from_dict
from jaxseg.methods.method import MemberInputs
from jaxseg.training.cluster_counts import cluster_counts, variant_name

_SWEEPABLE = ("solver", "optimizer", "model", "loss")


@dataclasses.dataclass(frozen=True)
class Member:
    """One training run among those that share a compiled program.

    `variant` is the sweep entry it runs under, or "K=7" where numbers of clusters are tried, ""
    where there is none; `test` names the videos that are kept from its training, empty where it
    is tested on those that it learned from.
    """

    activity: str
    seed: int
    variant: str
    num_clusters: int
    num_steps: int
    config: Config
    test: tuple[str, ...] = ()

    @property
    def directory(self) -> str:
        """Where its predictions stand below their activity."""
        return f"seed{self.seed}" + (f",{self.variant}" if self.variant else "")

    def directory_of(self, decoding: str) -> str:
        """The same for another decoding than the config's own, ""."""
        return f"{self.directory},{decoding}" if decoding else self.directory

    def record(self) -> dict:
        """What `members.json` says of it."""
        names = ("activity", "seed", "variant", "num_clusters", "num_steps", "directory")
        record = {name: getattr(self, name) for name in names}
        return record | ({"test": list(self.test)} if self.test else {})


def enumerate_members(config: Config, data: DataSet) -> tuple[Member, ...]:
    """All members, activities outermost and seeds innermost.

    Raises:
        ValueError: what `cluster_counts` refuses, a split without videos, a freeze that outlasts
            the training, a sweep entry that is no numeric hyper-parameter.
    """
    variants = {entry: _override(config, entry) for entry in config.sweep} or {"": config}
    members = []
    for activity, videos in data.activities.items():
        counts = cluster_counts(config, activity, videos)
        for clusters, (variant, settings) in itertools.product(counts, variants.items()):
            variant = variant_name(clusters) if config.model.chooses else variant
            for seed in range(config.seeds):
                test = test_videos(videos, config.data.test_share, seed)
                per_epoch = config.data.steps_per_epoch(len(videos) - len(test))
                steps = config.num_epochs * per_epoch
                _check_freeze(config, activity, steps)
                members.append(Member(activity, seed, variant, clusters, steps, settings, test))
    return tuple(members)


def _check_freeze(config: Config, activity: str, steps: int) -> None:
    freeze = config.optimizer.freeze_steps
    if steps and freeze >= steps:
        raise ValueError(
            f"config.optimizer.freeze_steps={freeze} outlasts the {steps} steps of activity "
            f"{activity!r} ({config.num_epochs} epochs): nothing would ever be thawed"
        )


def _override(config: Config, entry: str) -> Config:
    """The config under one sweep entry, "name=value,name=value"."""
    values = to_dict(config)
    for assignment in entry.split(","):
        name, _, text = assignment.partition("=")
        *path, last = name.strip().split(".")
        node = values
        for part in path:
            node = node.get(part, {}) if isinstance(node, Mapping) else {}
        if not path or path[0] not in _SWEEPABLE or not isinstance(node.get(last), float):
            known = _hyper_names(to_dict(config))
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise ValueError(f"config.sweep: {name!r} is no numeric hyper-parameter; try {nearest}")
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"config.sweep: {assignment!r} gives no number") from None
        if math.isfinite(value) != math.isfinite(node[last]) or bool(value) != bool(node[last]):
            raise ValueError(
                f"config.sweep: {assignment!r} switches a part of the solver on or off "
                f"(it is {node[last]} elsewhere); members of one program share it: use two runs"
            )
        node[last] = value
    return from_dict(values)


def hyper_parameters(config: Config) -> dict:
    """The numeric hyper-parameters, nested as in the config; all of them may differ by member."""
    values = to_dict(config)
    return {name: _floats(values[name]) for name in _SWEEPABLE if name in values}


def _floats(values: Mapping) -> dict:
    nested = {
        name: _floats(value) if isinstance(value, Mapping) else np.float32(value)
        for name, value in values.items()
        if isinstance(value, (Mapping, float))
    }
    return {name: value for name, value in nested.items() if not isinstance(value, dict) or value}


def _hyper_names(values: Mapping) -> list[str]:
    return [
        f"{path}{name}"
        for top in _SWEEPABLE
        if top in values
        for path, node in _walk(values[top], f"{top}.")
        for name, value in node.items()
        if isinstance(value, float)
    ]


def _walk(node: Mapping, path: str):
    yield path, node
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from _walk(value, f"{path}{name}.")


def stack(members: Sequence[Member]) -> MemberInputs:
    """All members' inputs with a leading member axis, as NumPy arrays (the key as JAX's)."""
    largest = max(member.num_clusters for member in members)
    keys = [
        jax.random.fold_in(jax.random.key(member.seed), zlib.crc32(member.activity.encode()))
        for member in members
    ]
    counts = np.array([member.num_clusters for member in members])
    hyper = [hyper_parameters(member.config) for member in members]
    return MemberInputs(
        key=jax.numpy.stack(keys),
        cluster_mask=np.arange(largest) < counts[:, None],
        num_steps=np.array([member.num_steps for member in members], np.int32),
        freeze_steps=np.array([m.config.optimizer.freeze_steps for m in members], np.int32),
        hyper=jax.tree.map(lambda *values: np.stack(values), *hyper),
        rate_steps=np.stack([_rate_steps(member) for member in members]),
        rate_factors=np.array(
            [(1, *member.config.optimizer.factors) for member in members], np.float32
        ),
    )


def _rate_steps(member: Member) -> np.ndarray:
    """The first step of each epoch, or part of one, from which on the learning rate is another.

    Epochs of a schedule that was scaled are integers up to rounding alone; those beyond the
    member's end come at its end, which it never reaches.
    """
    config = member.config
    per_epoch = config.epoch_scale * member.num_steps / max(1, config.num_epochs)
    steps = np.ceil(np.round(np.array(config.optimizer.change_at) * per_epoch, 6))
    return np.minimum(steps, member.num_steps).astype(np.int32)
