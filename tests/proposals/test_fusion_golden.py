"""Instances and fused instances of GauFuse's own program on the same maps."""

import numpy as np
import pytest
from recorded import load_recorded

from jaxseg.proposals import find_instances, fuse, select

MAPS = ("fusion_01_gau_maps_small_scores", "fusion_02_gau_maps_large_scores")
SETS = "fusion_03_gau_random_proposals"
TAUS = (0.2, 0.02, 0.002)
# Float64 on both sides, positions up to 420: a few units in the last place, and those of the
# program's sums of exp(w / tau), which takes no maximum out.
TOLERANCE = {"rtol": 0, "atol": 1e-11}


def instances_of(arrays, params):
    options = {"class_threshold": params["class_threshold"], "compat": "gaufuse"}
    return find_instances(arrays["score_map"], arrays["video_scores"], **options)


def rows_of(instances, label, count):
    """The first columns after the label, [n, count], of one class."""
    return np.stack(instances[1 : count + 1], axis=1)[instances.label == label]


@pytest.mark.parametrize("name", MAPS)
def test_instances(name):
    arrays, params = load_recorded(name)
    found = instances_of(arrays, params)
    expected = {
        int(key.removeprefix("proposals_class")): rows
        for key, rows in arrays.items()
        if key.startswith("proposals_class")
    }
    assert set(found.label.tolist()) == expected.keys()
    for label, rows in expected.items():
        np.testing.assert_allclose(rows_of(found, label, 4), rows, **TOLERANCE)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("name", MAPS)
def test_fused_instances_of_a_video(name, tau):
    arrays, params = load_recorded(name)
    found = select(instances_of(arrays, params), tau=tau, overlap=params["overlap"])
    for label in range(arrays["score_map"].shape[1]):
        expected = arrays[f"fused_tau{tau}_class{label}"]
        np.testing.assert_allclose(rows_of(found, label, 3), expected, **TOLERANCE)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("number", range(4))
def test_fused_random_instances(number, tau):
    arrays, params = load_recorded(SETS)
    found = fuse(*arrays[f"set{number}"].T, tau=tau, overlap=params["overlap"])
    np.testing.assert_array_equal(found.seed, arrays[f"pick_set{number}"])
    expected = arrays[f"fused_tau{tau}_set{number}"]
    np.testing.assert_allclose(np.stack(found[:3], axis=1), expected, **TOLERANCE)
