"""CASE's own sections."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from jaxseg.config.checks import at_least, between, one_of, positive
from jaxseg.config.fields import fill
from jaxseg.config.localization import (
    LocalizationCheckpointConfig,
    LocalizationEvaluationConfig,
    VideosConfig,
    check_foreground,
)
from jaxseg.config.shared import ClustersConfig, Config, OptimizerConfig, chosen_schedule


@dataclasses.dataclass(frozen=True)
class CaseTestConfig:
    """From the network's outputs to detections, see `jaxseg.proposals`; maps kept for the report.

    `foreground` is what tells action from background in the map: "both" is the paper's
    clustering-assisted test, "attention" the plain one (Tables 4 and 7). `omega` is the share of
    the class probability, 0 the same share for every term. Flanks of 0.15 and a `gamma` of 0.2
    are what the released program runs with; `flank=0.25, gamma=0.15` is what it says.
    """

    maps: int = 12
    foreground: str = "both"
    omega: float = 0.0
    top_divisor: int = 8
    class_threshold: float = 0.25
    upsampling: int = 24
    thresholds: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    flank: float = 0.15
    gamma: float = 0.2
    nms: str = "soft"
    nms_threshold: float = 0.4
    nms_alpha: float = 0.35

    def validate(self, path: str) -> None:
        at_least(f"{path}.maps", self.maps, 0)
        one_of(f"{path}.foreground", self.foreground, ("both", "attention", "clusters"))
        between(f"{path}.omega", self.omega, 0, 1)
        at_least(f"{path}.top_divisor", self.top_divisor, 1)
        between(f"{path}.class_threshold", self.class_threshold, 0, 1)
        at_least(f"{path}.upsampling", self.upsampling, 1)
        if not self.thresholds:
            raise ValueError(f"config.{path}.thresholds must not be empty")
        for threshold in self.thresholds:
            between(f"{path}.thresholds", threshold, 0, 1)
        at_least(f"{path}.flank", self.flank, 0)
        at_least(f"{path}.gamma", self.gamma, 0)
        one_of(f"{path}.nms", self.nms, ("soft", "hard", "none"))
        positive(f"{path}.nms_threshold", self.nms_threshold)
        between(f"{path}.nms_threshold", self.nms_threshold, 0, 1)
        positive(f"{path}.nms_alpha", self.nms_alpha)


@dataclasses.dataclass(frozen=True)
class SnippetsConfig(VideosConfig):
    """Which videos, and to how many snippets T each is brought, in training and in testing."""

    num_snippets: int = 750

    def validate(self, path: str) -> None:
        super().validate(path)
        at_least(f"{path}.num_snippets", self.num_snippets, 1)


@dataclasses.dataclass(frozen=True)
class TwoStreamConfig(ClustersConfig):
    """Width of both encoders of a stream, and the factor of all cosines, the paper's rho."""

    num_clusters: int = 16
    hidden: int = 512
    scale: float = 10.0

    def validate(self, path: str) -> None:
        super().validate(path)
        at_least(f"{path}.num_clusters", self.num_clusters, 2)
        at_least(f"{path}.hidden", self.hidden, 1)
        positive(f"{path}.scale", self.scale)


@dataclasses.dataclass(frozen=True)
class ClusterSolverConfig:
    """How the pseudo-labels of snippets and clusters are made, on any backbone.

    Attributes:
        top_divisor: the highest T // top_divisor snippets of a class are foreground.
        assignment: of snippets to clusters: "ot", clusters of equal size; "ot-hard", the largest
            entry of each row of that; "soft" and "hard", the prediction itself and its largest
            entry (Table 5).
        prior: whether the rank of the attention decides too, Eq. 12, or not, Eq. 10 (Table 6).
        sigma: width of that prior.
        marginal: of the clusters' labels: "empirical", Eq. 13; "uniform", Eq. 9 (Table 6).
        epsilon: weight of the entropy in both transport problems; the paper's is its inverse, 20.
        num_iterations: rounds of both Sinkhorns.
        compat: "case" takes the order of the attention for its rank, as the released program.
    """

    top_divisor: int = 8
    assignment: str = "ot"
    prior: bool = True
    sigma: float = 10.0
    marginal: str = "empirical"
    epsilon: float = 1 / 20
    num_iterations: int = 3
    compat: str = ""

    def validate(self, path: str) -> None:
        at_least(f"{path}.top_divisor", self.top_divisor, 1)
        one_of(f"{path}.assignment", self.assignment, ("ot", "ot-hard", "soft", "hard"))
        positive(f"{path}.sigma", self.sigma)
        one_of(f"{path}.marginal", self.marginal, ("empirical", "uniform"))
        positive(f"{path}.epsilon", self.epsilon)
        at_least(f"{path}.num_iterations", self.num_iterations, 1)
        one_of(f"{path}.compat", self.compat, ("", "case"))


