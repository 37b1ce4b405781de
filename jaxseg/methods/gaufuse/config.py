"""GauFuse's keys, with the paper's symbols; epochs are counted in the published schedule's."""

import dataclasses
from typing import ClassVar

from jaxseg.config.fields import (
    ascending,
    at_least,
    between,
    each,
    key,
    not_empty,
    one_of,
    positive,
    section,
)
from jaxseg.config.localization import LocalizationConfig, VideosConfig
from jaxseg.config.shared import ClustersConfig, OptimizerConfig
from jaxseg.methods.case.config import ClusterSolverConfig

COUNTED_IN = 350  # epochs of the published schedule, in which every epoch below is counted
DISTRIBUTIONS = ("gaussian", "uniform", "exponential", "student-t")
WEIGHTS = ("inner_mean", "score")
_THRESHOLDS = tuple(round(0.001 + 0.002 * step, 3) for step in range(20))


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
    memory_slots: int = key(5, "representative snippets kept of each class", at_least(1))
    scale: float = key(20.0, "s, factor of the cosines of class and foreground centers", positive)
    dropout: float = key(0.6, "share of the embedding left out in training", between(0, 0.99))
    propagation: float = key(0.5, "w, how far representative snippets spread", between(0, 0.99))
    cluster_scale: float = key(10.0, "factor of the cosines of CASE's clusters, its rho", positive)


@dataclasses.dataclass(frozen=True)
class GaufuseLossConfig:
    """Weights of the losses, and the epochs at which they change."""

    agnostic_weight: float = key(1.0, "of the loss by class-agnostic attention", at_least(0))
    wise_weight: float = key(0.2, "of the loss by class-wise attention", at_least(0))
    attention_weight: float = key(0.1, "of the lowest minus highest attentions", at_least(0))
    top_divisor: int = key(8, "T // top_divisor are the highest, and the lowest", at_least(1))
    memory_from: int = key(100, "epoch from which on the memory is filled", at_least(0))
    memory_weight: float = key(0.5, "of the memory in the first two losses", at_least(0))
    memory_share: float = key(0.2, "of the memory in the distillation's target", between(0, 1))
    distillation_temperature: float = key(0.2, "of both sides of the self-distillation", positive)
    distillation_at: tuple[int, ...] = key((100, 200), "epochs after which it changes", ascending)
    distillation_weights: tuple[float, ...] = key(
        (1.0, 0.5, 1.0), "of the self-distillation, before and after each", each(at_least(0))
    )
    pseudo_from: int = key(200, "epoch after which pseudo-labels are learned from")
    pseudo_share: float = key(0.8, "of the original branch in their loss", between(0, 1))
    pseudo_weight: float = key(10.0, "of the pseudo-labels at epoch pseudo_from", at_least(0))
    pseudo_growth: float = key(1.035, "factor by which it grows in an epoch", positive)
    pseudo_limit: float = key(50.0, "where its growth ends", at_least(0))
    clustering: str = key("none", "CASE's losses", one_of("none", "scc", "full"))
    snippet_weight: float = key(1.0, "CASE's lambda_S", at_least(0))
    cluster_weight: float = key(0.3, "CASE's lambda_C", at_least(0))

    def validate(self, path: str) -> None:
        if len(self.distillation_weights) != len(self.distillation_at) + 1:
            raise ValueError(
                f"config.{path}.distillation_weights must have one more than "
                f"{path}.distillation_at, {self.distillation_at}: got {self.distillation_weights}"
            )


