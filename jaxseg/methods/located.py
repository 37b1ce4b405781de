"""What a localisation method makes of one video's outputs, on the host."""

from typing import NamedTuple

import numpy as np

from jaxseg.proposals import Detections


class Located(NamedTuple):
    """What was found in one video of T snippets.

    Attributes:
        score_map: float64 [T, G].
        video_scores: float64 [G].
        detections: in seconds.
        drawn: what else the report may draw of it, by name.
    """

    score_map: np.ndarray
    video_scores: np.ndarray
    detections: Detections
    drawn: dict[str, np.ndarray]
