"""What scores say: logits, probabilities or similarities as log-likelihoods and as costs.

The cost of a frame in a class is its log-loss, -log p, cut at that of p = 1e-4 and divided by
it, so that it lies in [0, 1] like ASOT's 1 - cosine: 1 - p would forget which of the unlikely
classes is the likelier one, and without the cut one sure mistake would outweigh its neighbours.
Similarities cost 1 - s, as in ASOT (Xu and Gould, CVPR 2024, Section 4.3).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

LOGITS, PROBABILITIES, SIMILARITIES = KINDS = ("logits", "probabilities", "similarities")
LARGEST_LOSS = np.float32(-np.log(1e-4))
ROUNDING = 0.01  # probabilities in half precision, or written with three digits
TINY = np.finfo(np.float32).tiny


def find_kind(path: Path, videos: Mapping[str, np.ndarray], kind: str | None) -> str:
    """The kind of the scores: `kind` if they can be that; None: probabilities if they are.

    Nothing but rows that sum to 1 can be told from the numbers: a cosine may be a logit. They
    are no logits, though: a second softmax would leave next to nothing of what they say.

    Args:
        path: where the scores come from, for the message.
        videos: video -> [frames, classes].
        kind: of `KINDS`; None: to be found.

    Raises:
        ValueError: numbers that are not of this kind; None, and they are no probabilities.
    """
    if kind == LOGITS:
        if all(map(says_softmax, videos.values())):
            raise ValueError(f"{path}: every frame sums to 1: probabilities, not {LOGITS}")
        return kind
    problem = not_cosines if kind == SIMILARITIES else not_probabilities
    for video, scores in videos.items():
        if found := problem(scores):
            other = "" if kind else "; say --kind=logits or --kind=similarities"
            raise ValueError(f"{path}: video {video!r}: {found}{other}")
    return kind or PROBABILITIES


def says_softmax(scores: np.ndarray) -> bool:
    """Whether scores [N, K] are what a softmax gives; of one class nobody can tell."""
    return scores.shape[1] > 1 and not_probabilities(scores) is None


def not_probabilities(scores: np.ndarray) -> str | None:
    """What keeps scores [N, K] from being probabilities, in words."""
    if scores.min() < 0:
        return f"{scores.min():.4g} is no probability"
    sums = scores.sum(1)
    wrong = np.abs(sums - 1) > ROUNDING
    if not wrong.any():
        return None
    frame = int(wrong.argmax())
    return f"frame {frame + 1} sums to {sums[frame]:.4g}, not to 1 as probabilities do"


def not_cosines(scores: np.ndarray) -> str | None:
    """What keeps scores [N, K] from being similarities, in words."""
    extreme = scores.flat[np.abs(scores).argmax()]
    return f"{extreme:.4g} is no similarity in [-1, 1]" if abs(extreme) > 1 + ROUNDING else None


def log_likelihood(scores: np.ndarray, kind: str) -> np.ndarray:
    """log p(class | frame) of scores [N, K], float32 [N, K].

    Similarities come back as they are: up to a number a frame and a scale they are a logarithm,
    and neither changes which path is the likeliest.
    """
    if kind == LOGITS:
        shifted = scores - scores.max(1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return np.log(np.maximum(scores, TINY)) if kind == PROBABILITIES else scores


def cost(scores: np.ndarray, kind: str) -> np.ndarray:
    """The cost of every frame in every class, float32 [N, K]; see the top of this file."""
    if kind == SIMILARITIES:
        return 1 - scores
    return np.clip(-log_likelihood(scores, kind), 0, LARGEST_LOSS) / LARGEST_LOSS
