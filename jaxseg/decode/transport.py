"""FUGW decodings of one video under many settings: one compiled program, a member a setting."""

import functools
from collections.abc import Sequence

import jax
import numpy as np

from jaxseg.decode.padding import pad
from jaxseg.decode.settings import Settings
from jaxseg.solvers import fugw

# Numbers in one array of a program; a few arrays of this size are alive at once.
CELLS = 2**24


def decode(cost: np.ndarray, members: Sequence[Settings], iterations: int) -> np.ndarray:
    """The classes of the frames of one video, int32 [members, N], one row a setting.

    All members go through the solver at once; where they would take more than `CELLS` numbers
    an array, they go in equal parts, and it is the same program for every part. Videos are
    padded to a few lengths, which no result depends on.

    Args:
        cost: [N, K].
        members: at least one.
        iterations: of mirror descent.
    """
    padded, mask = pad(cost)
    size = min(len(members), max(1, CELLS // padded.size))
    values = np.array(members, np.float32)
    values = np.concatenate([values, np.repeat(values[-1:], -len(values) % size, axis=0)])
    parts = np.split(values, len(values) // size)
    labels = [np.asarray(_decode(padded, mask, part, iterations)) for part in parts]
    return np.concatenate(labels)[: len(members), : len(cost)]


@functools.partial(jax.jit, static_argnames="iterations")
def _decode(cost, mask, members, iterations):
    """The best class of every frame, [members, N]."""

    def one(member):
        settings = Settings(*member)._asdict()
        solution = fugw.solve(cost, mask=mask, num_iterations=iterations, **settings)
        return solution.plan.argmax(1).astype(np.int32)

    return jax.vmap(one)(members)
