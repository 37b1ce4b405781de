"""Average recall against the number of proposals (AR@AN), whatever their labels."""

import numpy as np

from jaxseg.evaluation.localization.matching import Task, places
from jaxseg.evaluation.localization.overlaps import pair_blocks, tiou
from jaxseg.evaluation.localization.protocols import SETS
from jaxseg.formats.detections import select

MOST_PROPOSALS = 100


def proposals_recall(task: Task) -> dict:
    """Share of the true segments that the first AN proposals of their video cover, in percent.

    A true segment is covered at a threshold if any of the AN highest scores of its video, of
    any label, reaches it; shares are averaged over the thresholds 0.5 to 0.95 by 0.05. Equal
    segments with two labels are two proposals.

    Returns:
        `tiou`, `an` [1 ... 100], `ar` [100] and `auc`, the area under the curve of `ar` over
        `an` divided by 100, as ActivityNet's proposal task reports it.
    """
    thresholds = np.array(SETS["activitynet"])
    place = places(task.predictions.video)
    early = place < MOST_PROPOSALS
    predictions, place = select(task.predictions, early), place[early]
    # At which place of its video's list each true segment is covered first.
    covered = np.full((len(task.truth.video), len(thresholds)), MOST_PROPOSALS)
    for i, j in pair_blocks(predictions, task.truth, same_label=False):
        values = tiou(predictions, i, task.truth, j)
        for column, threshold in enumerate(thresholds):
            near = values >= threshold
            np.minimum.at(covered[:, column], j[near], place[i[near]])
    counts = np.bincount(covered.ravel(), minlength=MOST_PROPOSALS + 1)[:MOST_PROPOSALS]
    recall = 100 * np.cumsum(counts) / covered.size
    return {
        "tiou": thresholds.tolist(),
        "an": list(range(1, MOST_PROPOSALS + 1)),
        "ar": recall.tolist(),
        "auc": float(np.trapezoid(recall) / MOST_PROPOSALS),
    }
