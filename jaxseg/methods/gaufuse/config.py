"""GauFuse's keys, with the paper's symbols; epochs are counted in the published schedule's."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from jaxseg.config.fields import (
    ascending,
    at_least,
    between,
    each,
    fill,
    key,
    not_empty,
    one_of,
    positive,
    section,
)
from jaxseg.config.localization import (
    LocalizationCheckpointConfig,
    LocalizationEvaluationConfig,
    VideosConfig,
    check_foreground,
)
from jaxseg.config.shared import ClustersConfig, Config, OptimizerConfig, chosen_schedule
from jaxseg.methods.case.config import ClusterSolverConfig

COUNTED_IN = 350  # epochs of the published schedule, in which every epoch below is counted
DISTRIBUTIONS = ("gaussian", "uniform", "exponential", "student-t")
WEIGHTS = ("inner_mean", "score")


@dataclasses.dataclass(frozen=True)
class WholeVideosConfig(VideosConfig):
    """Which videos, and how many make a step; each keeps its own length."""

    videos_per_batch: int = key(10, "videos of a training step", at_least(1))


@dataclasses.dataclass(frozen=True)
class RskpConfig(ClustersConfig):
    """Sizes and constants of the backbone, and of CASE's clusters on it."""

    num_clusters: int = key(16, "K of CASE, where loss.clustering asks for clusters", at_least(2))
    hidden: int = key(None, "D, width of the embedding; open: as scheduled", at_least(1))
    num_means: int = key(8, "representative snippets of a video", at_least(1))
    em_rounds: int = key(2, "rounds of expectation maximization that find them", at_least(1))
    memory_slots: int = key(
        5, "representative snippets that the memory keeps of each class", at_least(1)
    )
    scale: float = key(20.0, "s, factor of the cosines of class and foreground centers", positive)
    dropout: float = key(
        0.6, "share of the embedding that a training step leaves out", between(0, 0.99)
    )
    propagation: float = key(0.5, "w, how far representative snippets spread", between(0, 0.99))
    cluster_scale: float = key(10.0, "factor of the cosines of CASE's clusters, its rho", positive)


@dataclasses.dataclass(frozen=True)
class GaufuseLossConfig:
    """Weights of the losses, and the epochs at which they change."""

    agnostic_weight: float = key(
        1.0, "of the video's classes by class-agnostic attention", at_least(0)
    )
    wise_weight: float = key(0.2, "of the video's classes by class-wise attention", at_least(0))
    attention_weight: float = key(0.1, "of the lowest against the highest attentions", at_least(0))
    top_divisor: int = key(
        8, "T // top_divisor snippets count as the highest, and as the lowest", at_least(1)
    )
    memory_from: int = key(
        100, "epoch in which the memory is filled; after it the memory has a branch", at_least(0)
    )
    memory_weight: float = key(0.5, "of that branch in the first two losses", at_least(0))
    memory_share: float = key(
        0.2, "of that branch in the target of the self-distillation", between(0, 1)
    )
    distillation_temperature: float = key(0.2, "of both sides of the self-distillation", positive)
    distillation_at: tuple[int, ...] = key(
        (100, 200), "epochs after which the weight of the self-distillation changes", ascending
    )
    distillation_weights: tuple[float, ...] = key(
        (1.0, 0.5, 1.0), "its weight before the first of them and after each", each(at_least(0))
    )
    pseudo_from: int = key(200, "epoch after which pseudo-labels are learned from")
    pseudo_share: float = key(
        0.8, "of the network's first branch in what learns from pseudo-labels", between(0, 1)
    )
    pseudo_weight: float = key(10.0, "of the pseudo-labels at epoch pseudo_from", at_least(0))
    pseudo_growth: float = key(1.035, "factor by which it grows in an epoch", positive)
    pseudo_limit: float = key(50.0, "where its growth ends", at_least(0))
    clustering: str = key(
        "none", 'CASE on this backbone: "scc" or "full"', one_of("none", "scc", "full")
    )
    snippet_weight: float = key(1.0, "CASE's lambda_S", at_least(0))
    cluster_weight: float = key(0.3, "CASE's lambda_C", at_least(0))

    def validate(self, path: str) -> None:
        """Raises ValueError unless there is one weight more than epochs at which it changes."""
        if len(self.distillation_weights) != len(self.distillation_at) + 1:
            raise ValueError(
                f"config.{path}.distillation_weights must have one more than "
                f"{path}.distillation_at, {self.distillation_at}: got {self.distillation_weights}"
            )


@dataclasses.dataclass(frozen=True)
class InstancesConfig:
    """From a map of scores to instances and to what is kept of them, see `jaxseg.proposals`."""

    share: float = key(0.85, "a, of the network's first branch in the map", between(0, 1))
    video_share: float = key(0.6, "of that branch in the video's score", between(0, 1))
    class_threshold: float = key(0.16, "video score from which on a class counts", between(0, 1))
    thresholds: tuple[float, ...] = key(
        tuple(round(0.001 + 0.002 * step, 3) for step in range(20)),
        "of the map; what is above one of them for long enough is an instance",
        not_empty,
        each(between(0, 1)),
    )
    shortest: int = key(2, "snippets of an instance, at least", at_least(1))
    compat: str = key("", '"gaufuse": the released program\'s borders', one_of("", "gaufuse"))
    method: str = key(
        "fusion",
        'of a class\'s instances: "fusion", or suppression: "soft", "hard", "none"',
        one_of("fusion", "soft", "hard", "none"),
    )
    overlap: float = key(
        0.25, "share of its own length from which on an instance is fused", between(0.01, 0.99)
    )
    distribution: str = key("gaussian", ", ".join(DISTRIBUTIONS), one_of(*DISTRIBUTIONS))
    weight: str = key(
        "inner_mean", 'of an instance in the fusion; "score": the supplement\'s', one_of(*WEIGHTS)
    )
    nms_threshold: float = key(0.4, "tIoU of the suppression", positive, between(0, 1))
    nms_alpha: float = key(0.35, "width of the decay of soft suppression", positive)


