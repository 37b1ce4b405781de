"""The sections that every localization method's config has."""

import dataclasses
from typing import ClassVar

from jaxseg.config.fields import at_least, each, key, one_of
from jaxseg.config.shared import CheckpointConfig

PROTOCOLS = ("anet", "anet-snip", "wtalc", "rskp", "th14")


@dataclasses.dataclass(frozen=True)
class VideosConfig:
    """Which videos a run of localization is on, and how many make a step."""

    test_share: ClassVar[float] = 0.0  # every data set names its own test videos

    name: str = key("thumos14", "data set, a name in jaxseg.data.DATA_SETS")
    root: str = key("", "folder of the data; empty: the embedded twin, generated data")
    length_tolerance: int = key(0, "snippets by which RGB and flow may differ", at_least(0))
    videos_per_batch: int = key(16, "videos of a training step", at_least(1))

    @property
    def is_made(self) -> bool:
        """Whether the run makes its own data: the embedded twin."""
        return not self.root

    def steps_per_epoch(self, num_videos: int) -> int:
        """Whole batches; the incomplete last one is dropped, and there is at least one."""
        return max(1, num_videos // self.videos_per_batch)


@dataclasses.dataclass(frozen=True)
class LocalizationCheckpointConfig(CheckpointConfig):
    """When the state is saved, and which parameters are tested.

    `rule` = "oracle-test" tests, as the released programs do, the parameters of every
    `watch_every` steps that score best on the test videos; nobody could choose them without the
    answers.
    """

    rule: str = key(
        "last",
        'parameters that are tested: "last", or "oracle-test": those that score best in the test',
        one_of("last", "oracle-test"),
    )


@dataclasses.dataclass(frozen=True)
class LocalizationEvaluationConfig:
    """Which localization protocols score the detections, at which tIoU."""

    protocols: tuple[str, ...] = key(
        ("anet",), "protocols of the scores", each(one_of(*PROTOCOLS)), commas=True
    )
    tiou: str = key(
        "thumos14",
        '"thumos14" (0.1:0.7:0.1), "activitynet" (0.5:0.95:0.05), start:stop:step or a,b,c',
    )
    ambiguous: str = key("", "file of intervals that some protocols leave out; empty: none")


def check_foreground(foreground: str, clustering: str) -> None:
    """Raises ValueError where the test asks for clusters that training does not learn."""
    if clustering != "full" and foreground != "attention":
        raise ValueError(
            f"config.predict.foreground={foreground} asks which clusters are foreground, which "
            f"config.loss.clustering={clustering} does not learn; "
            "give --config.predict.foreground=attention"
        )
