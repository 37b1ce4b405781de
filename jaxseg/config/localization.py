"""The sections that every localization method's config has."""

import dataclasses
from typing import ClassVar

from jaxseg.config.fields import at_least, each, key, one_of, section
from jaxseg.config.shared import CheckpointConfig, Config

PROTOCOLS = ("anet", "anet-opentad", "anet-snip", "wtalc", "rskp", "th14")


@dataclasses.dataclass(frozen=True)
class VideosConfig:
    """Which videos a run of localization is on, and how many make a step."""

    test_share: ClassVar[float] = 0.0  # every data set names its own test videos
    piece: ClassVar[int] = 0  # videos are trained whole, or in snippets

    name: str = key("thumos14", "data set, a name in jaxseg.data.DATA_SETS")
    root: str = key("", "folder of the data; empty: the embedded twin, generated data")
    length_tolerance: int = key(0, "snippets by which RGB and flow may differ", at_least(0))
    skip_missing: bool = key(False, "leave out annotated videos that have no features")
    videos_per_batch: int = key(16, "videos of a training step", at_least(1))

    @property
    def is_embedded(self) -> bool:
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

    rule: str = key("last", "which parameters are tested", one_of("last", "oracle-test"))


@dataclasses.dataclass(frozen=True)
class LocalizationEvaluationConfig:
    """Which localization protocols score the detections, at which tIoU.

    "thumos14" is 0.1:0.7:0.1, "activitynet" 0.5:0.95:0.05.
    """

    protocols: tuple[str, ...] = key(
        ("anet",), "protocols of the scores", each(one_of(*PROTOCOLS)), commas=True
    )
    tiou: str = key("thumos14", '"thumos14", "activitynet", start:stop:step or a,b,c')
    ambiguous: str = key("", "file of intervals that some protocols leave out; empty: none")


@dataclasses.dataclass(frozen=True)
class LocalizationConfig(Config):
    """Everything that decides a run of any localization method; the method's class adds to it.

    Its section `loss` says which `clustering` is learned, `predict` which `foreground` is tested.
    """

    task: ClassVar[str] = "localization"

    activities: tuple[str, ...] = key((), "always empty: classes are learned together", commas=True)
    num_epochs: int = key(None, "passes over the training videos; open: as scheduled", at_least(0))
    checkpoint: LocalizationCheckpointConfig = section(LocalizationCheckpointConfig)
    evaluation: LocalizationEvaluationConfig = section(LocalizationEvaluationConfig)

    def validate(self, path: str) -> None:
        foreground, clustering = self.predict.foreground, self.loss.clustering
        if clustering != "full" and foreground != "attention":
            raise ValueError(
                f"config.predict.foreground={foreground} asks which clusters are foreground, which "
                f"config.loss.clustering={clustering} does not learn; "
                "give --config.predict.foreground=attention"
            )