@dataclasses.dataclass(frozen=True)
class PseudoConfig(InstancesConfig):
    """How and when the pseudo-labels P_r of the training videos are made."""

    share: float = key(0.8, "a, of the network's first branch in the map", between(0, 1))
    refresh_at: tuple[int, ...] = key(
        (200, 230, 245, 260, 275, 300),
        "epochs in which pseudo-labels are made; (): the backbone alone",
        ascending,
    )
    taus: tuple[float, ...] = key(
        (0.02, 0.02, 0.02, 0.002, 0.002, 0.0016),
        "temperature of the fusion at each of them",
        each(positive),
    )
    labels: str = key(
        "linpro",
        '"linpro": the linear program of the instances; "scores", "mean": highest or mean score '
        "of the instances that hold a snippet",
        one_of("linpro", "scores", "mean"),
    )
    linpro: str = key(
        "spread",
        'which optimum of it: "spread", "mean"; "vertex": by HiGHS on the host, for small data',
        one_of("spread", "vertex", "mean"),
    )
    delta: bool = key(True, "learn what changed between two refreshes, f (P_r - P_r-1), not P_r")
    delta_at: tuple[int, ...] = key(
        (250, 300), "epochs after which the factor f changes", ascending
    )
    delta_factors: tuple[float, ...] = key((2.0, 2.15), "f after each of them")

    def validate(self, path: str) -> None:
        """Raises ValueError for lists of different lengths, and one refresh that has no change."""
        if len(self.taus) < len(self.refresh_at):
            raise ValueError(
                f"config.{path}.taus must have one for each of the {len(self.refresh_at)} "
                f"refreshes of refresh_at, got {self.taus}"
            )
        if self.delta and len(self.refresh_at) == 1:
            raise ValueError(
                f"config.{path}.delta learns what changed between two refreshes, refresh_at has "
                f"one, {self.refresh_at}: give --config.{path}.delta=False"
            )
        if len(self.delta_at) != len(self.delta_factors):
            raise ValueError(
                f"config.{path}.delta_factors must have one for each epoch of delta_at, "
                f"{self.delta_at}, got {self.delta_factors}"
            )


@dataclasses.dataclass(frozen=True)
class GaufuseTestConfig(InstancesConfig):
    """From the network's outputs to detections."""

    maps: int = key(12, "videos whose map of scores is kept for the report", at_least(0))
    foreground: str = key(
        "attention",
        'what the map is weighted by: "attention"; with clusters "clusters", or the mean, "both"',
        one_of("both", "attention", "clusters"),
    )
    tau: float = key(0.2, "temperature of the fusion", positive)


@dataclasses.dataclass(frozen=True)
class GaufuseScheduleConfig:
    """How long and how wide a run is on the data, or on its small embedded twin."""

    num_epochs: int = key(COUNTED_IN, "passes over the training videos; the schedule is scaled")
    hidden: int = key(2048, "D, width of the embedding")
    learning_rate: float = key(5e-5, "step size of Adam")


@dataclasses.dataclass(frozen=True)
class GaufuseConfig(Config):
    """Everything that decides a run of GauFuse, or of CASE on its backbone."""

    task: ClassVar[str] = "localization"
    sampling: ClassVar[str] = "whole"

    method: str = key("gaufuse", "the method's name")
    activities: tuple[str, ...] = key(
        (), "always empty: all classes are learned together", commas=True
    )
    num_epochs: int = key(None, "passes over the training videos; open: as scheduled", at_least(0))
    data: WholeVideosConfig = section(WholeVideosConfig)
    model: RskpConfig = section(RskpConfig)
    solver: ClusterSolverConfig = section(ClusterSolverConfig)
    loss: GaufuseLossConfig = section(GaufuseLossConfig)
    pseudo: PseudoConfig = section(PseudoConfig)
    schedule: GaufuseScheduleConfig = section(GaufuseScheduleConfig)
    twin_schedule: GaufuseScheduleConfig = section(
        GaufuseScheduleConfig, num_epochs=150, hidden=128, learning_rate=5e-4
    )
    optimizer: OptimizerConfig = section(
        OptimizerConfig,
        learning_rate=None,
        weight_decay=5e-4,
        betas=(0.9, 0.99),
        change_at=(80.0, 200.0, 245.0, 260.0),
        factors=(0.8, 0.4096, 0.01024, 0.00512),
    )
    checkpoint: LocalizationCheckpointConfig = section(LocalizationCheckpointConfig)
    predict: GaufuseTestConfig = section(GaufuseTestConfig)
    evaluation: LocalizationEvaluationConfig = section(LocalizationEvaluationConfig)

    @property
    def epoch_scale(self) -> float:
        """Epochs of this run to one of the schedule, whose 350 they stand for."""
        return self.num_epochs / COUNTED_IN

    def counted(self, epoch: float) -> float:
        """An epoch of this run in the schedule's count, whole where that is a whole number."""
        return epoch * COUNTED_IN / self.num_epochs

    def validate(self, path: str) -> None:
        """Raises ValueError for a test that the losses do not train, and refreshes too late."""
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
        paths = ("num_epochs", "model.hidden", "optimizer.learning_rate")
        return fill(values, {path: schedule[path.split(".")[-1]] for path in paths})
