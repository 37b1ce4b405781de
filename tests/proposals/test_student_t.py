"""The fitted t distribution beside SciPy's density and optimizer; degenerate groups."""

import numpy as np
import pytest
from scipy import optimize, stats

from jaxseg.proposals import fuse
from jaxseg.proposals.fusion import FREEDOM, SMALLEST_SCALE, student_t_location


def negative_log_likelihood(parameters, nu, values, weights):
    center, log_scale = parameters
    return -(weights * stats.t.logpdf(values, nu, center, np.exp(log_scale))).sum()


def most_likely_location(values, weights):
    """Under the best nu of the ladder, by a search that knows nothing of ours."""
    start = [np.median(values), np.log(values.std() / 2)]
    tight = {"xatol": 1e-9, "fatol": 1e-14, "maxiter": 2000}
    found = [
        optimize.minimize(
            negative_log_likelihood, start, (nu, values, weights), "Nelder-Mead", options=tight
        )
        for nu in FREEDOM
    ]
    return min(found, key=lambda fit: fit.fun).x[0]


@pytest.mark.parametrize("seed", range(4))
def test_the_location_is_the_most_likely_one(seed):
    rng = np.random.default_rng(seed)
    values = 5 + 2 * rng.standard_t(2, size=20)
    weights = rng.dirichlet(np.full(20, 3.0))
    [found] = student_t_location(values[None], weights)
    # Nelder-Mead sees a flat optimum to the square root of a float's precision.
    assert abs(found - most_likely_location(values, weights)) < 1e-6


def test_rows_are_fitted_by_themselves():
    rng = np.random.default_rng(0)
    rows, weights = rng.standard_t(2, size=(3, 9)), rng.dirichlet(np.ones(9))
    alone = [student_t_location(row[None], weights)[0] for row in rows]
    # Rows end their rounds together, so that one may go on after it has settled.
    np.testing.assert_allclose(student_t_location(rows, weights), alone, rtol=0, atol=1e-7)


def test_an_outlier_hardly_moves_it():
    values = np.array([4.0, 4.5, 5.0, 5.5, 6.0, 105.0])
    weights = np.full(6, 1 / 6)
    assert values @ weights > 21
    assert abs(student_t_location(values[None], weights)[0] - 5) < 0.2


def test_symmetric_values_have_it_in_the_middle():
    values, weights = np.array([[1.0, 2.0, 7.0, 8.0]]), np.array([0.1, 0.4, 0.4, 0.1])
    np.testing.assert_allclose(student_t_location(values, weights), 4.5, rtol=1e-12)


@pytest.mark.parametrize(
    "values, weights, expected",
    [
        ([3.0], [1.0], 3.0),
        ([3.0, 5.0], [0.25, 0.75], 4.5),
        ([2.0, 2.0, 2.0], [0.2, 0.3, 0.5], 2.0),
        ([2.0, 7.0, 9.0], [0.0, 1.0, 0.0], 7.0),
    ],
)
def test_values_that_fix_no_distribution(values, weights, expected):
    found = student_t_location(np.array([values]), np.array(weights))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_values_that_repeat_have_no_infinite_likelihood():
    """Most of the weight at one value: the scale would fall to 0 without a limit."""
    values = np.array([[1.0, 4.0, 4.0, 4.0, 9.0]])
    found = student_t_location(values, np.full(5, 0.2))
    np.testing.assert_allclose(found, 4, rtol=0, atol=8 * SMALLEST_SCALE)


def test_where_the_end_would_come_first_the_mean_is_taken():
    """Half of the starts agree on 90, the others on nothing; half of the ends agree on 30."""
    spread = np.linspace(0, 29, 8)
    start, end = np.r_[0, 90, spread], np.r_[100, 100, np.full(8, 30)]
    inner = np.log(np.r_[0.001, 0.45, np.full(8, 0.55 / 8)])
    weights = np.exp(inner) / np.exp(inner).sum()
    location = student_t_location(np.stack([start, end]), weights)
    assert location[0] > location[1]
    arrays = (start, end, np.r_[0.9, np.full(9, 0.5)], inner)
    fitted, mean = (fuse(*arrays, tau=1.0, distribution=name) for name in ("student-t", "gaussian"))
    assert fitted.size == [10]
    assert fitted[:3] == mean[:3]
