"""What every solver returns: the plan, and how it went."""

from typing import NamedTuple

import jax


class Solution(NamedTuple):
    """A transport plan and the record of its computation; a pytree of arrays.

    Not converging is data, never an exception: under `jit` and `vmap` it is the caller who
    looks at `converged`.

    Attributes:
        plan: [N, K], scaled so that a valid row whose marginal is hard sums to it (1 by
            default); 0 on masked rows and columns.
        objective: [num_iterations + 1] for `fugw.solve`, the objective before each step and at
            the end; [num_iterations] for `sinkhorn.solve`, the dual objective after each round.
        row_error: largest |row sum - row marginal|, in units of the mean marginal.
        column_error: the same for columns.
        converged: bool, whether the last step changed less than the tolerance.
        num_iterations: int32, steps taken before the tolerance stopped the updates.
    """

    plan: jax.Array
    objective: jax.Array
    row_error: jax.Array
    column_error: jax.Array
    converged: jax.Array
    num_iterations: jax.Array
