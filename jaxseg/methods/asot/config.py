"""ASOT's own sections."""

import dataclasses
import math

from jaxseg.config.checks import at_least, between, one_of, positive
from jaxseg.config.encoder import EncoderConfig
from jaxseg.config.shared import Config


@dataclasses.dataclass(frozen=True)
class ModelConfig(EncoderConfig):
    """The frame encoder, and whether its prototypes start as k-means centres."""

    kmeans: bool = True
    kmeans_restarts: int = 3

    def validate(self, path: str) -> None:
        super().validate(path)
        at_least(f"{path}.kmeans_restarts", self.kmeans_restarts, 1)


@dataclasses.dataclass(frozen=True)
class FugwConfig:
    """Constants of ASOT's solver; infinity as a lambda is a hard marginal, step 0 is automatic.

    `compat` = "asot" lets padding and batch mates in as the authors' program does, see
    `fugw.solve`; decoding whole videos it must stay "", because their padding is ours.
    """

    epsilon: float = 0.07
    alpha: float = 0.3
    radius: float = 0.04
    rho: float = 0.15
    lambda_frames: float = math.inf
    lambda_actions: float = 0.1
    step_size: float = 0.0
    num_iterations: int = 25
    num_sinkhorn_iterations: int = 10
    compat: str = ""

    def validate(self, path: str) -> None:
        for name in ("epsilon", "radius", "lambda_frames", "lambda_actions"):
            positive(f"{path}.{name}", getattr(self, name))
        between(f"{path}.alpha", self.alpha, 0, 1)
        one_of(f"{path}.compat", self.compat, ("",) if path.endswith("eval") else ("", "asot"))
        for name in ("rho", "step_size"):
            at_least(f"{path}.{name}", getattr(self, name), 0)
        for name in ("num_iterations", "num_sinkhorn_iterations"):
            at_least(f"{path}.{name}", getattr(self, name), 1)
        if math.isfinite(self.lambda_frames + self.lambda_actions) and not self.step_size:
            raise ValueError(
                f"config.{path}.step_size must be given where both marginals are relaxed "
                f"(lambda_frames {self.lambda_frames}, lambda_actions {self.lambda_actions})"
            )


@dataclasses.dataclass(frozen=True)
class SolverConfig:
    """The solver that makes pseudo-labels, and the one that decodes whole videos."""

    train: FugwConfig = FugwConfig()
    eval: FugwConfig = FugwConfig()


@dataclasses.dataclass(frozen=True)
class AsotConfig(Config):
    """Everything that decides a run of ASOT."""

    method: str = "asot"
    model: ModelConfig = ModelConfig()
    solver: SolverConfig = SolverConfig()
