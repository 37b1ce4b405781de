"""The choice of K, the number of clusters, where a range was tried (`num_clusters=auto`).

Agreement between seeds is highest for the fewest clusters, and a transport objective falls or
rises with K for reasons of its own; both reward a cut of every video into the same equal parts.
So the rule asks how far two seeds agree on what is special to a video: the information that their
labels of it share, less what they share if one of the two is taken from another video, stretched
to the same length. It does not work well, nor does any other rule that was tried
(docs/results.md): it finds how many clusters can be found again, not how many actions there are.
"""

import functools
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.special import gammaln

from jaxseg.runfiles.about import FrameVideo, Member, SegmentationData
from jaxseg.runfiles.segmentation import (
    Choice,
    ChosenCount,
    Objectives,
    Spread,
    TriedCount,
    read_labels,
    read_objectives,
    write_choice,
)
from jaxseg.scoring.files import spread

CHOSEN = "chosen K"  # the variant's name in the scores
RULE = (
    "K is the number of clusters at which two seeds' labels of the same video share the most "
    "information beyond what their labels of different videos share at the same relative time, "
    "averaged over it and its two neighbors; of those within 1 % of the best, the fewest."
)
CAUTION = (
    "Take it as a start and look at the runners-up: where the truth is known the rule is often "
    "low, because actions that are rare or look alike are no clusters that seeds find again, and "
    "a guess in the middle of a sensible range was right more often."
)
ALIKE = 0.01  # scores that differ by less than this share are alike
OTHER_VIDEOS = 3  # largest number of others that a video is compared with


def tries_counts(members: Sequence[Member]) -> bool:
    """Whether a run's members try several numbers of clusters: their variants are "K=7" etc."""
    names = [f"K={member.num_clusters}" for member in members]
    return bool(names) and names == [member.variant for member in members]


def choose(workdir: Path, data: SegmentationData, members: Sequence[Member]) -> Choice:
    """Chooses K for every activity and writes `num_clusters.json`.

    The members have variants "K=2", "K=3", ...; `workdir` holds `objectives.json` and their
    predictions. The choice has what is known of every K that was tried. ValueError for a file that
    is missing or broken.
    """
    objectives = read_objectives(workdir)
    # Activity -> K, ascending -> its members.
    groups: dict[str, dict[int, list[Member]]] = {member.activity: {} for member in members}
    for member in sorted(members, key=lambda member: member.num_clusters):
        groups[member.activity].setdefault(member.num_clusters, []).append(member)
    activities = {}
    for activity, by_count in groups.items():
        videos = data.activities[activity]
        tried = []
        for count, group in by_count.items():
            labels = [[*read_labels(workdir, member, videos).values()] for member in group]
            entry = TriedCount(
                num_clusters=count,
                variant=group[0].variant,
                **agreement(labels),
                objective=spread([mean_objective(objectives, each, videos) for each in group]),
                score=0.0,  # needs the neighboring K
            )
            tried.append(entry)
        # Neighboring K are averaged, as single ones scatter; an end is its own outer neighbor.
        padded = np.pad([each.information.mean for each in tried], 1, mode="edge")
        scores = ((padded[:-2] + padded[1:-1] + padded[2:]) / 3).tolist()
        tried = [each._replace(score=score) for each, score in zip(tried, scores, strict=True)]
        best, *others = ranked(tried)
        activities[activity] = ChosenCount(
            chosen=best.num_clusters,
            variant=best.variant,
            runners_up=[each.num_clusters for each in others],
            tried=tried,
        )
    choice = Choice(RULE, CAUTION, activities)
    write_choice(workdir, choice)
    return choice


def ranked(tried: Sequence[TriedCount]) -> list[TriedCount]:
    """The chosen K, the fewest of those about as good as the best, then the others by score."""
    by_score = sorted(tried, key=lambda each: -each.score)
    enough = (1 - ALIKE) * by_score[0].score
    # A best score below 0 does not reach its own share.
    alike = [each for each in by_score if each.score >= enough] or by_score[:1]
    best = min(alike, key=lambda each: each.num_clusters)
    return [best, *(each for each in by_score if each is not best)]


def mean_objective(objectives: Objectives, member: Member, videos: Sequence[FrameVideo]) -> float:
    """Transport objective of a member, mean over all frames of its videos."""
    activity, directory = member.activity, member.directory
    try:
        values = [objectives[activity][directory][video.name] for video in videos]
    except KeyError as error:
        raise ValueError(
            f"objectives.json: {error} is missing for {activity}/{directory}; predict again "
            "(--mode=predict)"
        ) from None
    return float(np.average(values, weights=[video.frames for video in videos]))


