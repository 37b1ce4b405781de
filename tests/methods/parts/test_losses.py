"""Masked losses: what is masked neither counts nor spoils a gradient."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxseg.methods.parts.losses import masked_mean, soft_cross_entropy


def test_soft_cross_entropy_is_minus_sum_t_log_p():
    rng = np.random.default_rng(0)
    labels, probabilities = rng.dirichlet(np.ones(4), (2, 5)), rng.dirichlet(np.ones(4), (2, 5))
    expected = -np.einsum("vnk,vnk->vn", labels, np.log(probabilities))
    result = soft_cross_entropy(jnp.asarray(labels), jnp.log(probabilities))
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_a_cluster_without_label_costs_nothing():
    labels = jnp.array([0.25, 0.75, 0.0])
    logs = jnp.array([jnp.log(0.5), jnp.log(0.5), -jnp.inf])
    np.testing.assert_allclose(soft_cross_entropy(labels, logs), np.log(2), rtol=1e-6)
    gradient = jax.grad(lambda logs: soft_cross_entropy(labels, logs))(logs)
    np.testing.assert_allclose(gradient, [-0.25, -0.75, 0], atol=1e-7)


def test_masked_mean_is_the_mean_of_the_rest():
    values = jnp.array([[1.0, 2.0, jnp.nan], [4.0, jnp.inf, 6.0]])
    mask = jnp.array([[True, True, False], [True, False, True]])
    np.testing.assert_allclose(masked_mean(values, mask), 13 / 4)
    np.testing.assert_allclose(masked_mean(values, mask, axis=-1), [1.5, 5])
    gradient = jax.grad(lambda values: masked_mean(values, mask))(values)
    np.testing.assert_allclose(gradient, mask / 4)


def test_masked_mean_of_nothing_is_zero():
    assert masked_mean(jnp.full(3, jnp.nan), jnp.zeros(3, bool)) == 0
