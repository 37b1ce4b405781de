"""The choice of K, on labels written by hand, and what of it the scores show."""

import json
from itertools import combinations

import numpy as np
import pytest
from run_folder import member, run, write_run

from jaxseg.runfiles.about import Member, read_dataset, read_members
from jaxseg.runfiles.segmentation import Choice, read_choice
from jaxseg.scoring import num_clusters
from jaxseg.scoring.num_clusters import (
    CHOSEN,
    agreement,
    beyond_chance,
    ratio,
    tries_counts,
)
from jaxseg.scoring.segments import summary_lines

FRAMES, SEEDS = 60, 3
TRUTH = {(a, v): [0] * 20 + [1] * 20 + [2] * 20 for a in ("coffee", "tea") for v in ("a", "b")}


def labels(count: int, seed: int, video: str, right: int) -> list[int]:
    """Seeds find the same three parts where K is `right`; beside it two of them do.

    Elsewhere all cut every video into equal parts. The second video has its three parts at other
    times, so that it is not the place in time that agrees.
    """
    equal = np.arange(FRAMES) * count // FRAMES
    if count != right and (abs(count - right) > 1 or seed == 2):
        return equal.tolist()
    borders = [20, 40] if video == "a" else [5, 12]
    return np.searchsorted(borders, np.arange(FRAMES), side="right").tolist()


def write(root, right: dict[str, int], counts=range(2, 8), **facts):
    """A run of two activities whose seeds agree at one K each."""
    members, predictions, objectives = [], {}, {}
    for activity, best in right.items():
        for count in counts:
            for seed in range(SEEDS):
                entry = member(activity, seed, variant=f"K={count}", clusters=count)
                members.append(entry)
                for video in ("a", "b"):
                    found = labels(count, seed, video, best)
                    predictions[activity, entry["directory"], video] = found
                values = {"a": 0.1 * count, "b": 0.1 * count + 0.2}
                objectives.setdefault(activity, {})[entry["directory"]] = values
    truth = {key: value for key, value in TRUTH.items() if key[0] in right}
    write_run(root, truth, members, predictions, **facts)
    (root / "objectives.json").write_text(json.dumps(objectives))
    return root


def read(root, name):
    return json.loads((root / name).read_text())


def choose(root) -> Choice:
    data = read_dataset(root)
    return num_clusters.choose(root, data, read_members(root, data))


def test_the_k_is_chosen_at_which_seeds_agree(tmp_path):
    root = write(tmp_path, {"coffee": 4, "tea": 5})
    found = choose(root)
    assert found == read_choice(root)
    assert found.rule and found.caution
    for activity, count in (("coffee", 4), ("tea", 5)):
        choice = found.activities[activity]
        assert (choice.chosen, choice.variant) == (count, f"K={count}")
        assert sorted([count, *choice.runners_up]) == [2, 3, 4, 5, 6, 7]
        assert [entry.num_clusters for entry in choice.tried] == [2, 3, 4, 5, 6, 7]


def test_the_score_is_the_mean_of_neighbors(tmp_path):
    root = write(tmp_path, {"coffee": 4})
    found = choose(root)
    tried = found.activities["coffee"].tried
    means = [entry.information.mean for entry in tried]
    first, second, *_, last = means
    inner = [sum(means[at : at + 3]) for at in range(len(means) - 2)]
    expected = np.array([2 * first + second, *inner, means[-2] + 2 * last]) / 3
    assert [entry.score for entry in tried] == pytest.approx(expected, abs=1e-12)


def test_what_is_kept_of_a_k(tmp_path):
    root = write(tmp_path, {"coffee": 4})
    found = choose(root)
    entry = found.activities["coffee"].tried[3]
    whole = [labels(5, seed, "a", 4) + labels(5, seed, "b", 4) for seed in range(SEEDS)]
    pairs = [ratio(*beyond_chance(*map(np.array, pair))) for pair in combinations(whole, 2)]
    assert entry.stability.values == pytest.approx(pairs, abs=1e-12)
    assert entry.stability.mean == pytest.approx(np.mean(pairs), abs=1e-12)
    assert entry.used.values == [3.0, 3.0, 5.0]
    assert entry.objective.values == pytest.approx([0.6] * SEEDS, abs=1e-12)