def agreement(seeds: Sequence[Sequence[np.ndarray]]) -> dict[str, Spread]:
    """`stability` and `information` of one K over pairs of seeds, `used` clusters over seeds.

    Each seed has its labels, int [frames], of the same videos.
    """
    whole = [np.concatenate(videos) for videos in seeds]
    elsewhere = [other_videos(videos) for videos in seeds]
    stability, information = [], []
    for one, other in combinations(range(len(seeds)), 2):
        shared, most = beyond_chance(whole[one], whole[other])
        by_place = [beyond_chance(whole[one], labels)[0] for labels in elsewhere[other]]
        stability.append(ratio(shared, most))
        information.append(shared - float(np.mean(by_place)))
    used = [float(len(np.unique(labels[labels >= 0]))) for labels in whole]
    scores = {"stability": stability, "information": information, "used": used}
    return {name: spread(values) for name, values in scores.items()}


def other_videos(videos: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Labels of other videos in place of each video's own, stretched to its length.

    Each element puts a later video, 1, 2 or 3 further on, in place of every one. A single video
    has no other: equal parts stand for labels that follow from the place in time alone.
    """
    count = len(videos)
    if count == 1:
        labels, present = videos[0], len(np.unique(videos[0]))
        return [np.arange(len(labels)) * present // len(labels)]
    parts = []
    for step in range(1, min(count - 1, OTHER_VIDEOS) + 1):
        pairs = zip(videos, [*videos[step:], *videos[:step]], strict=True)
        stretched = [
            other[np.arange(len(video)) * len(other) // len(video)] for video, other in pairs
        ]
        parts.append(np.concatenate(stretched))
    return parts


def chosen_first(members: Sequence[Member], choice: Choice) -> list[list[Member]]:
    """Groups of members that are scored together, one an activity: of the chosen K, then of each.

    A K that was not tried in every activity is left out.
    """
    activities = choice.activities
    groups: dict[tuple[str, int], list[Member]] = {}
    for member in members:
        if member.num_clusters == activities[member.activity].chosen:
            chosen = member._replace(variant=CHOSEN)
            groups.setdefault((CHOSEN, member.seed), []).append(chosen)
    for member in sorted(members, key=lambda member: member.num_clusters):
        groups.setdefault((member.variant, member.seed), []).append(member)
    return [group for group in groups.values() if len(group) == len(activities)]


def beyond_chance(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """I - E[I] in nats a frame, and the largest value that it could have; `a` and `b` are int [N].

    Mutual information I grows with the number of labels by chance alone; its expectation under
    random labelings with the same counts is taken off. The quotient of the two results is adjusted
    mutual information: 1 if the labelings are the same up to names, about 0 if independent (Vinh,
    Epps and Bailey, JMLR 11, 2010, Eq. 24a and their AMI_sum):

        AMI = (I - E[I]) / ((H(a) + H(b)) / 2 - E[I])
    """
    counts = contingency(a, b)
    rows, columns = counts.sum(1), counts.sum(0)
    expected = expected_information(rows, columns)
    most = (_entropy(rows) + _entropy(columns)) / 2
    return _information(counts) - expected, most - expected


def ratio(shared: float, most: float) -> float:
    """AMI of the two results of `beyond_chance`; 1 where chance explains everything."""
    return shared / most if most > 1e-12 else 1.0


def contingency(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Frames with each label of `a` and each of `b`, int64 [rows, columns], none of them empty."""
    names_a, rows = np.unique(a, return_inverse=True)
    names_b, columns = np.unique(b, return_inverse=True)
    cells = np.bincount(rows * len(names_b) + columns, minlength=len(names_a) * len(names_b))
    return cells.reshape(len(names_a), len(names_b))


def expected_information(rows: np.ndarray, columns: np.ndarray) -> float:
    """Mean information, in nats, of all labelings with these frames of each label (Eq. 24a)."""
    log_factorial = _log_factorials(int(rows.sum()))
    return sum(_expected_cell(int(a), int(b), log_factorial) for a in rows for b in columns)


@functools.lru_cache(maxsize=2)
def _log_factorials(largest: int) -> np.ndarray:
    return gammaln(np.arange(largest + 1) + 1.0)


def _expected_cell(a: int, b: int, log_factorial: np.ndarray) -> float:
    """Contribution of one cell, whose count n follows a hypergeometric distribution.

    Of the counts that are possible only those near the mean are summed; by Bernstein's
    inequality the others have a probability of less than 1e-19 together.
    """
    total = len(log_factorial) - 1
    mean = a * b / total
    reach = 32 + 10 * np.sqrt(mean * (1 - a / total) * (1 - b / total))
    low = max(1, a + b - total, int(mean - reach))
    n = np.arange(low, min(a, b, int(mean + reach) + 1) + 1)
    f = log_factorial
    given = f[a] + f[b] + f[total - a] + f[total - b] - f[total]
    log_probability = given - (f[n] + f[a - n] + f[b - n] + f[total - a - b + n])
    return float(np.sum(n / total * np.log(total * n / (a * b)) * np.exp(log_probability)))


def _information(counts: np.ndarray) -> float:
    shares = counts / counts.sum()
    independent = shares.sum(1, keepdims=True) * shares.sum(0)
    positive = shares > 0
    return float(np.sum(shares[positive] * np.log(shares[positive] / independent[positive])))


def _entropy(counts: np.ndarray) -> float:
    shares = counts / counts.sum()
    return float(-np.sum(shares * np.log(shares)))
