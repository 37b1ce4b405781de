"""The cases that the field's own segmentation evaluators have scored, and where they lie."""

import json
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[3] / "../shared"
GOLDEN = SHARED / "golden"
CASES = (
    "01_salads_equal_clusters",
    "02_salads_fewer_clusters",
    "03_salads_more_clusters",
    "04_breakfast_background_predicted",
    "05_breakfast_background_never_predicted",
    "06_edge",
)


def read_case(name):
    """Labels and scores as they were recorded."""
    path = GOLDEN / f"eval_seg_{name}.json"
    if not path.is_file():
        pytest.skip(f"no {path.name}: the recorded scores are not on this machine")
    return json.loads(path.read_text())


def frames(videos, shift=0):
    """Video -> a label a frame, from recorded runs of (label, length)."""
    return {
        f"video{number:02}": np.concatenate([[label + shift] * length for label, length in runs])
        for number, runs in enumerate(videos)
    }
