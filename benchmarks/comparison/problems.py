"""Problems on which solvers are compared, and the objective of a plan, in NumPy."""

from typing import NamedTuple

import numpy as np

from benchmarks.harness import random_cost

SINKHORN, GROMOV = "Sinkhorn", "entropic GW"
FUSED, UNBALANCED = "fused GW", "unbalanced fused GW"
KINDS = SINKHORN, GROMOV, FUSED, UNBALANCED
ALPHA, PENALTY, RADIUS = 0.3, 0.1, 0.04  # ASOT's: weight of the structure, lambda, window


class Problem(NamedTuple):
    """Transport of frames of mass 1/N to actions of mass 1/K; objective J of `solvers.fugw`.

    Attributes:
        kind: one of `KINDS`. Sinkhorn is J at alpha 0, entropic GW at alpha 1.
        cost: [N, K].
        epsilon, alpha, radius: as in `fugw.solve`.
        penalty: lambda of the actions; None for hard marginals.
    """

    kind: str
    cost: np.ndarray
    epsilon: float
    alpha: float
    radius: float
    penalty: float | None

    @property
    def reach(self) -> int:
        """Number of neighboring frames on either side."""
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
    """Problem of one of `KINDS`; the cost is the same for all, and some kinds fix alpha."""
    cost = random_cost(frames, clusters).astype(dtype)
    alpha = {SINKHORN: 0.0, GROMOV: 1.0}.get(kind, alpha)
    return Problem(kind, cost, epsilon, alpha, RADIUS, PENALTY if kind == UNBALANCED else None)


def objective(problem: Problem, plan: np.ndarray) -> float:
    """J of a plan [N, K], its rows scaled to 1/N first, in float64."""
    plan = plan.astype(np.float64)
    mass = plan / plan.sum(1, keepdims=True) / len(plan)
    structure = _neighbor_sum(mass.sum(1, keepdims=True) - mass, problem.reach) / problem.radius
    linear = 0.5 * problem.alpha * structure + (1 - problem.alpha) * problem.cost
    total = np.sum(mass * linear) + problem.epsilon * (_negative_entropy(mass) - mass.sum())
    if problem.penalty is not None:
        actions = mass.sum(0)
        total += problem.penalty * (_negative_entropy(actions) + np.log(actions.size))
    return float(total)


def marginal_errors(problem: Problem, plan: np.ndarray) -> tuple[float, float | None]:
    """Largest |row sum - 1| and |column sum K/N - 1|; None for relaxed actions."""
    rows = np.abs(plan.sum(1) - 1).max()
    if problem.penalty is not None:
        return float(rows), None
    return float(rows), float(np.abs(plan.mean(0) * plan.shape[1] - 1).max())


def _neighbor_sum(values: np.ndarray, reach: int) -> np.ndarray:
    """Sums of the rows at distances of 1 to `reach`."""
    running = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, 0)])
    frame = np.arange(len(values))
    upto = np.minimum(frame + reach + 1, len(values))
    return running[upto] - running[np.maximum(frame - reach, 0)] - values


def _negative_entropy(mass: np.ndarray) -> float:
    """sum x log x."""
    return np.sum(mass * np.log(np.where(mass > 0, mass, 1)))
