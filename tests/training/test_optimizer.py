"""Adam with L2 decay in the gradient, against Adam written out in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxseg.training.step import optimizer

RATE, DECAY = 3e-3, 0.02


def adam(weights: np.ndarray, gradients, rate, decay: float, betas=(0.9, 0.999)) -> np.ndarray:
    """PyTorch's Adam(betas, weight_decay=decay), in float64; one rate, or one for each step."""
    mean = square = np.zeros_like(weights)
    b1, b2 = betas
    rates = np.broadcast_to(rate, len(gradients))
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), 1):
        gradient = gradient + decay * weights
        mean = b1 * mean + (1 - b1) * gradient
        square = b2 * square + (1 - b2) * gradient**2
        corrected = np.sqrt(square / (1 - b2**step)) + 1e-8
        weights = weights - rate * mean / (1 - b1**step) / corrected
    return weights


def test_three_steps_of_adam():
    rng = np.random.default_rng(0)
    weights, gradients = rng.standard_normal((4, 3)), rng.standard_normal((3, 4, 3))
    transform = optimizer({"learning_rate": RATE, "weight_decay": DECAY})
    params = jnp.asarray(weights, jnp.float32)
    state = transform.init(params)
    for gradient in gradients.astype(np.float32):
        updates, state = transform.update(gradient, state, params)
        params = optax.apply_updates(params, updates)
    expected = adam(weights, gradients, RATE, DECAY)
    np.testing.assert_allclose(params, expected, atol=1e-6)
    # Decay beside the gradient (AdamW) and no decay are both further away than that.
    shrunk = adam(weights, gradients, RATE, 0) - RATE * DECAY * weights
    assert np.abs(expected - adam(weights, gradients, RATE, 0)).max() > 1e-5
    assert np.abs(expected - shrunk).max() > 1e-5


def test_rates_may_differ_between_members():
    """The hyper-parameters are arrays with a member axis under vmap."""
    hyper = {"learning_rate": jnp.array([1e-3, 1e-2]), "weight_decay": jnp.zeros(2)}

    def one(hyper):
        transform = optimizer(hyper)
        params = jnp.ones(3)
        return transform.update(jnp.ones(3), transform.init(params), params)[0]

    np.testing.assert_allclose(jax.vmap(one)(hyper), [[-1e-3] * 3, [-1e-2] * 3], rtol=1e-5)