@dataclasses.dataclass(frozen=True)
class CaseSolverConfig(ClusterSolverConfig):
    """How the pseudo-labels are made in two streams.

    Attributes:
        top_divisor: k = T // top_divisor snippets of a class make a video's score, too.
        omega: share of the T-CAS in the calibrated map (Appendix F.1): 1/3 as in the released
            program, the paper says .25.
        co_labelling: pseudo-labels that both streams share: "full"; "baseline", those of top
            snippets alone; "none" (Table 12).
    """

    omega: float = 1 / 3
    co_labelling: str = "full"

    def validate(self, path: str) -> None:
        super().validate(path)
        between(f"{path}.omega", self.omega, 0, 1)
        one_of(f"{path}.co_labelling", self.co_labelling, ("full", "baseline", "none"))


@dataclasses.dataclass(frozen=True)
class CaseLossConfig:
    """Which losses there are, and their weights lambda_S and lambda_C (Eq. 14).

    `clustering` is "full"; "scc", snippets without their clusters' classification; "none", the
    baseline (Table 4). `attention` is the generalised cross-entropy "gce" with its `gamma`
    (Eq. 2), or "bce" (Table 11).
    """

    clustering: str = "full"
    attention: str = "gce"
    gamma: float = 0.7
    snippet_weight: float = 1.0
    cluster_weight: float = 0.3

    def validate(self, path: str) -> None:
        one_of(f"{path}.clustering", self.clustering, ("full", "scc", "none"))
        one_of(f"{path}.attention", self.attention, ("gce", "bce"))
        positive(f"{path}.gamma", self.gamma)
        at_least(f"{path}.snippet_weight", self.snippet_weight, 0)
        at_least(f"{path}.cluster_weight", self.cluster_weight, 0)


@dataclasses.dataclass(frozen=True)
class ScheduleConfig:
    """Passes over the training videos, and to how many snippets each is brought."""

    num_epochs: int = 300
    num_snippets: int = 750


_OPTIMIZER = OptimizerConfig(learning_rate=1e-4, weight_decay=5e-4)


@dataclasses.dataclass(frozen=True)
class CaseConfig(Config):
    """Everything that decides a run of CASE."""

    task: ClassVar[str] = "localization"
    sampling: ClassVar[str] = "snippets"

    method: str = "case"
    num_epochs: int = 300
    data: SnippetsConfig = SnippetsConfig()
    model: TwoStreamConfig = TwoStreamConfig()
    solver: CaseSolverConfig = CaseSolverConfig()
    loss: CaseLossConfig = CaseLossConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    twin_schedule: ScheduleConfig = ScheduleConfig()
    optimizer: OptimizerConfig = _OPTIMIZER
    checkpoint: LocalizationCheckpointConfig = dataclasses.field(
        default_factory=LocalizationCheckpointConfig
    )
    predict: CaseTestConfig = CaseTestConfig()
    evaluation: LocalizationEvaluationConfig = dataclasses.field(
        default_factory=LocalizationEvaluationConfig
    )

    def validate(self, path: str) -> None:
        super().validate(path)
        check_foreground(self.predict.foreground, self.loss.clustering)

    @staticmethod
    def resolve(values: Mapping) -> Mapping:
        """Takes num_epochs and num_snippets from the schedule, where the config leaves them open.

        That is the embedded twin's, which is small, where there is no root.
        """
        schedule = chosen_schedule(values)
        defaults = {"num_epochs": schedule.get("num_epochs")}
        defaults["data.num_snippets"] = schedule.get("num_snippets")
        return fill(values, defaults)
