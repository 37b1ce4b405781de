"""Files of a segmentation run: labels, couplings, typical frames, objectives.

Labels are one a line: class names in `truth/<activity>/<video>.txt`, cluster numbers in
`predictions/<activity>/<directory>/<video>.txt`, where `<directory>` is a member's, or
`<member's>,<decoding>` for a decoding beside the config's own. What another program makes of the
same frames, a peer, is in `peers/<activity>/<peer>,seed<seed>/<video>.txt`.
"""

import itertools
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.annotations.exports.csv_tables import write_rows
from jaxseg.formats.arrays import read_npz
from jaxseg.formats.files import read_json, write_json, write_text
from jaxseg.formats.labels import read_classes, read_clusters
from jaxseg.runfiles.about import FrameVideo, Member
from jaxseg.runfiles.checks import check_array, fields_of, read_record, to_json, write_arrays
from jaxseg.runfiles.names import merge_named
from jaxseg.runfiles.savings import read_savings

KMEANS = "kmeans"  # the peer's name
KMEANS_WINDOW = 9  # frames that it sees averaged, so that it does not cut at every noise


def write_truth(workdir: Path, activity: str, video: str, names: Iterable[str]) -> None:
    """Writes the true labels of one video, [frames] class names."""
    _write_lines(workdir / "truth" / activity / f"{video}.txt", names)


def read_truth(
    workdir: Path, videos: Iterable[FrameVideo], classes: Sequence[str]
) -> dict[str, np.ndarray]:
    """True labels of the videos of one activity that have a truth.

    Returns:
        Name of the video -> int64 [frames], indices into `classes`.
    """
    labels, index = {}, {name: number for number, name in enumerate(classes)}
    for video in videos:
        if video.labels:
            path = workdir / "truth" / video.activity / f"{video.name}.txt"
            labels[video.name] = read_classes(path, index)
            _check_length(path, labels[video.name], video)
    return labels


def write_labels(
    predictions: Path, activity: str, directory: str, video: str, labels: np.ndarray
) -> None:
    """Writes the predicted labels of one video, int [frames] cluster numbers.

    Args:
        predictions: the folder `predictions` or `peers`, or one that takes its name at the end.
        directory: see `decoding_directory`, `peer_directory`.
    """
    _write_lines(predictions / activity / directory / f"{video}.txt", labels)


def read_labels(
    workdir: Path,
    member: Member,
    videos: Iterable[FrameVideo],
    *,
    decoding: str = "",
    required: bool = True,
) -> dict[str, np.ndarray]:
    """Labels that a member predicts for videos of its activity.

    Args:
        decoding: "" for the config's own.
        required: False passes over videos without a file.

    Returns:
        Name of the video -> int64 [frames], cluster numbers below the member's K, or -1.
    """
    directory = decoding_directory(member.directory, decoding)
    folder = workdir / "predictions" / member.activity / directory
    return _read_labels(folder, member, videos, required=required)


def peer_directory(peer: str, seed: int) -> str:
    """Directory of a peer's labels below `peers/<activity>`; it is the same for all variants."""
    return f"{peer},seed{seed}"


def read_peer_labels(
    workdir: Path, peer: str, member: Member, videos: Iterable[FrameVideo]
) -> dict[str, np.ndarray] | None:
    """Labels of a peer for a member's seed, as `read_labels` gives them; None without a folder."""
    folder = workdir / "peers" / member.activity / peer_directory(peer, member.seed)
    return _read_labels(folder, member, videos, required=True) if folder.is_dir() else None


def _read_labels(
    folder: Path, member: Member, videos: Iterable[FrameVideo], *, required: bool
) -> dict[str, np.ndarray]:
    labels = {}
    for video in videos:
        path = folder / f"{video.name}.txt"
        if not required and not path.is_file():
            continue
        clusters = read_clusters(path)
        _check_length(path, clusters, video)
        if clusters.max() >= member.num_clusters:
            what = f"cluster {clusters.max()} of a member with {member.num_clusters} clusters"
            raise ValueError(f"{path}: {what}")
        labels[video.name] = clusters
    return labels


