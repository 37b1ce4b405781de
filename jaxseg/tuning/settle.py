"""From a config with "auto" in it to numbers for every activity, and the record of why."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.config.sequences import FREE, SequencesConfig
from jaxseg.config.shared import AUTO
from jaxseg.data.segmentation.records import DataSet
from jaxseg.data.segmentation.video import Video
from jaxseg.runfiles.choice import (
    Choice,
    OrderEvidence,
    Settled,
    TriedCount,
    TriedDuration,
    read_choice,
)
from jaxseg.runfiles.segmentation import Spread
from jaxseg.training.members import UNTOLD_ACTIONS, Member, num_clusters, num_steps, told_clusters
from jaxseg.training.settled import in_frames, settled_config
from jaxseg.tuning import grid, order, scouts
from jaxseg.tuning.description import Description, Saving, stride

SEEDS = 2  # scouts of each duration at most
# Steps of all scouts, as a share of the training's: of one seed at most, and of several.
MOST_BUDGET, BUDGET = 2.0, 1.0
NEAR = 0.7  # of the best score: durations above it count
RULE = (
    "The duration is the middle of those whose segmentations save about the most nats a frame in "
    "telling the data (description length of the frames' principal components as Gaussian "
    "clusters, frames that are copies of each other counted once, each segment told), times the "
    "share of the clusters that they use. Short trainings without a temporal prior tried them. "
    "The order is shared where other sequences tell what a sequence shows at the same time; free "
    "where actions recur, or where appearance alone tells them apart; else shared."
)
COUNT_DOUBT = (
    "The number of actions that the data suggests is a guess: on real sequences it was no better "
    "than a constant (docs/results.md). If you know it, give config.num_actions."
)


def settle(
    config: Config, data: DataSet, workdir: Path, *, trains: bool = True, progress: bool = True
) -> Choice | None:
    """The numbers of each activity in place of what is "auto"; None without human terms.

    The choice of the run's folder is taken, where there is one: it belongs to this config and this
    data. All processes call it together.

    Args:
        config: of the run.
        data: that it trains on.
        workdir: of the run.
        trains: False for a run that is trained already: a choice has to be there.
        progress: show a bar.

    Raises:
        ValueError: a damaged or missing `choice.json`, no number of actions, too few frames.
    """
    if not config.uses_terms:
        return None
    choice = read_choice(workdir)
    processes.barrier("the choice is read")  # before it is written: all find it or none does
    if choice and choice.activities.keys() == data.activities.keys():
        return choice
    if not trains:
        raise ValueError(f"no choice of settings in {workdir}: train first (--mode=train)")
    return choose(config, data, progress=progress)


def choose(config: SequencesConfig, data: DataSet, *, progress: bool = True) -> Choice:
    """What is found of every activity; raises as `settle`."""
    asked = config.asks_for
    open_activities: dict[str, _Activity] = {}
    found: dict[str, Settled] = {}
    for name, videos in data.activities.items():
        activity = _Activity(config, name, videos, data.fps)
        if {"duration", "order"}.isdisjoint(asked):
            found[name] = activity.given()
        else:
            open_activities[name] = activity
    members = [each for activity in open_activities.values() for each in activity.propose()]
    if members:
        looked_at = {name: each.looked_at for name, each in open_activities.items()}
        labels = scouts.run(config, data, members, looked_at, progress=progress)
        for name, activity in open_activities.items():
            own = [each for each, of in zip(labels, members, strict=True) if of.activity == name]
            found[name] = activity.judge(own)
    return Choice(RULE, data.fps, {name: found[name] for name in data.activities})


class _Activity:
    """What is asked about one activity, and what its scouts answer."""

    def __init__(
        self, config: SequencesConfig, name: str, videos: Sequence[Video], fps: float | None
    ):
        self.config, self.name, self.videos, self.fps = config, name, videos, fps
        self.stride = stride(videos)
        self.asked = config.asks_for
        self.reasons: dict[str, str] = {}
        self.doubts: list[str] = []
        self.counts: tuple[TriedCount, ...] = ()
        self.count = self._num_actions()

    @functools.cached_property
    def description(self) -> Description:
        """Of all frames or, of very many, of evenly spread ones."""
        every = slice(None, None, self.stride)
        return Description([video.frames(every) for video in self.videos])

    def given(self) -> Settled:
        """The numbers where neither duration nor order is asked for."""
        return self._settled(self._given_duration, self._given_order)

    def propose(self) -> list[Member]:
        """Scouts for the durations worth trying; they know of no order.

        What the prior adds cannot be told from the data's own order, and it lets a segmentation
        save less than it could: durations are found without it.
        """
        if "duration" in self.asked:
            tried = grid.durations(self.description, self.count)
            self.durations = [each * self.stride for each in tried]
        else:
            mean = float(np.mean([video.num_frames for video in self.videos]))
            self.durations = [self._given_duration or mean / self.count]
        self.looked_at = scouts.looked_at(self.videos, max(self.durations))
        settings = [
            settled_config(self.config, Settled(self.count, duration, FREE))
            for duration in self.durations
        ]
        steps = num_steps(settings[0], self.name, self.videos)
        budget = self.config.seeds * steps / len(settings)
        each = min(self.config.scout_steps, steps, int(MOST_BUDGET * budget))
        seeds = int(np.clip(BUDGET * budget / max(1, each), 1, SEEDS))
        return [
            Member(
                activity=self.name,
                seed=self.config.first_seed + seed,
                variant=f"{duration:g}",
                num_clusters=self.count,
                num_steps=each,
                config=config,
            )
            for duration, config in zip(self.durations, settings, strict=True)
            for seed in range(seeds)
        ]

    def judge(self, labels: Sequence[Sequence[np.ndarray]]) -> Settled:
        """The numbers, from the labels of each member of `propose` on `looked_at`."""
        description = Description([video.frames() for video in self.looked_at])
        groups = np.array_split(np.arange(len(labels)), len(self.durations))
        savings = [[description.saving(labels[at]) for at in group] for group in groups]
        tried = tuple(
            tried_duration(duration, each, self.count)
            for duration, each in zip(self.durations, savings, strict=True)
        )
        best = int(np.argmax([each.score for each in tried]))
        duration = self._given_duration
        if "duration" in self.asked:
            duration = self._duration(tried, best)
        of_seeds = [order.evidence(labels[at], tried[best].nats.mean) for at in groups[best]]
        evidence = OrderEvidence(*np.mean(of_seeds, axis=0).tolist())
        chosen = self._given_order
        if "order" in self.asked:
            chosen, self.reasons["order"] = order.decide(evidence, len(self.videos))
        return self._settled(duration, chosen, tried=tried, order_evidence=evidence)

    def _duration(self, tried: Sequence[TriedDuration], best: int) -> float:
        """The duration that was found, or the one that the number of actions suggests."""
        if tried[best].score > 0:
            self.reasons["duration"] = (
                f"Of {len(tried)} durations tried, the segmentations around it save the most: "
                f"{tried[best].nats.mean:.2f} nats a frame at best, with "
                f"{tried[best].used.mean:.1f} of {self.count} clusters used."
            )
            return middle(tried)
        mean = float(np.mean([video.num_frames for video in self.videos]))
        self.doubts.append(
            "How long an action lasts cannot be told: no segmentation tells more than one segment "
            "a sequence does. Each action was given an equal share of a sequence; give "
            "config.duration, or other features."
        )
        return mean / self.count

    def _num_actions(self) -> int:
        """K as given, or as the data has it, or a guess."""
        if "num_actions" in self.asked:
            self.counts, count = grid.counts(self.description, *self.config.model.cluster_range)
            if count:
                self.reasons["num_actions"] = (
                    f"The fewest clusters with which k-means saves {grid.ENOUGH:.0%} of what it "
                    f"saves with the best number from {self.counts[0].num_actions} to "
                    f"{self.counts[-1].num_actions}."
                )
                self.doubts.append(COUNT_DOUBT)
                return count
            self.doubts.append(
                "The number of actions cannot be told: no number of clusters tells clearly more "
                f"than of noise. {UNTOLD_ACTIONS} were taken; give config.num_actions."
            )
            return UNTOLD_ACTIONS
        if not told_clusters(self.config, self.name):
            self.doubts.append(
                f"Nobody said how many actions there are: {UNTOLD_ACTIONS} were taken; "
                "give config.num_actions."
            )
        return num_clusters(self.config, self.name, self.videos)

    @property
    def _given_duration(self) -> float:
        """In frames; 0 where the solver's own numbers stand for it."""
        duration = self.config.duration
        return 0.0 if duration == AUTO else in_frames(duration, self.fps)

    @property
    def _given_order(self) -> str:
        """The order; "" where the solver's own numbers stand for it."""
        return "" if self.config.order == AUTO else self.config.order

    def _settled(self, duration: float, chosen: str, **found) -> Settled:
        given = [term for term in ("duration", "order") if term not in self.asked]
        if told_clusters(self.config, self.name):
            given.append("num_actions")
        return Settled(
            num_actions=self.count,
            duration=duration,
            order=chosen,
            reasons=self.reasons,
            doubts=self.doubts,
            counts=self.counts,
            given=given,
            **found,
        )


def middle(tried: Sequence[TriedDuration]) -> float:
    """Mean over log duration, weighted by how far a score is above `NEAR` of the best.

    Neighboring durations often do about as well, and which is best is chance; their middle is not.
    """
    scores = np.array([each.score for each in tried])
    weights = np.maximum(0, scores - NEAR * scores.max())
    return float(np.exp(np.average(np.log([each.duration for each in tried]), weights=weights)))


def tried_duration(duration: float, savings: Sequence[Saving], num_clusters: int) -> TriedDuration:
    """What the savings of a duration's seeds come to."""
    return TriedDuration(
        duration=duration,
        nats=Spread.of([each.nats for each in savings]),
        segments=Spread.of([each.segments for each in savings]),
        used=Spread.of([float(each.used) for each in savings]),
        score=float(np.mean([each.score(num_clusters) for each in savings])),
    )
