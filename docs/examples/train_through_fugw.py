"""A supervised frame classifier, trained with the FUGW layer in its loss and without it.

The same small network is trained twice on a few labeled videos, from the same start, on the same
frames, for the same number of steps:

    plain       cross entropy of the softmax, each frame by itself
    structured  cross entropy of the plan: the softmax goes through `fugw.solve`, and the gradient
                comes back through the solver

Three segmentations of videos that neither has seen are scored: that of the plain network, that of
FUGW on its scores, and that of FUGW on the structured network's scores. On these videos the layer
improves the scores much, and about as much afterwards as in training: the last two differ by less
than seeds do. The example shows how to train through a solver, not a gain from it.

The layer fits any classifier: for the cost -log p, without structure and penalty (alpha = 0,
epsilon = 1), the plan is the softmax p itself; a larger alpha makes actions last longer.

    python -m docs.examples.train_through_fugw --out=figure.png

This takes a minute on two processors, from the folder above docs/.
"""

import argparse
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from tqdm import tqdm

from jaxseg.command_line import Parser
from jaxseg.data import DATA_SETS, Video
from jaxseg.data.batches.frames import frame_indices
from jaxseg.data.twins.segmentation import class_names, make_video
from jaxseg.evaluation import evaluate_segmentation
from jaxseg.report.drawing.bars import runs
from jaxseg.report.drawing.colors import class_colors
from jaxseg.solvers import fugw

GENERATED = "generated data (embedded twin of 50 Salads): not comparable with any paper's scores"
TWIN = DATA_SETS["50salads_mid"].twin
CLASSES = class_names(TWIN)
NUM_TRAINING, NUM_TUNING, NUM_HELD_OUT = 8, 6, 10  # videos
MOST_FRAMES = 2400  # videos are padded to this length, so that one program serves all
VIDEOS_PER_STEP, FRAMES_PER_VIDEO = 4, 512
LEARNING_RATE, WEIGHT_DECAY = 1e-2, 0.3
TRAINING_ITERATIONS, ITERATIONS = 10, 25  # of the solver, in the loss and afterwards

METHODS = ("frame by frame", "+ FUGW afterwards", "trained through FUGW")
GAIN = "  through - afterwards"  # difference on the same videos, for each seed
METRICS = ("accuracy", "edit", "f1@10", "f1@25", "f1@50")


class Layer(NamedTuple):
    """Settings of `fugw.solve`: numbers, or arrays to try many at once with `jax.vmap`."""

    alpha: float
    epsilon: float
    radius: float
    lambda_actions: float

    def __call__(self, logits: jax.Array, num_iterations: int, mask=None) -> jax.Array:
        """The plan [N, K] of one video's scores [N, K] and its mask [N]; rows sum to 1."""
        return fugw.solve(
            -jax.nn.log_softmax(logits),
            mask=mask,
            num_iterations=num_iterations,
            step_size=1 / (self.epsilon + self.lambda_actions),  # the longest without oscillation
            **self._asdict(),
        ).plan


# A softer plan than in decoding, from fewer iterations: if the layer corrected every mistake by
# itself, the network would have nothing to learn. All numbers were chosen on other videos.
TRAINING_LAYER = Layer(alpha=0.9, epsilon=0.4, radius=0.02, lambda_actions=0.1)


def layers_to_try() -> Layer:
    """Settings from which each network's layer is chosen after training, as arrays."""
    # alpha and epsilon follow from the weights of structure and cost relative to the entropy.
    choices = (8, 16), (0.125, 0.25, 0.5), (0.01, 0.02), (0.1,)
    structure, cost, radius, penalty = np.array(list(itertools.product(*choices))).T
    return Layer(structure / (structure + cost), 1 / (structure + cost), radius, penalty)


class Network(nn.Module):
    """Frames [..., channels] to scores [..., K], each frame by itself."""

    @nn.compact
    def __call__(self, frames):
        return nn.Dense(len(CLASSES))(nn.relu(nn.Dense(64)(frames)))