def decoding_directory(directory: str, decoding: str) -> str:
    """Directory of a member's labels by a decoding, "" for the config's own."""
    return f"{directory},{decoding}" if decoding else directory


def find_decodings(
    workdir: Path, directory: str, directories: Collection[str], *, activity: str = "*"
) -> list[str]:
    """Names of a member's decodings beside the config's own, sorted.

    A folder belongs to the member with the longest of all `directories` that it begins with: the
    name of a variant may have commas, too, and may begin with the name of another one.
    """
    names = {path.name for path in (workdir / "predictions").glob(f"{activity}/*,*")}
    decodings = []
    for name in sorted(names.difference(directories)):
        owners = [each for each in directories if name.startswith(f"{each},")]
        if max(owners, key=len, default="") == directory:
            decodings.append(name.removeprefix(f"{directory},"))
    return decodings


class Segment(NamedTuple):
    """Frames of one action: in seconds where the rate is known, else numbers of frames.

    Half-open: the `end` of a segment is the `start` of the next. `label` is the cluster's name, or
    its number where it has none.
    """

    start: float
    end: float
    label: int | str


def segments_of(
    labels: np.ndarray, fps: float | None, names: Mapping[int, str] | None = None
) -> list[Segment]:
    """Segments of labels, int [frames]; frames of clusters that share a name make one."""
    names = names or {}
    labels = merge_named(labels, names)
    borders = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    times = [border / fps for border in borders] if fps else borders
    clusters = labels[borders[:-1]].tolist()
    return [
        Segment(start, end, names.get(cluster, cluster))
        for (start, end), cluster in zip(itertools.pairwise(times), clusters, strict=True)
    ]


def write_segments(
    predictions: Path,
    activity: str,
    directory: str,
    video: str,
    labels: np.ndarray,
    fps: float | None,
    names: Mapping[int, str] | None = None,
) -> None:
    """Writes `<video>.csv` beside the labels, the same as annotators' tables have it.

    The columns are `start,end,label`: in seconds where `fps` is known, else in frames; the label
    is the cluster's name, or its number where it has none. An end is the start of what follows:
    segments share their borders and leave no gap.
    """
    unit = "{:.3f}" if fps else "{}"
    rows = (
        (unit.format(each.start), unit.format(each.end), each.label)
        for each in segments_of(labels, fps, names)
    )
    write_rows(predictions / activity / directory / f"{video}.csv", Segment._fields, rows)


def rename_segments(
    workdir: Path,
    activity: str,
    directory: str,
    labels: Mapping[str, np.ndarray],
    fps: float | None,
    names: Mapping[int, str],
) -> None:
    """Writes the tables that `write_segments` has left of some videos again, with other names."""
    predictions = workdir / "predictions"
    for video, each in labels.items():
        if (predictions / activity / directory / f"{video}.csv").is_file():
            write_segments(predictions, activity, directory, video, each, fps, names)


