"""GauFuse's own sections."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from jaxseg.config.checks import ascending, at_least, between, one_of, positive
from jaxseg.config.fields import fill
from jaxseg.config.localization import (
    LocalizationCheckpointConfig,
    LocalizationEvaluationConfig,
    VideosConfig,
    check_foreground,
)
from jaxseg.config.shared import ClustersConfig, Config, OptimizerConfig, chosen_schedule
from jaxseg.methods.case.config import ClusterSolverConfig
from jaxseg.methods.gaufuse.instances_config import GaufuseTestConfig, PseudoConfig

COUNTED_IN = 350  # epochs of the published schedule, in which every epoch below is counted


@dataclasses.dataclass(frozen=True)
class WholeVideosConfig(VideosConfig):
    """Which videos, and how many make a step; each keeps its own length."""

    videos_per_batch: int = 10


@dataclasses.dataclass(frozen=True)
class RskpConfig(ClustersConfig):
    """The backbone: width, representative snippets, memory; and the clusters of CASE on it.

    Attributes:
        hidden: width D of the embedding.
        num_means: representative snippets of a video.
        em_rounds: rounds of expectation maximisation that find them.
        memory_slots: representative snippets that the memory keeps of each class.
        scale: s, factor of the cosines of class and foreground centres.
        dropout: share of the embedding that a training step leaves out.
        propagation: w, how far representative snippets spread.
        cluster_scale: factor of the cosines of CASE's clusters, its rho.
    """

    num_clusters: int = 16
    hidden: int = 2048
    num_means: int = 8
    em_rounds: int = 2
    memory_slots: int = 5
    scale: float = 20.0
    dropout: float = 0.6
    propagation: float = 0.5
    cluster_scale: float = 10.0

    def validate(self, path: str) -> None:
        super().validate(path)
        at_least(f"{path}.num_clusters", self.num_clusters, 2)
        for name in ("hidden", "num_means", "em_rounds", "memory_slots"):
            at_least(f"{path}.{name}", getattr(self, name), 1)
        positive(f"{path}.scale", self.scale)
        positive(f"{path}.cluster_scale", self.cluster_scale)
        between(f"{path}.dropout", self.dropout, 0, 0.99)
        between(f"{path}.propagation", self.propagation, 0, 0.99)


@dataclasses.dataclass(frozen=True)
class GaufuseLossConfig:
    """Weights of the losses, and when they change.

    Attributes:
        agnostic_weight, wise_weight: of the video's classes by class-agnostic and by class-wise
            attention.
        attention_weight: of the lowest against the highest attentions.
        top_divisor: T // top_divisor snippets count as the highest, and as the lowest.
        memory_from: epoch in which the memory is filled; after it the memory has a branch.
        memory_weight: of that branch in the first two losses.
        memory_share: of that branch in the target of the self-distillation.
        distillation_temperature: of both sides of the self-distillation.
        distillation_at, distillation_weights: its weight after each of these epochs.
        pseudo_share: of the own branch in what learns from pseudo-labels.
        pseudo_from: epoch after which pseudo-labels are learned from.
        pseudo_weight, pseudo_growth, pseudo_limit: their weight in that epoch,
            its growth an epoch, and where that ends.
        clustering: CASE on this backbone: "none", "scc" or "full".
        snippet_weight, cluster_weight: of CASE's two losses.
    """

    agnostic_weight: float = 1.0
    wise_weight: float = 0.2
    attention_weight: float = 0.1
    top_divisor: int = 8
    memory_from: int = 100
    memory_weight: float = 0.5
    memory_share: float = 0.2
    distillation_temperature: float = 0.2
    distillation_at: tuple[int, ...] = (100, 200)
    distillation_weights: tuple[float, ...] = (1.0, 0.5, 1.0)
    pseudo_from: int = 200
    pseudo_share: float = 0.8
    pseudo_weight: float = 10.0
    pseudo_growth: float = 1.035
    pseudo_limit: float = 50.0
    clustering: str = "none"
    snippet_weight: float = 1.0
    cluster_weight: float = 0.3

    def validate(self, path: str) -> None:
        weights = ("agnostic", "wise", "attention", "memory", "pseudo", "snippet", "cluster")
        for name in (*(f"{weight}_weight" for weight in weights), "pseudo_limit", "memory_from"):
            at_least(f"{path}.{name}", getattr(self, name), 0)
        at_least(f"{path}.top_divisor", self.top_divisor, 1)
        between(f"{path}.memory_share", self.memory_share, 0, 1)
        between(f"{path}.pseudo_share", self.pseudo_share, 0, 1)
        positive(f"{path}.distillation_temperature", self.distillation_temperature)
        positive(f"{path}.pseudo_growth", self.pseudo_growth)
        one_of(f"{path}.clustering", self.clustering, ("none", "scc", "full"))
        for weight in self.distillation_weights:
            at_least(f"{path}.distillation_weights", weight, 0)
        _one_more(
            *(f"{path}.distillation_weights", self.distillation_weights),
            *(f"{path}.distillation_at", self.distillation_at),
        )


@dataclasses.dataclass(frozen=True)
class GaufuseScheduleConfig:
    """Passes over the training videos, which shrink the whole schedule with them, and sizes."""

    num_epochs: int = COUNTED_IN
    hidden: int = 2048
    learning_rate: float = 5e-5


_OPTIMIZER = OptimizerConfig(
    learning_rate=5e-5,
    weight_decay=5e-4,
    betas=(0.9, 0.99),
    change_at=(80.0, 200.0, 245.0, 260.0),
    factors=(0.8, 0.4096, 0.01024, 0.00512),
)


@dataclasses.dataclass(frozen=True)
class GaufuseConfig(Config):
    """Everything that decides a run of GauFuse, or of CASE on its backbone."""

    task: ClassVar[str] = "localization"
    sampling: ClassVar[str] = "whole"

    method: str = "gaufuse"
    num_epochs: int = COUNTED_IN
    data: WholeVideosConfig = WholeVideosConfig()
    model: RskpConfig = RskpConfig()
    solver: ClusterSolverConfig = dataclasses.field(default_factory=ClusterSolverConfig)
    loss: GaufuseLossConfig = GaufuseLossConfig()
    pseudo: PseudoConfig = dataclasses.field(default_factory=PseudoConfig)
    schedule: GaufuseScheduleConfig = GaufuseScheduleConfig()
    twin_schedule: GaufuseScheduleConfig = GaufuseScheduleConfig()
    optimizer: OptimizerConfig = _OPTIMIZER
    checkpoint: LocalizationCheckpointConfig = dataclasses.field(
        default_factory=LocalizationCheckpointConfig
    )
    predict: GaufuseTestConfig = dataclasses.field(default_factory=GaufuseTestConfig)
    evaluation: LocalizationEvaluationConfig = dataclasses.field(
        default_factory=LocalizationEvaluationConfig
    )

    @property
    def epoch_scale(self) -> float:
        """Epochs of this run to one of the schedule, whose 350 they stand for."""
        return self.num_epochs / COUNTED_IN

    def counted(self, epoch: float) -> float:
        """An epoch of this run in the schedule's count, whole where that is a whole number."""
        return epoch * COUNTED_IN / self.num_epochs

    def validate(self, path: str) -> None:
        super().validate(path)
        check_foreground(self.predict.foreground, self.loss.clustering)
        if any(epoch >= COUNTED_IN for epoch in self.pseudo.refresh_at):
            raise ValueError(
                f"config.pseudo.refresh_at counts in the schedule's {COUNTED_IN} epochs, whatever "
                f"num_epochs is: got {self.pseudo.refresh_at}"
            )

    @staticmethod
    def resolve(values: Mapping) -> Mapping:
        """Takes from the schedule what it has and the config leaves open.

        That is the embedded twin's, which is small, where there is no root.
        """
        schedule = chosen_schedule(values)
        places = ("num_epochs", "model.hidden", "optimizer.learning_rate")
        return fill(values, {place: schedule.get(place.split(".")[-1]) for place in places})


def _one_more(path: str, weights: tuple, other: str, epochs: tuple) -> None:
    ascending(other, epochs)
    if len(weights) != len(epochs) + 1:
        raise ValueError(f"config.{path} must have one more than {other}, {epochs}: got {weights}")