network = Network()


def plain_loss(weights, frames, labels):
    """Cross entropy of the softmax; frames [videos, N, channels], labels [videos, N]."""
    logits = network.apply(weights, frames)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def structured_loss(weights, frames, labels):
    """Cross entropy of the plan, whose rows are distributions over actions, as a softmax's are."""
    logits = network.apply(weights, frames)
    plans = jax.vmap(lambda video: TRAINING_LAYER(video, TRAINING_ITERATIONS))(logits)
    chosen = jnp.take_along_axis(plans, labels[..., None], axis=-1)
    # Without a floor a single frame of probability 0 would make the loss infinite.
    return -jnp.log(jnp.maximum(chosen, 1e-10)).mean()


def batches(videos: Sequence[Video], seed: int, steps: int) -> Iterator[tuple]:
    """(frames, labels) of each step: some videos, with one frame from each of 512 equal parts."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        chosen = [videos[i] for i in rng.choice(len(videos), VIDEOS_PER_STEP, replace=False)]
        pairs = [(v, frame_indices(rng, v.num_frames, FRAMES_PER_VIDEO)) for v in chosen]
        yield np.stack([v.frames(i) for v, i in pairs]), np.stack([v.labels[i] for v, i in pairs])


def trainer(loss: Callable, steps: int) -> Callable:
    """train(videos, seed, bar) -> weights, compiled once for all seeds."""
    rate = optax.cosine_decay_schedule(LEARNING_RATE, steps)
    optimizer = optax.adamw(rate, weight_decay=WEIGHT_DECAY)

    @jax.jit
    def update(weights, state, frames, labels):
        gradient = jax.grad(loss)(weights, frames, labels)
        updates, state = optimizer.update(gradient, state, weights)
        return optax.apply_updates(weights, updates), state

    def train(videos, seed, bar):
        weights = network.init(jax.random.key(seed), videos[0].frames(slice(1)))
        state = optimizer.init(weights)
        for frames, labels in batches(videos, seed, steps):
            weights, state = update(weights, state, frames, labels)
            bar.update()
        return weights

    return train


def padded(video: Video) -> tuple[np.ndarray, np.ndarray]:
    """Frames [MOST_FRAMES, channels] and their mask [MOST_FRAMES]."""
    missing = MOST_FRAMES - video.num_frames
    return np.pad(video.frames(), ((0, missing), (0, 0))), np.arange(MOST_FRAMES) < video.num_frames


@jax.jit
def decode(weights, frames, mask, layers: Layer):
    """Labels of one video by the network alone, [N], and by each of the layers, [layers, N]."""
    logits = network.apply(weights, frames)
    plans = jax.vmap(lambda layer: layer(logits, ITERATIONS, mask))(layers)
    return logits.argmax(-1), plans.argmax(-1)


def scores(videos: Sequence[Video], labels: np.ndarray) -> np.ndarray:
    """METRICS of labels [videos, N], in percent, as supervised work reports them."""
    truth = {video.name: video.labels for video in videos}
    predictions = {v.name: row[: v.num_frames] for v, row in zip(videos, labels, strict=True)}
    result = evaluate_segmentation(truth, predictions, protocol="mstcn", baselines=False)
    return np.array([result["metrics"][name] for name in METRICS])


def read_out(weights, tuning: Sequence[Video], held_out: Sequence[Video]):
    """Labels of held-out videos, [videos, N], by the network alone and by its tuned layer."""
    layers = layers_to_try()
    labels = [decode(weights, *padded(video), layers) for video in (*tuning, *held_out)]
    alone, layered = map(np.stack, zip(*labels, strict=True))
    tuned = [scores(tuning, each).mean() for each in layered[:NUM_TUNING].swapaxes(0, 1)]
    return alone[NUM_TUNING:], layered[NUM_TUNING:, np.argmax(tuned)]


def table(results: np.ndarray) -> str:
    """Mean and standard deviation over seeds of results [seeds, methods, metrics]."""
    rows = np.concatenate([results, results[:, 2:] - results[:, 1:2]], axis=1)
    lines = [f"{'':<22}" + "".join(f"{name:>14}" for name in METRICS)]
    for name, means, spreads in zip((*METHODS, GAIN), rows.mean(0), rows.std(0), strict=True):
        cells = (f"{m:.1f} ± {s:.1f}" for m, s in zip(means, spreads, strict=True))
        lines.append(f"{name:<22}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)


def draw(path: Path, results: np.ndarray, video: Video, labels: Sequence[np.ndarray]) -> None:
    """Draws one held-out video as bars of color, and the scores of all of them."""
    figure = Figure(figsize=(9.6, 5.2), layout="constrained", dpi=100)
    figure.suptitle(GENERATED, fontsize=9)
    upper, lower = figure.subfigures(2, 1, height_ratios=(3, 2))
    colors = class_colors(CLASSES, [CLASSES])
    bars = zip(upper.subplots(4, 1), ("truth", *METHODS), (video.labels, *labels), strict=True)
    for axes, name, segmentation in bars:
        for start, stop, label in runs(segmentation[: video.num_frames]):
            axes.axvspan(start, stop, color=colors[CLASSES[label]], lw=0)
        axes.set(xlim=(0, video.num_frames), xticks=[], yticks=[])
        axes.set_ylabel(name, rotation="horizontal", ha="right", va="center", fontsize=8)
    patches = [Patch(color=colors[name], label=name) for name in CLASSES]
    upper.legend(handles=patches, loc="outside lower center", ncols=5, frameon=False, fontsize=7)
    axes = lower.subplots()
    for shift, name, scored in zip((-0.27, 0, 0.27), METHODS, results.swapaxes(0, 1), strict=True):
        places = np.arange(len(METRICS)) + shift
        axes.bar(places, scored.mean(0), 0.25, yerr=scored.std(0), capsize=2, label=name)
    axes.set(xticks=range(len(METRICS)), xticklabels=METRICS, ylim=(0, 100), ylabel="percent")
    lower.legend(loc="outside right center", frameon=False, fontsize=8)
    figure.savefig(path)


def parse() -> argparse.Namespace:
    parser = Parser("python -m docs.examples.train_through_fugw", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("train_through_fugw.png"), help="figure")
    parser.add_argument("--seeds", type=int, default=5, help="of videos, start and batches (5)")
    parser.add_argument("--steps", type=int, default=300, help="of each training (300)")
    options = parser.parse_args()
    if min(options.seeds, options.steps) < 1:
        parser.error("--seeds and --steps must be at least 1")
    if not options.out.parent.is_dir():
        parser.error(f"--out: there is no folder {options.out.parent}")
    return options


def main() -> None:
    options = parse()
    print(GENERATED)
    number = NUM_TRAINING + NUM_TUNING + NUM_HELD_OUT
    videos = [make_video(TWIN, "50salads_mid", i, CLASSES, "channel") for i in range(1, number + 1)]
    trainers = [trainer(loss, options.steps) for loss in (plain_loss, structured_loss)]
    results = []
    with tqdm(total=2 * options.steps * options.seeds, unit="step") as bar:
        for seed in range(options.seeds):
            shuffled = random.Random(seed).sample(videos, number)
            training, others = shuffled[:NUM_TRAINING], shuffled[NUM_TRAINING:]
            tuning, held_out = others[:NUM_TUNING], others[NUM_TUNING:]
            plain, structured = (train(training, seed, bar) for train in trainers)
            _, through = read_out(structured, tuning, held_out)
            labels = *read_out(plain, tuning, held_out), through
            results.append([scores(held_out, each) for each in labels])
            shown = held_out[0], [each[0] for each in labels]
    results = np.array(results)
    print(table(results))
    draw(options.out, results, *shown)
    print(f"figure: {options.out}; {GENERATED}")


if __name__ == "__main__":
    main()
