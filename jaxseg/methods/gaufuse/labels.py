"""GauFuse's pseudo-labels of one training video: fused instances -> LinPro -> P_r."""

from collections.abc import Mapping
from functools import partial

import jax
import numpy as np

from jaxseg.methods.gaufuse.config import GaufuseConfig, PseudoConfig
from jaxseg.methods.gaufuse.detect import choose, instances, score_map, video_scores
from jaxseg.methods.method import Labels
from jaxseg.proposals import Instances
from jaxseg.solvers import linear_program
from jaxseg.solvers.linear_program import LinearProgram


def label(outputs: Mapping[str, np.ndarray], number: int, config: GaufuseConfig) -> Labels:
    """P_r of a video of T snippets, float32 [T, G + 1], and the fused instances behind it.

    Args:
        outputs: see `detect.score_map`.
        number: of the refresh, from 0.
        config: the member's; its `pseudo` says how.
    """
    pseudo = config.pseudo
    scores = score_map(outputs, share=pseudo.share)
    video = video_scores(outputs, share=pseudo.video_share)
    fused = choose(instances(scores, video, pseudo), pseudo, tau=pseudo.taus[number])
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
        length,
        row_mask,
        num_snippets=snippets,
        mode=pseudo.linpro,
        compat=pseudo.compat,
    )


@partial(jax.jit, static_argnames=("num_snippets", "mode", "compat"))
def _solve(start, end, score, length, row_mask, *, num_snippets, mode, compat) -> LinearProgram:
    return linear_program.solve_intervals(
        start,
        end,
        score,
        num_snippets,
        length=length,
        row_mask=row_mask,
        mode=mode,
        compat=compat,
    )


def _power_of_two(number: int, least: int) -> int:
    """The smallest power of two that is at least both numbers; `least` is one."""
    return max(least, 1 << (number - 1).bit_length())
