"""The panel of TOT's Figure 3: codes and pseudo-labels of a video over what came of them."""

from collections.abc import Mapping

import numpy as np

from jaxseg.report.drawing import bars
from jaxseg.report.drawing.figures import heat_map
from jaxseg.report.drawing.markup import activity_blocks, panel, text
from jaxseg.report.segmentation.records import Activity, Coupling, Run
from jaxseg.report.segmentation.videos import Painter, cluster_names, coupled_videos

CODES, WITH_PRIOR, WITHOUT_PRIOR = "codes P", "Q with the prior", "Q without the prior"


def codes_panel(run: Run, painters: Mapping[str, Painter], max_videos: int) -> str:
    """Up to two videos an activity; "" where no codes were kept."""
    blocks = []
    for activity in run.activities:
        videos = coupled_videos(run, activity, max_videos)
        videos = [video for video in videos if activity.couplings[video].has_codes]
        painter = painters[activity.name]
        blocks.append((activity.name, "".join(_article(run, activity, painter, v) for v in videos)))
    blocks = [block for block in blocks if block[1]]
    return panel("codes", "Codes", _note(run), activity_blocks(blocks)) if blocks else ""


def code_matrices(coupling: Coupling) -> dict[str, np.ndarray]:
    """Title -> [N, K] in [0, 1], what the figure shows of a video that has codes."""
    return {
        CODES: coupling.codes,
        WITH_PRIOR: coupling.plan,
        WITHOUT_PRIOR: coupling.plan_without_prior,
    }


def _note(run: Run) -> str:
    taught = WITH_PRIOR if run.config.get("temporal_prior", True) else WITHOUT_PRIOR
    return (
        "Codes P are the network's own assignment of frames to clusters; pseudo-labels Q are what "
        "optimal transport makes of the same scores, with an equal share for every cluster: "
        "compare Q with and without the prior to see how much of the order in time, the way down "
        "the diagonal, is the prior's, and how much the network has learned. This run has learned "
        f"from {taught}; Q is drawn of one video alone. Brightness runs from 0 to 1."
    )


def _article(run: Run, activity: Activity, painter: Painter, video: str) -> str:
    columns = "".join(
        _column(run, activity, painter, video, title, matrix)
        for title, matrix in code_matrices(activity.couplings[video]).items()
    )
    return f'<article><h4>{text(video)}</h4><div class="triple">{columns}</div></article>'


def _column(run, activity, painter, video, title, matrix) -> str:
    """One matrix as a heat map, over the bars of prediction and truth."""
    first, num_clusters = activity.members[0], matrix.shape[1]
    timeline = bars.Timeline(len(matrix), run.fps)
    alt = f"{title} of {video}: {num_clusters} clusters over {timeline.length}"
    picture = (
        f'<img class="heat" style="--clusters:{num_clusters}" src="{heat_map(matrix, 0, 1)}" '
        f'alt="{text(alt)}">'
    )
    rows = [(cluster_names(activity, painter), picture)]
    sources = {
        "prediction": (activity.predictions[first.directory], painter.clusters(first)),
        "truth": (activity.truth, painter.truth),
    }
    for kind, (videos, paints) in sources.items():
        if video in videos:
            rows.append((kind, bars.bar(videos[video][: len(matrix)], paints, timeline, kind)))
    rows.append((timeline.unit, bars.axis(timeline)))
    return f"<div><h5>{title}</h5>{bars.strips(rows)}</div>"
