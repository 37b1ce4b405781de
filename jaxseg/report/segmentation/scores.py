"""How well the clusters meet the classes: score tables, seeds beside baselines, confusions."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from markupsafe import Markup

from jaxseg.report.drawing.bars import runs
from jaxseg.report.drawing.figures import length_curves, seed_dots
from jaxseg.report.drawing.page import (
    Block,
    Cell,
    Panel,
    Picture,
    Row,
    Table,
    baseline_cell,
    confusion_table,
    counted,
    render,
    score_cell,
    settings_table,
    spread_words,
)
from jaxseg.report.segmentation.run import Activity, Run
from jaxseg.runfiles.about import Member
from jaxseg.runfiles.evaluation import (
    SegmentationBaseline,
    SegmentationProtocol,
    SegmentationResult,
    mean_of,
)

METRICS = {
    "mof": "MoF",
    "f1": "F1",
    "miou": "mIoU",
    "accuracy": "accuracy",
    "edit": "edit",
    "f1@10": "F1@10",
    "f1@25": "F1@25",
    "f1@50": "F1@50",
}
BASELINES = {"equal_split": "equal split", "one_class": "one class", "kmeans": "k-means"}
_SYMBOLS = "▲×◆"  # how `seed_dots` draws them
_AVERAGES = {
    "full, macro": lambda scores: scores.full.macro,
    "full, pooled": lambda scores: scores.full.pooled,
    "per video": lambda scores: scores.per_video.macro,
}
_DECODINGS = {
    "argmax": "the same networks without an order of clusters: each frame takes its likeliest one"
}

# Title of each baseline that was scored -> its scores.
Baselines = Mapping[str, SegmentationBaseline]


def scores_panel(run: Run) -> Panel:
    """All scores, one protocol after the other; or why there are none."""
    protocols = run.scores.protocols if run.scores else {}
    return Panel(
        "Scores",
        render(
            "segmentation.html",
            "scores",
            run=run,
            decodings={
                name: _DECODINGS.get(name, "another decoding of them") for name in run.decodings
            },
            protocols=[
                protocol_scores(name, protocol, repeat=run.repeat, opened=place == 0)
                for place, (name, protocol) in enumerate(protocols.items())
            ],
        ),
    )


def protocol_scores(
    name: str, protocol: SegmentationProtocol, *, repeat: str = "seed", opened: bool = True
) -> Markup:
    """Tables and pictures of one protocol.

    `repeat` names what spreads are over; `opened`: whether the first table by activity is in sight.
    """
    baselines = {
        title: protocol.baselines[key]
        for key, title in BASELINES.items()
        if key in protocol.baselines
    }
    detailed = [result for result in protocol.results if result.full.by_activity]
    return render(
        "segmentation.html",
        "protocol_scores",
        name=name,
        opened=opened,
        repeat=repeat,
        averages=_averages(name, protocol.results, baselines, repeat),
        tables=[(_title(each), _activity_table(name, each, baselines)) for each in detailed],
        # Dots are drawn of the run's own result alone, which is the first.
        dots=_dots(name, detailed[0], baselines, repeat)
        if detailed and detailed[0] is protocol.results[0]
        else [],
        marks=[f"{symbol} {title}" for symbol, title in zip(_SYMBOLS, baselines, strict=False)],
        settings=settings_table({**protocol.settings, **protocol.counts}),
    )


def _metrics(result: SegmentationResult | SegmentationBaseline) -> dict[str, str]:
    """Title of each score that the result's protocol has."""
    return {key: title for key, title in METRICS.items() if key in result.full.macro}


def _averages(
    name: str, results: Sequence[SegmentationResult], baselines: Baselines, repeat: str
) -> Table:
    titles = list(_metrics(results[0]).values())
    rows = [
        Row(_title(each), _average_cells(each, baselines.values()), kind="result")
        for each in results
    ]
    rows += [
        Row(title, _baseline_cells(each, results[0]), kind="baseline")
        for title, each in baselines.items()
    ]
    beside = ", ".join(baselines)
    caption = f"{name}, percent: {spread_words(results, repeat)}; beside {beside}"
    return Table(caption, [["", *_AVERAGES], ["result", *(titles * len(_AVERAGES))]], rows)


def _average_cells(
    scores: SegmentationResult, baselines: Collection[SegmentationBaseline]
) -> list[Cell]:
    return [
        score_cell(average(scores).get(metric), [average(each).get(metric) for each in baselines])
        for average in _AVERAGES.values()
        for metric in _metrics(scores)
    ]


def _baseline_cells(scores: SegmentationBaseline, own: SegmentationResult) -> list[Cell]:
    return [
        baseline_cell(average(scores).get(metric), average(own).get(metric))
        for average in _AVERAGES.values()
        for metric in _metrics(scores)
    ]


def _activity_table(name: str, result: SegmentationResult, baselines: Baselines) -> Table:
    metrics, rows = _metrics(result), []
    for activity, values in result.full.by_activity.items():
        cells = []
        for metric in metrics:
            own, beside = values.get(metric), (each.full.by_activity for each in baselines.values())
            others = [each.get(activity, {}).get(metric) for each in beside]
            cells.append(score_cell(own, others))
            cells += [baseline_cell(other, own) for other in others]
        rows.append(Row(activity, cells))
    caption = f"{name}, full, by activity, percent: {_title(result)} beside {', '.join(baselines)}"
    head = [["", *metrics.values()], ["activity", *(["run", *baselines] * len(metrics))]]
    return Table(caption, head, rows)


