"""The section of a method that gives each frame an embedding and a cluster."""

import dataclasses
from typing import Literal

from jaxseg.config.checks import positive
from jaxseg.config.shared import ClustersConfig


@dataclasses.dataclass(frozen=True)
class EncoderConfig(ClustersConfig):
    """An MLP on each frame, and its clusters.

    `layers` starts with the feature channels (0: as many as the data has). `num_clusters` =
    "auto" trains a member for each K from the first to the last of `cluster_range`, as far as
    the shortest video has frames for them, and `jaxseg.scoring.num_clusters` chooses one.
    """

    num_clusters: int | Literal["auto"] = 0
    cluster_range: tuple[int, ...] = (2, 12)
    layers: tuple[int, ...] = (64, 128, 40)
    temperature: float = 0.1

    @property
    def channels(self) -> int:
        return self.layers[0]

    def validate(self, path: str) -> None:
        super().validate(path)
        if len(self.cluster_range) != 2 or not 2 <= self.cluster_range[0] < self.cluster_range[1]:
            raise ValueError(
                f"config.{path}.cluster_range must be the fewest clusters, 2 or more, and a larger "
                f"number, got {self.cluster_range}"
            )
        if len(self.layers) < 2 or self.layers[0] < 0 or min(self.layers[1:]) < 1:
            raise ValueError(
                f"config.{path}.layers must be channels and at least one positive width, "
                f"got {self.layers}"
            )
        positive(f"{path}.temperature", self.temperature)
