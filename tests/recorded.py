"""The recorded outputs of the authors' programs."""

import json
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).resolve().parents[2] / "shared/golden"


def load_recorded(name):
    """Arrays and parameters of a case that one of the authors' programs has solved."""
    if not GOLDEN.is_dir():
        pytest.skip("the recorded outputs of the authors' programs are not on this machine")
    cases = json.loads((GOLDEN / "index.json").read_text())["cases"]
    given = next(case["params"] for case in cases if case["name"] == name)
    return dict(np.load(GOLDEN / f"{name}.npz")), given
