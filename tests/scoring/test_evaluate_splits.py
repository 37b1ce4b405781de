"""Runs whose members have learned from some videos and are tested on the others."""

import json

import numpy as np
import pytest
from run_folder import CLASSES, member, run, write_run

from jaxseg.evaluation import evaluate_segmentation, trivial_baselines
from jaxseg.report.segmentation.scores import protocol_scores
from jaxseg.runfiles.evaluation import read_segmentation_scores
from jaxseg.scoring.files import describe_splits
from jaxseg.scoring.segments import summary_lines

TRUTH = {
    ("coffee", "a"): [0, 0, 1, 1],
    ("coffee", "b"): [0, 0, 0, 0, 2, 2],
    ("coffee", "c"): [0, 0, 1, 1, 1],
}
# Seed 0 is right about a, by other numbers; seed 1 puts all of b into one cluster.
PREDICTIONS = {
    ("coffee", "seed0", "a"): [1, 1, 0, 0],
    ("coffee", "seed1", "b"): [0, 0, 0, 0, 0, 0],
}
MEMBERS = [member("coffee", 0, test=["a"]), member("coffee", 1, test=["b"])]


@pytest.fixture
def workdir(tmp_path):
    return write_run(tmp_path, TRUTH, MEMBERS, PREDICTIONS)


def test_each_seed_is_scored_on_its_own_test_videos(workdir):
    """4 of 4 frames of a, 4 of 6 of b; the spread over seeds is one over splits."""
    entry = run(workdir)["protocols"]["asot-exact"]
    (trained,) = entry["results"]
    mof = trained["full"]["macro"]["mof"]
    assert mof["values"] == pytest.approx([100, 100 * 4 / 6], abs=1e-9)
    assert (mof["mean"], mof["std"]) == pytest.approx((100 * 5 / 6, 100 / 6), abs=1e-9)
    assert entry["counts"]["videos"] == 1
    assert entry["counts"]["frames"] == [4, 6]


def test_baselines_are_means_over_the_test_parts(workdir):
    """Equal halves have 4 of a's 4 frames and 5 of b's 6; one class has 2 of 4 and 4 of 6."""
    baselines = run(workdir)["protocols"]["asot-exact"]["baselines"]
    for name, shares in {"equal_split": (1, 5 / 6), "one_class": (1 / 2, 4 / 6)}.items():
        expected = 100 * np.mean(shares)
        assert baselines[name]["full"]["macro"]["mof"] == pytest.approx(expected, abs=1e-9)
        assert baselines[name]["full"]["by_activity"]["coffee"]["mof"] == pytest.approx(expected)


def test_the_matching_is_found_on_the_test_part(workdir):
    """What a network makes of its training videos is no evidence, and need not be there."""
    assert run(workdir)["matching"] == {
        "coffee/seed0": {"1": "SIL", "0": "pour"},
        "coffee/seed1": {"0": "SIL"},
    }


def test_the_splits_are_described(workdir):
    facts = run(workdir)["generalization"]
    assert facts["test_share"] == pytest.approx(1 / 3, abs=1e-4)
    assert facts["splits"] == [
        {"seed": 0, "train": 2, "test": 1, "unseen": {}},
        {"seed": 1, "train": 2, "test": 1, "unseen": {"coffee": ["stir"]}},
    ]
    assert "split" in facts["note"]


def test_without_test_videos_there_is_nothing_to_say_of_splits(tmp_path):
    predictions = {("coffee", "seed0", name): labels for (_, name), labels in TRUTH.items()}
    evaluation = run(write_run(tmp_path, TRUTH, [member("coffee", 0, clusters=3)], predictions))
    assert "generalization" not in evaluation
    assert not any("split" in line.split("equal split")[0] for line in summary_lines(evaluation))


def test_seeds_that_share_a_test_part_are_scored_as_the_evaluator_does(tmp_path):
    """Two equal splits: counts and baselines are those of the one test part, to the last bit."""
    members = [member("coffee", seed, clusters=3, test=["a", "b"]) for seed in range(3)]
    predictions = {
        ("coffee", f"seed{seed}", name): TRUTH["coffee", name]
        for seed in range(3)
        for name in ("a", "b")
    }
    entry = run(write_run(tmp_path, TRUTH, members, predictions))["protocols"]["asot-exact"]
    truth = {f"coffee/{name}": TRUTH["coffee", name] for name in ("a", "b")}
    activities = dict.fromkeys(truth, "coffee")
    for name, labels in trivial_baselines(truth, {"coffee": 3}, activities).items():
        expected = evaluate_segmentation(
            truth, labels, activities=activities, num_clusters={"coffee": 3}, baselines=False
        )
        assert entry["baselines"][name]["full"]["macro"] == expected["averages"]["macro"]
    assert entry["counts"] == {key: expected[key] for key in entry["counts"]}


