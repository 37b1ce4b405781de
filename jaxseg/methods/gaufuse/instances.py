"""From outputs of one whole video to instances: GauFuse's test, and its pseudo-labels P_r.

Both look for instances in the same map. The fusion, with the supplement's Eq. 2 to 13, is
`jaxseg.proposals.fusion`; LinPro's solver is `jaxseg.solvers.linear_program`.
"""

from collections.abc import Mapping

import jax
import numpy as np

from jaxseg.methods.gaufuse.config import (
    GaufuseConfig,
    GaufuseTestConfig,
    InstancesConfig,
    PseudoConfig,
)
from jaxseg.methods.method import Labels, Located
from jaxseg.proposals import Instances, find_instances, select, to_detections
from jaxseg.proposals.localize import softmax
from jaxseg.solvers import linear_program
from jaxseg.solvers.linear_program import LinearProgram


def locate(
    outputs: Mapping[str, np.ndarray], settings: GaufuseTestConfig, seconds: float
) -> Located:
    """Detections of one video from the outputs of `predict`.

    Args:
        outputs: see `score_map`.
        settings: how to test.
        seconds: length of the video.

    Raises:
        ValueError: outputs that are not finite.
    """
    scores = score_map(outputs, share=settings.share, foreground=settings.foreground)[:, :-1]
    video = video_scores(outputs, share=settings.video_share)[:-1]
    candidates, chosen = _find_and_choose(scores, video, settings, tau=settings.tau)
    second = seconds / len(scores) if len(scores) else 0.0
    drawn = {
        "attention": outputs["attention"],
        "instances_start": candidates.start * second,
        "instances_end": candidates.end * second,
        "instances_score": candidates.score,
        "instances_label": candidates.label,
    }
    if "cluster_logits" in outputs:
        drawn["clusters"] = softmax(outputs["cluster_logits"])
    detections = to_detections(chosen, seconds_per_snippet=second, duration=seconds)
    return Located(score_map=scores, video_scores=video, detections=detections, drawn=drawn)


def label(outputs: Mapping[str, np.ndarray], number: int, config: GaufuseConfig) -> Labels:
    """P_r of a video of T snippets, float32 [T, G + 1], and the fused instances behind it.

    Args:
        outputs: see `score_map`.
        number: of the refresh, from 0.
        config: the member's; its `pseudo` says how.
    """
    pseudo = config.pseudo
    scores = score_map(outputs, share=pseudo.share)
    video = video_scores(outputs, share=pseudo.video_share)
    _, fused = _find_and_choose(scores, video, pseudo, tau=pseudo.taus[number])
    labels, unmet = np.zeros(scores.shape, np.float32), 0
    for column in np.unique(fused.label):
        of_class = Instances(*(values[fused.label == column] for values in fused))
        if pseudo.labels == "linpro":
            program = _linear_program(of_class, len(labels), pseudo)
            labels[:, column] = np.asarray(program.p)[: len(labels)]
            unmet += int(program.num_unmet)
        else:
            labels[:, column] = _scores_of_holders(of_class, len(labels), pseudo)
    shown = {name: getattr(fused, name) for name in ("start", "end", "score", "label")}
    counts = {"instances": len(fused.start), "instances whose score no curve has": unmet}
    return Labels(labels=labels, shown=shown, counts=counts)


def score_map(
    outputs: Mapping[str, np.ndarray], *, share: float, foreground: str = "attention"
) -> np.ndarray:
    """m = lam (a softmax(o) + (1 - a) softmax(o^)) of T snippets, float64 [T, G + 1].

    Args:
        outputs: "class_logits" and "propagated_logits" [T, G + 1], "attention" [T]; with CASE's
            clusters "cluster_logits" [T, K] and "cluster_classes" [K, 2].
        share: a.
        foreground: "attention" for lam; "clusters", CASE's, or the mean of "both", instead.
    """
    original, propagated = (
        softmax(np.asarray(outputs[name], np.float64))
        for name in ("class_logits", "propagated_logits")
    )
    terms = []
    if foreground != "clusters":
        terms.append(np.asarray(outputs["attention"], np.float64))
    if foreground != "attention":
        clusters = softmax(np.asarray(outputs["cluster_logits"], np.float64))
        terms.append(clusters @ np.asarray(outputs["cluster_classes"], np.float64)[:, 0])
    return np.mean(terms, axis=0)[:, None] * (share * original + (1 - share) * propagated)


def video_scores(outputs: Mapping[str, np.ndarray], *, share: float) -> np.ndarray:
    """Score of each class in the video, .6 p_ca + .4 p^_ca, float64 [G + 1]."""
    original, propagated = (
        np.asarray(outputs[name], np.float64)
        for name in ("video_scores", "propagated_video_scores")
    )
    return share * original + (1 - share) * propagated


def _find_and_choose(
    scores: np.ndarray, video: np.ndarray, settings: InstancesConfig, *, tau: float
) -> tuple[Instances, Instances]:
    """All instances of a map [T, C], in snippets, and those that fusion or suppression leaves."""
    candidates = find_instances(
        scores,
        video,
        class_threshold=settings.class_threshold,
        thresholds=settings.thresholds,
        shortest=settings.shortest,
        compat=settings.compat,
    )
    chosen = select(
        candidates,
        tau=tau,
        method=settings.method,
        overlap=settings.overlap,
        distribution=settings.distribution,
        weight=settings.weight,
        nms_threshold=settings.nms_threshold,
        nms_alpha=settings.nms_alpha,
    )
    return candidates, chosen


def _scores_of_holders(fused: Instances, length: int, pseudo: PseudoConfig) -> np.ndarray:
    """Highest or mean score of the instances that hold each snippet, [T]; 0 where none does."""
    snippets, score = np.arange(length), fused.score[:, None]
    inside = (fused.start[:, None] <= snippets) & (snippets < fused.end[:, None])
    if pseudo.labels == "scores":
        highest = np.max(np.where(inside, score, -np.inf), axis=0)
        return np.where(inside.any(axis=0), highest, 0)
    return np.sum(inside * score, axis=0) / np.maximum(inside.sum(axis=0), 1)


def _linear_program(fused: Instances, length: int, pseudo: PseudoConfig) -> LinearProgram:
    """LinPro's curve: min sum_t p_t with A p = q and 0 <= p <= 1, for the instances of one class.

    Padded to one of a few sizes, so that few programs are compiled.
    """
    if pseudo.linpro == "vertex":
        return linear_program.solve_intervals(
            fused.start, fused.end, fused.score, length, mode="vertex", compat=pseudo.compat
        )
    rows, snippets = _power_of_two(len(fused.start), 8), _power_of_two(length, 4096)
    row_mask = np.arange(rows) < len(fused.start)
    start, end, score = (
        np.resize(np.asarray(values, np.float32), rows)
        for values in (fused.start, fused.end, fused.score)
    )
    return _solve(
        start,
        end,
        score,
        snippets,
        length=length,
        row_mask=row_mask,
        mode=pseudo.linpro,
        compat=pseudo.compat,
    )


_solve = jax.jit(linear_program.solve_intervals, static_argnames=("num_snippets", "mode", "compat"))


def _power_of_two(number: int, least: int) -> int:
    """The smallest power of two that is at least both numbers; `least` is one."""
    return max(least, 1 << (number - 1).bit_length())
