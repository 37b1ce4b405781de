"""CASE's keys, with the paper's symbols; defaults are THUMOS14's, whose program was released."""

import dataclasses
from typing import ClassVar

from jaxseg.config.fields import at_least, between, each, key, not_empty, one_of, positive, section
from jaxseg.config.localization import LocalizationConfig, VideosConfig
from jaxseg.config.shared import ClustersConfig, OptimizerConfig

_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ASSIGNMENTS = ("ot", "ot-hard", "soft", "hard")


@dataclasses.dataclass(frozen=True)
class CaseTestConfig:
    """From the network's outputs to detections, see `jaxseg.proposals`.

    `foreground` tells action from background in the map: "both" is the paper's clustering-assisted
    test, "attention" the plain one (Tables 4 and 7). What lies above a threshold is a proposal.
    A flank of 0.15 and a gamma of 0.2 are what the released program runs with; flank=0.25,
    gamma=0.15 is what the paper says.
    """

    maps: int = key(12, "videos whose map of scores is kept for the report", at_least(0))
    foreground: str = key("both", "what weighs the map", one_of("both", "attention", "clusters"))
    omega: float = key(0.0, "share of the class probability; 0: as much as any term", between(0, 1))
    top_divisor: int = key(8, "the T // top_divisor highest make a video's score", at_least(1))
    class_threshold: float = key(0.25, "video score from which on a class counts", between(0, 1))
    upsampling: int = key(24, "points of the map for each snippet", at_least(1))
    thresholds: tuple[float, ...] = key(
        _THRESHOLDS, "of the map; what lies above one is a proposal", not_empty, each(between(0, 1))
    )
    flank: float = key(0.15, "width of a proposal's flanks, shares of its length", at_least(0))
    gamma: float = key(0.2, "weight of the video's score in that of a proposal", at_least(0))
    nms: str = key("soft", "suppression of proposals", one_of("soft", "hard", "none"))
    nms_threshold: float = key(0.4, "tIoU of the suppression", positive, between(0, 1))
    nms_alpha: float = key(0.35, "width of the decay of soft suppression", positive)


@dataclasses.dataclass(frozen=True)
class SnippetsConfig(VideosConfig):
    """Which videos, and how long they are made in training and in testing."""

    num_snippets: int = key(None, "T, for every video; open: as scheduled", at_least(1))


@dataclasses.dataclass(frozen=True)
class TwoStreamConfig(ClustersConfig):
    """Sizes of both streams."""

    num_clusters: int = key(16, "K of each stream", at_least(2))
    hidden: int = key(512, "width of both encoders of a stream", at_least(1))
    scale: float = key(10.0, "rho, factor of all cosines", positive)


@dataclasses.dataclass(frozen=True)
class ClusterSolverConfig:
    """How the pseudo-labels of snippets and clusters are made, on any backbone.

    `assignment` = "ot" makes clusters of equal size, "ot-hard" takes the largest entry of each row
    of it; "soft" and "hard" are the prediction itself and its largest entry.
    """

    top_divisor: int = key(8, "the T // top_divisor highest of a class are foreground", at_least(1))
    assignment: str = key("ot", "of snippets to clusters (Table 5)", one_of(*ASSIGNMENTS))
    prior: bool = key(True, "the rank of the attention decides too, Eq. 12; False: Eq. 10")
    sigma: float = key(10.0, "width of that prior", positive)
    marginal: str = key("empirical", "Eq. 13, or Eq. 9: uniform", one_of("empirical", "uniform"))
    epsilon: float = key(1 / 20, "entropy of both transports; the paper's inverse", positive)
    num_iterations: int = key(3, "rounds of both Sinkhorns", at_least(1))
    compat: str = key("", "case: scrambled rank, as in the released program", one_of("", "case"))


@dataclasses.dataclass(frozen=True)
class CaseSolverConfig(ClusterSolverConfig):
    """How the pseudo-labels are made in two streams.

    `co_labeling` = "full" shares all pseudo-labels between the streams, "baseline" those of top
    snippets alone (Table 12).
    """

    omega: float = key(1 / 3, "share of the T-CAS in the map (F.1); the paper: .25", between(0, 1))
    co_labeling: str = key("full", "labels the streams share", one_of("full", "baseline", "none"))


@dataclasses.dataclass(frozen=True)
class CaseLossConfig:
    """Which losses there are, and their weights (Eq. 14).

    `clustering` = "scc" leaves out the classification of clusters, "none" is the baseline.
    `attention` is the generalized cross-entropy "gce" with its `gamma`, or "bce".
    """

    clustering: str = key("full", "parts of the loss (Table 4)", one_of("full", "scc", "none"))
    attention: str = key("gce", "loss of the attention (Eq. 2, Table 11)", one_of("gce", "bce"))
    gamma: float = key(0.7, "tolerance of noise of the generalized cross-entropy", positive)
    snippet_weight: float = key(1.0, "lambda_S", at_least(0))
    cluster_weight: float = key(0.3, "lambda_C", at_least(0))


@dataclasses.dataclass(frozen=True)
class ScheduleConfig:
    """How long a run is on the data, or on its small embedded twin."""

    num_epochs: int = key(300, "passes over the training videos")
    num_snippets: int = key(750, "to how many snippets each video is brought")


@dataclasses.dataclass(frozen=True)
class CaseConfig(LocalizationConfig):
    """Everything that decides a run of CASE."""

    sampling: ClassVar[str] = "snippets"
    scheduled: ClassVar[tuple[str, ...]] = ("num_epochs", "data.num_snippets")

    method: str = key("case", "the method's name")
    data: SnippetsConfig = section(SnippetsConfig)
    model: TwoStreamConfig = section(TwoStreamConfig)
    solver: CaseSolverConfig = section(CaseSolverConfig)
    loss: CaseLossConfig = section(CaseLossConfig)
    schedule: ScheduleConfig = section(ScheduleConfig)
    twin_schedule: ScheduleConfig = section(ScheduleConfig, num_epochs=400, num_snippets=150)
    optimizer: OptimizerConfig = section(OptimizerConfig, learning_rate=1e-4, weight_decay=5e-4)
    predict: CaseTestConfig = section(CaseTestConfig)
