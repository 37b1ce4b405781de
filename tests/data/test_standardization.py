"""Per-video standardization against the plain formula, in float64."""

import numpy as np
import pytest

from jaxseg.data.segmentation.features import ONE_PROCESS
from jaxseg.data.segmentation.scaling import scaled as scaled_together
from jaxseg.data.segmentation.scaling import standardization
from jaxseg.data.segmentation.video import Video


def plain(features):
    """Mean 0 and variance 1 over the rows that are not zero, divided by sqrt(channels)."""
    out = np.zeros(features.shape)
    rows = [i for i, row in enumerate(features) if any(value != 0 for value in row)]
    for channel in range(features.shape[1]):
        values = features[rows, channel].astype(np.float64)
        deviation = np.sqrt(np.mean((values - values.mean()) ** 2))
        if values.min() < values.max():
            out[rows, channel] = (values - values.mean()) / deviation / np.sqrt(features.shape[1])
    return out


def scaled(features):
    return Video("v", "a", features, scaling=standardization(features)).frames()


@pytest.mark.parametrize("zero_rows", [0, 5])
def test_equals_the_plain_formula(zero_rows):
    rng = np.random.default_rng(0)
    features = (3 * rng.standard_normal((200, 16)) + rng.uniform(-9, 9, 16)).astype(np.float32)
    features[:zero_rows] = 0
    # float32 rounding of (x - mean) with |x| up to about 20, in units of a deviation of 3.
    np.testing.assert_allclose(scaled(features), plain(features), atol=20 * 2**-24)
    np.testing.assert_array_equal(scaled(features)[:zero_rows], 0)


def test_squared_norm_is_one_on_average():
    features = np.random.default_rng(1).gamma(2.0, size=(300, 32)).astype(np.float32)
    assert np.mean((scaled(features) ** 2).sum(axis=1)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("value", [0.1, 1e-6, 12345.678])
def test_constant_channel_becomes_zero(value):
    features = np.random.default_rng(2).standard_normal((50, 3)).astype(np.float32)
    features[:, 1] = value
    np.testing.assert_array_equal(scaled(features)[:, 1], 0)
    assert np.isfinite(scaled(features)).all()


@pytest.mark.parametrize("unit", ["frame", "channel"])
def test_a_frame_or_a_channel_has_the_variance_one(unit):
    rows = np.random.default_rng(4).standard_normal((300, 32)) * 7 + 3
    videos = [Video("v", "a", rows.astype(np.float32))]
    (video,) = scaled_together(videos, f"folder/{unit}", ONE_PROCESS)
    variance = video.frames().var(axis=0)
    expected = 1 if unit == "channel" else 1 / 32
    np.testing.assert_allclose(variance, expected, rtol=0.1)  # the outermost values do not count
    assert video.limit == pytest.approx(5 * np.sqrt(expected))


def test_rows_whose_values_cancel_are_not_zero_rows():
    features = np.array([[1, -1], [2, -1], [0, 0], [4, 2]], np.float32)
    np.testing.assert_allclose(scaled(features), plain(features), atol=1e-6)
    assert scaled(features)[0].any() and not scaled(features)[2].any()
