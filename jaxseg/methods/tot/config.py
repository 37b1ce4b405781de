"""TOT's own sections."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from jaxseg.config.checks import at_least, between, one_of, positive
from jaxseg.config.encoder import EncoderConfig
from jaxseg.config.fields import fill
from jaxseg.config.shared import Config, DataConfig, EvaluationConfig, chosen_schedule


@dataclasses.dataclass(frozen=True)
class PairsDataConfig(DataConfig):
    """Frames in pairs: anchors from equal bins of a video, and a neighbour of each.

    `window` is how many frames a neighbour may be away (lambda, 30 in the paper).
    """

    bins: int = 32
    window: int = 30

    def validate(self, path: str) -> None:
        super().validate(path)
        at_least(f"{path}.bins", self.bins, 2)
        at_least(f"{path}.window", self.window, 1)
        if self.frames_per_video % (2 * self.bins):
            raise ValueError(
                f"config.{path}.frames_per_video must be a multiple of 2 * bins = "
                f"{2 * self.bins}: anchors and neighbours; got {self.frames_per_video}"
            )


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """Weights of the losses beside the clusters' (Eq. 4), and the two forms of Eq. 3.

    `tcl_groups` = "paper": pairs within a video; "code": within groups of consecutive samples
    of all videos, as the authors' program has it. Embeddings are divided by `tcl_temperature`
    (paper: 1, code: .1).
    """

    alpha: float = 1.0
    tcl_groups: str = "paper"
    tcl_temperature: float = 1.0
    time: float = 1.0

    def validate(self, path: str) -> None:
        at_least(f"{path}.alpha", self.alpha, 0)
        at_least(f"{path}.time", self.time, 0)
        positive(f"{path}.tcl_temperature", self.tcl_temperature)
        one_of(f"{path}.tcl_groups", self.tcl_groups, ("paper", "code"))


@dataclasses.dataclass(frozen=True)
class LabelsConfig:
    """Constants of the pseudo-labels (Eq. 8 to 10): entropy rho, width sigma of the prior."""

    rho: float = 0.05
    sigma: float = 1.0
    num_iterations: int = 3
    prior_indices: str = "first"

    def validate(self, path: str) -> None:
        for name in ("rho", "sigma"):
            positive(f"{path}.{name}", getattr(self, name))
        at_least(f"{path}.num_iterations", self.num_iterations, 1)
        one_of(f"{path}.prior_indices", self.prior_indices, ("first", "centred"))


@dataclasses.dataclass(frozen=True)
class DecodingConfig:
    """How a video's scores become labels.

    `viterbi` = False takes the likeliest cluster of each frame. `order` is the order of states:
    that of the prototypes, which the prior gives a place in time, or the "mean_time" of each
    cluster's frames over the activity. `background` calls a frame background (-1) whose scores
    lie below the `percentile` of every cluster's scores over the activity.
    """

    viterbi: bool = True
    stay_probability: float = 0.5
    order: str = "prototypes"
    background: bool = False
    percentile: float = 45.0

    def validate(self, path: str) -> None:
        one_of(f"{path}.order", self.order, ("prototypes", "mean_time"))
        between(f"{path}.percentile", self.percentile, 0, 100)
        if not 0 < self.stay_probability < 1:
            raise ValueError(
                f"config.{path}.stay_probability must be between 0 and 1, "
                f"got {self.stay_probability}"
            )


@dataclasses.dataclass(frozen=True)
class SolverConfig:
    """Pseudo-labels in training, ordered decoding of whole videos."""

    train: LabelsConfig = LabelsConfig()
    eval: DecodingConfig = DecodingConfig()


@dataclasses.dataclass(frozen=True)
class Constants:
    """One row of the paper's Tables S1 to S3."""

    rho: float = 0.05
    sigma: float = 1.0


@dataclasses.dataclass(frozen=True)
class TableConfig:
    """The constants of TOT and of TOT+TCL, of which `tcl` picks a row for the solver."""

    tot: Constants = Constants(rho=0.05, sigma=1.0)
    tot_tcl: Constants = Constants(rho=0.04, sigma=0.75)


@dataclasses.dataclass(frozen=True)
class ScheduleConfig:
    """Passes over an activity's videos, and for how many steps the prototypes are frozen."""

    num_epochs: int = 1000
    freeze_steps: int = 1000


_ENCODER = EncoderConfig(layers=(64, 80, 40))
_EVALUATION = EvaluationConfig(protocols=("cte", "cte-soft", "tot-text"), exclusion="background")


@dataclasses.dataclass(frozen=True)
class TotConfig(Config):
    """Everything that decides a run of TOT; the three flags are the papers' variants.

    `temporal_prior` = False is OT, `tcl` adds the temporal coherence loss, `cte` the regression
    of time stamps (Kukleva et al. 2019). `clusters` = "kmeans" is CTE itself: time regression
    alone, then k-means on the embeddings of all frames.
    """

    sampling: ClassVar[str] = "pairs"

    method: str = "tot"
    tcl: bool = False
    cte: bool = False
    temporal_prior: bool = True
    clusters: str = "prototypes"
    data: PairsDataConfig = PairsDataConfig()
    model: EncoderConfig = _ENCODER
    schedule: ScheduleConfig = ScheduleConfig()
    twin_schedule: ScheduleConfig = ScheduleConfig()
    constants: TableConfig = TableConfig()
    solver: SolverConfig = SolverConfig()
    loss: LossConfig = LossConfig()
    evaluation: EvaluationConfig = _EVALUATION

    @staticmethod
    def resolve(values: Mapping) -> Mapping:
        """Fills in what the config leaves open (None).

        rho and sigma are those of the table's row; num_epochs and freeze_steps those of the
        schedule: that of the embedded twin, which is small, where there is no root.
        """
        row = values.get("constants", {}).get("tot_tcl" if values.get("tcl") else "tot", {})
        schedule = chosen_schedule(values)
        defaults = {f"solver.train.{name}": value for name, value in row.items()}
        defaults["num_epochs"] = schedule.get("num_epochs")
        defaults["optimizer.freeze_steps"] = schedule.get("freeze_steps")
        return fill(values, defaults)

    def validate(self, path: str) -> None:
        super().validate(path)
        one_of("clusters", self.clusters, ("prototypes", "kmeans"))
        if self.clusters == "kmeans" and (self.tcl or not self.cte):
            raise ValueError(
                "config.clusters=kmeans is CTE, which learns from time stamps alone: "
                f"it asks for cte=True and tcl=False, got cte={self.cte} and tcl={self.tcl}"
            )