def test_the_chosen_members_are_the_first_result(tmp_path):
    root = write(tmp_path, {"coffee": 4, "tea": 5})
    evaluation = run(root)
    first, *others = evaluation["protocols"]["asot-exact"]["results"]
    assert (first["variant"], first["seeds"]) == (CHOSEN, [0, 1, 2])
    assert [each["variant"] for each in others] == [f"K={k}" for k in range(2, 8)]
    by_activity = first["full"]["by_activity"]
    # Each activity has the scores of the K that was chosen for it.
    for activity, count in (("coffee", 2), ("tea", 3)):
        scores = others[count]["full"]["by_activity"][activity]
        assert by_activity[activity] == scores
    assert evaluation["matching"]["coffee/seed0,K=4"] and "tea/seed2,K=5" in evaluation["matching"]


def test_place_in_time_is_not_what_counts(tmp_path):
    """Seeds that cut every video at the same places agree wholly, and share nothing beyond."""
    root = write(tmp_path, {"coffee": 4})
    found = choose(root)
    choice = found.activities["coffee"]
    assert choice.tried[0].stability.mean == pytest.approx(1)
    assert choice.tried[0].information.mean == pytest.approx(0, abs=1e-12)
    assert choice.chosen == 4 and choice.tried[2].information.mean > 0.1


def test_a_single_video_is_compared_with_equal_parts():
    equal = [np.repeat([0, 1, 2], 20)] * 2
    assert agreement([[each] for each in equal])["information"].mean == pytest.approx(0)
    other = [np.repeat([0, 1, 2], [5, 7, 48])] * 2
    assert agreement([[each] for each in other])["information"].mean > 0.1


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("objectives.json", "{}", "'coffee' is missing for coffee/seed0,K=2; predict again"),
        ("predictions/coffee/seed0,K=2/b.txt", "0\n1\n", "2 labels for 60 frames"),
    ],
)
def test_a_file_that_lacks_something(tmp_path, file, text, words):
    root = write(tmp_path, {"coffee": 4})
    (root / file).write_text(text)
    with pytest.raises(ValueError, match=words) as error:
        run(root)
    assert "\n" not in str(error.value) and not (root / "num_clusters.json").exists()


def test_activities_that_have_tried_other_ranges(tmp_path):
    """A K that not all activities have is no result, unless it is chosen."""
    root = write(tmp_path, {"coffee": 4, "tea": 6})
    members = [
        entry
        for entry in read(root, "members.json")
        if entry["activity"] == "tea" or entry["num_clusters"] < 6
    ]
    (root / "members.json").write_text(json.dumps(members))
    evaluation = run(root)
    results = evaluation["protocols"]["asot-exact"]["results"]
    assert [each["variant"] for each in results] == [CHOSEN, "K=2", "K=3", "K=4", "K=5"]
    assert {key for key in evaluation["matching"] if key.endswith("K=6")} == {
        f"tea/seed{seed},K=6" for seed in range(SEEDS)
    }


def test_without_labels_k_is_chosen_all_the_same(tmp_path):
    root = write(tmp_path, {"coffee": 4})
    dataset = read(root, "dataset.json")
    for video in dataset["videos"]:
        video["labels"] = False
    (root / "dataset.json").write_text(json.dumps(dataset))
    evaluation = run(root)
    assert evaluation["protocols"] == {}
    assert summary_lines(evaluation)[1].startswith("coffee: K = 4 of those tried, then ")
    assert read(root, "num_clusters.json")["activities"]["coffee"]["chosen"] == 4


def test_other_runs_choose_nothing(tmp_path):
    assert not tries_counts([Member(**member("coffee", seed)) for seed in (0, 1)])
    assert not tries_counts([Member(**member("coffee", 0, variant="solver.train.alpha=0.2"))])
    assert not tries_counts([])
    write_run(tmp_path, {("coffee", "a"): [0, 1]}, [member("coffee", 0)],
              {("coffee", "seed0", "a"): [0, 1]})  # fmt: skip
    run(tmp_path)
    assert not (tmp_path / "num_clusters.json").exists()