def _write_lines(path: Path, labels: Iterable[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "".join(f"{label}\n" for label in labels))


def _check_length(path: Path, labels: np.ndarray, video: FrameVideo) -> None:
    if len(labels) != video.frames:
        raise ValueError(f"{path}: {len(labels)} labels for {video.frames} frames")


class Coupling(NamedTuple):
    """What the solver made of a video, `couplings/<activity>/<directory>/<video>.npz`."""

    plan: np.ndarray  # [N, K], rows sum to 1
    affinity: np.ndarray  # [N, K], the network's score of each cluster
    # [N, K], the network's own probabilities and the plan that the affinity alone would lead to,
    # for methods that have such.
    codes: np.ndarray | None = None
    plan_without_prior: np.ndarray | None = None

    @property
    def has_codes(self) -> bool:
        """Whether there is all of what TOT's Figure 3 shows."""
        return self.codes is not None and self.plan_without_prior is not None

    @property
    def confidence(self) -> np.ndarray:
        """What the network thinks of each frame, [N, K]; the plan where that was not kept."""
        return self.codes if self.has_codes else self.plan


def write_coupling(
    couplings: Path, activity: str, directory: str, video: str, coupling: Coupling
) -> None:
    """Writes the coupling of one video in half precision.

    Args:
        couplings: the folder `couplings`, or the one that takes its name at the end.
    """
    matrices = {name: each for name, each in coupling._asdict().items() if each is not None}
    # Sorted, so that the same matrices make the same bytes, in whichever order they come.
    arrays = {name: matrices[name].astype(np.float16) for name in sorted(matrices)}
    write_arrays(couplings / activity / directory / f"{video}.npz", arrays, compressed=True)


def read_couplings(
    workdir: Path, member: Member, videos: Iterable[FrameVideo]
) -> dict[str, Coupling]:
    """Couplings of a member, video -> coupling in float32, as far as there are files."""
    folder = workdir / "couplings" / member.activity / member.directory
    couplings = {}
    for video in videos:
        path = folder / f"{video.name}.npz"
        if not path.is_file():
            continue
        arrays = read_npz(path)
        with fields_of(path):
            shape = (video.frames, member.num_clusters)
            matrices = {
                name: check_array(name, matrix, shape).astype(np.float32)
                for name, matrix in arrays.items()
            }
            couplings[video.name] = Coupling(**matrices)
    return couplings


class TypicalFrame(NamedTuple):
    """A frame that is typical of a cluster; `similarity` is the cosine to its prototype."""

    video: str
    frame: int
    similarity: float


# Activity -> member directory -> for each cluster its most typical frames, best first.
Typical = Mapping[str, Mapping[str, Sequence[Sequence[TypicalFrame]]]]


def write_typical(workdir: Path, typical: Typical) -> None:
    """Writes `typical.json`."""
    write_json(workdir / "typical.json", to_json(typical))


def read_typical(workdir: Path) -> Typical:
    """Reads `typical.json`; {} where there is none."""
    return read_record(workdir / "typical.json", Typical, default={})


# Activity -> member directory -> video -> transport objective a frame.
Objectives = Mapping[str, Mapping[str, Mapping[str, float]]]


def write_objectives(workdir: Path, objectives: Objectives) -> None:
    """Writes `objectives.json`."""
    write_text(workdir / "objectives.json", json.dumps(objectives, indent=1) + "\n")


def read_objectives(workdir: Path) -> Objectives:
    """Reads `objectives.json`."""
    return read_json(workdir / "objectives.json")


class Spread(NamedTuple):
    """Mean, population standard deviation and the values themselves."""

    mean: float
    std: float
    values: Sequence[float]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """That of some values."""
        return cls(float(np.mean(values)), float(np.std(values)), list(values))


def main_variant(members: Sequence[Member]) -> str | None:
    """The variant that scores and report are about, the first of an activity's members; or None."""
    return members[0].variant if members else None


def main_seed(workdir: Path, members: Sequence[Member]) -> int:
    """The seed that is shown first, and whose clusters names.csv names.

    It is the one that tells the data best, where `savings.json` knows all of them; else the first.

    Args:
        workdir: of the run.
        members: one or more, of one activity and variant.
    """
    savings = read_savings(workdir).get(members[0].activity, {})
    if not all(member.directory in savings for member in members):
        return members[0].seed
    return max(members, key=lambda member: savings[member.directory].score).seed


def main_first(workdir: Path, members: Sequence[Member]) -> tuple[Member, ...]:
    """Members of one activity and variant, that of the main seed in front."""
    if not members:
        return ()
    main = main_seed(workdir, members)
    return tuple(sorted(members, key=lambda member: member.seed != main))
