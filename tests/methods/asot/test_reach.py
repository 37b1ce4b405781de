"""A reach in frames is the radius times the length of what the frames are a sample of."""

import itertools

import jax
import numpy as np
import pytest
import test_asot as asot

RADIUS = 0.25
pytestmark = pytest.mark.usefixtures("quick_compile")


def make(radius: float = 0.0, reach: float = 0.0):
    """(method, params, function that makes the member of a radius and a reach)."""

    def settings(**values):
        keys = itertools.product(("train", "eval"), values.items())
        return asot.make({f"solver.{name}.{key}": value for name, (key, value) in keys})

    method, _, params = settings(radius=radius, reach=reach)
    return method, params, lambda *both: settings(radius=both[0], reach=both[1])[1]


def test_a_reach_labels_as_the_share_of_the_video():
    def decoded(frames, radius, reach):
        key = bool(reach)
        found = programs[key](video(frames), members[key](radius, reach))
        return found["labels"], found["matrices"]["plan"]

    programs, members = {}, {}
    for key, numbers in ((False, (RADIUS, 0.0)), (True, (0.0, 1.0))):
        method, params, members[key] = make(*numbers)
        programs[key] = jax.jit(lambda each, n, m=method, p=params: m.predict(p, (), each, n))
    for frames in (24, 60):
        labels, share = decoded(frames, RADIUS, 0.0)
        same_labels, same = decoded(frames, 0.0, RADIUS * frames)
        np.testing.assert_allclose(same, share, atol=1e-6)
        np.testing.assert_array_equal(same_labels, labels)
        other = decoded(frames, 0.0, RADIUS * (84 - frames))[1]
        assert np.abs(other - share).max() > 1e-3


def test_a_sample_is_reached_by_the_length_of_its_video():
    def loss(length, radius, reach):
        key = bool(reach)
        (method, params, member), batch = made[key], asot.batch(16, valid=(16, 16))
        if key not in programs:
            programs[key] = jax.jit(lambda p, b, n: method.loss(p, (), b, n.key, n)[0])
        batch["length"] = np.full(2, length, np.float32)
        return programs[key](params, batch, member(radius, reach))

    programs, made = {}, {False: make(radius=RADIUS), True: make(reach=1.0)}
    share = loss(160, RADIUS, 0.0)
    np.testing.assert_allclose(loss(160, 0.0, RADIUS * 160), share, rtol=1e-6)
    assert abs(loss(40, 0.0, RADIUS * 160) - share) > 1e-4


def video(frames: int) -> dict:
    return {name: array[0] for name, array in asot.batch(64, valid=(frames,)).items()}
