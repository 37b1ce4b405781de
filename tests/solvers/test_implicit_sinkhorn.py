"""`sinkhorn.solve(derivative="implicit")` against finite differences and unrolled rounds."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from solver_problems import CLUSTERS, FRAMES, SOME_RELAXED, random_cost

from jaxseg.solvers import sinkhorn

ROUNDS = 800  # the slowest of these problems gains a digit in 30
every_setting = pytest.mark.parametrize("relaxed", SOME_RELAXED)

# What a loss is made of: weights of the plan's entries and of the objective after each round.
UPSTREAM = random_cost(1) - 1
ALL = np.ones(FRAMES, bool), np.ones(CLUSTERS, bool)
LAST = 0.1 * (np.arange(ROUNDS) == ROUNDS - 1)


@pytest.fixture(scope="module", autouse=True)
def float64(quickly):
    with quickly(), jax.enable_x64(True):
        yield


def random_terms(relaxed, seed=0):
    """What the plan can be differentiated by; a forbidden entry, marginals of equal mass."""
    rng = np.random.default_rng(seed)
    prior = rng.uniform(0.1, 2, (FRAMES, CLUSTERS))
    prior[3, 2] = 0
    rows, columns = rng.uniform(0.5, 2, FRAMES), rng.uniform(0.5, 2, CLUSTERS)
    terms = {"cost": random_cost(seed), "epsilon": 0.1, "prior": prior}
    terms |= {"row_marginal": rows, "column_marginal": columns * rows.sum() / columns.sum()}
    if relaxed in ("frames", "both"):
        terms["lambda_rows"] = 0.2
    if relaxed in ("actions", "both"):
        terms["lambda_columns"] = 0.1
    return jax.tree.map(jnp.float64, terms)  # of a Python number's type nothing is weak


@functools.partial(jax.jit, static_argnames="derivative")
def solve(terms, masks=ALL, tolerance=0.0, derivative="implicit"):
    options = {"mask": masks[0], "cluster_mask": masks[1], "tolerance": tolerance}
    return sinkhorn.solve(**terms, **options, num_iterations=ROUNDS, derivative=derivative)


@functools.partial(jax.jit, static_argnames="derivative")
def loss(terms, upstream, traced, masks, tolerance, derivative):
    solution = solve(terms, masks, tolerance, derivative)
    return jnp.vdot(upstream, solution.plan) + jnp.vdot(traced, solution.objective)


def given(upstream=UPSTREAM, traced=LAST, masks=ALL, tolerance=0.0, derivative="implicit"):
    """The loss's arguments beside the terms, always all of them: one compiled program a setting."""
    return upstream, traced, masks, tolerance, derivative


def value(terms, *options, **named):
    return loss(terms, *given(*options, **named))


def slopes(terms, *options, **named):
    return gradient(terms, *given(*options, **named))


gradient = jax.jit(jax.grad(loss), static_argnames="derivative")


@pytest.mark.parametrize("relaxed", ["none", "both"])
def test_equals_unrolled_rounds(relaxed):
    """To all that is given, hard marginals included of which one side alone gains mass."""
    terms = random_terms(relaxed)
    ours, unrolled = slopes(terms), slopes(terms, derivative="unrolled")
    for name, slope in unrolled.items():
        assert abs(slope).max() > 1e-3, name
        assert abs(ours[name] - slope).max() < 1e-12 * max(1, abs(slope).max()), name
    assert ours["cost"][3, 2] == 0 and ours["prior"][3, 2] == 0


@every_setting
def test_equals_finite_differences(relaxed):
    terms, rng = random_terms(relaxed), np.random.default_rng(2)
    for name, slope in slopes(terms).items():
        direction = rng.normal(size=slope.shape) * (terms[name] != 0)
        if relaxed == "none" and name.endswith("marginal"):
            direction -= direction.mean()  # of unequal masses the dual has no bound
        ahead, behind = (
            value(terms | {name: terms[name] + step * direction}) for step in (1e-5, -1e-5)
        )
        # Off by h^2 times the third derivative, and by 1e-15 / h.
        expected = (ahead - behind) / 2e-5
        np.testing.assert_allclose(np.vdot(slope, direction), expected, 1e-7, 1e-8, err_msg=name)


def test_objective_has_the_envelopes_derivative():
    """The dual's slope along the cost is the plan, and nothing comes from rounds before."""
    terms = random_terms("none")
    ours, unrolled = solve(terms), solve(terms, derivative="unrolled")
    for mine, expected in zip(ours, unrolled, strict=True):
        np.testing.assert_array_equal(mine, expected)
    last, before = (
        slopes(terms, 0 * UPSTREAM, traced) for traced in (10 * LAST, 1.0 * (LAST == 0))
    )
    np.testing.assert_allclose(last["cost"], ours.plan, rtol=0, atol=1e-13)
    assert not any(slope.any() for slope in before.values())


