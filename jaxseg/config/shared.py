"""The sections that every method's config has."""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import ClassVar

from jaxseg.config.checks import at_least, one_of, positive
from jaxseg.config.data import DataConfig

PROTOCOLS = ("asot", "asot-exact", "cte", "cte-soft", "tot-text", "twfinch", "mstcn")

AUTO = "auto"  # as config.model.num_clusters: a range of them is tried and one chosen

# What a later stage may change without touching what was trained.
AFTER_TRAINING = (
    *("mesh", "checkpoint", "predict", "evaluation", "report"),
    *("solver.eval", "data.fps", "data.excluded"),
)


@dataclasses.dataclass(frozen=True)
class MeshConfig:
    """How many devices along each axis; 0 leaves it to what gives each device least to do."""

    member: int = 0
    data: int = 0

    def validate(self, path: str) -> None:
        at_least(f"{path}.member", self.member, 0)
        at_least(f"{path}.data", self.data, 0)


@dataclasses.dataclass(frozen=True)
class ClustersConfig:
    """K for every activity; `num_clusters` = 0 takes `clusters_by_activity`."""

    num_clusters: int = 0
    clusters_by_activity: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def channels(self) -> int:
        """How many the features must have; 0 where any number will do."""
        return 0

    @property
    def chooses(self) -> bool:
        """Whether the run itself finds K, by trying a range of them."""
        return self.num_clusters == AUTO

    def validate(self, path: str) -> None:
        given = self.num_clusters and not self.chooses
        counts = {f"{path}.num_clusters": self.num_clusters} if given else {}
        for activity, count in self.clusters_by_activity.items():
            counts[f"{path}.clusters_by_activity.{activity}"] = count
        for name, count in counts.items():
            at_least(name, count, 2)


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """Adam with L2 decay added to the gradient, as PyTorch has it.

    What a method counts as late (TOT: the prototypes) stays outside Adam for `freeze_steps`.

    Attributes:
        betas: how much of its two moments Adam keeps in a step.
        change_at: epochs, or parts of them, from which on the learning rate is another; counted
            as `Config.epoch_scale` says.
        factors: of `learning_rate`, one from each of these on.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    freeze_steps: int = 0
    betas: tuple[float, float] = (0.9, 0.999)
    change_at: tuple[float, ...] = ()
    factors: tuple[float, ...] = ()

    def validate(self, path: str) -> None:
        positive(f"{path}.learning_rate", self.learning_rate)
        at_least(f"{path}.weight_decay", self.weight_decay, 0)
        at_least(f"{path}.freeze_steps", self.freeze_steps, 0)
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"config.{path}.betas must be two numbers in [0, 1), got {self.betas}")
        self._validate_schedule(path)

    def _validate_schedule(self, path: str) -> None:
        if not all(a < b < math.inf for a, b in itertools.pairwise((0.0, *self.change_at))):
            raise ValueError(
                f"config.{path}.change_at must be positive epochs in ascending order, "
                f"got {self.change_at}"
            )
        if len(self.factors) != len(self.change_at):
            raise ValueError(
                f"config.{path}.factors must have one for each epoch of change_at, "
                f"{self.change_at}, got {self.factors}"
            )
        for factor in self.factors:
            at_least(f"{path}.factors", factor, 0)


@dataclasses.dataclass(frozen=True)
class CheckpointConfig:
    """Steps between two checkpoints (0: a fifth of the run) and how many are kept.

    A run that is watched (`loop.train`) is so after every `watch_every` steps.
    """

    every: int = 0
    keep: int = 2
    watch_every: int = 50

    def validate(self, path: str) -> None:
        at_least(f"{path}.every", self.every, 0)
        at_least(f"{path}.keep", self.keep, 1)
        at_least(f"{path}.watch_every", self.watch_every, 1)


@dataclasses.dataclass(frozen=True)
class PredictConfig:
    """Decoding: how many padded lengths, which annotators' files, how many couplings to keep."""

    num_buckets: int = 6
    segments: str = ""
    couplings: int = 12

    def validate(self, path: str) -> None:
        at_least(f"{path}.num_buckets", self.num_buckets, 1)
        at_least(f"{path}.couplings", self.couplings, 0)
        one_of(f"{path}.segments", self.segments, ("", "csv"))


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """Which protocols score the predictions, and the seed of those that draw frames.

    `exclusion` says what becomes of the classes that are left out: "drop" removes their frames
    before the matching (ASOT); "background" binds the label -1 to them and counts -1 on an
    action as an error (CTE, TOT). `split_sil` makes two classes of Breakfast's SIL:
    `action_start` and `action_end` (TOT's supplement, Sec. 3).
    """

    protocols: tuple[str, ...] = ("asot-exact", "asot")
    seed: int = 0
    exclusion: str = "drop"
    split_sil: bool = False

    def validate(self, path: str) -> None:
        for name in self.protocols:
            one_of(f"{path}.protocols", name, PROTOCOLS)
        one_of(f"{path}.exclusion", self.exclusion, ("drop", "background"))


@dataclasses.dataclass(frozen=True)
class ReportConfig:
    """How many videos an activity shows."""

    max_videos: int = 6

    def validate(self, path: str) -> None:
        at_least(f"{path}.max_videos", self.max_videos, 1)


def chosen_schedule(values: Mapping) -> Mapping:
    """The schedule that counts: the embedded twin's, which is small, where there is no root."""
    real = values.get("data", {}).get("root")
    return values.get("schedule" if real else "twin_schedule", {})


_DATA = DataConfig()


@dataclasses.dataclass(frozen=True)
class Config:
    """What decides a run of any method; each method's own adds to it.

    `seeds` runs every activity that many times; `sweep` multiplies them once more, each entry
    being numeric overrides such as "solver.train.alpha=0.3,solver.eval.alpha=0.6".
    """

    task: ClassVar[str] = "segmentation"
    sampling: ClassVar[str] = "frames"  # the stream of batches, of `jaxseg.data.batches.streams`

    method: str = ""
    seeds: int = 1
    activities: tuple[str, ...] = ()
    num_epochs: int = 15
    sweep: tuple[str, ...] = ()
    mesh: MeshConfig = MeshConfig()
    data: DataConfig = _DATA
    model: ClustersConfig = ClustersConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    predict: PredictConfig = PredictConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    report: ReportConfig = ReportConfig()

    @property
    def epoch_scale(self) -> float:
        """Epochs of this run to one of those in which the config counts its schedule."""
        return 1.0

    @staticmethod
    def resolve(values: Mapping) -> Mapping:
        """The values with those filled in that depend on others."""
        return values

    def validate(self, path: str) -> None:
        """Raises ValueError for what sections cannot see by themselves."""
        at_least("seeds", self.seeds, 1)
        at_least("num_epochs", self.num_epochs, 0)
        if self.model.chooses:
            self._validate_choice()

    def _validate_choice(self) -> None:
        """K is chosen by how far seeds agree on the same videos under the same settings."""
        if self.seeds < 2:
            raise ValueError(
                "config.model.num_clusters=auto asks how far seeds agree: it takes "
                f"config.seeds of 2 or more, got {self.seeds}"
            )
        for name, value in (("sweep", self.sweep), ("data.test_share", self.data.test_share)):
            if value:
                raise ValueError(
                    "config.model.num_clusters=auto compares seeds on the same videos under the "
                    f"same settings: it does not go with config.{name}={value}"
                )
