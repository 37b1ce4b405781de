"""GauFuse's pseudo-labels of one training video: fused instances -> LinPro -> P_r."""

from collections.abc import Mapping
from functools import partial

import jax
import numpy as np

from jaxseg.methods.gaufuse.config import GaufuseConfig, PseudoConfig
from jaxseg.methods.gaufuse.detect import choose, instances, score_map, video_scores
from jaxseg.methods.refresh import Labels
from jaxseg.proposals import Instances
from jaxseg.solvers import linear_program
from jaxseg.solvers.linear_program import LinearProgram


def label(outputs: Mapping[str, np.ndarray], number: int, config: GaufuseConfig) -> Labels:
    """P_r of a video of T snippets, float32 [T, G + 1], and the fused instances behind it.

    Args:
        outputs: see `gaufuse_detect.score_map`.
        number: of the refresh, from 0.
        config: its `pseudo` says how.
    """
    pseudo = config.pseudo
    scores = score_map(outputs, share=pseudo.share)
    video = video_scores(outputs, share=pseudo.video_share)
    fused = choose(instances(scores, video, pseudo), pseudo, tau=pseudo.taus[number])
    labels, unmet = np.zeros(scores.shape, np.float32), 0
    for column in np.unique(fused.label):
        own = Instances(*(values[fused.label == column] for values in fused))
        if pseudo.labels == "linpro":
            found = _programme(own, len(labels), pseudo)
            labels[:, column] = np.asarray(found.p)[: len(labels)]
            unmet += int(found.num_unmet)
        else:
            labels[:, column] = _held(own, len(labels), pseudo)
    shown = {name: getattr(fused, name) for name in ("start", "end", "score", "label")}
    counts = {"instances": len(fused.start), "instances whose score no curve has": unmet}
    return Labels(labels, shown, counts)


def _held(fused: Instances, length: int, pseudo: PseudoConfig) -> np.ndarray:
    """Each snippet's highest or mean score [T] of the instances that hold it."""
    snippets, score = np.arange(length), fused.score[:, None]
    inside = (fused.start[:, None] <= snippets) & (snippets < fused.end[:, None])
    if pseudo.labels == "scores":
        highest = np.max(np.where(inside, score, -np.inf), axis=0)
        return np.where(inside.any(axis=0), highest, 0)
    return np.sum(inside * score, axis=0) / np.maximum(inside.sum(axis=0), 1)


def _programme(fused: Instances, length: int, pseudo: PseudoConfig) -> LinearProgram:
    """LinPro's curve, padded to one of a few sizes so that few programs are compiled."""
    if pseudo.linpro == "vertex":
        return linear_program.solve_intervals(
            fused.start, fused.end, fused.score, length, mode="vertex", compat=pseudo.compat
        )
    rows, snippets = _power_of_two(len(fused.start), 8), _power_of_two(length, 4096)
    there = np.arange(rows) < len(fused.start)
    start, end, score = (
        np.resize(np.asarray(values, np.float32), rows)
        for values in (fused.start, fused.end, fused.score)
    )
    return _solve(start, end, score, length, there, snippets, pseudo.linpro, pseudo.compat)


@partial(jax.jit, static_argnums=(5, 6, 7))
def _solve(start, end, score, length, there, num_snippets, mode, compat):
    return linear_program.solve_intervals(
        *(start, end, score, num_snippets),
        length=length,
        row_mask=there,
        mode=mode,
        compat=compat,
    )


def _power_of_two(number: int, least: int) -> int:
    return max(least, 1 << (number - 1).bit_length())
