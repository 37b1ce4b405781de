"""The sections that every method's config has."""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import ClassVar

from jaxseg.config.checks import at_least, one_of, positive

PROTOCOLS = ("asot", "asot-exact", "cte", "cte-soft", "tot-text", "twfinch", "mstcn")

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
class DataConfig:
    """Which videos, and how a training step samples them.

    `standardize` scales each video's channels to mean 0 and variance 1, then by 1/sqrt(channels)
    where `unit_frames` asks for it. A `test_share` above 0 trains on the other videos alone and
    tests on these; every seed then draws a split of its own.
    """

    name: str = "breakfast"
    root: str = ""
    standardize: bool = False
    unit_frames: bool = True
    excluded: tuple[str, ...] = ()
    length_tolerance: int = 0
    fps: float = 0.0
    videos_per_batch: int = 2
    frames_per_video: int = 256
    test_share: float = 0.0

    def validate(self, path: str) -> None:
        if self.name == "folder" and not self.root:
            raise ValueError(f"config.{path}.root must name a folder of features: there is no twin")
        at_least(f"{path}.length_tolerance", self.length_tolerance, 0)
        at_least(f"{path}.fps", self.fps, 0)
        at_least(f"{path}.videos_per_batch", self.videos_per_batch, 1)
        at_least(f"{path}.frames_per_video", self.frames_per_video, 2)
        if not 0 <= self.test_share < 1:
            raise ValueError(f"config.{path}.test_share must be in [0, 1), got {self.test_share}")

    def steps_per_epoch(self, num_videos: int) -> int:
        """Batches that show every video once; the last one may be smaller."""
        return -(-num_videos // self.videos_per_batch)


@dataclasses.dataclass(frozen=True)
class ClustersConfig:
    """K for every activity; `num_clusters` = 0 takes `clusters_by_activity`."""

    num_clusters: int = 0
    clusters_by_activity: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def channels(self) -> int:
        """How many the features must have; 0 where any number will do."""
        return 0

    def validate(self, path: str) -> None:
        counts = {f"{path}.num_clusters": self.num_clusters} if self.num_clusters else {}
        for activity, count in self.clusters_by_activity.items():
            counts[f"{path}.clusters_by_activity.{activity}"] = count
        for name, count in counts.items():
            at_least(name, count, 2)


@dataclasses.dataclass(frozen=True)
class EncoderConfig(ClustersConfig):
    """An MLP on each frame, and its clusters.

    `layers` starts with the feature channels (0: as many as the data has).
    """

    layers: tuple[int, ...] = (64, 128, 40)
    temperature: float = 0.1

    @property
    def channels(self) -> int:
        return self.layers[0]

    def validate(self, path: str) -> None:
        super().validate(path)
        if len(self.layers) < 2 or self.layers[0] < 0 or min(self.layers[1:]) < 1:
            raise ValueError(
                f"config.{path}.layers must be channels and at least one positive width, "
                f"got {self.layers}"
            )
        positive(f"{path}.temperature", self.temperature)


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


@dataclasses.dataclass(frozen=True)
class Config:
    """What decides a run of any method; each method's own adds to it.

    `seeds` runs every activity that many times; `sweep` multiplies them once more, each entry
    being numeric overrides such as "solver.train.alpha=0.3,solver.eval.alpha=0.6".
    """

    task: ClassVar[str] = "segmentation"
    sampling: ClassVar[str] = "frames"  # the stream of batches, of `jaxseg.data.streams`

    method: str = ""
    seeds: int = 1
    activities: tuple[str, ...] = ()
    num_epochs: int = 15
    sweep: tuple[str, ...] = ()
    mesh: MeshConfig = MeshConfig()
    data: DataConfig = DataConfig()
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