def _title(result: SegmentationResult) -> str:
    return result.variant or "trained"


def _dots(
    name: str, result: SegmentationResult, baselines: Baselines, repeat: str
) -> list[Picture]:
    scores, pictures = result.full.by_activity, []
    for metric, title in _metrics(result).items():
        values = {a: s[metric].values for a, s in scores.items() if metric in s}
        marks = {
            baseline: {a: mean_of(s[metric]) for a, s in each.full.by_activity.items()}
            for baseline, each in baselines.items()
        }
        if values:
            alt = f"{title} of every {repeat} by activity beside the baselines"
            pictures.append(Picture(seed_dots(values, marks), alt, title, f"{name}, full"))
    return pictures


def confusion_panel(run: Run) -> Panel:
    """A table an activity of what true classes were taken for; left out without a matching."""
    blocks = []
    for activity in run.activities:
        counts, classes = confusion(run, activity)
        if counts.any():
            seeds = counted(len(activity.members), "seed")
            caption = f"{activity.name}: percent of a true class's frames, {seeds}"
            blocks.append(Block(activity.name, confusion_table(counts, classes, caption)))
    body = render("segmentation.html", "confusion", blocks=blocks) if blocks else ""
    return Panel("Confusion", body)


def confusion(run: Run, activity: Activity) -> tuple[np.ndarray, list[str]]:
    """Frames by truth and matched prediction, summed over the seeds, and the names of the classes.

    The counts are [C, C + 1] over the classes that occur in the activity, unmatched clusters last.
    Excluded classes and members without a matching are left out.
    """
    size = len(run.classes)
    counts = np.zeros((size, size + 1), int)
    for member in activity.members:
        if not activity.matching[member.directory]:
            continue
        for video in activity.predictions[member.directory].keys() & activity.truth.keys():
            truth, predicted = _scored_frames(run, activity, member, video)
            # -1, an unmatched cluster, indexes the last column.
            np.add.at(counts, (truth, predicted), 1)
    present = np.flatnonzero(counts.sum(axis=1))
    elsewhere = np.setdiff1d(np.arange(size), present)
    # A class that never occurs here can still be matched; it is as wrong as an unmatched cluster.
    counts[:, -1] += counts[:, elsewhere].sum(axis=1)
    return counts[np.ix_(present, [*present, size])], [run.classes[i] for i in present]


def accuracies(run: Run, activity: Activity, member: Member) -> dict[str, float]:
    """Percent of right frames by video after matching, best first; excluded classes left out.

    Empty where the member has no matching; videos without truth or prediction are not in it.
    """
    if not activity.matching[member.directory]:
        return {}
    scores = {}
    for video in activity.predictions[member.directory].keys() & activity.truth.keys():
        truth, predicted = _scored_frames(run, activity, member, video)
        if len(truth):
            scores[video] = 100 * float(np.mean(truth == predicted))
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def _scored_frames(
    run: Run, activity: Activity, member: Member, video: str
) -> tuple[np.ndarray, np.ndarray]:
    """Truth and matched prediction as class indices (-1 unmatched), excluded classes dropped."""
    to_class = np.full(member.num_clusters + 1, -1)  # the last one serves cluster -1
    for cluster, label in activity.matching[member.directory].items():
        to_class[cluster] = run.classes.index(label)
    truth, clusters = activity.truth[video], activity.predictions[member.directory][video]
    excluded = [run.classes.index(name) for name in run.data.excluded]
    kept = ~np.isin(truth, excluded)
    return truth[kept], to_class[clusters[kept]]


def lengths_panel(run: Run) -> Panel:
    """How long segments are, a picture an activity; left out without predictions."""
    pictures, unit = [], "s" if run.data.fps else "frames"
    for activity in run.activities:
        if lengths := segment_lengths(run, activity):
            numbers = segments_per_video(activity)
            facts = ", ".join(f"{source} {numbers[source]:.1f} a video" for source in lengths)
            alt = f"lengths of the segments of {activity.name}"
            pictures.append(Picture(length_curves(lengths, unit), alt, activity.name, facts))
    body = render("segmentation.html", "lengths", pictures=pictures) if pictures else ""
    return Panel("Segment lengths", body)


def segment_lengths(run: Run, activity: Activity) -> dict[str, np.ndarray]:
    """Lengths of all segments of "truth" and "prediction" (all seeds), in seconds or frames."""
    rate = run.data.fps or 1
    return {
        source: np.array([b - a for labels in videos for a, b, _ in runs(labels)]) / rate
        for source, videos in _labels(activity).items()
        if any(len(labels) for labels in videos)
    }


def segments_per_video(activity: Activity) -> dict[str, float]:
    """Mean number of segments a video, by source as in `segment_lengths`."""
    return {
        source: float(np.mean([len(runs(labels)) for labels in videos]))
        for source, videos in _labels(activity).items()
        if videos
    }


def _labels(activity: Activity) -> dict[str, list[np.ndarray]]:
    predicted = [v for videos in activity.predictions.values() for v in videos.values()]
    return {"truth": list(activity.truth.values()), "prediction": predicted}
