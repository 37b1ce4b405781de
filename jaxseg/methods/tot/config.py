"""TOT's keys, with the paper's symbols; values of a data set stand in configs/tot_*.py."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from jaxseg.config.fields import at_least, between, key, one_of, positive, section
from jaxseg.config.sequences import SequencesConfig
from jaxseg.config.shared import (
    DataConfig,
    EncoderConfig,
    EvaluationConfig,
    OptimizerConfig,
)


@dataclasses.dataclass(frozen=True)
class PairsDataConfig(DataConfig):
    """Frames in pairs: anchors from equal bins of a video, and a neighbor of each."""

    bins: int = key(32, "equal parts of a video, which give as many frames each", at_least(2))
    window: int = key(30, "lambda, frames from an anchor to its neighbor at most", at_least(1))

    def validate(self, path: str) -> None:
        super().validate(path)
        if self.frames_per_video % (2 * self.bins):
            raise ValueError(
                f"config.{path}.frames_per_video must be a multiple of 2 * bins = "
                f"{2 * self.bins}: anchors and neighbors; got {self.frames_per_video}"
            )


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """Weights of the losses beside the clusters' (Eq. 4), and the two forms of Eq. 3.

    `tcl_groups` = "paper": pairs within a video; "code": within groups of consecutive samples of
    all videos, as the authors' program has it.
    """

    alpha: float = key(1.0, "weight of the temporal coherence loss", at_least(0))
    tcl_groups: str = key("paper", "groups of the pairs in Eq. 3", one_of("paper", "code"))
    tcl_temperature: float = key(1.0, "divides embeddings; the authors' program: .1", positive)
    time: float = key(1.0, "weight of the regression of time stamps", at_least(0))


@dataclasses.dataclass(frozen=True)
class LabelsConfig:
    """Constants of the pseudo-labels (Eq. 8 to 10).

    Frame i and cluster j lie at i/B and j/K ("first") or (i + .5)/B and (j + .5)/K ("centered").
    """

    rho: float = key(None, "weight of entropy and prior; open: as in constants", positive)
    sigma: float = key(None, "width of the prior; open: as in constants", positive)
    num_iterations: int = key(3, "rounds of Sinkhorn", at_least(1))
    prior_indices: str = key("first", "where indices lie in time", one_of("first", "centered"))


@dataclasses.dataclass(frozen=True)
class DecodingConfig:
    """How a video's scores become labels.

    The states follow each other as the prototypes, to which the prior gives a place in time, or by
    the "mean_time" of each cluster's frames over the activity.
    `background` calls a frame background (-1) whose scores lie below the `percentile` of every
    cluster's scores over the activity.
    """

    viterbi: bool = key(True, "decode in order; False: the likeliest cluster of each frame")
    stay_probability: float = key(0.5, "that the next frame has the same state")
    order: str = key("prototypes", "of the states", one_of("prototypes", "mean_time"))
    background: bool = key(False, "frames that no cluster claims become -1")
    percentile: float = key(45.0, "of a cluster's scores; above it, it claims", between(0, 100))

    def validate(self, path: str) -> None:
        chance = self.stay_probability
        if not 0 < chance < 1:
            raise ValueError(
                f"config.{path}.stay_probability must be between 0 and 1, got {chance}"
            )


@dataclasses.dataclass(frozen=True)
class SolverConfig:
    """Pseudo-labels in training, ordered decoding of whole videos."""

    train: LabelsConfig = section(LabelsConfig)
    eval: DecodingConfig = section(DecodingConfig)


@dataclasses.dataclass(frozen=True)
class Constants:
    """One row of the paper's Tables S1 to S3."""

    rho: float = key(0.05, "weight of entropy and prior")
    sigma: float = key(1.0, "width of the prior")


@dataclasses.dataclass(frozen=True)
class TableConfig:
    """The constants of TOT and of TOT+TCL, of which `tcl` picks a row for the solver."""

    tot: Constants = section(Constants)
    tot_tcl: Constants = section(Constants, rho=0.04, sigma=0.75)


@dataclasses.dataclass(frozen=True)
class ScheduleConfig:
    """How long a run is on the data, or on its embedded twin, which is a tenth of it."""

    num_epochs: int = key(1000, "passes over an activity's videos")
    freeze_steps: int = key(1000, "steps for which the prototypes are frozen")


@dataclasses.dataclass(frozen=True)
class TotConfig(SequencesConfig):
    """Everything that decides a run of TOT; three flags make the papers' variants.

    `clusters` = "prototypes" are learned with the embedding; "kmeans" is CTE itself (Kukleva et al.
    2019): regression of time stamps alone, then k-means on the embeddings of all frames.
    """

    sampling: ClassVar[str] = "pairs"
    scheduled: ClassVar[tuple[str, ...]] = ("num_epochs", "optimizer.freeze_steps")

    method: str = key("tot", "the method's name")
    num_epochs: int = key(None, "passes over an activity's videos; open: as scheduled", at_least(0))
    tcl: bool = key(False, "temporal coherence loss")
    cte: bool = key(False, "regression of time stamps")
    temporal_prior: bool = key(True, "the prior of Eq. 8; False: OT")
    clusters: str = key("prototypes", "how clusters are made", one_of("prototypes", "kmeans"))
    data: PairsDataConfig = section(PairsDataConfig, standardize=True, unit_frames=False)
    model: EncoderConfig = section(EncoderConfig, layers=(64, 80, 40))
    schedule: ScheduleConfig = section(ScheduleConfig)
    twin_schedule: ScheduleConfig = section(ScheduleConfig, num_epochs=200, freeze_steps=200)
    optimizer: OptimizerConfig = section(OptimizerConfig, freeze_steps=None)
    constants: TableConfig = section(TableConfig)
    solver: SolverConfig = section(SolverConfig)
    loss: LossConfig = section(LossConfig)
    evaluation: EvaluationConfig = section(
        EvaluationConfig, protocols=("cte", "cte-soft", "tot-text"), exclusion="background"
    )

    @classmethod
    def open_values(cls, values: Mapping) -> dict[str, object]:
        """rho and sigma of the table's row besides what is scheduled."""
        row = values["constants"]["tot_tcl" if values["tcl"] else "tot"]
        constants = {"solver.train.rho": row["rho"], "solver.train.sigma": row["sigma"]}
        return super().open_values(values) | constants

    def validate(self, path: str) -> None:
        super().validate(path)
        if self.clusters == "kmeans" and (self.tcl or not self.cte):
            raise ValueError(
                "config.clusters=kmeans is CTE, which learns from time stamps alone: "
                f"it asks for cte=True and tcl=False, got cte={self.cte} and tcl={self.tcl}"
            )
