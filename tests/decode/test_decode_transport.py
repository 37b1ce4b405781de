"""Many settings in one program: what each would give alone, wherever the video is cut or padded."""

import jax
import numpy as np
import pytest
from score_sets import probabilities, truth

from jaxseg.decode import decoders
from jaxseg.decode.decoders import transport
from jaxseg.decode.scores import cost
from jaxseg.decode.tuning import DEFAULTS, Settings, grid
from jaxseg.solvers import fugw

pytestmark = pytest.mark.usefixtures("quick_compile")

MEMBERS = grid({"alpha": (0.2, 0.6), "epsilon": (0.07,), "radius": (0.02, 0.1, 0.05)})
COST = cost(probabilities(70, 1), "probabilities")


@jax.jit
def alone(member):
    """The solver on the video as it is, without padding and without others."""
    return fugw.solve(COST, num_iterations=25, **member._asdict()).plan.argmax(1)


def test_members_are_what_each_is_alone():
    found = transport(COST, MEMBERS, 25)
    assert found.shape == (len(MEMBERS), 70) and found.dtype == np.int32
    for member in (0, 7, len(MEMBERS) - 1):
        np.testing.assert_array_equal(found[member], alone(MEMBERS[member]))
    assert len(np.unique(found, axis=0)) > 3


def test_parts_change_nothing(monkeypatch):
    whole = transport(COST, MEMBERS, 25)
    # 70 frames are padded to 256: five settings at once, and 24 are no multiple of five.
    monkeypatch.setattr(decoders, "CELLS", 5 * 256 * 4)
    np.testing.assert_array_equal(transport(COST, MEMBERS, 25), whole)
    # A single video may be larger than the limit.
    monkeypatch.setattr(decoders, "CELLS", 1)
    np.testing.assert_array_equal(transport(COST, MEMBERS[:2], 25), whole[:2])


def test_flickers_go_and_segments_stay():
    scores = probabilities(90, 2)
    found = transport(cost(scores, "probabilities"), [DEFAULTS], 25)[0]
    wrong = np.count_nonzero(scores.argmax(1) != truth(90))
    assert np.count_nonzero(found != truth(90)) < wrong / 2


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_shortest_videos(frames):
    best = np.eye(3, dtype=np.float32)[np.arange(frames) % 3]
    found = transport(1 - best, [Settings(alpha=0.0)], 25)[0]
    np.testing.assert_array_equal(found, best.argmax(1))
