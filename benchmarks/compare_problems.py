"""The problems on which solvers are compared, and what a plan is worth on them, in NumPy."""

from typing import NamedTuple

import numpy as np

SINKHORN, GROMOV = "Sinkhorn", "entropic GW"
FUSED, UNBALANCED = "fused GW", "unbalanced fused GW"
KINDS = SINKHORN, GROMOV, FUSED, UNBALANCED
ALPHA, PENALTY, RADIUS = 0.3, 0.1, 0.04  # ASOT's for the structure, the actions, the window


class Problem(NamedTuple):
    """Frames of 1/N against actions of 1/K, the objective J of `jaxseg.solvers.fugw`.

    Attributes:
        kind: one of `KINDS`. Sinkhorn is J at alpha 0, entropic GW at alpha 1.
        cost: [N, K].
        epsilon, alpha, radius: as in `fugw.solve`.
        penalty: lambda of the actions, None where they are hard.
    """

    kind: str
    cost: np.ndarray
    epsilon: float
    alpha: float
    radius: float
    penalty: float | None

    @property
    def reach(self) -> int:
        """Frames on either side that are near."""
        return int(len(self.cost) * self.radius * (1 + 1e-6))

    def band(self) -> np.ndarray:
        """Cv, [N, N]: 1/r at distances of 1 to `reach`."""
        frame = np.arange(len(self.cost))
        distance = np.abs(frame[:, None] - frame)
        near = (distance >= 1) & (distance <= self.reach)
        return near.astype(self.cost.dtype) / self.cost.dtype.type(self.radius)

    def others(self) -> np.ndarray:
        """Ca, [K, K]: 1 - identity."""
        return 1 - np.eye(self.cost.shape[1], dtype=self.cost.dtype)


def make_problem(
    kind: str, frames: int, clusters: int, epsilon: float, alpha: float = ALPHA, dtype=np.float64
) -> Problem:
    """One of `KINDS` on the same cost for all; alpha counts where the kind leaves it open."""
    cost = random_cost(frames, clusters).astype(dtype)
    alpha = {SINKHORN: 0.0, GROMOV: 1.0}.get(kind, alpha)
    return Problem(kind, cost, epsilon, alpha, RADIUS, PENALTY if kind == UNBALANCED else None)


def random_cost(num_frames: int, num_clusters: int) -> np.ndarray:
    """Cost [N, K] of a video with an ordered segmentation under noise; the same in every run."""
    rng = np.random.default_rng(0)
    labels = np.sort(rng.integers(0, num_clusters, num_frames))
    cost = 1 - 0.7 * (labels[:, None] == np.arange(num_clusters))
    return np.clip(cost + 0.3 * rng.normal(size=cost.shape), 0, 2).astype(np.float32)


def objective(problem: Problem, plan: np.ndarray) -> float:
    """J of a plan [N, K] once every frame is given its 1/N, in float64."""
    plan = plan.astype(np.float64)
    mass = plan / plan.sum(1, keepdims=True) / len(plan)
    structure = _neighbour_sum(mass.sum(1, keepdims=True) - mass, problem.reach) / problem.radius
    linear = 0.5 * problem.alpha * structure + (1 - problem.alpha) * problem.cost
    total = np.sum(mass * linear) + problem.epsilon * (_negative_entropy(mass) - mass.sum())
    if problem.penalty is not None:
        actions = mass.sum(0)
        total += problem.penalty * (_negative_entropy(actions) + np.log(actions.size))
    return float(total)


def marginal_errors(problem: Problem, plan: np.ndarray) -> tuple[float, float | None]:
    """Largest |row sum - 1| and |column sum K/N - 1|; None for actions that may differ."""
    rows = np.abs(plan.sum(1) - 1).max()
    if problem.penalty is not None:
        return float(rows), None
    return float(rows), float(np.abs(plan.mean(0) * plan.shape[1] - 1).max())


def _neighbour_sum(values: np.ndarray, reach: int) -> np.ndarray:
    """Sums of the rows at distances of 1 to `reach`."""
    running = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, 0)])
    frame = np.arange(len(values))
    upto = np.minimum(frame + reach + 1, len(values))
    return running[upto] - running[np.maximum(frame - reach, 0)] - values


def _negative_entropy(mass: np.ndarray) -> float:
    """sum x log x."""
    return np.sum(mass * np.log(np.where(mass > 0, mass, 1)))
