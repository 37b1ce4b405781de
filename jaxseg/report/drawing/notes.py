"""Sentences that some runs need and others not: decodings, splits, confidence."""

from jaxseg.report.drawing.markup import text
from jaxseg.report.segmentation.records import Run

_DECODINGS = {
    "argmax": "the same networks without an order of clusters: each frame takes its likeliest one"
}


def score_notes(run: Run) -> str:
    """What the scores are of, beyond the usual: other decodings, splits and their classes."""
    notes = [
        f" <em>{text(name)}</em> is {text(_DECODINGS.get(name, 'another decoding of them'))}."
        for name in dict.fromkeys(name for a in run.activities for name in a.decodings)
    ]
    facts = run.evaluation.get("generalisation", {})
    if facts:
        share = f"{100 * facts['test_share']:.0f} % of the videos"
        notes.append(f" Tested on {share}, by splits: {text(facts['note'])}.")
    for split in facts.get("splits", []):
        notes += [
            f" Split {split['seed']} has {text(', '.join(classes))} in no training video of "
            f"{text(activity)}."
            for activity, classes in split["unseen"].items()
        ]
    return "".join(notes)


def video_notes(run: Run) -> str:
    """What the strips under a prediction are."""
    kept = [coupling for activity in run.activities for coupling in activity.couplings.values()]
    source = "codes P" if kept and kept[0].has_codes else "row of the coupling"
    decodings = dict.fromkeys(name for a in run.activities for name in a.decodings)
    others = "".join(
        f" The bar called {text(name)} is the first {run.repeat} by that decoding."
        for name in decodings
    )
    return f"{others} Confidence is the largest entry of a frame's {source}. Hover for times."