def test_masked_places_do_not_matter():
    """Slopes of a padded problem are the shorter one's, and exactly 0 in the padding, past NaN."""
    terms = random_terms("none")
    masks = np.arange(FRAMES) < 23, np.arange(CLUSTERS) < 3
    places = {"row_marginal": masks[0], "column_marginal": masks[1]}
    places |= dict.fromkeys(("cost", "prior"), np.outer(*masks))
    corners = {name: np.ix_(*place.nonzero()) for name, place in places.items() if place.ndim == 1}
    corners |= dict.fromkeys(("cost", "prior"), np.ix_(*(mask.nonzero()[0] for mask in masks)))
    short = terms | {name: terms[name][corner] for name, corner in corners.items()}
    padded = terms | {name: np.where(at, terms[name], np.nan) for name, at in places.items()}

    expected = slopes(short, UPSTREAM[corners["cost"]], masks=(masks[0][:23], masks[1][:3]))
    for name, slope in slopes(padded, masks=masks).items():
        if name in places:
            assert not slope[~places[name]].any()
            slope = slope[corners[name]]
        np.testing.assert_allclose(slope, expected[name], rtol=0, atol=1e-11, err_msg=name)


def test_vmap_is_the_loop():
    """Over costs, and over numbers."""
    videos = [random_terms("both", seed) for seed in range(3)]
    for video, epsilon in zip(videos, (0.05, 0.1, 0.3), strict=True):
        video["epsilon"] = jnp.float64(epsilon)
    together = jax.vmap(slopes)(jax.tree.map(lambda *each: jnp.stack(each), *videos))
    for number, video in enumerate(videos):
        for name, slope in slopes(video).items():
            np.testing.assert_allclose(together[name][number], slope, rtol=0, atol=1e-12)


def test_forward_mode_and_second_derivatives():
    """jvp agrees with vjp; a gradient's own derivative is the difference of two gradients."""
    terms = random_terms("none")
    step = {name: 0 * term for name, term in terms.items()} | {"cost": random_cost(5) - 1}
    step["epsilon"] = jnp.ones(())
    along = jax.jit(lambda: jax.jvp(value, (terms,), (step,))[1])()
    slope, turned = jax.jit(lambda: jax.jvp(jax.grad(value), (terms,), (step,)))()
    np.testing.assert_allclose(along, sum(np.vdot(slope[name], step[name]) for name in step), 1e-12)
    ahead, behind = (
        slopes(jax.tree.map(lambda term, step, h=h: term + h * step, terms, step))["cost"]
        for h in (1e-6, -1e-6)
    )
    difference = (ahead - behind) / 2e-6
    largest = abs(difference).max()
    np.testing.assert_allclose(turned["cost"], difference, rtol=0, atol=1e-6 * largest)


def test_error_falls_with_rounds():
    """Short of the fixed point it is the derivative of a place close by."""
    terms = random_terms("none")
    exact = slopes(terms)["cost"]
    errors = [abs(slopes(terms, tolerance=10.0**-k)["cost"] - exact).max() for k in (1, 3, 5)]
    assert errors[0] > 30 * errors[1] > 900 * errors[2] > 0


@pytest.mark.parametrize("relaxed", ["none", "both"])
@pytest.mark.parametrize("epsilon", [0.1, 0.01, 0.001])
def test_float32_is_finite_and_close(relaxed, epsilon):
    terms = random_terms(relaxed) | {"epsilon": jnp.float64(epsilon)}
    double = slopes(terms)
    single = slopes(jax.tree.map(lambda term: term.astype(np.float32), terms))
    assert all(np.isfinite(slope).all() and slope.dtype == np.float32 for slope in single.values())
    if epsilon == 0.1:
        for name, slope in double.items():
            np.testing.assert_allclose(single[name], slope, rtol=0, atol=2e-5 * abs(slope).max())


def test_no_rows_have_no_slopes():
    gradient = slopes(random_terms("none"), traced=0 * LAST, masks=(~ALL[0], ALL[1]))
    assert not any(slope.any() for slope in gradient.values())


def test_another_derivative_is_named():
    with pytest.raises(ValueError) as caught:
        sinkhorn.solve(np.ones((6, 3)), epsilon=0.1, derivative="Implicit")
    assert str(caught.value) == 'derivative must be "unrolled" or "implicit", got \'Implicit\''
