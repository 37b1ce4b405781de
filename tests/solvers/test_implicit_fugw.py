"""`fugw.solve(derivative="implicit")` against finite differences and unrolled iterations."""

import functools
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from solver_problems import CLUSTERS, FRAMES, SOME_RELAXED, random_cost

from jaxseg.solvers import fugw
from jaxseg.solvers.fugw import implicit as implicit_fugw

ITERATIONS = 400  # every problem below has then come to rest in float64
every_setting = pytest.mark.parametrize("relaxed", SOME_RELAXED)

# What a loss is made of: weights of the plan's entries and of the objective's trace.
UPSTREAM = random_cost(1) - 1
ALL = np.ones(FRAMES, bool), np.ones(CLUSTERS, bool)
LAST = 0.5 * (np.arange(ITERATIONS + 1) == ITERATIONS)


@pytest.fixture(scope="module", autouse=True)
def float64(quickly):
    with quickly(), jax.enable_x64(True):
        yield


def random_terms(relaxed, seed=3):
    """The numbers of a problem that has one minimum close to its start."""
    terms = {"cost": random_cost(seed), "epsilon": 0.1, "alpha": 0.3, "radius": 0.1}
    if relaxed in ("frames", "both"):
        terms["lambda_frames"] = 0.1
    if relaxed in ("actions", "both"):
        terms["lambda_actions"] = 0.15
    return jax.tree.map(jnp.float64, terms)  # of a Python number's type nothing is weak


@functools.partial(jax.jit, static_argnames="derivative")
def solve(terms, masks=ALL, tolerance=0.0, derivative="implicit"):
    options = {"mask": masks[0], "cluster_mask": masks[1], "tolerance": tolerance}
    if {"lambda_frames", "lambda_actions"} <= terms.keys():
        options["step_size"] = 1.0
    given = {"lambda_actions": None} | terms | options
    return fugw.solve(**given, num_iterations=ITERATIONS, derivative=derivative)


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


@pytest.mark.slow
@pytest.mark.parametrize("relaxed", ["none", "actions"])
def test_equals_unrolled_iterations(relaxed):
    terms = random_terms(relaxed)
    ours, unrolled = slopes(terms), slopes(terms, derivative="unrolled")
    assert ours.pop("radius") == 0  # of a window that counts whole frames there is none
    for name, slope in ours.items():
        assert abs(slope).max() > 1e-2, name
        assert abs(slope - unrolled[name]).max() < 1e-11 * max(1, abs(slope).max()), name


@every_setting
def test_equals_finite_differences(relaxed):
    terms, rng = random_terms(relaxed), np.random.default_rng(2)
    for name, slope in slopes(terms, tolerance=0.0).items():
        if name == "radius":
            continue
        direction = rng.normal(size=slope.shape)
        ahead, behind = (
            value(terms | {name: terms[name] + step * direction}) for step in (1e-5, -1e-5)
        )
        # Off by h^2 times the third derivative, and by 1e-14 / h.
        expected = (ahead - behind) / 2e-5
        np.testing.assert_allclose(np.vdot(slope, direction), expected, 1e-6, 1e-8, err_msg=name)


def test_objective_has_the_envelopes_derivative():
    """dJ/dC = (1 - alpha) T, and nothing comes from iterations before; values are the same."""
    terms = random_terms("actions")
    ours, unrolled = solve(terms), solve(terms, derivative="unrolled")
    for mine, expected in zip(ours, unrolled, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-14)
    last, before = (slopes(terms, 0 * UPSTREAM, traced) for traced in (2 * LAST, 1.0 * (LAST == 0)))
    expected = (1 - terms["alpha"]) * ours.plan / FRAMES
    np.testing.assert_allclose(last["cost"], expected, rtol=0, atol=1e-14)
    assert not any(slope.any() for slope in before.values())


@pytest.mark.slow
@pytest.mark.parametrize("relaxed", ["none", "actions"])
def test_masked_places_do_not_matter(relaxed):
    """Slopes of a padded problem are the shorter one's, and exactly 0 in the padding, past NaN."""
    terms = random_terms(relaxed)
    masks = np.arange(FRAMES) < 30, np.arange(CLUSTERS) < 4
    valid, corner = np.outer(*masks), np.s_[:30, :4]
    short = terms | {"cost": terms["cost"][corner]}
    expected = slopes(short, UPSTREAM[corner], masks=(ALL[0][:30], ALL[1][:4]))
    padded = terms | {"cost": np.where(valid, terms["cost"], np.nan)}
    ours = slopes(padded, masks=masks)
    assert not ours["cost"][~valid].any()
    ours["cost"] = ours["cost"][corner]
    for name, slope in ours.items():
        np.testing.assert_allclose(slope, expected[name], rtol=0, atol=1e-11, err_msg=name)


