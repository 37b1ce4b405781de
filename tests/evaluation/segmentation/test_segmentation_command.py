"""`python -m jaxseg.evaluation segmentation` on folders of every kind."""

import json
import subprocess
import sys
import tarfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from label_folders import write_folder

from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation
from jaxseg.evaluation.__main__ import main
from jaxseg.formats.labels import write_labels

SHARED = Path(__file__).resolve().parents[3] / "../shared"
NAMES = ["SIL", "pour", "stir"]
TRUTH = {
    "P1_coffee": ["SIL"] * 4 + ["pour"] * 30 + ["stir"] * 9,
    "P1_tea": ["stir"] * 25 + ["SIL"] * 6,
    "P2_coffee": ["pour"] * 12 + ["stir"] * 12 + ["SIL"] * 2,
}
CLUSTERS = {
    "P1_coffee": [2] * 8 + [0] * 26 + [1] * 9,
    "P1_tea": [1] * 20 + [0] * 11,
    "P2_coffee": [0] * 12 + [1] * 6 + [2] * 8,
}
METRICS = {
    *("mof_pooled", "mof_macro", "mof_video"),
    *("f1", "precision", "recall", "miou", "jsd"),
}
FIELDS = {
    *("protocol", "match", "exclude", "average", "videos", "frames"),
    *("metrics", "activities", "matching", "baselines"),
}


@pytest.fixture
def folders(tmp_path):
    write_folder(tmp_path / "truth", TRUTH)
    write_folder(tmp_path / "clusters", CLUSTERS)
    return tmp_path


def command(folder, *options, predictions="clusters"):
    """Runs the command in this process; paths are given within `folder`."""
    paths = [f"--predictions={folder / predictions}", f"--truth={folder / 'truth'}"]
    return main(["segmentation", *paths, *options])


def results(folder, *options, **sides):
    """The results of the command's JSON, by protocol."""
    path = folder / "scores.json"
    assert command(folder, *options, f"--json={path}", **sides) == 0
    document = json.loads(path.read_text())
    assert document["task"] == "segmentation"
    return {result["protocol"]: result for result in document["results"]}


def indices(videos):
    return {name: [NAMES.index(label) for label in labels] for name, labels in videos.items()}


def test_json_holds_the_results_of_the_function(folders):
    found = results(folders, "--protocol=all", "--seed=3")
    assert list(found) == list(PROTOCOLS)
    for protocol, result in found.items():
        # Clusters have no names: mstcn matches them first.
        match = "activity" if PROTOCOLS[protocol].names else None
        options = {"protocol": protocol, "match": match, "classes": NAMES, "seed": 3}
        assert result == evaluate_segmentation(indices(TRUTH), CLUSTERS, **options)
        assert result.keys() >= FIELDS
        assert set(result["baselines"]) == {"equal_split", "one_class"}
        if PROTOCOLS[protocol].names:
            assert set(result["metrics"]) == {"accuracy", "edit", "f1@10", "f1@25", "f1@50"}
        else:
            assert result["metrics"].keys() >= METRICS


def test_table(folders, capsys):
    assert command(folders, "--protocol=asot-exact,mstcn", "--exclude=SIL") == 0
    lines = capsys.readouterr().out.splitlines()
    first = evaluate_segmentation(indices(TRUTH), CLUSTERS, excluded=[0])
    assert lines[1].split()[:6] == [
        *("asot-exact", "activity", "3", "88", "2"),
        f"{first['metrics']['mof_pooled']:.1f}",
    ]
    assert [line.split()[0] for line in lines[2:4]] == ["equal", "one"]
    assert lines[5].split()[5:7] == ["acc", "edit"]
    assert lines[6].startswith("mstcn")
    assert lines[-1] == "classes dropped: SIL; background: none"


