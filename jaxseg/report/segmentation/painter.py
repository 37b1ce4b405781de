"""What the clusters of an activity look like: one color and one name in all seeds' bars."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from jaxseg.report.drawing.colors import (
    EXCLUDED,
    Paint,
    class_colors,
    cluster_paints,
    plain_cluster_paints,
    unmatched,
)
from jaxseg.report.segmentation.run import Activity, Run
from jaxseg.runfiles.about import Member
from jaxseg.runfiles.names import merge_named

_NO_ACTION = {-1: Paint(EXCLUDED, "no action (-1)")}
_NAME = "\0"  # stands for a name where its place is looked for; no name has it in it


class Field(NamedTuple):
    """What names.js has to know of a cluster to show a name that is typed for it."""

    cluster: int
    fill: str  # as long as it shares its name with no other
    number: str  # what stands in the place of a name: "cluster 3"
    name: str = ""  # of names.csv
    before: str = ""  # on the page, before and after the name
    after: str = ""


class Entry(NamedTuple):
    """A line of the legend; one with a cluster has the name that is typed for it."""

    paint: Paint
    cluster: int | None = None
    hidden: bool = False  # an earlier one looks the same


class Painter:
    """The paints of one activity: the same class has the same one in truth and predictions.

    Without a truth, the clusters of every seed are called as those of the first member that they
    share the most frames with.
    """

    def __init__(self, run: Run, activity: Activity, colors: Mapping[str, str]):
        self.truth = {i: Paint(colors[name], name) for i, name in enumerate(run.classes)}
        self._activity = activity
        self._colors = colors
        self._likes: dict[str, np.ndarray] = {}
        if not activity.truth:
            for member in activity.members[1:]:
                first, other = (
                    activity.predictions[each.directory] for each in (activity.members[0], member)
                )
                self._likes[member.directory] = like_clusters(first, other, member.num_clusters)

    def bar(
        self, member: Member, labels: np.ndarray, decoding: str = ""
    ) -> tuple[np.ndarray, dict[int, Paint]]:
        """Labels [N] of a member, or of its decoding, as they are drawn, and their paints."""
        if self._activity.truth:
            return labels, self._matched(member, decoding)
        likes = self._likes.get(member.directory)
        labels = labels if likes is None else likes[labels]
        return merge_named(labels, self._activity.names), self.clusters()

    def clusters(self) -> dict[int, Paint]:
        """Paints of the first member's clusters."""
        return self._paints(self._activity.names)

    def _paints(self, names: Mapping[int, str]) -> dict[int, Paint]:
        first = self._activity.members[0]
        if self._activity.truth:
            return self._matched(first, names=names)
        return _NO_ACTION | plain_cluster_paints(first.num_clusters, names)

    def own(self, member: Member, labels: np.ndarray, decoding: str = "") -> np.ndarray | None:
        """Labels [N] of a bar as clusters of the first member, those of one name not merged.

        None where they cannot be told, since clusters of other seeds are matched with classes.
        """
        if self._activity.truth:
            return labels if member == self._activity.members[0] and not decoding else None
        likes = self._likes.get(member.directory)
        return labels if likes is None else likes[labels]

    def fields(self) -> list[Field]:
        """A field for each of the first member's clusters, and one for frames without an action."""
        first, names = self._activity.members[0], self._activity.names
        # Each with a name of its own shows where it stands.
        places = {k: f"{_NAME}{k}{_NAME}" for k in range(first.num_clusters)}
        fields = []
        paints = self._paints(places)
        for k in [*places, -1]:
            paint = paints[k]
            before, _, after = paint.name.partition(places.get(k, paint.name))
            number = f"cluster {k}" if k in places else paint.name
            fields.append(Field(k, paint.fill, number, names.get(k, ""), before, after))
        return fields

    def title(self, cluster: int) -> str:
        """Name of one of the first member's clusters, with its number."""
        name = self.clusters()[cluster].name
        is_named = cluster in self._activity.names and not self._activity.truth
        return f"{name} (cluster {cluster})" if is_named else name

    def _matched(
        self, member: Member, decoding: str = "", names: Mapping[int, str] | None = None
    ) -> dict[int, Paint]:
        directory = f"{member.directory},{decoding}" if decoding else member.directory
        matching = self._activity.matching[directory]
        if names is None:  # they are of the first member's clusters
            names = self._activity.names if member == self._activity.members[0] else {}
        paints = cluster_paints(member.num_clusters, matching, self._colors, names)
        return _NO_ACTION | paints

    def entries(self) -> list[Paint]:
        """The classes that occur in the activity, or the clusters where there is no truth."""
        return [entry.paint for entry in self.legend() if not entry.hidden]

    def legend(self) -> list[Entry]:
        """The same for a page on which clusters can be given other names."""
        first, truth = self._activity.members[0], self._activity.truth
        if not truth:
            paints = [self.clusters()[k] for k in range(first.num_clusters)]
            return [Entry(paint, k, paints.index(paint) < k) for k, paint in enumerate(paints)]
        present = sorted({int(i) for labels in truth.values() for i in np.unique(labels)})
        entries = [Entry(self.truth[i]) for i in present]
        if len(self._activity.matching[first.directory]) < first.num_clusters:
            entries.append(Entry(Paint(unmatched(0).fill, "unmatched clusters")))
        return entries


def painters(run: Run) -> dict[str, Painter]:
    """Activity -> its painter; colors of classes that occur in the same activity are far apart."""
    colors = run_colors(run)
    return {activity.name: Painter(run, activity, colors) for activity in run.activities}


def run_colors(run: Run) -> dict[str, str]:
    """Class -> color."""
    present = [
        {run.classes[i] for labels in activity.truth.values() for i in np.unique(labels)}
        for activity in run.activities
    ]
    return class_colors(run.classes, present, run.data.excluded)


def like_clusters(
    first: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray], num_clusters: int
) -> np.ndarray:
    """For each cluster of one seed the cluster of another that it is most like, one to one.

    That is the assignment by which the two share the most frames.

    Args:
        first: video -> labels [N] of the seed whose clusters are looked for.
        other: the same of the seed whose clusters they are looked for; only videos of both count.
        num_clusters: K of both.

    Returns:
        int [K + 1]; the last entry, which label -1 indexes, is -1.
    """
    size = num_clusters + 1  # a row and a column more, for label -1
    shared = np.zeros(size * size, int)
    for video in first.keys() & other.keys():
        pairs = other[video] % size * size + first[video] % size
        shared += np.bincount(pairs, minlength=size * size)
    frames = shared.reshape(size, size)[:-1, :-1]
    _, likes = linear_sum_assignment(frames, maximize=True)
    return np.append(likes, -1)
