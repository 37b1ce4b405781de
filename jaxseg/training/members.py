"""The members of one program: activity x numeric overrides x seed."""

import dataclasses
import difflib
import math
import zlib
from collections.abc import Mapping, Sequence

import jax
import numpy as np

from jaxseg.config import Config, from_dict, to_dict
from jaxseg.data.records import DataSet
from jaxseg.data.sampling import steps_per_epoch
from jaxseg.methods.method import MemberInputs

_SWEEPABLE = ("solver", "optimizer", "model")


@dataclasses.dataclass(frozen=True)
class Member:
    """One training run among those that share a compiled program.

    `variant` is the sweep entry it runs under, "" where there is none.
    """

    activity: str
    seed: int
    variant: str
    num_clusters: int
    num_steps: int
    config: Config

    @property
    def directory(self) -> str:
        """Where its predictions stand below their activity."""
        return f"seed{self.seed}" + (f",{self.variant}" if self.variant else "")

    def record(self) -> dict:
        """What `members.json` says of it."""
        names = ("activity", "seed", "variant", "num_clusters", "num_steps", "directory")
        return {name: getattr(self, name) for name in names}


def enumerate_members(config: Config, data: DataSet) -> tuple[Member, ...]:
    """All members, activities outermost and seeds innermost.

    Raises:
        ValueError: no number of clusters for an activity, more clusters than frames in one of
            its videos, a sweep entry that is no numeric hyper-parameter.
    """
    variants = {entry: _override(config, entry) for entry in config.sweep} or {"": config}
    members = []
    for activity, videos in data.activities.items():
        clusters = _num_clusters(config, activity)
        shortest = min(videos, key=lambda video: video.num_frames)
        if shortest.num_frames < clusters:
            raise ValueError(
                f"video {activity}/{shortest.name} has {shortest.num_frames} frames, fewer than "
                f"its activity's {clusters} clusters (config.model.num_clusters)"
            )
        steps = config.num_epochs * steps_per_epoch(len(videos), config.data.videos_per_batch)
        for variant, variant_config in variants.items():
            for seed in range(config.seeds):
                members.append(Member(activity, seed, variant, clusters, steps, variant_config))
    return tuple(members)


def _num_clusters(config: Config, activity: str) -> int:
    count = config.model.num_clusters or config.model.clusters_by_activity.get(activity, 0)
    if not count:
        raise ValueError(
            f"no number of clusters for activity {activity!r}: give --config.model.num_clusters=K"
        )
    return count


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
    return {name: _floats(values[name]) for name in _SWEEPABLE}


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
        hyper=jax.tree.map(lambda *values: np.stack(values), *hyper),
    )
