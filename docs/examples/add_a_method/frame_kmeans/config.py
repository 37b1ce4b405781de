"""The keys of k-means on single frames, beside those that every method has."""

import dataclasses

from jaxseg.config.fields import at_least, key, section
from jaxseg.config.shared import Config


@dataclasses.dataclass(frozen=True)
class LossConfig:
    pull: float = key(0.5, "weight of a frame's squared distance from its center", at_least(0))


@dataclasses.dataclass(frozen=True)
class FrameKmeansConfig(Config):
    """Everything that decides a run."""

    method: str = key("frame_kmeans", "the method's name")
    loss: LossConfig = section(LossConfig)
