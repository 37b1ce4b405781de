"""Which classes a video shows, from the scores of its detections."""

import numpy as np

from jaxseg.evaluation.localization.average_precision import ranking, raw
from jaxseg.evaluation.localization.matching import Task


def classification_map(task: Task) -> float:
    """Mean AP of the videos ranked by class, in percent.

    A video's score for a class is that of its best detection of the class; a video without one
    is not in the list. AP is the raw one: precision at each video that shows the class, over
    the number of such videos.
    """
    truth, predictions = task.truth, task.predictions
    spread = 1 + max(truth.label.max(initial=0), predictions.label.max(initial=0))
    shown = np.unique(truth.video * spread + truth.label)
    # Predictions come by falling score: the first of a video and class is its best.
    listed, best = np.unique(predictions.video * spread + predictions.label, return_index=True)
    listed = listed[np.argsort(best, kind="stable")]
    hits = np.isin(listed, shown)
    precisions = []
    for label in range(len(task.classes)):
        ranked = hits[listed % spread == label]
        positives = np.count_nonzero(shown % spread == label)
        precisions.append(raw(ranking(ranked, np.zeros_like(ranked), positives), positives))
    return 100 * float(np.mean(precisions))
