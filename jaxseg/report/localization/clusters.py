"""What each cluster of snippets was classified as: foreground in strong colour, background pale."""

import numpy as np

from jaxseg.report.drawing.bars import drawing, strips
from jaxseg.report.drawing.colors import plain_cluster_paints
from jaxseg.report.drawing.markup import counted
from jaxseg.report.localization.records import Localization
from jaxseg.report.segmentation.records import Member

PALE = 0.28  # opacity of what is background
_MOST_NUMBERED = 20


def foreground(run: Localization, directory: str) -> np.ndarray:
    """Which of a member's clusters are foreground, bool [K]; all where that is not known."""
    if directory not in run.roles:
        return np.ones(run.main[0].num_clusters, bool)
    return run.roles[directory][:, 0] > run.roles[directory][:, 1]


def cluster_block(run: Localization, member: Member) -> str:
    """The [K, 2] classification of a member's clusters, most foreground first."""
    roles = run.roles[member.directory]
    order = np.argsort(-roles[:, 0], kind="stable").tolist()
    strong = counted(int(foreground(run, member.directory).sum()), "foreground cluster")
    rows = [(f"seed {member.seed} <small>{strong} of {len(roles)}</small>", _columns(roles, order))]
    if len(order) <= _MOST_NUMBERED:
        rows.append(("cluster", _numbers(order)))
    return strips(rows, kind="wide")


def _columns(roles: np.ndarray, order: list[int]) -> str:
    """A column a cluster: strong up to its share of foreground, pale above it."""
    paints, width = plain_cluster_paints(len(roles)), 100 / len(roles)
    columns = []
    for place, k in enumerate(order):
        share = 100 * float(roles[k, 0])
        at = f'x="{place * width:.3f}%" width="{0.9 * width:.3f}%" fill="{paints[k].fill}"'
        title = f"cluster {k}: foreground {roles[k, 0]:.2f}, background {roles[k, 1]:.2f}"
        columns.append(
            f'<g><title>{title}</title><rect {at} height="100%" fill-opacity="{PALE}"/>'
            f'<rect {at} y="{100 - share:.2f}%" height="{share:.2f}%"/></g>'
        )
    middle = '<line x2="100%" y1="50%" y2="50%"/>'
    label = f"{len(roles)} clusters by their share of foreground"
    return drawing(label, "columns", "".join(columns) + middle)


def _numbers(order: list[int]) -> str:
    width = 100 / len(order)
    numbers = "".join(
        f'<text x="{(place + 0.45) * width:.3f}%" y="12" text-anchor="middle">{k}</text>'
        for place, k in enumerate(order)
    )
    return f'<svg class="axis" aria-hidden="true">{numbers}</svg>'
