"""ASOT's keys, with the paper's symbols; values of a data set stand in configs/asot_*.py."""

import dataclasses
import math

from jaxseg.config.fields import at_least, between, key, one_of, positive, section
from jaxseg.config.shared import Config, EncoderConfig


@dataclasses.dataclass(frozen=True)
class ModelConfig(EncoderConfig):
    """The frame encoder, and where its prototypes start."""

    kmeans: bool = key(True, "prototypes start as k-means centers; False: at random")
    kmeans_restarts: int = key(3, "independent starts of k-means, the best counts", at_least(1))


@dataclasses.dataclass(frozen=True)
class FugwConfig:
    """Constants of the fused unbalanced Gromov-Wasserstein problem (Eq. 3 to 5) and of its solver.

    Hard marginals assign every frame wholly, and give every action the same share.
    """

    epsilon: float = key(0.07, "weight of the entropy", positive)
    alpha: float = key(0.3, "structure against appearance", between(0, 1))
    radius: float = key(0.04, "r, reach of the structure, a share of the video", positive)
    rho: float = key(0.15, "weight of the temporal prior", at_least(0))
    lambda_frames: float = key(math.inf, "weight of the frames' marginal; inf: hard", positive)
    lambda_actions: float = key(0.1, "weight of the actions' marginal; inf: hard", positive)
    step_size: float = key(0.0, "step of the descent; 0: from the first gradient", at_least(0))
    num_iterations: int = key(25, "steps of the mirror descent", at_least(1))
    num_sinkhorn_iterations: int = key(10, "in each step, if both marginals are hard", at_least(1))
    compat: str = key("", "asot (train only): padding and batch mates count, as for the authors")

    def validate(self, path: str) -> None:
        # Decoding whole videos, the padding is ours: theirs has none that could be repeated.
        names = ("",) if path.endswith("eval") else ("", "asot")
        one_of(*names)(f"{path}.compat", self.compat)
        if math.isfinite(self.lambda_frames + self.lambda_actions) and not self.step_size:
            raise ValueError(
                f"config.{path}.step_size must be given where both marginals are relaxed "
                f"(lambda_frames {self.lambda_frames}, lambda_actions {self.lambda_actions})"
            )


@dataclasses.dataclass(frozen=True)
class SolverConfig:
    """The solver that makes pseudo-labels, and the one that decodes whole videos."""

    train: FugwConfig = section(FugwConfig)
    eval: FugwConfig = section(FugwConfig, epsilon=0.04, alpha=0.6, lambda_actions=0.01)


@dataclasses.dataclass(frozen=True)
class AsotConfig(Config):
    """Everything that decides a run of ASOT."""

    method: str = key("asot", "the method's name")
    model: ModelConfig = section(ModelConfig)
    solver: SolverConfig = section(SolverConfig)
