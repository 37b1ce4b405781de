"""What a degenerate result, and settings that cannot fit, are told by; and no false alarms."""

import json

import numpy as np
import pytest
from run_folder import member, run, write_run

from jaxseg.report import write_report
from jaxseg.runfiles.about import read_dataset
from jaxseg.runfiles.choice import Choice, Settled, write_choice
from jaxseg.runfiles.evaluation import read_segmentation_scores
from jaxseg.scoring.findings import doubts, judge, shape
from jaxseg.scoring.segments import summary_lines
from jaxseg.scoring.settings import UNTOLD, Settings, read_settings

K = 5


def recurring(clusters, segment=20, repeats=4):
    """Ten sequences in which the clusters come again and again, in an order of each's own."""
    order = [np.random.default_rng(i).permutation(np.repeat(clusters, repeats)) for i in range(10)]
    return [np.repeat(each, segment) for each in order]


def constant(*clusters):
    """Sequences of one segment each."""
    return [np.full(50, cluster) for cluster in clusters]


def mostly(*clusters):
    """Sequences that are one cluster but for two frames."""
    return [np.r_[each[:24], 4, each[:24], 4] for each in constant(*clusters)]


def table(**counts):
    return {"clusters_by_activity": counts}


FINE = recurring(range(K))


def found(*seeds, asked=K, settings=UNTOLD, fps=None):
    """(kind, sentence, seeds) of each finding on the labels of seeds 0, 1, ..."""
    shapes = {number: shape(labels) for number, labels in enumerate(seeds)}
    findings = judge("tea", shapes, asked, settings, fps=fps)
    assert all(each.advice and "{" not in str(each) for each in findings)
    return [(each.kind, each.sentence, each.seeds) for each in findings]


@pytest.mark.parametrize(
    "labels",
    [
        FINE,
        [np.repeat(np.arange(K), 2)],  # one sequence of ten frames: K, not noise, makes it short
        [np.r_[np.zeros(50, int), np.repeat(np.arange(K), 10)]] * 3,  # half of it background
        [*FINE, *constant(0, 1, 2)],  # some clips are one action
        [np.maximum(each - 1, -1) for each in recurring(range(K + 1))],  # frames without action
    ],
)
def test_a_sensible_result_gives_none(labels):
    assert found(labels, labels) == []


@pytest.mark.parametrize(
    ("asked", "used", "kind", "sentence"),
    [
        (7, 6, "note", "6 of 7 clusters used"),
        (3, 2, "note", "2 of 3 clusters used"),
        (20, 15, "note", "15 of 20 clusters used"),
        (7, 5, "warning", "5 of 7 clusters used"),
        (20, 14, "warning", "14 of 20 clusters used"),
        (20, 9, "warning", "fewer than half of the clusters are used, 9 of 20: "),
    ],
)
def test_clusters_used(asked, used, kind, sentence):
    (finding,) = found(recurring(range(used)), asked=asked)
    assert finding[0] == kind and finding[1].startswith(sentence)


def test_a_collapsed_seed_is_one_that_others_show_to_be():
    two, three, four = (recurring(range(count)) for count in (2, 3, 4))
    assert found(two, FINE, four) == [
        ("warning", "collapsed: only 2 of 5 clusters used, where other seeds use 4 to 5", (0,)),
        ("note", "4 of 5 clusters used", (2,)),
    ]
    sentence = "collapsed: only 1 of 5 clusters used, where other seeds use 3"
    assert found(constant(1, 1, 1), three)[0] == ("warning", sentence, (0,))
    ((_, sentence, seeds),) = found(two, two)
    assert sentence.startswith("fewer than half") and seeds == (0, 1)
    assert not any("collapsed" in each[1] for each in found(two, three))  # not much better


