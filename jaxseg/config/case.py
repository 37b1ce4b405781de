"""CASE's own sections."""

import dataclasses

from jaxseg.config.checks import at_least, between, one_of, positive
from jaxseg.config.shared import CheckpointConfig

PROTOCOLS = ("anet", "anet-snip", "wtalc", "rskp", "th14")


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
class CaseCheckpointConfig(CheckpointConfig):
    """Which parameters are tested.

    "last", those after the last step; or "oracle-test", as the released program does: those of
    every `watch_every` steps that score best on the test videos, which nobody could choose
    without the answers.
    """

    rule: str = "last"

    def validate(self, path: str) -> None:
        super().validate(path)
        one_of(f"{path}.rule", self.rule, ("last", "oracle-test"))


@dataclasses.dataclass(frozen=True)
class CaseEvaluationConfig:
    """Which localisation protocols score the detections, at which tIoU.

    `tiou` is "thumos14" (0.1:0.7:0.1), "activitynet" (0.5:0.95:0.05), start:stop:step or a,b,c;
    `ambiguous` a file of intervals that some protocols leave out, "" for none.
    """

    protocols: tuple[str, ...] = ("anet",)
    tiou: str = "thumos14"
    ambiguous: str = ""

    def validate(self, path: str) -> None:
        for name in self.protocols:
            one_of(f"{path}.protocols", name, PROTOCOLS)
