"""Rows of LinPro's matrix: +1 inside an instance, -1 on its flanks (GauFuse, CVPR 2023)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxseg.solvers.checks import require
from jaxseg.solvers.linear_program_input import (
    all_known,
    as_array,
    as_length,
    as_mask,
    as_vector,
    where_valid,
)

FLANK, EXPONENT = 0.0785, 0.9  # an instance of L snippets has flanks of .0785 L^.9 on each side


class Borders(NamedTuple):
    """Whole borders of each instance and of its flanks, [M] each, in [0, number of snippets]."""

    outer_start: jax.Array
    start: jax.Array
    end: jax.Array
    outer_end: jax.Array

    def contrast(self, snippets: jax.Array) -> jax.Array:
        """+1 inside, -1 on a flank and 0 elsewhere: [M, G] for the snippets [G]."""
        after = [snippets >= border[:, None] for border in self]
        inside, around = after[1] & ~after[2], after[0] & ~after[3]
        return jnp.where(inside, 1, jnp.where(around, -1, 0)).astype(self.start.dtype)


def interval_rows(
    start: jax.Array,
    end: jax.Array,
    num_snippets: int,
    *,
    length: jax.Array | int | None = None,
    row_mask: jax.Array | None = None,
    compat: str = "",
) -> jax.Array:
    """A [M, T] of instances: +1 on [s, e), -1 on [s - w, s) and on [e, e + w), 0 elsewhere.

    s and e are the borders rounded down and w is .0785 (e - s)^.9 rounded up; what is beyond the
    video is cut off. An instance without a snippet has no flanks either.

    Args:
        start: [M], in snippets, fractions allowed.
        end: [M], not before `start`.
        num_snippets: T, static.
        length: valid snippets, the first ones, may be traced; all of them by default.
        row_mask: [M] bool, valid instances; others have rows of zeros, NaN or not.
        compat: "gaufuse" repeats the authors' program (zhou745/GauFuse_WSTAL), where the last
            snippet of a video is on nobody's flank.

    Returns:
        [M, T], float64 for borders in float64 and float32 otherwise; 0 beyond `length`.

    Raises:
        ValueError: for shapes that do not fit, known borders that are not finite or end before
            they start, and an unknown compat.
    """
    require("num_snippets", num_snippets, "positive")
    length = as_length(length, num_snippets)
    borders = find_borders(start, end, length, row_mask=row_mask, compat=compat)
    return borders.contrast(jnp.arange(num_snippets))


def find_borders(start, end, length, *, row_mask=None, compat: str = "") -> Borders:
    """Borders as `interval_rows` describes them; all four are equal where there is no instance."""
    if compat not in ("", "gaufuse"):
        raise ValueError(f'compat must be "" or "gaufuse", got {compat!r}')
    start = as_array("start", start, "instances")
    row_mask = as_mask("row_mask", row_mask, len(start))
    start = where_valid("start", start, row_mask)
    end = where_valid("end", as_vector("end", end, len(start)), row_mask)
    _require_order(start, end)
    start, end = jnp.floor(start), jnp.floor(end)
    width = jnp.ceil(FLANK * jnp.maximum(end - start, 0) ** EXPONENT)
    last_flank = length - 1 if compat else length
    outer_end = jnp.clip(end + width, 0, last_flank)
    return Borders(*(jnp.clip(each, 0, length) for each in (start - width, start, end)), outer_end)


def group_starts(borders: Borders, num_snippets: int) -> jax.Array:
    """First snippets of runs in which no row changes, ascending [G], G = min(4 M + 1, T).

    Equal ones are empty runs, of which the last is not.
    """
    if 4 * len(borders.start) + 1 >= num_snippets:
        return jnp.arange(num_snippets, dtype=borders.start.dtype)
    return jnp.sort(jnp.concatenate([jnp.zeros_like(borders.start[:1]), *borders]))


def _require_order(start, end) -> None:
    if not all_known(start, end):
        return
    wrong = np.flatnonzero(np.asarray(end) < np.asarray(start))
    if len(wrong):
        first = wrong[0]
        raise ValueError(f"instance {first} ends at {end[first]}, before its start {start[first]}")