def test_every_activity_has_a_test_part_of_its_own(tmp_path):
    """Video a of tea is learned from, though video a of coffee is tested."""
    truth = TRUTH | {("tea", "a"): [0, 1], ("tea", "z"): [1, 2]}
    members = [member("coffee", 0, test=["a"]), member("tea", 0, test=["z"])]
    predictions = {
        ("coffee", "seed0", "a"): [0, 0, 1, 1],
        ("tea", "seed0", "z"): [0, 0],
    }
    evaluation = run(write_run(tmp_path, truth, members, predictions))
    by_activity = evaluation["protocols"]["asot-exact"]["results"][0]["full"]["by_activity"]
    assert {name: scores["mof"]["mean"] for name, scores in by_activity.items()} == {
        "coffee": 100,
        "tea": 50,
    }
    (split,) = evaluation["generalization"]["splits"]
    assert (split["train"], split["test"]) == (3, 2)
    assert split["unseen"] == {"tea": ["stir"]}


def test_words_for_splits(workdir):
    evaluation = run(workdir, protocols=("asot-exact", "mstcn"))
    lines = summary_lines(evaluation)
    assert lines[0] == "generalization: trained on 2 videos, tested on 1 others"
    assert lines[1] == "note: stir in the test videos alone of coffee, split 1"
    assert lines[2].startswith("asot-exact: 1 videos, 4-6 frames, 2 classes; percent")
    assert lines[2].endswith("over splits")
    assert lines[4].startswith("  trained (2 splits)")
    entry = read_segmentation_scores(workdir).protocols["asot-exact"]
    page = protocol_scores("asot-exact", entry, repeat="split")
    assert "spread over 2 splits" in page and page.count("of every split by activity") == 3


def test_excluded_classes_are_not_called_unseen(tmp_path):
    workdir = write_run(tmp_path, TRUTH, MEMBERS, PREDICTIONS, excluded=["stir"])
    splits = run(workdir)["generalization"]["splits"]
    assert [split["unseen"] for split in splits] == [{}, {}]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            [member("coffee", 0, test=["q"])],
            "test video 'q' of 'coffee/seed0' is not in dataset.json",
        ),
        ([MEMBERS[0], member("coffee", 1)], "others not, as 'coffee/seed1'"),
        ([member("coffee", 0), MEMBERS[1]], "others not, as 'coffee/seed1'"),
        ([member("coffee", 0, test=["c"])], "test videos of 'coffee/seed0' have no frame"),
    ],
)
def test_a_wrong_test_part_is_one_line(tmp_path, members, message):
    truth = TRUTH | {("coffee", "c"): [2, 2]}
    workdir = write_run(tmp_path, truth, members, {}, excluded=["stir"])
    with pytest.raises(ValueError) as error:
        run(workdir)
    assert str(error.value).startswith(f"{workdir / 'members.json'}: ")
    assert message in str(error.value) and "\n" not in str(error.value)
    assert not (workdir / "evaluation.json").exists()


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("a", None, "No such file"),
        ("a", "0\n", "1 labels for 4 frames"),
        ("b", "0\n" * 6, "video 'b' is no test video of 'coffee/seed0'"),
    ],
)
def test_a_wrong_prediction_is_one_line(workdir, name, contents, message):
    path = workdir / f"predictions/coffee/seed0/{name}.txt"
    path.unlink() if contents is None else path.write_text(contents)
    with pytest.raises(ValueError) as error:
        run(workdir)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value) and "\n" not in str(error.value)


def test_shares_of_unequal_splits():
    """1 of 4 and 2 of 4 videos: three eighths; videos without a truth count as videos."""
    videos = dict.fromkeys("abcd", "tea")
    labels = {"a": np.array([0, 1]), "b": np.array([0]), "c": np.array([0, 2])}
    facts = describe_splits(videos, {3: {"a"}, 1: {"c", "d"}}, labels, CLASSES)
    assert facts["test_share"] == 0.375
    assert facts["splits"] == [
        {"seed": 1, "train": 2, "test": 2, "unseen": {"tea": ["stir"]}},
        {"seed": 3, "train": 3, "test": 1, "unseen": {"tea": ["pour"]}},
    ]
    json.dumps(facts)
