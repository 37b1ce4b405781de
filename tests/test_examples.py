"""The examples of docs/ run, and their claims about gradients and plans hold."""

import dataclasses
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import jax
import matplotlib.pyplot as plt
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "docs" / "examples" / "train_through_fugw.py"


@pytest.fixture(scope="module")
def example():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location(SCRIPT.stem, SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def problem(example):
    """(weights, frames [1, N, channels], labels [1, N]) of few frames, in float64."""
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        frames = rng.standard_normal((1, 60, example.TWIN.channels))
        labels = np.repeat([[3, 1, 7]], 20, axis=1)
        weights = example.network.init(jax.random.key(0), frames)
        yield jax.tree.map(lambda a: a.astype(np.float64), weights), frames, labels


def run(*words):
    command = [sys.executable, "-m", "docs.examples.train_through_fugw", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def numbers(row):
    """(mean, spread) of each cell."""
    return [tuple(map(float, cell)) for cell in re.findall(r"(-?\d+\.\d) ± (\d+\.\d)", row)]


@pytest.mark.slow
def test_a_short_run_prints_the_table_and_draws_the_figure(example, tmp_path):
    done = run("--seeds=2", "--steps=3", f"--out={tmp_path / 'figure.png'}")
    assert done.returncode == 0, done.stderr
    assert "12/12" in done.stderr  # the bar has counted every step of both trainings
    first, heading, *rows, last = done.stdout.splitlines()
    assert "generated data" in first and "generated data" in last
    assert heading.split() == list(example.METRICS)
    *scored, gain = rows
    assert [row[:22].strip() for row in scored] == list(example.METHODS)
    assert gain.startswith(example.GAIN)
    means, spreads = np.array([numbers(row[22:]) for row in rows]).transpose(2, 0, 1)
    assert means.shape == (len(example.METHODS) + 1, len(example.METRICS))
    assert (means[:3] >= 0).all() and (means[:3] <= 100).all() and (spreads <= 50).all()
    np.testing.assert_allclose(means[3], means[2] - means[1], atol=0.16)  # three roundings
    picture = plt.imread(tmp_path / "figure.png")
    assert picture.shape[0] > 300 and picture.shape[1] > 600
    assert len(np.unique(picture.reshape(-1, picture.shape[-1]), axis=0)) > len(example.CLASSES)


@pytest.mark.parametrize(
    ("word", "part"),
    [("--steps=0", "at least 1"), ("--out=nowhere/figure.png", "there is no folder nowhere")],
)
def test_a_mistake_is_reported_before_training(word, part):
    done = run(word)
    assert done.returncode == 2
    assert part in done.stderr.splitlines()[-1]


def test_the_gradient_through_the_layer_is_that_of_finite_differences(
    example, problem, quick_compile
):
    weights, frames, labels = problem
    flat, unflatten = ravel_pytree(weights)
    loss = jax.jit(lambda flat: example.structured_loss(unflatten(flat), frames, labels))
    slope = jax.jit(jax.grad(loss))(flat)
    assert np.isfinite(slope).all()
    direction = np.random.default_rng(1).standard_normal(len(flat)) / np.sqrt(len(flat))
    step = 1e-4
    difference = (loss(flat + step * direction) - loss(flat - step * direction)) / (2 * step)
    assert abs(difference) > 1e-3
    # Off by step² times a third derivative of order 1, and by the rounding of the loss / step.
    np.testing.assert_allclose(slope @ direction, difference, rtol=1e-7)
    assert loss(flat - 0.01 * slope) < loss(flat)


def test_without_structure_and_penalty_the_plan_is_the_softmax(example, quick_compile):
    logits = 3 * np.random.default_rng(2).standard_normal((40, 19))
    with jax.enable_x64(True):
        layer = example.Layer(alpha=0.0, epsilon=1.0, radius=0.02, lambda_actions=1e-6)
        plan = jax.jit(lambda logits: layer(logits, 10))(logits)
        # The least penalty there is, 1e-6, moves an exponent by at most its size times a logarithm.
        np.testing.assert_allclose(plan, jax.nn.softmax(logits), rtol=1e-5)


def test_padding_changes_no_label(example, quick_compile):
    whole = example.make_video(example.TWIN, "50salads_mid", 1, example.CLASSES, "channel")
    video = dataclasses.replace(whole, features=whole.features[:90])
    weights = example.network.init(jax.random.key(0), video.frames())
    layers = example.Layer(*(np.array([value]) for value in example.TRAINING_LAYER))
    alone, layered = example.decode(weights, *example.padded(video), layers)
    own, own_layered = example.decode(weights, video.frames(), np.ones(90, bool), layers)
    np.testing.assert_array_equal(alone[:90], own)
    np.testing.assert_array_equal(layered[:, :90], own_layered)


def test_every_video_of_the_example_fits(example):
    number = example.NUM_TRAINING + example.NUM_TUNING + example.NUM_HELD_OUT
    for index in range(1, number + 1):
        video = example.make_video(example.TWIN, "50salads_mid", index, example.CLASSES, "channel")
        assert example.FRAMES_PER_VIDEO < video.num_frames <= example.MOST_FRAMES
