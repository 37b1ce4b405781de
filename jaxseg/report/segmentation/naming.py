"""Names that people type for clusters on the page: where the fields are, what to do with them.

names.js shows a name at once wherever the cluster occurs, keeps it in the browser and makes
names.csv of all, which `jaxseg.report` draws the page again with.
"""

import hashlib
import shlex
from collections.abc import Mapping

from markupsafe import Markup

from jaxseg.report.drawing.page import render
from jaxseg.report.segmentation.painter import Painter
from jaxseg.report.segmentation.run import Activity, Run


def watched(run: Run) -> list[Activity]:
    """Activities whose videos play on the page; the panel to watch has their fields."""
    return [each for each in run.activities if each.name in run.footage and each.members]


def tabled(run: Run) -> list[Activity]:
    """Activities whose table of typical frames has fields, where there is nothing to watch."""
    if watched(run):
        return []
    return [
        each
        for each in run.activities
        if each.members and each.typical and not each.truth and any(each.predictions.values())
    ]


def naming(run: Run, painters: Mapping[str, Painter]) -> Markup:
    """What to do with typed names, seen once there are any; empty for a page without fields."""
    shown = watched(run) or tabled(run)
    if not shown:
        return Markup()
    activities = [activity for activity in run.activities if activity.members]
    hidden = {
        activity.name: [
            field
            for field in painters[activity.name].fields()
            if field.cluster < 0 or activity not in shown
        ]
        for activity in activities
    }
    workdir = run.workdir.resolve()
    return render(
        "names.html",
        "naming",
        key=_key(activities),
        several=len(activities) > 1,
        hidden=hidden,
        workdir=workdir,
        command=f"python -m jaxseg.report {shlex.quote(str(workdir))}",
    )


def _key(activities: list[Activity]) -> str:
    """What typed names are kept under: other predictions have other clusters."""
    digest = hashlib.sha256()
    for activity in activities:
        first = activity.members[0]
        for video, labels in activity.predictions[first.directory].items():
            digest.update(f"{activity.name}/{first.directory}/{video}\n".encode())
            digest.update(labels.astype("<i4").tobytes())
    return digest.hexdigest()[:16]