def test_seeds_with_some_clusters_unused_are_told_of_together():
    seeds = {count: recurring(range(count)) for count in (13, 14, 16, 20)}

    def kind_of(*counts):
        return found(*(seeds[count] for count in counts), asked=20)

    assert kind_of(14, 16, 20) == [("note", "14 to 16 of 20 clusters used", (0, 1))]
    assert kind_of(14, 16, 13) == [("warning", "13 to 16 of 20 clusters used", (0, 1, 2))]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (constant(2, 2, 2), "100 % of all frames are in one cluster of 5: "),
        (mostly(2, 2, 2), "96 % of all frames are in one cluster of 5: "),
        ([*constant(0, 1, 2, 3, 4), *FINE[:4]], "clusters tell sequences apart, not actions: 5 of"),
        ([*constant(0, 0, 0), *FINE[:2]], "3 of 5 sequences are a single segment"),
        ([*mostly(0, 0, 0), *FINE[:2]], "3 of 5 sequences are nearly all one cluster"),
        (recurring(range(K), 1), "segments last only 1.2 frames on average: "),
    ],
)
def test_sequences_without_a_segmentation(labels, sentence):
    ((kind, words, seeds),) = found(labels)
    assert (kind, seeds) == ("warning", (0,)) and words.startswith(sentence)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (Settings(duration=60), None),
        (
            Settings(duration=100),
            "segments last 2.41 s on average, though an action was to last 10",
        ),
        (
            Settings(duration=100, source="found"),
            "segments last 2.41 s on average, though an action was found to last 10 s",
        ),
        (Settings(duration=6), "segments last 2.41 s on average, though an action was to last 0."),
        (Settings(duration=400), "an action was to last 40 s, as long as a whole sequence (40 s "),
        (Settings(radius=0.06), None),
        (Settings(radius=0.07), "the solver reaches 2.8 s far, further than a segment lasts"),
        (Settings(reach=28), "the solver reaches 2.8 s far, further than a segment lasts"),
        (Settings(radius=0.6), "the solver reaches 24 s far, more than half of a sequence (40 s"),
    ],
)
def test_settings_that_cannot_fit(settings, sentence):
    """Sequences of 40 seconds, whose segments last two seconds where no two alike meet."""
    findings = found(FINE, settings=settings, fps=10.0)
    assert [each[1][: len(sentence or "")] for each in findings] == [sentence] * bool(sentence)


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        (None, UNTOLD._replace(order="")),
        ({"duration": 4.0, "order": "auto"}, Settings(duration=40)),
        ({"duration": "auto", "order": "shared", "solver": {"eval": {"radius": 0.0}}}, UNTOLD),
        ({"duration": 4.0, "order": "free"}, Settings(duration=40, order="")),
        ({"num_actions": "auto", "order": "auto", "model": table(juice=5)}, UNTOLD),
        (
            {"order": "auto", "num_actions": 3, "model": {"num_clusters": 5}},
            Settings(count="--config.model.num_clusters"),
        ),
        (
            {"num_actions": 0, "model": table(tea=5), "temporal_prior": True},
            Settings(
                count="--config.model.clusters_by_activity.tea",
                order="--config.temporal_prior=False",
            ),
        ),
        # The solver's own numbers win.
        (
            {"duration": 4.0, "order": "auto", "solver": {"eval": {"radius": 0.2, "rho": 0.1}}},
            Settings(
                radius=0.2,
                time="--config.solver.train.radius=... --config.solver.eval.radius=...",
                order="--config.solver.train.rho=0 --config.solver.eval.rho=0",
            ),
        ),
        (
            {"solver": {"train": {"reach": 9.0, "rho": 0.0}}},
            Settings(
                reach=9,
                time="--config.solver.train.reach=... --config.solver.eval.reach=...",
                order="",
            ),
        ),
    ],
)
def test_settings_and_what_to_try_are_the_configs(tmp_path, config, settings):
    root = write_run(tmp_path, {("tea", "a"): [1, 1]}, [], {}, fps=10.0)
    if config is not None:
        (root / "config.json").write_text(json.dumps(config))
    assert read_settings(root, read_dataset(root), "tea") == settings


def settle(root, **fields):
    """Writes a choice.json for tea."""
    settled = Settled(**{"num_actions": 7, "duration": 30.0, "order": "free"} | fields)
    write_choice(root, Choice("", 10.0, {"tea": settled}))


@pytest.mark.parametrize(
    ("settled", "settings"),
    [
        ({"reasons": {"duration": "."}}, Settings(duration=30, order="", source="found")),
        ({"order": "shared", "given": ["duration"]}, Settings(duration=30)),
        ({"given": ["order"]}, Settings(duration=30, order="", source="assumed")),
    ],
)
def test_settings_are_what_was_settled(tmp_path, settled, settings):
    root = write_run(tmp_path, {("tea", "a"): [1, 1]}, [], {}, fps=10.0)
    (root / "config.json").write_text(json.dumps({"duration": "auto", "order": "auto"}))
    settle(root, **settled)
    assert read_settings(root, read_dataset(root), "tea") == settings
    asked = settings.source == "given"
    assert ("--config.duration=auto" in settings.nearer) == asked


def test_what_could_not_be_told_is_a_note(tmp_path):
    root = write_run(tmp_path, {("tea", "a"): [1, 1]}, [], {})
    settle(root, doubts=["It cannot be told: why (see a.md). Give it, or more data.", "A guess."])
    lines = [f"{each.kind}: {each}" for each in doubts(root, read_dataset(root))]
    assert lines == [
        "note: tea: It cannot be told: why (see a.md). Give it, or more data.",
        "note: tea: A guess.",
    ]


@pytest.mark.parametrize("labels", [True, False])
def test_findings_of_a_run_are_written_printed_and_drawn(tmp_path, labels):
    """With a truth and without one; seed 1 of tea is one cluster, juice is as it should be."""
    truth = {("juice", "a"): [1, 1, 2, 2], ("tea", "a"): [1, 1, 2, 2], ("tea", "b"): [2, 1]}
    predictions = {
        (activity, f"seed{seed}", name): [0] * len(each) if (activity, seed) == ("tea", 1) else each
        for (activity, name), each in truth.items()
        for seed in (0, 1)
    }
    members = [
        member(activity, seed, clusters=3) for activity in ("juice", "tea") for seed in (0, 1)
    ]
    predictions[("juice", "seed1", "a")] = [0, 1, 2, 2]
    root = write_run(tmp_path, truth, members, predictions)
    (root / "config.json").write_text("{}")
    if not labels:
        (root / "dataset.json").write_text(
            (root / "dataset.json").read_text().replace("true", "false")
        )
    settle(root, num_actions=3, duration=0.0, doubts=["Nobody said how many. Say so."])
    evaluation = run(root)
    findings = read_segmentation_scores(root).findings
    assert [(each.activity, each.kind, each.seeds) for each in findings] == [
        ("juice", "note", (0,)),
        ("tea", "warning", (1,)),
        ("tea", "note", (0,)),
        ("tea", "note", ()),
    ]
    assert summary_lines(evaluation)[-1] == "note: tea: Nobody said how many. Say so."
    lines = [line for line in summary_lines(evaluation) if "clusters used" in line]
    assert lines[1].startswith(
        "warning: tea, seed 1: collapsed: only 1 of 3 clusters used, where other"
    )
    page = write_report(root).read_text(encoding="utf-8")
    box = page.index("This result may not be what it seems")
    assert box < page.index("collapsed: only 1 of 3 clusters used") < page.index("<nav")
    assert page.count("clusters used.") == 2 and "3 notes on this result" in page
