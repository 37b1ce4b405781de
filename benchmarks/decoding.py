"""Time of ordered Viterbi beside a loop in NumPy, hmmlearn and librosa, in the same run.

python -m benchmarks.decoding
python -m benchmarks.decoding --frames=100000 --clusters=20 --json=decoding.json
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.compare_problems import random_cost
from benchmarks.side_by_side import (
    add_common_arguments,
    device,
    median_seconds,
    note,
    positive,
    report,
)
from jaxseg.solvers import viterbi

TEMPERATURE = 0.1  # of the softmax whose logarithm TOT decodes
FLOOR = 1e-30  # and its lowest probability
IMPOSSIBLE = -1e30  # a log-likelihood that is finite, as hmmlearn demands


def random_problem(num_frames: int, num_clusters: int) -> np.ndarray:
    """Log-likelihood [N, K], float32, of clusters that follow each other under noise."""
    scores = -random_cost(num_frames, num_clusters).astype(np.float64) / TEMPERATURE
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return np.maximum(scores, np.log(FLOOR)).astype(np.float32)


def jaxseg_decoder(log_likelihood: np.ndarray) -> Callable[[], jax.Array]:
    scores = jnp.asarray(log_likelihood)
    program = jax.jit(viterbi.decode).lower(scores).compile()
    return lambda: program(scores)


def numpy_decoder(log_likelihood: np.ndarray) -> Callable[[], np.ndarray]:
    scores = log_likelihood.astype(np.float64)
    return lambda: numpy_decode(scores)


def numpy_decode(scores: np.ndarray) -> np.ndarray:
    """The same recursion [N, K] by a loop over frames, all states of a frame at once."""
    frames, states = scores.shape
    advanced = np.empty((frames, states), bool)
    best = np.full(states + 1, -np.inf)
    best[0] = 0  # the state before the first frame
    for frame in range(frames):
        before, same = best[:-1], best[1:]
        advanced[frame] = before >= same
        best[1:] = np.maximum(before, same) + scores[frame]
        best[0] = -np.inf
    path = np.empty(frames, np.int32)
    state = states - 1
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        state -= int(advanced[frame, state])
    return path


def hmmlearn_decoder(log_likelihood: np.ndarray) -> Callable[[], np.ndarray]:
    """hmmlearn's decoder, by a model whose observations are their own log-likelihoods."""
    base = importlib.import_module("hmmlearn.base")

    class Model(base.BaseHMM):
        def _compute_log_likelihood(self, X):
            return X

    scores = as_general_model(log_likelihood)
    model = Model(n_components=scores.shape[1])
    model.startprob_, model.transmat_ = chain(scores.shape[1])
    return lambda: model.decode(scores)[1]


def librosa_decoder(log_likelihood: np.ndarray) -> Callable[[], np.ndarray]:
    """librosa's decoder, which takes probabilities [K, N]."""
    sequence = importlib.import_module("librosa.sequence")
    probability = np.ascontiguousarray(np.exp(as_general_model(log_likelihood)).T)
    start, transitions = chain(len(probability))
    return lambda: sequence.viterbi(probability, transitions, p_init=start)


def chain(num_states: int) -> tuple[np.ndarray, np.ndarray]:
    """Start [K] and transition [K, K] probabilities: start in the first, stay or go on."""
    transitions = 0.5 * (np.eye(num_states) + np.eye(num_states, k=1))
    transitions[-1, -1] = 1  # rows have to sum to 1
    return np.eye(num_states)[0], transitions


def as_general_model(log_likelihood: np.ndarray) -> np.ndarray:
    """The problem, float64, as a model that knows no end.

    In the last frame only the last state is possible; and since that state stays for nothing,
    its frames pay for staying themselves.
    """
    scores = log_likelihood.astype(np.float64)
    scores[:, -1] += np.log(0.5)
    scores[-1, :-1] = IMPOSSIBLE
    return scores


DECODERS = {
    "jaxseg": jaxseg_decoder,
    "NumPy, a loop over frames": numpy_decoder,
    "hmmlearn": hmmlearn_decoder,
    "librosa": librosa_decoder,
}


def measure(options: argparse.Namespace) -> dict:
    """Everything that a run prints, as numbers; the first row is ours."""
    if options.frames < options.clusters:
        raise ValueError(
            f"--frames={options.frames} cannot hold --clusters={options.clusters}: "
            "every cluster takes one"
        )
    note(f"decoding N={options.frames:,} K={options.clusters}, {options.repeats} rounds each")
    log_likelihood = random_problem(options.frames, options.clusters)
    programs, missing = {}, []
    for name, make in DECODERS.items():
        try:
            programs[name] = make(log_likelihood)
        except ImportError:
            missing.append(name)
    seconds = median_seconds(list(programs.values()), options.repeats)
    labels = [np.asarray(program()) for program in programs.values()]
    rows = [
        {
            "program": name,
            "milliseconds": 1e3 * taken,
            "times_ours": taken / seconds[0],
            "frames_that_differ": int(np.sum(found != labels[0])),
        }
        for name, taken, found in zip(programs, seconds, labels, strict=True)
    ]
    return {
        "device": device(),
        "frames": options.frames,
        "clusters": options.clusters,
        "rows": rows,
        "missing": missing,
    }


def table(results: dict) -> str:
    """The report of a run, as text."""
    lines = [
        f"Ordered Viterbi, N={results['frames']:,}, K={results['clusters']}, {results['device']}",
        "jaxseg in float32, the others in float64",
        "",
        f"{'':<30}{'ms':>10}{'ratio':>10}{'frames that differ':>22}",
    ]
    for row in results["rows"]:
        lines.append(
            f"{row['program']:<30}{row['milliseconds']:>10.2f}{row['times_ours']:>9.2f}x"
            f"{row['frames_that_differ']:>22}"
        )
    for name in results["missing"]:
        lines.append(f"{name:<30}is not installed: pip install {name}")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m benchmarks.decoding",
        description="Times ordered Viterbi decoding side by side with a loop over frames in NumPy "
        "and with hmmlearn and librosa, where they are installed; compares the labels.",
    )
    add = described.add_argument
    add("--frames", type=positive, default=10_000, metavar="N", help="frames (10000)")
    add("--clusters", type=positive, default=19, metavar="K", help="clusters (19)")
    add_common_arguments(described)
    return described


def main(arguments: Sequence[str] | None = None) -> int:
    return report(parser().parse_args(arguments), measure, table)


if __name__ == "__main__":
    sys.exit(main())
