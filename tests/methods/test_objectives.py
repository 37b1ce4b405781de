"""The transport objective a frame that predictions come with, against its formula in NumPy."""

import jax
import numpy as np
import pytest
import tot_reference
import toy

from jaxseg.methods.asot import method as asot
from jaxseg.solvers import priors
from jaxseg.training.members import enumerate_members, stack

FRAMES, VALID, COLUMNS = 11, 3, 5  # the video has padding, K masked clusters
pytestmark = pytest.mark.usefixtures("quick_compile")


def video(length: int, garbage: float = np.nan) -> dict:
    """Eleven frames, and what does not belong to the video behind them."""
    frames = np.full((length, toy.CHANNELS), garbage, np.float32)
    frames[:FRAMES] = np.random.default_rng(0).standard_normal((FRAMES, toy.CHANNELS))
    return {"frames": frames, "mask": np.arange(length) < FRAMES}


def entropic(plan, cost, epsilon) -> float:
    """<C, T> + eps sum T (log T - 1)."""
    log = np.log(np.maximum(plan, 1e-300))
    return np.sum(plan * (cost + epsilon * (log - 1)))


def test_asot_without_neighbors():
    """A radius of less than a frame leaves cost, entropy and the penalty on the clusters."""
    config = toy.make_config({"model.num_clusters": VALID, "solver.eval.radius": 0.01})
    (member,) = enumerate_members(config, tot_reference.SOUP)
    member = jax.tree.map(lambda leaf: leaf[0], stack([member]))
    member = member._replace(cluster_mask=np.arange(COLUMNS) < VALID)
    method = asot.make(config, num_clusters=COLUMNS)
    params, _ = method.init(member.key, {"frames": np.zeros((1, 1, toy.CHANNELS))}, member)
    output = jax.jit(method.predict)(params, (), video(24), member)
    plan, cosine = (
        np.asarray(output["matrices"][name], float)[:FRAMES, :VALID]
        for name in ("plan", "affinity")
    )
    plan, solver = plan / FRAMES, config.solver.eval
    cost = (1 - solver.alpha) * (1 - cosine + solver.rho * priors.asot_prior(FRAMES, VALID))
    shares = plan.sum(0)
    expected = entropic(plan, cost, solver.epsilon)
    expected += solver.lambda_actions * np.sum(shares * np.log(shares * VALID))
    np.testing.assert_allclose(output["objective"], expected, atol=1e-6)


@pytest.mark.parametrize("prior", [True, False])
def test_tot_once_its_plan_is_at_rest(prior):
    """Then the dual, which is what is reported, is the objective of the plan itself."""
    overrides = {"temporal_prior": prior, "solver.train.num_iterations": 300}
    method, member, params = tot_reference.make(overrides)
    output = jax.jit(method.predict)(params, (), video(16), member)
    kind = "plan" if prior else "plan_without_prior"
    plan, scores = (
        np.asarray(output["matrices"][name], float)[:FRAMES, :VALID] for name in (kind, "affinity")
    )
    rho = 0.05
    cost = -scores
    if prior:
        cost = cost - rho * np.asarray(priors.tot_log_prior(FRAMES, VALID, sigma=1.0), float)
    expected = entropic(plan, cost, rho) / FRAMES
    np.testing.assert_allclose(output["objective"], expected, atol=2e-5)
