"""TOT's keys, with the paper's symbols; values of a data set stand in configs/tot_*.py."""

import dataclasses
import math
import operator
from collections.abc import Mapping
from typing import ClassVar

from jaxseg.config.fields import at_least, between, key, one_of, positive, section
from jaxseg.config.sequences import FREE, SequencesConfig
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
    neighbor_window: int = key(
        30, "lambda, frames from an anchor to its neighbor; 0: from duration", at_least(0)
    )

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
    sigma: float = key(
        None, "width of the prior; open: as in constants; 0: from order", at_least(0)
    )
    num_iterations: int = key(3, "rounds of Sinkhorn", at_least(1))
    prior_indices: str = key("first", "where indices lie in time", one_of("first", "centered"))


@dataclasses.dataclass(frozen=True)
class DecodingConfig:
    """How a video's scores become labels.

    The states follow each other as the prototypes, to which the prior gives a place in time, or by
    the "mean_time" of each cluster's frames over the activity. Where actions recur, any state may
    follow any other, and `stay_probability` is what keeps segments long.
    `background` calls a frame background (-1) whose scores lie below the `percentile` of every
    cluster's scores over the activity.
    """

    viterbi: bool = key(True, "decode in time; False: the likeliest cluster of each frame")
    recurring: float = key(
        0.0, "1: any cluster may follow any other; 0: in order; -1: from config.order"
    )
    stay_probability: float = key(0.5, "that the next frame has the same state; 0: from duration")
    order: str = key("prototypes", "of the states", one_of("prototypes", "mean_time"))
    background: bool = key(False, "frames that no cluster claims become -1")
    percentile: float = key(45.0, "of a cluster's scores; above it, it claims", between(0, 100))

    def validate(self, path: str) -> None:
        chance = self.stay_probability
        if not 0 <= chance < 1:
            raise ValueError(
                f"config.{path}.stay_probability must be between 0 and 1, got {chance}"
            )
        if self.recurring not in (-1, 0, 1):
            raise ValueError(f"config.{path}.recurring must be 0, 1 or -1, got {self.recurring}")


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


# Width of a prior that has no say: its logarithm is 0 up to what float32 resolves beside a score.
FLAT_SIGMA = 1e6
# A neighbor shows the same action if it is nearer than a third of the action's duration.
WINDOW_SHARE, WINDOW = 1 / 3, 30
# Longer sequences are trained in pieces of this many durations: of the frames that are sampled of
# a piece, each action has to get a few.
PIECE_DURATIONS = 64


@dataclasses.dataclass(frozen=True)
class TotConfig(SequencesConfig):
    """Everything that decides a run of TOT; three flags make the papers' variants.

    `clusters` = "prototypes" are learned with the embedding; "kmeans" is CTE itself (Kukleva et al.
    2019): regression of time stamps alone, then k-means on the embeddings of all frames.
    """

    sampling: ClassVar[str] = "pairs"
    scout_steps: ClassVar[int] = 1000  # all frames look alike until prototypes are thawed
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

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The human terms that are to come from the data: no explicit number stands for them."""
        terms = {"num_actions", *self._open().values()}
        return tuple(name for name in super().asks_for if name in terms)

    def _open(self) -> dict[str, str]:
        """Keys whose number is to come from a human term, and the name of the term."""
        decoding = self.solver.eval
        is_open = {
            ("solver.train.sigma", "order"): not self.solver.train.sigma,
            ("solver.eval.recurring", "order"): decoding.recurring < 0,
            ("solver.eval.stay_probability", "duration"): not decoding.stay_probability,
            ("data.neighbor_window", "duration"): not self.data.neighbor_window,
        }
        return {path: term for (path, term), value in is_open.items() if value}

    def with_terms(self, *, duration: float, order: str) -> "TotConfig":
        """The config with the numbers that are open from duration (frames) and order."""
        train, decoding, data = self.solver.train, self.solver.eval, self.data
        row = self.constants.tot_tcl if self.tcl else self.constants.tot
        is_free = order == FREE
        train = dataclasses.replace(
            train, sigma=train.sigma or (FLAT_SIGMA if is_free else row.sigma)
        )
        decoding = dataclasses.replace(
            decoding,
            recurring=float(is_free) if decoding.recurring < 0 else decoding.recurring,
            stay_probability=decoding.stay_probability or 1 - 1 / max(2.0, duration),
        )
        data = dataclasses.replace(
            data,
            neighbor_window=data.neighbor_window
            or max(1, min(WINDOW, int(WINDOW_SHARE * duration))),
            piece=data.piece or math.ceil(PIECE_DURATIONS * duration),
        )
        return dataclasses.replace(self, solver=SolverConfig(train, decoding), data=data)

    def validate(self, path: str) -> None:
        super().validate(path)
        for name, term in self._open().items():
            if not getattr(self, term):
                value = operator.attrgetter(name)(self)
                raise ValueError(
                    f"config.{name}={value} stands for what config.{term} says, which is not "
                    "given; give one of the two"
                )
        if self.clusters == "kmeans" and (self.tcl or not self.cte):
            raise ValueError(
                "config.clusters=kmeans is CTE, which learns from time stamps alone: "
                f"it asks for cte=True and tcl=False, got cte={self.cte} and tcl={self.tcl}"
            )
