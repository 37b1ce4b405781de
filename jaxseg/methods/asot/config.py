"""ASOT's keys, with the paper's symbols; values of a data set stand in configs/asot_*.py."""

import dataclasses
import math

from jaxseg.config.fields import at_least, between, key, one_of, positive, section
from jaxseg.config.sequences import SHARED, SequencesConfig
from jaxseg.config.shared import EncoderConfig


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
    radius: float = key(
        0.04, "r, reach of the structure, a share of the video; 0: from duration", at_least(0)
    )
    reach: float = key(0.0, "the reach in frames, where radius is 0", at_least(0))
    rho: float = key(0.15, "weight of the temporal prior; -1: from order", at_least(-1))
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


# Weight of the prior where the order is shared, Breakfast's; without it where actions recur.
SHARED_RHO = 0.2
# Reach of the structure, as a share of an action's duration: a third is what runs that are told the
# true duration take (docs/results.md).
REACH_SHARE = 1 / 3
# Longer sequences are trained in pieces of this many durations: of the frames that are sampled of
# a piece, each action has to get a few.
PIECE_DURATIONS = 64


@dataclasses.dataclass(frozen=True)
class AsotConfig(SequencesConfig):
    """Everything that decides a run of ASOT."""

    method: str = key("asot", "the method's name")
    model: ModelConfig = section(ModelConfig)
    solver: SolverConfig = section(SolverConfig)

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The human terms that are to come from the data: no explicit number stands for them."""
        solvers = self.solver.train, self.solver.eval
        explicit = {
            "duration": all(each.radius or each.reach for each in solvers),
            "order": all(each.rho >= 0 for each in solvers),
        }
        return tuple(name for name in super().asks_for if not explicit.get(name))

    def validate(self, path: str) -> None:
        super().validate(path)
        for name in ("train", "eval"):
            settings = getattr(self.solver, name)
            for key_name, is_open, term in (
                ("radius", not settings.radius and not settings.reach, self.duration),
                ("rho", settings.rho < 0, self.order),
            ):
                if is_open and not term:
                    raise ValueError(
                        f"config.solver.{name}.{key_name}={getattr(settings, key_name)} takes its "
                        "value from config.duration and config.order, which are not given"
                    )

    def with_terms(self, *, duration: float, order: str) -> "AsotConfig":
        """The config with reach and rho from duration (frames) and order; explicit ones stay."""

        def settle(settings: FugwConfig) -> FugwConfig:
            return dataclasses.replace(
                settings,
                reach=0.0 if settings.radius else settings.reach or duration * REACH_SHARE,
                rho=settings.rho if settings.rho >= 0 else SHARED_RHO * (order == SHARED),
            )

        solver = SolverConfig(train=settle(self.solver.train), eval=settle(self.solver.eval))
        piece = self.data.piece or math.ceil(PIECE_DURATIONS * duration)
        return dataclasses.replace(
            self, solver=solver, data=dataclasses.replace(self.data, piece=piece)
        )
