"""The localisation benchmark, small: both ways come to the same mAP."""

import pytest

from benchmarks.localization import localization_rows
from jaxseg.evaluation.localization.protocols import PROTOCOLS


def test_the_loop_and_the_evaluator_agree():
    reading, *protocols, loop, ours = localization_rows(scale=0.02)
    assert (reading["videos"], reading["detections"]) == (95, 95 * 200)
    assert [row["work"] for row in protocols] == list(PROTOCOLS)
    assert (loop["videos"], ours["videos"]) == (10, 10)
    assert ours["map"] == pytest.approx(loop["map"], abs=1e-9)
    assert 5 < ours["map"] < 95