@dataclasses.dataclass(frozen=True)
class InstancesConfig:
    """From a map of scores to instances and to those that are kept, see `jaxseg.proposals`.

    What is above a threshold for long enough is an instance; `method` says what becomes of those of
    a class. `share` and `video_share` weigh the network's original branch, the rest is propagated.
    """

    share: float = key(0.85, "a, of the original branch in the map", between(0, 1))
    video_share: float = key(0.6, "of the original branch in the video's score", between(0, 1))
    class_threshold: float = key(0.16, "video score from which on a class counts", between(0, 1))
    thresholds: tuple[float, ...] = key(
        _THRESHOLDS, "of the map; above one are instances", not_empty, each(between(0, 1))
    )
    shortest: int = key(2, "snippets of an instance, at least", at_least(1))
    compat: str = key("", "gaufuse: the released program's borders", one_of("", "gaufuse"))
    method: str = key("fusion", "of a class's instances", one_of("fusion", "soft", "hard", "none"))
    overlap: float = key(0.25, "share of its length above which one is fused", between(0.01, 0.99))
    distribution: str = key("gaussian", "template of the fusion", one_of(*DISTRIBUTIONS))
    weight: str = key("inner_mean", "logit in the fusion; supplement: score", one_of(*WEIGHTS))
    nms_threshold: float = key(0.4, "tIoU of the suppression", positive, between(0, 1))
    nms_alpha: float = key(0.35, "width of the decay of soft suppression", positive)


@dataclasses.dataclass(frozen=True)
class PseudoConfig(InstancesConfig):
    """How and when the pseudo-labels P_r of the training videos are made.

    `labels` = "linpro" solves the linear program of the instances; "scores" gives a snippet the
    highest score of the instances that hold it, "mean" the mean of these. `linpro` = "vertex" is
    solved by HiGHS on the host, for small data.
    """

    share: float = key(0.8, "a, of the original branch in the map", between(0, 1))
    refresh_at: tuple[int, ...] = key(
        (200, 230, 245, 260, 275, 300), "epochs of the refreshes; (): the backbone alone", ascending
    )
    taus: tuple[float, ...] = key(
        (0.02, 0.02, 0.02, 0.002, 0.002, 0.0016), "temperature of the fusion then", each(positive)
    )
    labels: str = key("linpro", "from instances to P_r", one_of("linpro", "scores", "mean"))
    linpro: str = key("spread", "optimum of LinPro", one_of("spread", "vertex", "mean"))
    delta: bool = key(True, "learn from f (P_r - P_r-1) instead of P_r")
    delta_at: tuple[int, ...] = key((250, 300), "epochs after which f changes", ascending)
    delta_factors: tuple[float, ...] = key((2.0, 2.15), "f after each of them")

    def validate(self, path: str) -> None:
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
    """From the network's outputs to detections.

    `foreground` weighs the map: by "attention", by CASE's "clusters", or by the mean of "both".
    """

    maps: int = key(12, "videos whose map of scores is kept for the report", at_least(0))
    foreground: str = key("attention", "of the map", one_of("both", "attention", "clusters"))
    tau: float = key(0.2, "temperature of the fusion", positive)


@dataclasses.dataclass(frozen=True)
class GaufuseScheduleConfig:
    """How long and how wide a run is on the data, or on its small embedded twin."""

    num_epochs: int = key(COUNTED_IN, "passes over the training videos; the schedule is scaled")
    hidden: int = key(2048, "D, width of the embedding")
    learning_rate: float = key(5e-5, "step size of Adam")


@dataclasses.dataclass(frozen=True)
class GaufuseConfig(LocalizationConfig):
    """Everything that decides a run of GauFuse, or of CASE on its backbone."""

    sampling: ClassVar[str] = "whole"
    scheduled: ClassVar[tuple[str, ...]] = ("num_epochs", "model.hidden", "optimizer.learning_rate")

    method: str = key("gaufuse", "the method's name")
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
    predict: GaufuseTestConfig = section(GaufuseTestConfig)

    @property
    def epoch_scale(self) -> float:
        """Epochs of this run to one of the schedule, whose 350 they stand for."""
        return self.num_epochs / COUNTED_IN

    def counted(self, epoch: float) -> float:
        """An epoch of this run in the schedule's count, whole where that is a whole number."""
        return epoch * COUNTED_IN / self.num_epochs

    def validate(self, path: str) -> None:
        super().validate(path)
        if any(epoch >= COUNTED_IN for epoch in self.pseudo.refresh_at):
            raise ValueError(
                f"config.pseudo.refresh_at counts in the schedule's {COUNTED_IN} epochs, whatever "
                f"num_epochs is: got {self.pseudo.refresh_at}"
            )
