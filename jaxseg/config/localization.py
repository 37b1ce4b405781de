"""The sections that every localisation method's config has."""

import dataclasses
from typing import ClassVar

from jaxseg.config.checks import at_least, one_of
from jaxseg.config.shared import CheckpointConfig

PROTOCOLS = ("anet", "anet-snip", "wtalc", "rskp", "th14")
DATA_SETS = ("thumos14", "thumos14_wtalc", "activitynet12", "activitynet13")


@dataclasses.dataclass(frozen=True)
class VideosConfig:
    """Which videos, and how many make a step."""

    test_share: ClassVar[float] = 0.0  # every data set names its own test videos

    name: str = "thumos14"
    root: str = ""
    length_tolerance: int = 0
    videos_per_batch: int = 16

    def validate(self, path: str) -> None:
        one_of(f"{path}.name", self.name, DATA_SETS)
        at_least(f"{path}.length_tolerance", self.length_tolerance, 0)
        at_least(f"{path}.videos_per_batch", self.videos_per_batch, 1)

    @property
    def is_made(self) -> bool:
        """Whether the run makes its own data: the embedded twin."""
        return not self.root

    def steps_per_epoch(self, num_videos: int) -> int:
        """Whole batches; the incomplete last one is dropped, and there is at least one."""
        return max(1, num_videos // self.videos_per_batch)


@dataclasses.dataclass(frozen=True)
class LocalizationCheckpointConfig(CheckpointConfig):
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
class LocalizationEvaluationConfig:
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


def check_foreground(foreground: str, clustering: str) -> None:
    """Raises ValueError where the test asks for clusters that training does not learn."""
    if clustering != "full" and foreground != "attention":
        raise ValueError(
            f"config.predict.foreground={foreground} asks which clusters are foreground, which "
            f"config.loss.clustering={clustering} does not learn; "
            "give --config.predict.foreground=attention"
        )
