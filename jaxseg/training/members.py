"""The members of one program: activity x numeric overrides x seed."""

import dataclasses
import difflib
import functools
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import jax
import numpy as np

from jaxseg.config import Config, flatten, to_dict
from jaxseg.config.shared import AUTO
from jaxseg.data import DataSet, SnippetSet
from jaxseg.data.batches.loader import test_videos
from jaxseg.data.segmentation.video import Video, activity_number
from jaxseg.methods import from_dict
from jaxseg.methods.method import MemberInputs
from jaxseg.runfiles import about

# Actions of people's own sequences where nobody said how many: of the activities with a known
# number that were looked at, more have within two of 7 than of any other number (docs/results.md).
UNTOLD_ACTIONS = 7
_SWEEPABLE = ("solver", "optimizer", "model", "loss")


@dataclasses.dataclass(frozen=True)
class Member:
    """One of the trainings that share a compiled program.

    Attributes:
        variant: the entry of `config.sweep` it runs under; "" without one.
        config: of the run, changed as the sweep's entry says.
        test: names of the videos that are kept from its training; empty where it is tested on
            those that it learns from.
        top: whether the activity is named after whatever folder its videos lie in.
    """

    activity: str
    seed: int
    variant: str
    num_clusters: int
    num_steps: int
    config: Config
    test: tuple[str, ...] = ()
    top: bool = False

    @property
    def directory(self) -> str:
        """Name of its folder of predictions."""
        return f"seed{self.seed}" + (f",{self.variant}" if self.variant else "")

    def record(self) -> about.Member:
        """Its entry in `members.json`."""
        return about.Member(**{name: getattr(self, name) for name in about.Member._fields})


def enumerate_members(
    config: Config, data: DataSet | SnippetSet, settled: Mapping[str, Config] = MappingProxyType({})
) -> tuple[Member, ...]:
    """All members, activities outermost and seeds innermost.

    Args:
        config: of the run.
        data: whose activities are trained.
        settled: activity -> the config with numbers in place of what was "auto".

    Raises:
        ValueError: what `num_clusters` refuses, a split without videos, a freeze that outlasts
            the training, a sweep entry that is no numeric hyper-parameter.
    """
    members = []
    for activity, videos in data.activities.items():
        own = settled.get(activity, config)
        variants = {entry: _override(own, entry) for entry in config.sweep} or {"": own}
        for variant, settings in variants.items():
            for seed in range(config.first_seed, config.first_seed + config.seeds):
                test = test_videos(videos, config.data.test_share, seed)
                members.append(
                    Member(
                        activity=activity,
                        seed=seed,
                        variant=variant,
                        num_clusters=num_clusters(own, activity, videos),
                        num_steps=num_steps(
                            settings, activity, [each for each in videos if each.name not in test]
                        ),
                        config=settings,
                        test=test,
                        top=getattr(videos[0], "top", False),
                    )
                )
    return tuple(members)


def num_steps(config: Config, activity: str, videos: Sequence[Video]) -> int:
    """Steps of a training on these videos; ValueError where a freeze would outlast them."""
    pieces = len(videos)
    if config.data.piece:
        pieces = sum(config.data.num_pieces(video.num_frames) for video in videos)
    steps = config.num_epochs * config.data.steps_per_epoch(pieces)
    if steps:
        steps = max(steps, getattr(config, "least_steps", 0))
    if steps and (freeze := config.optimizer.freeze_steps) >= steps:
        raise ValueError(
            f"config.optimizer.freeze_steps={freeze} outlasts the {steps} steps of "
            f"activity {activity!r} ({config.num_epochs} epochs): nothing would ever "
            "be thawed"
        )
    return steps


def stack(members: Sequence[Member]) -> MemberInputs:
    """All members' inputs with a leading member axis, as NumPy arrays (the key as JAX's)."""
    largest = max(member.num_clusters for member in members)
    keys = [
        jax.random.fold_in(
            jax.random.key(member.seed), activity_number(member.activity, member.top)
        )
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


def hyper_parameters(config: Config) -> dict:
    """The numeric hyper-parameters, nested as in the config; all of them may differ by member."""
    values = to_dict(config)
    return {name: _floats(values[name]) for name in _SWEEPABLE if name in values}


def num_clusters(config: Config, activity: str, videos: Sequence[Video]) -> int:
    """K of an activity; `UNTOLD_ACTIONS` of people's own sequences of which nobody said it.

    Raises:
        ValueError: no number for the activity, or more clusters than frames in one of its videos.
    """
    own = config.uses_terms
    count = told_clusters(config, activity) or UNTOLD_ACTIONS * own
    if not count:
        raise ValueError(
            f"no number of clusters for activity {activity!r}: give --config.model.num_clusters=K"
        )
    shortest = (
        min(videos, key=lambda video: video.num_frames)
        if config.task == "segmentation" and not own
        else None
    )
    if shortest and shortest.num_frames < count:
        raise ValueError(
            f"video {activity}/{shortest.name} has {shortest.num_frames} frames, fewer than "
            f"its activity's {count} clusters (config.model.num_clusters)"
        )
    return count


def told_clusters(config: Config, activity: str) -> int:
    """K of an activity as the config tells it, 0 where it does not or where it says "auto"."""
    own = getattr(config, "num_actions", 0)
    count = config.model.num_clusters or own or config.model.clusters_by_activity.get(activity, 0)
    return 0 if count == AUTO else count


def _override(config: Config, entry: str) -> Config:
    """The config under one sweep entry, "name=value,name=value"."""
    values = to_dict(config)
    known = [
        name
        for name, value in flatten(values).items()
        if name.split(".")[0] in _SWEEPABLE and isinstance(value, float)
    ]
    for assignment in entry.split(","):
        name, _, text = assignment.partition("=")
        if name.strip() not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise ValueError(f"config.sweep: {name!r} is no numeric hyper-parameter; try {nearest}")
        *path, last = name.strip().split(".")
        node = functools.reduce(dict.__getitem__, path, values)
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


def _floats(values: Mapping) -> dict:
    """The floats of nested dictionaries, as float32; dictionaries without any are left out."""
    nested = {
        name: _floats(value) if isinstance(value, Mapping) else np.float32(value)
        for name, value in values.items()
        if isinstance(value, (Mapping, float))
    }
    return {name: value for name, value in nested.items() if not isinstance(value, dict) or value}


def _rate_steps(member: Member) -> np.ndarray:
    """Steps from which on the learning rate is another.

    A schedule's epochs beyond the member's end are put at its end, which it never reaches.
    """
    config = member.config
    # Rounded before the ceiling: epochs of a scaled schedule are integers up to rounding alone.
    per_epoch = config.epoch_scale * member.num_steps / max(1, config.num_epochs)
    steps = np.ceil(np.round(np.array(config.optimizer.change_at) * per_epoch, 6))
    return np.minimum(steps, member.num_steps).astype(np.int32)
