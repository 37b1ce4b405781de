"""Structured optimal transport on one problem [N, K]; `jax.vmap` makes batches of it.

    from jaxseg.solvers import fugw, priors, sinkhorn, viterbi

    fugw.solve(cost)            temporally consistent assignment of frames to actions: a `Solution`
    sinkhorn.solve(cost, ...)   entropic transport, marginals hard or relaxed: a `Solution`
    viterbi.decode(scores)      the likeliest segmentation with the actions in a given order;
                                `decode_recurring` lets any follow any other
    priors                      which frame is likely to show which action, from their places alone
    linear_program.solve(A, q)  the curve over time whose contrasts are given scores

Everything is a pure function of arrays, runs under `jax.jit` and `jax.vmap`, and needs JAX alone;
plans go through `jax.grad`. `linear_program`, which also needs SciPy, is loaded when it is asked
for.
"""

import importlib

from jaxseg.solvers import fugw, priors, sinkhorn, viterbi
from jaxseg.solvers.sinkhorn import Solution

__all__ = ["Solution", "fugw", "linear_program", "priors", "sinkhorn", "viterbi"]


def __getattr__(name: str):
    if name == "linear_program":
        return importlib.import_module("jaxseg.solvers.linear_program")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
