"""Ordered Viterbi decoding beside a loop in NumPy, hmmlearn and librosa, in the same run.

hmmlearn and librosa take part if they are installed; all labels are compared with ours.

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

from benchmarks import harness
from benchmarks.harness import Column, Table, note, positive
from jaxseg.solvers import viterbi

TEMPERATURE = 0.1  # of the softmax whose logarithm TOT decodes
FLOOR = 1e-30  # lowest probability of that softmax
IMPOSSIBLE = -1e30  # a log-likelihood; finite, since hmmlearn refuses infinity


def random_problem(num_frames: int, num_clusters: int) -> np.ndarray:
    """Log-likelihood [N, K], float32, of clusters in order, with noise."""
    scores = -harness.random_cost(num_frames, num_clusters).astype(np.float64) / TEMPERATURE
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return np.maximum(scores, np.log(FLOOR)).astype(np.float32)


def jaxseg_decoder(log_likelihood: np.ndarray) -> Callable[[], jax.Array]:
    """jaxseg's decoder, compiled."""
    scores = jnp.asarray(log_likelihood)
    program = jax.jit(viterbi.decode).lower(scores).compile()
    return lambda: program(scores)


def numpy_decoder(log_likelihood: np.ndarray) -> Callable[[], np.ndarray]:
    """`numpy_decode` in float64."""
    scores = log_likelihood.astype(np.float64)
    return lambda: numpy_decode(scores)


def numpy_decode(scores: np.ndarray) -> np.ndarray:
    """The same recursion by a loop over frames, all states of a frame at once; scores [N, K]."""
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
    """hmmlearn's decoder, for a model whose observations are log-likelihoods."""
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
    """Start [K] and transition [K, K] probabilities: begin in the first state, stay or advance."""
    transitions = 0.5 * (np.eye(num_states) + np.eye(num_states, k=1))
    transitions[-1, -1] = 1  # rows have to sum to 1
    return np.eye(num_states)[0], transitions


def as_general_model(log_likelihood: np.ndarray) -> np.ndarray:
    """The problem in float64 for a general model, which has no required last state.

    In the last frame only the last state is possible. Its transition to itself has probability 1
    instead of 1/2, which the scores of its frames make up for.
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
    """Numbers of the whole run; the first row is ours."""
    if options.frames < options.clusters:
        raise ValueError(
            f"--frames={options.frames} cannot hold --clusters={options.clusters}: "
            "every cluster takes at least one frame"
        )
    note(f"decoding N={options.frames:,} K={options.clusters}, {options.repeats} rounds each")
    log_likelihood = random_problem(options.frames, options.clusters)
    programs, missing = {}, []
    for name, make in DECODERS.items():
        try:
            programs[name] = make(log_likelihood)
        except ImportError:
            missing.append(name)
    seconds = harness.median_seconds(list(programs.values()), options.repeats)
    labels = [np.asarray(program()) for program in programs.values()]
    rows = [
        {
            "program": name,
            "milliseconds": 1e3 * taken,
            "times_ours": taken / seconds[0],
            "frames_that_differ": int(np.sum(decoded != labels[0])),
        }
        for name, taken, decoded in zip(programs, seconds, labels, strict=True)
    ]
    return {
        "device": harness.device(),
        "frames": options.frames,
        "clusters": options.clusters,
        "rows": rows,
        "missing": missing,
    }


COLUMNS = (
    Column("program", "program"),
    Column("ms", "milliseconds", "{:.2f}".format),
    Column("ratio", "times_ours", "{:.2f}x".format),
    Column("frames that differ", "frames_that_differ"),
)


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    return [
        f"Ordered Viterbi, N={results['frames']:,}, K={results['clusters']}, {results['device']}",
        "jaxseg in float32, the others in float64",
        Table(COLUMNS, results["rows"]),
        *(f"{name} is not installed: pip install {name}" for name in results["missing"]),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("decoding", __doc__, repeats=True)
    add = parser.add_argument
    add("--frames", type=positive, default=10_000, metavar="N", help="frames (10000)")
    add("--clusters", type=positive, default=19, metavar="K", help="clusters (19)")
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    sys.exit(main())
