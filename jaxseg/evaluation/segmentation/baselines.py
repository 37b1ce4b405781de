"""Two predictions that know nothing of the video, to stand beside every score."""

from collections.abc import Mapping

import numpy as np

from jaxseg.evaluation.segmentation.groups import Labels, by_activity


def trivial_baselines(
    truth: Labels,
    num_clusters: Mapping[str, int],
    activities: Mapping[str, str] | None = None,
) -> dict[str, dict[str, np.ndarray]]:
    """Cluster numbers of the two trivial predictions, each {video: int64 [frames]}.

    `equal_split` cuts a video of N frames into K equal parts, frame i into floor(i K / N);
    `one_class` puts every frame into one cluster, which the matching then gives to the
    activity's most frequent class.

    Args:
        truth: video -> labels [frames]; only the lengths are used.
        num_clusters: activity -> K ("all" where `activities` is None).
        activities: video -> activity; None: all one activity.

    Raises:
        ValueError: an activity without a K, or a K below 1.
    """
    equal_split, one_class = {}, {}
    for activity, names in by_activity(list(truth), activities).items():
        count = num_clusters.get(activity, 0)
        if count < 1:
            raise ValueError(f"activity {activity!r}: {count} clusters, at least 1 needed")
        for name in names:
            length = len(truth[name])
            equal_split[name] = np.arange(length) * count // length
            one_class[name] = np.zeros(length, np.int64)
    return {"equal_split": equal_split, "one_class": one_class}