def test_vmap_is_the_loop():
    """Over costs, over numbers, and over masks, one of them with a hole."""
    videos = [random_terms("actions", seed) for seed in (3, 4)]
    videos[1]["epsilon"], videos[1]["alpha"] = jnp.float64(0.2), jnp.float64(0.1)
    masks = np.ones((2, FRAMES), bool), np.ones((2, CLUSTERS), bool)
    masks[0][1, 7:12] = masks[1][1, 2] = False

    def one(terms, masks):
        return slopes(terms, masks=masks)

    together = jax.vmap(one)(jax.tree.map(lambda *each: jnp.stack(each), *videos), masks)
    for number, video in enumerate(videos):
        for name, slope in one(video, tuple(mask[number] for mask in masks)).items():
            np.testing.assert_allclose(together[name][number], slope, rtol=0, atol=1e-11)


@pytest.mark.slow
def test_forward_mode_and_second_derivatives():
    """jvp agrees with vjp; a gradient's own derivative is the difference of two gradients."""
    terms = random_terms("none")
    step = {name: 0 * term for name, term in terms.items()} | {"cost": random_cost(5) - 1}
    step["epsilon"] = jnp.ones(())

    def plans(terms):  # the objective's derivative is the envelope's, which has none of its own
        return value(terms, traced=0 * LAST)

    along = jax.jit(lambda: jax.jvp(plans, (terms,), (step,))[1])()
    slope, turned = jax.jit(lambda: jax.jvp(jax.grad(plans), (terms,), (step,)))()
    np.testing.assert_allclose(along, sum(np.vdot(slope[name], step[name]) for name in step), 1e-12)
    ahead, behind = (
        slopes(jax.tree.map(lambda a, b, h=h: a + h * b, terms, step), traced=0 * LAST)["cost"]
        for h in (1e-6, -1e-6)
    )
    difference = (ahead - behind) / 2e-6
    largest = abs(difference).max()
    np.testing.assert_allclose(turned["cost"], difference, rtol=0, atol=1e-6 * largest)


def test_error_falls_with_iterations():
    """Short of the stationary point it is the derivative of a place close by."""
    terms = random_terms("actions")
    exact = slopes(terms, tolerance=0.0)["cost"]
    errors = [abs(slopes(terms, tolerance=10.0**-k)["cost"] - exact).max() for k in (2, 4, 6)]
    assert errors[0] > 30 * errors[1] > 900 * errors[2] > 0


@every_setting
def test_no_minimum_is_no_nan(relaxed):
    """After one step, where structure outweighs entropy by far: finite, and of use."""
    terms = random_terms(relaxed) | {"alpha": jnp.float64(0.9), "epsilon": jnp.float64(0.01)}
    ours = slopes(terms, tolerance=1e9)
    assert all(np.isfinite(slope).all() for slope in ours.values())
    assert abs(ours["cost"]).max() > 1e-3


def test_structure_is_held_still_where_it_bends_downwards():
    """At a uniform plan a change that lasts has negative curvature: it costs what it does alone."""
    mass = jnp.full((CLUSTERS, FRAMES), 1 / (CLUSTERS * FRAMES))

    @jax.jit
    def change(alpha):
        def plan(cost):
            numbers = {"cost": cost, "epsilon": 0.01, "alpha": alpha, "lambda_frames": None}
            numbers |= {"lambda_actions": 0.1, "valid": cost == 0, "frames": 1.0 * FRAMES}
            numbers |= {"clusters": 1.0 * CLUSTERS, "width": 4, "height": 10.0}
            return implicit_fugw.attach(mass, types.SimpleNamespace(**numbers))

        lasting = jnp.sin(jnp.arange(CLUSTERS))[:, None] * jnp.ones(FRAMES)
        return jax.jvp(plan, (0 * mass,), (lasting,))[1]

    alone = change(0.0)
    np.testing.assert_allclose(change(0.9), (1 - 0.9) * alone, rtol=1e-12)
    assert abs(change(0.01) - (1 - 0.01) * alone).max() > 0.1 * abs(alone).max()


@pytest.mark.parametrize("relaxed", ["none", "actions"])
@pytest.mark.parametrize("epsilon", [0.1, 0.02, 0.001])
def test_float32_is_finite_and_close(relaxed, epsilon):
    terms = random_terms(relaxed) | {"epsilon": jnp.float64(epsilon)}
    single = slopes(jax.tree.map(lambda term: term.astype(np.float32), terms))
    assert all(np.isfinite(slope).all() and slope.dtype == np.float32 for slope in single.values())
    if epsilon == 0.1:
        for name, slope in slopes(terms).items():
            np.testing.assert_allclose(single[name], slope, rtol=0, atol=1e-4 * abs(slope).max())


def test_nothing_to_choose_has_no_slopes():
    """A cluster alone, and no frames: the plan is what it is whatever the cost."""
    for masks in ((ALL[0], np.arange(CLUSTERS) == 2), (~ALL[0], ALL[1])):
        slope = slopes(random_terms("actions"), traced=0 * LAST, masks=masks)["cost"]
        np.testing.assert_allclose(slope, 0, rtol=0, atol=1e-13)


def test_another_derivative_is_named():
    with pytest.raises(ValueError) as caught:
        fugw.solve(np.ones((6, 3)), derivative="exact")
    assert str(caught.value) == 'derivative must be "unrolled" or "implicit", got \'exact\''
