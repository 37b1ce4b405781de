"""Every file of a run reads back as it was written, and says in one line what is wrong with it."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

from jaxseg.formats.arrays import read_npz
from jaxseg.runfiles import (
    about,
    checks,
    evaluation,
    footage,
    localization,
    metrics,
    pseudo_labels,
    segmentation,
)
from jaxseg.runfiles.about import FrameVideo, LocalizationData, Member, SegmentationData
from jaxseg.runfiles.localization import Interval
from jaxseg.runfiles.pseudo_labels import SparseLabels
from jaxseg.runfiles.segmentation import Coupling, Spread, TypicalFrame

SALAD = (FrameVideo("v0", "salad", 4, labels=True), FrameVideo("v1", "salad", 3, labels=False))
FRAMES = SegmentationData("toy", True, 12.5, ("cut", "stir"), ("cut",), SALAD)
SNIPPETS = LocalizationData(
    "toy",
    False,
    None,
    ("jump", "run"),
    (
        about.SnippetVideo("a", "test", 4, 8.0),
        about.SnippetVideo("b", "train", 5, 10.0),
        about.SnippetVideo("c", "train", 2, None),
    ),
)
MEMBER = Member("salad", 0, "", 3, 10, "seed0")
SPREAD = Spread(1.0, 0.5, [0.5, 1.5])


def refuses(read, *parts: str) -> None:
    """Whether a reader gives one line with all of these in it."""
    with pytest.raises(ValueError) as caught:
        read()
    message = str(caught.value)
    assert "\n" not in message and all(part in message for part in parts), message


def change(path, edit) -> None:
    """Writes a JSON file anew, its content changed."""
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))


class Box(NamedTuple):
    """A record with a field of every kind that a file may hold."""

    sizes: tuple[float, ...]
    names: Mapping[int, str | None]
    spread: Spread | float
    matrix: np.ndarray = np.zeros(0)
    full: bool = False
    count: int = 0
    extra: Any = None


def test_a_record_from_json_and_back():
    content = {"sizes": [1, 2.5], "names": {"3": None}, "spread": SPREAD._asdict(), "full": True}
    box = checks.from_json(Box, content)
    assert box[:3] == ((1.0, 2.5), {3: None}, SPREAD) and box.full
    assert checks.from_json(Box, [[], {}, 2]).spread == 2.0
    assert checks.to_json([box])[0]["spread"] == content["spread"]
    matrix = checks.from_json(Box, content | {"matrix": [[1, 2]]}).matrix
    assert matrix.dtype == np.float64 and matrix.shape == (1, 2)
    for changes, part in (
        ({"sizes": [1, "x"]}, "sizes.1 is 'x', not a finite number"),
        ({"sizes": [1, float("nan")]}, "sizes.1 is nan, not a finite number"),
        ({"sizes": {}}, "sizes is {}, of another kind"),
        ({"names": {"one": "x"}}, "one"),
        ({"names": {"1": 2}}, "names.1 is 2, of another kind"),
        ({"spread": {"mean": 1}}, "missing fields of spread: std"),
        ({"spread": None}, "spread is None, not a finite number"),
        ({"matrix": [[1], [1, 2]]}, "inhomogeneous"),
        ({"matrix": [[1, float("inf")]]}, "matrix has inf in it"),
        ({"full": 1}, "full is 1, of another kind"),
        ({"count": 1.5}, "count is 1.5, of another kind"),
        ({"more": 1}, "unknown field 'more'"),
    ):
        refuses(lambda changes=changes: checks.from_json(Box, content | changes), part)
    checks.from_json(Box, content | {"more": 1}, known_only=False)
    refuses(lambda: checks.from_json(Box, [[]]), "")


def test_footage(tmp_path):
    assert footage.read_footage(tmp_path) == {}
    clip = footage.Clip("v.mp4", None, "", {"csv": "v.csv"}, True, (footage.Shot(0, 1.5, 2, None),))
    moments = ((footage.Moment("v", 0.5, 0.75, "p.jpg"),), ())
    activities = {"salad": footage.Footage("seed0", {"v": clip}, moments)}
    (tmp_path / "footage").mkdir()
    footage.write_footage(tmp_path / "footage", 25.0, activities)
    assert footage.read_footage(tmp_path) == activities
    activities["salad"].videos["v"] = clip._replace(segments=())
    footage.write_footage(tmp_path / "footage", 25.0, activities)
    refuses(lambda: footage.read_footage(tmp_path), "footage/footage.json", "no segments of 'v'")


def test_the_config_with_numbers_that_json_has_not(tmp_path):
    values = {"solver": {"rho": float("inf"), "layers": (64, 32)}, "name": "ü"}
    about.write_config(tmp_path, values)
    assert about.read_config(tmp_path) == {
        "solver": {"rho": float("inf"), "layers": [64, 32]},
        "name": "ü",
    }
    (tmp_path / "config.json").write_text("[1]")
    refuses(lambda: about.read_config(tmp_path), "config.json", "not a JSON object but list")
    (tmp_path / "config.json").unlink()
    refuses(lambda: about.read_config(tmp_path), "config.json")


def test_versions(tmp_path):
    assert about.read_versions(tmp_path) is None
    versions = about.Versions({"jax": "1", "jaxseg": None}, "3.11", "Linux", "1 x cpu", None, ["m"])
    about.write_versions(tmp_path, versions)
    assert about.read_versions(tmp_path) == versions
    change(tmp_path / "versions.json", lambda content: content | {"more": 1})
    refuses(lambda: about.read_versions(tmp_path), "versions.json", "more")


@pytest.mark.parametrize("data", [FRAMES, SNIPPETS], ids=["segmentation", "localization"])
def test_the_data_set_of_both_tasks(tmp_path, data):
    about.write_dataset(tmp_path, data)
    assert about.read_dataset(tmp_path) == data
    assert type(about.read_dataset(tmp_path)) is type(data)
    path = tmp_path / "dataset.json"
    change(path, lambda content: content | {"task": "poetry"})
    refuses(lambda: about.read_dataset(tmp_path), str(path), "'poetry' is neither")
    about.write_dataset(tmp_path, data)
    change(path, lambda content: content | {"videos": [{"name": "x"}]})
    refuses(lambda: about.read_dataset(tmp_path), str(path), "missing")


def test_what_a_data_set_tells():
    assert FRAMES.activities == {"salad": SALAD}
    assert SNIPPETS.test_videos == ["a"]
    seconds = [SNIPPETS.snippet_seconds(video) for video in SNIPPETS.videos]
    assert seconds == [2.0, 2.0, None]
    assert SNIPPETS._replace(seconds_per_snippet=0.64).snippet_seconds(SNIPPETS.videos[2]) == 0.64


def test_members(tmp_path):
    tested = [MEMBER._replace(seed=seed, test=(name,)) for seed, name in enumerate(("v0", "v1"))]
    for members in ([MEMBER], tested):
        about.write_members(tmp_path, members)
        assert about.read_members(tmp_path, FRAMES) == tuple(members)
    assert "test" not in MEMBER._asdict() or not MEMBER.test
    for wrong, part in (
        ([], "no members"),
        ([MEMBER._replace(test=("v7",))], "test video 'v7' of 'salad/seed0' is not in"),
        ([tested[0], MEMBER], "some members have test videos, others not, as 'salad/seed0'"),
    ):
        about.write_members(tmp_path, wrong)
        refuses(lambda: about.read_members(tmp_path, FRAMES), "members.json", part)


def test_metrics_of_a_run_that_was_stopped_and_goes_on(tmp_path):
    assert metrics.read_metrics(tmp_path, 2) == metrics.Metrics(pytest.approx([]), {})
    for start, step in ((0, 0), (1, 3)):
        writer = metrics.MetricsWriter(tmp_path, start=start)
        writer.write(step, {"loss": np.array([1.5, np.nan])}, np.array([True, True]))
        writer.write(step + 1, {"loss": np.array([2.0, 3.0])}, np.array([True, False]))
        writer.close()
    with (tmp_path / metrics.NAME).open("a") as file:
        file.write('{"step": 5, "lo')
    steps, curves = metrics.read_metrics(tmp_path, 2)
    assert steps.tolist() == [0, 3, 4]  # step 1 was done again from its start, and not logged
    np.testing.assert_array_equal(curves["loss"], [[1.5, np.nan], [1.5, np.nan], [2.0, np.nan]])
    refuses(lambda: metrics.read_metrics(tmp_path, 3), "line 1: 2 values of 'loss' for 3 members")
    with (tmp_path / metrics.NAME).open("a") as file:
        file.write("\n{}\n")
    refuses(lambda: metrics.read_metrics(tmp_path, 2), "metrics.jsonl: line 4")


def test_labels_and_truth(tmp_path):
    segmentation.write_truth(tmp_path, "salad", "v0", ["cut", "cut", "stir", "stir"])
    truth = segmentation.read_truth(tmp_path, SALAD, FRAMES.classes)
    assert {name: each.tolist() for name, each in truth.items()} == {"v0": [0, 0, 1, 1]}
    refuses(
        lambda: segmentation.read_truth(tmp_path, SALAD, ("cut",)), "v0.txt", "'stir' in line 3"
    )

    folder = tmp_path / "predictions"
    segmentation.write_labels(folder, "salad", "seed0,argmax", "v0", np.array([0, 2, -1, 1]))

    def read(**options):
        return segmentation.read_labels(tmp_path, MEMBER, SALAD, decoding="argmax", **options)

    assert {name: each.tolist() for name, each in read(required=False).items()} == {
        "v0": [0, 2, -1, 1]
    }
    refuses(read, "v1.txt")
    for labels, part in (
        ([0, 1], "2 labels for 4 frames"),
        ([0, 1, 3, 0], "cluster 3 of a member"),
    ):
        segmentation.write_labels(folder, "salad", "seed0,argmax", "v0", np.array(labels))
        refuses(read, "v0.txt", part)


def test_segments_in_frames_and_in_seconds(tmp_path):
    labels = np.array([2, 2, 2, 0, 5, 5])
    for fps, rows in (
        (None, "0,3,2\n3,4,0\n4,6,5\n"),
        (4.0, "0.000,0.750,2\n0.750,1.000,0\n1.000,1.500,5\n"),
    ):
        segmentation.write_labels(tmp_path, "salad", "seed0", "v0", labels)
        segmentation.write_segments(tmp_path, "salad", "seed0", "v0", labels, fps)
        assert (tmp_path / "salad/seed0/v0.csv").read_text() == "start,end,label\n" + rows


def test_decodings_beside_a_sweep(tmp_path):
    """A variant's name may look like a decoding's; the longest directory that fits has it."""
    directories = ("seed0", "seed0,a=1")
    for name in (*directories, "seed0,argmax", "seed0,a=1,argmax", "seed0,a=1,soft"):
        (tmp_path / "predictions/salad" / name).mkdir(parents=True)
    find = segmentation.find_decodings
    assert find(tmp_path, "seed0", directories) == ["argmax"]
    assert find(tmp_path, "seed0,a=1", directories, activity="salad") == ["argmax", "soft"]
    assert find(tmp_path, "seed0", directories, activity="soup") == []


def test_couplings(tmp_path):
    plan = np.full((4, 3), 1 / 3)
    coupling = Coupling(plan=plan, affinity=-plan)
    segmentation.write_coupling(tmp_path / "couplings", "salad", "seed0", "v0", coupling)
    read = segmentation.read_couplings(tmp_path, MEMBER, SALAD)["v0"]
    assert not read.has_codes and read.confidence is read.plan and read.plan.dtype == np.float32
    np.testing.assert_allclose(read.affinity, -plan, atol=1e-4)
    other = MEMBER._replace(num_clusters=2)
    refuses(lambda: segmentation.read_couplings(tmp_path, other, SALAD), "v0.npz", "shape (4, 3)")
    path = tmp_path / "couplings/salad/seed0/v0.npz"
    path.write_bytes(path.read_bytes()[:-30])
    refuses(lambda: segmentation.read_couplings(tmp_path, MEMBER, SALAD), "v0.npz")


def test_typical_frames_and_objectives(tmp_path):
    assert segmentation.read_typical(tmp_path) == {}
    typical = {"salad": {"seed0": [[TypicalFrame("v0", 2, 0.5)], []]}}
    segmentation.write_typical(tmp_path, typical)
    assert segmentation.read_typical(tmp_path) == typical
    (tmp_path / "typical.json").write_text('{"salad": {"seed0": [[{"video": "v0"}]]}}')
    refuses(lambda: segmentation.read_typical(tmp_path), "typical.json", "frame")
    objectives = {"salad": {"seed0": {"v0": 0.25}}}
    segmentation.write_objectives(tmp_path, objectives)
    assert segmentation.read_objectives(tmp_path) == objectives


def test_truth_and_detections(tmp_path):
    entry = {"label": "jump", "segment": [1.0, 2.5]}
    assert localization.read_truth(tmp_path, SNIPPETS) is None
    localization.write_truth(tmp_path, {"a": {"annotations": [entry]}, "b": {"annotations": []}})
    truth = localization.by_video(localization.read_truth(tmp_path, SNIPPETS))
    assert truth == {"a": (Interval("jump", 1.0, 2.5, 1.0),), "b": ()}

    def write(results):
        localization.write_detections(tmp_path / "predictions", "seed0", results, "the last")

    def read():
        return localization.read_detections(tmp_path, MEMBER, SNIPPETS)

    (tmp_path / "predictions").mkdir()
    assert localization.read_detections(tmp_path, MEMBER, SNIPPETS, required=False) is None
    refuses(read, "seed0.json")
    write({"a": [entry | {"score": 0.5}]})
    detections = read()
    assert detections.checkpoint == "the last"
    assert localization.by_video(detections.segments) == {"a": (Interval("jump", 1, 2.5, 0.5),)}
    for results, part in (
        ({}, "no entry of the test video 'a'"),
        ({"a": [], "x": []}, "video 'x' is not in dataset.json"),
        ({"a": [entry | {"score": 1, "label": "swim"}]}, "class 'swim' is not in dataset.json"),
        ({"a": [entry]}, "has no 'score'"),
    ):
        write(results)
        refuses(read, "seed0.json", part)


def test_score_maps(tmp_path):
    arrays = {
        "attention_rgb": np.ones(4),
        "clusters": np.ones((4, 3)) / 3,
        "instances_start": np.array([1.0]),
        "instances_end": np.array([2.0]),
        "instances_score": np.array([0.5]),
        "instances_label": np.array([1]),
    }

    def write(**changes):
        values = {"scores": np.zeros((4, 2)), "video_scores": np.zeros(2), "seconds": 8.0}
        values |= {"drawn": arrays} | changes
        localization.write_map(tmp_path / "maps", "seed0", "a", **values)

    def read():
        return localization.read_maps(tmp_path, MEMBER, SNIPPETS)

    assert read() == {}
    write()
    (score_map,) = read().values()
    assert score_map.borders.tolist() == [0, 2, 4, 6, 8] and set(score_map.attention) == {"rgb"}
    assert score_map.instances == (Interval("run", 1.0, 2.0, 0.5),)
    for changes, part in (
        ({"scores": np.zeros((4, 3))}, "map has shape (4, 3), not (4, 2)"),
        ({"seconds": 0.0}, "seconds do not rise"),
        ({"drawn": arrays | {"clusters": np.ones((4, 2))}}, "clusters has shape"),
        ({"drawn": arrays | {"attention": np.full(4, np.nan)}}, "attention has nan"),
        ({"drawn": arrays | {"instances_label": np.array([2])}}, "instances_label has 2 in it"),
        ({"drawn": arrays | {"instances_end": np.array([0.5])}}, "before its start 1"),
    ):
        write(**changes)
        refuses(read, "a.npz", part)


def test_roles_of_clusters(tmp_path):
    assert localization.read_cluster_roles(tmp_path, [MEMBER]) == {}
    localization.write_cluster_roles(tmp_path, {"seed0": np.full((3, 2), 0.5)})
    assert localization.read_cluster_roles(tmp_path, [MEMBER])["seed0"].shape == (3, 2)
    other = MEMBER._replace(num_clusters=4)
    refuses(lambda: localization.read_cluster_roles(tmp_path, [other]), "clusters.json", "(3, 2)")


def test_pseudo_labels_of_all_videos(tmp_path):
    labels = [
        [
            SparseLabels(np.array([0, 2]), np.arange(10, dtype="f4").reshape(5, 2)),
            SparseLabels(np.array([], int), np.zeros((2, 0), "f4")),
        ]
    ]
    pseudo_labels.write_all(tmp_path, 1, ["seed0"], labels)
    read = pseudo_labels.read_all(tmp_path, 1, ["seed0"], [5, 2])
    for expected, found in zip(labels[0], read[0], strict=True):
        np.testing.assert_array_equal(found.columns, expected.columns)
        np.testing.assert_array_equal(found.values, expected.values)
    refuses(lambda: pseudo_labels.read_all(tmp_path, 1, ["seed0"], [5]), "damaged", "train anew")
    refuses(lambda: pseudo_labels.read_all(tmp_path, 2, ["seed0"], [5, 2]), "2.all.npz is missing")
    pseudo_labels.remove(tmp_path, 1)
    pseudo_labels.remove(tmp_path, 1)
    assert not list((tmp_path / "pseudo_labels").iterdir())


def test_pseudo_labels_that_are_shown(tmp_path):
    assert pseudo_labels.read_shown(tmp_path, MEMBER, SNIPPETS) == ()
    arrays = {
        "shown": np.array(["b"]),
        "epoch": np.array(1.5),
        "seed0/b/labels": np.zeros((5, 3)),
        "seed0/b/label": np.array([0, 2]),  # the last one is the background
        "seed0/b/start": np.array([1.0, 0.0]),
        "seed0/b/end": np.array([2.0, 5.0]),
        "seed0/b/score": np.array([1.0, 1.0]),
    }

    def read():
        return pseudo_labels.read_shown(tmp_path, MEMBER, SNIPPETS)

    pseudo_labels.write_shown(tmp_path, 0, arrays)
    (refresh,) = read()
    assert refresh.epoch == 1.5 and refresh.videos["b"].labels.shape == (5, 2)
    assert refresh.videos["b"].instances == (Interval("jump", 2.0, 4.0, 1.0),)
    for changes, part in (
        ({"shown": np.array(["x"])}, "video 'x' is not in dataset.json"),
        ({"shown": np.array(["a"])}, "seed0/a/labels"),
        ({"shown": np.array(["c"])}, "no snippets of known length"),
        ({"seed0/b/labels": np.zeros((5, 2))}, "(5, 2)"),
    ):
        pseudo_labels.write_shown(tmp_path, 0, arrays | changes)
        refuses(read, "0.npz", part)
    pseudo_labels.write_shown(tmp_path, 2, arrays)
    refuses(read, "there is 2.npz, but no 1.npz")
    assert read_npz(tmp_path / "pseudo_labels/2.npz")["shown"].tolist() == ["b"]


def test_scores_of_segmentation(tmp_path):
    assert evaluation.read_segmentation_scores(tmp_path) is None
    score = SPREAD._asdict()
    tables = {"macro": {"mof": score}, "pooled": {"mof": score}, "by_activity": {}}
    plain = {"macro": {"mof": 1.0}, "pooled": {"mof": 1.0}}
    protocol = {
        "settings": {},
        "counts": {},
        "baselines": {"one_class": {"full": plain, "per_video": plain}},
        "results": [
            {"variant": "", "decoding": "", "seeds": [0], "full": tables, "per_video": tables}
        ],
    }
    content = {"protocols": {"asot": protocol}, "matching": {"salad/seed0": {"0": "cut"}}}
    evaluation.write_evaluation(tmp_path, content)
    scores = evaluation.read_segmentation_scores(tmp_path)
    assert checks.to_json(scores.protocols)["asot"]["results"] == [
        result | {"full": tables, "per_video": tables} for result in protocol["results"]
    ]
    assert not scores.split_sil and scores.generalization.splits == ()
    assert scores.matching == {"salad/seed0": {0: "cut"}}
    del protocol["results"][0]["full"]["macro"]["mof"]["std"]
    evaluation.write_evaluation(tmp_path, content)
    refuses(lambda: evaluation.read_segmentation_scores(tmp_path), "evaluation.json", "std")


def test_scores_of_localization(tmp_path):
    score = SPREAD._asdict()
    result = {
        "variant": "",
        "seeds": [0],
        "map": {"0.5": score},
        "averages": {"0.1:0.7": score},
        "average_precision": {"jump": {"0.5": score}},
        "classification_map": score,
        "errors": {"all": {"localization": score}, "missed": score},
        "recall": {"ar": {"10": score}},
        "precision_recall": {"jump": [[50.0, 100.0]], "run": []},
    }
    protocol = {"settings": {}, "counts": {"predictions": score}, "results": [result], "notes": []}
    evaluation.write_evaluation(
        tmp_path, {"checkpoint": "the last", "protocols": {"anet": protocol}}
    )
    scores = evaluation.read_localization_scores(tmp_path)
    (read,) = scores.protocols["anet"].results
    assert scores.checkpoint == "the last"
    assert scores.protocols["anet"].counts == {"predictions": SPREAD}
    assert read.map == {"0.5": SPREAD} and evaluation.mean_of(read.errors.missed) == 1.0
    assert read.precision_recall["run"].size == 0
    del result["recall"]
    evaluation.write_evaluation(tmp_path, {"checkpoint": "", "protocols": {"anet": protocol}})
    refuses(lambda: evaluation.read_localization_scores(tmp_path), "evaluation.json", "recall")
    with pytest.raises(ValueError, match="not JSON compliant"):
        evaluation.write_evaluation(tmp_path, {"checkpoint": float("nan")})


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    about.write_config(tmp_path, {"seeds": 1})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match=r"cannot write .*config.json: No space left on device"):
        about.write_config(tmp_path, {"seeds": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
    assert about.read_config(tmp_path) == {"seeds": 1}