def test_help_explains_every_protocol(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["segmentation", "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for name, rule in PROTOCOLS.items():
        assert f"\n  {name}\n" in text
        assert len(rule.text.splitlines()) == 2
        assert all(line in text for line in rule.text.splitlines())


def test_activities_by_folder_suffix_and_file(folders):
    (folders / "list").write_text("P1_coffee a\nP1_tea a\nP2_coffee b\n")
    assert set(results(folders)["asot-exact"]["activities"]) == {"all"}
    by_suffix = results(folders, "--activities=suffix")["asot-exact"]
    assert {key: each["videos"] for key, each in by_suffix["activities"].items()} == {
        "coffee": 2,
        "tea": 1,
    }
    listed = results(folders, f"--activities={folders / 'list'}")["asot-exact"]["activities"]
    assert {key: each["videos"] for key, each in listed.items()} == {"a": 2, "b": 1}
    for name, labels in TRUTH.items():
        (folders / "truth" / f"{name}.txt").unlink()
        write_labels(folders / "truth" / name.partition("_")[2] / f"{name}.txt", labels)
    assert results(folders)["asot-exact"] == by_suffix


def test_every_format_gives_the_same(folders):
    """Names as classes: one a line, MS-TCN's result files, and .npy of a mapping's indices."""
    named = {name: [NAMES[cluster] for cluster in each] for name, each in CLUSTERS.items()}
    write_folder(folders / "lines", named)
    (folders / "mapping").write_text("0 SIL\n1 pour\n2 stir\n")
    for folder in ("results/split_1", "results/split_2", "arrays"):
        (folders / folder).mkdir(parents=True)
    for place, (name, labels) in enumerate(named.items()):
        text = f"### Frame level recognition: ###\n{' '.join(labels)}\n"
        (folders / f"results/split_{1 + place % 2}/{name}").write_text(text)
        np.save(folders / f"arrays/{name}.npy", np.array(CLUSTERS[name], np.uint8))
    options = ("--protocol=mstcn,asot-exact", f"--mapping={folders / 'mapping'}", "--match=none")
    lines = results(folders, *options, predictions="lines")
    assert lines["mstcn"]["match"] == "none"
    right = sum(np.sum(np.array(TRUTH[name]) == named[name]) for name in TRUTH)
    assert lines["mstcn"]["metrics"]["accuracy"] == pytest.approx(right, abs=1e-9)  # of 100
    assert results(folders, *options, predictions="results") == lines
    assert results(folders, *options, predictions="arrays") == lines


def test_a_predicted_class_that_the_truth_lacks_is_merely_wrong(folders):
    write_folder(folders / "names", TRUTH | {"P1_tea": ["wait"] * 31})
    found = results(folders, "--match=none", predictions="names")["asot-exact"]["metrics"]
    assert found["mof_pooled"] == pytest.approx(100 * 69 / 100, abs=1e-9)


def test_names_that_are_matched_keep_the_background_apart(folders):
    """SIL is predicted by name: it is cluster -1, which is matched with no class."""
    write_folder(folders / "names", TRUTH)
    result = results(folders, "--background=SIL", "--protocol=cte", predictions="names")["cte"]
    assert result["matching"]["all"] == {"1": "pour", "2": "stir"}
    assert (result["metrics"]["mof_pooled"], result["metrics"]["miou"]) == (100, 100)
    assert result["frames"] == 88


def test_splits_select_and_average(folders):
    write_folder(folders / "names", TRUTH | {"P2_coffee": ["SIL"] * 26})
    for split, names in {"one": "P1_coffee.txt\n", "two": "P2_coffee.txt\n"}.items():
        (folders / split).write_text(names)
    files = f"--splits={folders / 'one'},{folders / 'two'}"
    found = results(folders, "--protocol=mstcn", files, predictions="names")["mstcn"]
    assert (found["average"], found["videos"]) == ("splits", 2)
    assert found["metrics"]["accuracy"] == pytest.approx((100 + 100 * 2 / 26) / 2, abs=1e-9)
    # Videos of no split need no prediction.
    (folders / "names/P1_tea.txt").unlink()
    assert results(folders, "--protocol=mstcn", files, predictions="names")["mstcn"] == found


def test_label_map_before_and_after_the_matching(folders):
    """pour and stir are one coarse class.

    Before: cluster 0 (49 frames, 38 of them pour, 5 stir) is matched with it, cluster 1 with
    nothing. After: both are right on either. Both are counted here frame by frame.
    """
    (folders / "map").write_text("SIL SIL\npour work\nstir work\n")
    option = f"--label-map={folders / 'map'}"
    before = results(folders, option)["asot-exact"]
    after = results(folders, option, "--label-map-order=after")["asot-exact"]
    coarse = {name: [0 if label == "SIL" else 1 for label in TRUTH[name]] for name in TRUTH}
    expected = evaluate_segmentation(coarse, CLUSTERS, classes=["SIL", "work"])
    assert before == expected
    fine = evaluate_segmentation(indices(TRUTH), CLUSTERS, classes=NAMES)["matching"]
    assert after["matching"] == fine == {"all": {"0": "pour", "1": "stir", "2": "SIL"}}
    pairs = [
        (truth, 0 if cluster == 2 else 1)
        for name in TRUTH
        for truth, cluster in zip(coarse[name], CLUSTERS[name], strict=True)
    ]
    right = sum(truth == found for truth, found in pairs)
    assert after["metrics"]["mof_pooled"] == pytest.approx(100 * right / 100, abs=1e-9)
    assert after["metrics"]["mof_pooled"] > before["metrics"]["mof_pooled"]


class Tags(HTMLParser):
    """Checks that tags close in order, and counts them."""

    def __init__(self):
        super().__init__()
        self.open, self.counts = [], {}

    def handle_starttag(self, tag, attrs):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_report_shows_videos_and_confusion(folders):
    path = folders / "page.html"
    assert command(folders, f"--report={path}", "--background=SIL") == 0
    page, tags = path.read_text(), Tags()
    tags.feed(page)
    assert not tags.open
    assert page.count('aria-label="truth: ') == page.count('aria-label="prediction: ') == 3
    assert "http" not in page and "<script" not in page
    best, worst = page.index("P2_coffee <small>"), page.index("P1_tea <small>")
    accuracy = [float(page[at:].split("<small>")[1].split(" %")[0]) for at in (best, worst)]
    assert page.index("P1_coffee <small>") < max(best, worst)
    assert accuracy == pytest.approx([100 * 18 / 24, 100 * 20 / 25], abs=0.05)


def test_report_names_coarse_classes(folders):
    (folders / "map").write_text("SIL SIL\npour work\nstir work\n")
    options = [f"--label-map={folders / 'map'}", "--label-map-order=after"]
    assert command(folders, *options, f"--report={folders / 'page.html'}") == 0
    page = (folders / "page.html").read_text()
    assert '<th scope="row">work</th>' in page and "pour" not in page


def test_published_predictions_of_ed_tcn(tmp_path):
    """The folder of .mat files on both sides; its files are the splits."""
    folder = next(SHARED.glob("data/tcn_predictions/50salads_mid/*"), None)
    if folder is None:
        pytest.skip("the published predictions are not on this machine")
    golden = json.loads((SHARED / "golden/eval_seg_07_tcn_50salads_mid.json").read_text())
    recorded = golden["mean_of_splits"]["mstcn"]["bg_class_0"]
    check_published(folder, folder, recorded, ["--background=0"], tmp_path / "scores.json")


def test_published_predictions_on_gtea(tmp_path):
    """MS-TCN's result files in a folder a split, the truth in one folder, four lists of videos."""
    archives = SHARED / "data/50salads_gtea"
    if not archives.is_dir():
        pytest.skip("the published predictions are not on this machine")
    for name in ("ground_truth_and_splits", "gtea_predictions"):
        with tarfile.open(archives / f"{name}.tar.gz") as archive:
            archive.extractall(tmp_path / name, filter="data")
    golden = json.loads((SHARED / "golden/eval_seg_08_selfaction_gtea.json").read_text())
    recorded = golden["mean_of_splits"]["mstcn"]["bg_class_background"]
    data = tmp_path / "ground_truth_and_splits/gtea"
    splits = ",".join(str(data / f"splits/test.split{split}.bundle") for split in range(1, 5))
    predictions, path = tmp_path / "gtea_predictions", tmp_path / "scores.json"
    check_published(predictions, data / "groundTruth", recorded, [f"--splits={splits}"], path)
    # The plain command: all 28 videos together, the class that the program leaves out by default.
    result = score_folders(predictions, data / "groundTruth", [], path)
    printed = [f"{result[key]:.1f}" for key in ("edit", "f1@10", "f1@25", "f1@50")]
    assert printed == ["81.8", "87.7", "85.5", "72.9"]
    result = score_folders(predictions, data / "groundTruth", ["--background="], path)
    printed = [f"{result[key]:.1f}" for key in ("edit", "f1@10", "f1@25", "f1@50")]
    assert printed == ["77.3", "80.9", "76.8", "60.9"]


def check_published(predictions, truth, recorded, options, path):
    found = score_folders(predictions, truth, options, path)
    assert found["accuracy"] == pytest.approx(recorded["acc"], abs=1e-9)
    assert found["edit"] == pytest.approx(recorded["edit"], abs=1e-9)
    f1 = [found[f"f1@{threshold}"] for threshold in (10, 25, 50)]
    assert f1 == pytest.approx(recorded["f1_10_25_50"], abs=1e-9)


def score_folders(predictions, truth, options, path):
    """The metrics of mstcn."""
    paths = [f"--predictions={predictions}", f"--truth={truth}", f"--json={path}"]
    assert main(["segmentation", *paths, "--protocol=mstcn", *options]) == 0
    (result,) = json.loads(path.read_text())["results"]
    return result["metrics"]


BLOCKED = ("jax", "jaxlib", "flax", "optax", "orbax", "ml_collections", "matplotlib")


def test_runs_with_everything_but_numpy_and_scipy_blocked(folders):
    """A process of its own, where importing any of the blocked packages is an error."""
    code = (
        "import runpy, sys\n"
        f"for name in {BLOCKED}: sys.modules[name] = None\n"
        "sys.argv[0] = 'jaxseg.evaluation'\n"
        "runpy.run_module('jaxseg.evaluation', run_name='__main__')\n"
    )
    options = [
        f"--predictions={folders / 'clusters'}",
        f"--truth={folders / 'truth'}",
        f"--report={folders / 'page.html'}",
        f"--json={folders / 'scores.json'}",
    ]
    done = subprocess.run(
        [sys.executable, "-c", code, "segmentation", "--protocol=all", *options],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("protocol")
    assert (folders / "page.html").is_file()
