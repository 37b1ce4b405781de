"""What was chosen and why: the terms with their sources, what else was tried, the seeds."""

import pages
import pytest

from jaxseg.report import write_report
from jaxseg.report.segmentation.choice import duration_words
from jaxseg.runfiles.choice import (
    Choice,
    OrderEvidence,
    Settled,
    TriedCount,
    TriedDuration,
    write_choice,
)
from jaxseg.runfiles.savings import SeedSaving, write_savings
from jaxseg.runfiles.segmentation import Spread

ANCHOR = "what-was-chosen-and-why"
SAVINGS = {"coffee": {"seed0": SeedSaving(0.5, 4, 4, 0.4), "seed1": SeedSaving(0.6, 3, 5, 0.6)}}


def tried(duration, nats, used, score) -> TriedDuration:
    return TriedDuration(
        duration, Spread(nats, 0.125, [nats]), Spread(4, 0, [4]), Spread(used, 0, [used]), score
    )


COFFEE = Settled(
    num_actions=5,
    duration=30.0,
    order="free",
    reasons={"duration": "It <saves> the most.", "order": "Actions recur."},
    doubts=["Nobody said how many."],
    tried=[tried(240, 0.5, 2, 0.2), tried(60, 0.75, 4, 0.6), tried(30, 0.7, 5, 0.7)],
    counts=[TriedCount(4, 0.1, 3.0), TriedCount(5, 0.2, 3.0)],
    order_evidence=OrderEvidence(2.5, 0.125, 7.25, 0.7),
)


@pytest.fixture
def panel(make_workdir):
    """panel(settled, fps=) -> the panel of a run of one activity, in HTML, and the whole page."""

    def draw(settled, *, fps=None, savings=SAVINGS):
        workdir = make_workdir(fps=fps, labels=False)
        write_choice(workdir, Choice("The rule.", fps, {"coffee": settled}))
        write_savings(workdir, savings)
        page = write_report(workdir).read_text(encoding="utf-8")
        assert pages.headings(pages.Page(page))[0] == ANCHOR
        return pages.section(page, ANCHOR), page

    return draw


def test_terms_runners_up_and_curves(panel):
    html, page = panel(COFFEE, fps=0.25)
    text = pages.Page(html).text
    for words in (
        "What could not be told: Nobody said how many.",
        "number of actions5assumedNeither given nor found.",
        "an action lasts2:00.0 30 framesfoundIt <saves> the most.",
        "order of actionsfree actions recur, in any orderfoundActions recur.",
        "seed shown first1foundIts labels have the highest score of 2 seeds",
        "the other sequences tell 12.5 % of what a sequence shows",
        "The rule in wordsThe rule.",
    ):
        assert words in text
    tables = ["2:00.00.700", "4:00.00.600", "16:00.00.200", "seed 10.600", "seed 00.400"]
    places = [text.index(each) for each in tables]  # by their score
    assert places == sorted(places)
    assert "the highest score first; chosen: 2:00.0" in text
    assert "choice.json" in page and "savings.json" in page
    sources = [attrs["src"] for tag, attrs in pages.Page(html).tags if tag == "img"]
    durations, counts = map(pages.svg_text, sources)
    for words in ("nats saved a frame", "score", "clusters used, of 5", "segments a sequence"):
        assert words in durations
    assert "how long an action lasts [s]" in durations
    assert "number of actions" in counts and "score" not in counts


def test_given_terms_leave_nothing_to_compare(panel):
    given = Settled(5, 0.0, "free", given=["num_actions", "duration", "order"])
    html, _ = panel(given, savings={})
    text = pages.Page(html).text
    assert "number of actions5givenAs it was given." in text
    assert "an action lasts–givenThe solver's own numbers stand for it." in text
    for word in ("img", "banner", "seed shown first", "found without labels", "bold"):
        assert word not in html


@pytest.mark.parametrize(
    ("frames", "fps", "words"),
    [
        (24.3, None, ("24 frames", "")),
        (6.25, None, ("6.2 frames", "")),
        (1250, 25, ("50 s", "1,250 frames")),
        (10, 30, ("0.333 s", "10 frames")),
        (2000, 25, ("1:20.0", "2,000 frames")),
        (100_000, 25, ("1:06:40.0", "100,000 frames")),
    ],
)
def test_durations_in_words(frames, fps, words):
    assert duration_words(frames, fps) == words
