"""The command line from end to end: the files of a run, its stages, people's own features."""

import json
import shutil
import signal
import subprocess
import sys

import commands
import numpy as np
import pytest
import toy

from jaxseg.runfiles.metrics import MetricsWriter

FILES = {
    "checkpoints",
    "choice.json",
    "config.json",
    "couplings",
    "dataset.json",
    "evaluation.json",
    "members.json",
    "metrics.jsonl",
    "objectives.json",
    "peers",
    "predictions",
    "report.html",
    "savings.json",
    "typical.json",
    "versions.json",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return toy.write_files(tmp_path_factory.mktemp("data") / "mine")


@pytest.fixture(scope="module")
def finished(root, quickly, tmp_path_factory):
    """A run through all stages: (its output, its folder)."""
    workdir = tmp_path_factory.mktemp("runs") / "toy"
    with quickly():
        return commands.run(*commands.arguments(root, workdir)), workdir


@pytest.fixture
def copy(finished, tmp_path):
    shutil.copytree(finished[1], tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def exchanged(copy, root, tmp_path):
    """A run's copy, and a copy of its data at the place that the run knows as its data's."""
    other = tmp_path / "mine"
    shutil.copytree(root, other)
    config = copy / "config.json"
    config.write_text(config.read_text().replace(str(root), str(other)))
    return copy, other


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def contents(folder) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_run_leaves_all_of_its_files(finished, root):
    result, workdir = finished
    assert result.status == 0
    assert names(workdir) == FILES | {"truth"}
    assert "5 videos, 130 frames, 2 activities; 4 members" in result.out
    assert str(workdir / "report.html") in result.out
    config = json.loads((workdir / "config.json").read_text())
    assert config["data"]["root"] == str(root) and config["num_epochs"] == 2
    versions = json.loads((workdir / "versions.json").read_text())
    assert versions["packages"]["jax"] and "cpu" in versions["device"]
    members = json.loads((workdir / "members.json").read_text())
    assert [member["directory"] for member in members] == ["seed0", "seed1"] * 2
    assert "<html" in (workdir / "report.html").read_text()


def test_scores_are_of_both_protocols_and_printed(finished):
    result, workdir = finished
    protocols = json.loads((workdir / "evaluation.json").read_text())["protocols"]
    assert list(protocols) == ["asot-exact", "asot"]
    for protocol in protocols.values():
        mof = protocol["results"][0]["full"]["macro"]["mof"]
        assert 25 <= mof["mean"] <= 100 and len(mof["values"]) == 2
    assert "asot-exact" in result.out


def test_the_truth_is_written_as_it_was_given(finished, root):
    for file in sorted((finished[1] / "truth").rglob("*.txt")):
        assert file.read_text() == (root / "groundTruth" / file.name).read_text()
    assert len(list((finished[1] / "truth").rglob("*.txt"))) == 5


@pytest.mark.parametrize("mode", ["predict", "evaluate", "report", "train", "all"])
def test_every_stage_can_be_run_again(copy, root, quick_compile, mode):
    """And leaves what it finds but for the time and the command in versions.json."""
    before = contents(copy)
    result = commands.run(*commands.arguments(root, copy), f"--mode={mode}")
    assert result.status == 0
    after = contents(copy)
    assert set(after) == set(before)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"versions.json", "report.html"}


def test_options_of_later_stages_may_change(copy, root, quick_compile):
    words = commands.arguments(
        root, copy, predict__segments="csv", report__max_videos=1, solver__eval__alpha=0.1
    )
    assert commands.run(*words, "--mode=predict").status == 0
    assert len(list(copy.glob("predictions/*/*/*.csv"))) == 10
    assert commands.run(*words, "--mode=report").status == 0


def test_a_workdir_of_another_config_is_left_alone(copy, root):
    before = contents(copy)
    for mode in ("all", "train", "predict", "evaluate", "report"):
        words = commands.arguments(root, copy, solver__train__alpha=0.25)
        line = commands.run(*words, f"--mode={mode}").complaint
        assert "solver.train.alpha is 0.4 there, 0.25 here" in line and str(copy) in line
    assert contents(copy) == before


def test_a_workdir_of_other_videos_is_left_alone(exchanged):
    copy, other = exchanged
    (other / "features/soup/soup1.npy").unlink()
    (other / "groundTruth/soup1.txt").unlink()
    before = contents(copy)
    line = commands.run(*commands.arguments(other, copy)).complaint
    assert "dataset.json lists other videos" in line and ": soup/soup1)" in line
    assert contents(copy) == before


def test_features_of_another_extractor_are_refused(exchanged, quick_compile):
    workdir, other = exchanged
    for path in (other / "features/soup").iterdir():
        np.save(path, 3 * np.load(path) + 1)
    before = contents(workdir)
    for mode in ("all", "predict"):
        line = commands.run(*commands.arguments(other, workdir), f"--mode={mode}").complaint
        assert f"features of soup/soup0, soup/soup1 changed since {workdir} was made" in line
        assert "put back what was there, or give another --workdir" in line
    assert contents(workdir) == before
    # A run of an older version does not know the checksums.
    path = workdir / "dataset.json"
    record = json.loads(path.read_text())
    known = {video["name"]: video.pop("checksum") for video in record["videos"]}
    path.write_text(json.dumps(record))
    assert commands.run(*commands.arguments(other, workdir), "--mode=predict").status == 0
    after = {v["name"]: v["checksum"] for v in json.loads(path.read_text())["videos"]}
    changed = {name for name in known if known[name] != after[name]}
    assert changed == {"soup0", "soup1"} and all(len(each) == 8 for each in after.values())


def test_a_truth_that_was_corrected_is_taken(exchanged, quick_compile):
    workdir, other = exchanged
    labels = (other / "groundTruth/soup1.txt").read_text().splitlines()
    labels[-1] = labels[0]
    (other / "groundTruth/soup1.txt").write_text("\n".join(labels) + "\n")
    assert commands.run(*commands.arguments(other, workdir)).status == 0
    assert (workdir / "truth/soup/soup1.txt").read_text().splitlines() == labels


def test_a_damaged_config_json(copy, root):
    (copy / "config.json").write_text('{"method": "as')
    line = commands.run(*commands.arguments(root, copy)).complaint
    assert "config.json is damaged" in line


@pytest.mark.parametrize("mode", ["predict", "evaluate", "report"])
def test_stages_before_training(root, tmp_path, mode):
    words = commands.arguments(root, tmp_path / "run")
    assert str(tmp_path / "run") in commands.run(*words, f"--mode={mode}").complaint


def test_features_without_labels(tmp_path, quick_compile):
    """Everything but scores: clusters, their most typical frames, a report, annotators' tables."""
    root = toy.write_files(tmp_path / "mine", labels=False)
    words = commands.arguments(
        root, tmp_path / "run", data__fps=5, predict__segments="csv", seeds=1, activities="soup"
    )
    result = commands.run(*words)
    assert result.status == 0 and "no truth" in result.out
    assert names(tmp_path / "run") == FILES
    evaluation = json.loads((tmp_path / "run/evaluation.json").read_text())
    assert evaluation["protocols"] == {} and not evaluation["data"]["generated"]
    typical = json.loads((tmp_path / "run/typical.json").read_text())
    assert list(typical) == ["soup"] and len(typical["soup"]["seed0"]) == 4
    table = (tmp_path / "run/predictions/soup/seed0/soup0.csv").read_text().splitlines()
    assert table[1].startswith("0.000,") and table[-1].split(",")[1] == "5.200"  # 26 frames
    page = (tmp_path / "run/report.html").read_text()
    assert "soup0" in page and "MoF" not in page


@pytest.fixture(scope="module")
def tot(root, quickly, tmp_path_factory):
    """TOT+TCL through all stages, one constant given and the other from its row."""
    workdir = tmp_path_factory.mktemp("runs") / "tot"
    words = commands.tot_arguments(root, workdir, tcl=True, solver__train__sigma=1.5)
    with quickly():
        return commands.run(*words), workdir, words


def test_tot_from_features_to_report(tot):
    """Labels go through the clusters in their order; those of argmax stand beside them."""
    result, workdir, _ = tot
    assert result.status == 0
    assert names(workdir) == FILES - {"choice.json", "savings.json"} | {"truth"}
    for directory in ("seed0", "seed1", "seed0,argmax", "seed1,argmax"):
        files = list(workdir.glob(f"predictions/*/{directory}/*.txt"))
        assert len(files) == 5
        for file in files:
            labels = [int(line) for line in file.read_text().split()]
            assert set(labels) <= {0, 1, 2, 3}
            if "argmax" not in directory:
                assert labels == sorted(labels) and len(set(labels)) == 4
    protocols = json.loads((workdir / "evaluation.json").read_text())["protocols"]
    assert list(protocols) == ["cte", "cte-soft", "tot-text"]
    assert "argmax" in result.out and "<html" in (workdir / "report.html").read_text()
    labels = json.loads((workdir / "config.json").read_text())["solver"]["train"]
    assert (labels["rho"], labels["sigma"]) == (0.07, 1.5)


def test_tot_stopped_and_resumed_ends_in_the_same_labels(
    tot, root, tmp_path, monkeypatch, quick_compile
):
    """With the thaw behind it and half of its steps ahead."""
    _, workdir, words = tot
    words = [f"--workdir={tmp_path / 'run'}" if "--workdir" in word else word for word in words]
    write = MetricsWriter.write

    def write_and_interrupt(self, step, *values):
        write(self, step, *values)
        if step == 1:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(MetricsWriter, "write", write_and_interrupt)
        stopped = commands.run(*words)
    assert stopped.status == 128 + signal.SIGTERM and "saved at step 2 of 4" in stopped.err
    assert "predictions" not in names(tmp_path / "run")
    assert commands.run(*words).status == 0
    for part in ("predictions", "couplings", "truth"):
        assert contents(tmp_path / "run" / part) == contents(workdir / part)
    for file in ("evaluation.json", "typical.json", "members.json"):
        assert (tmp_path / "run" / file).read_bytes() == (workdir / file).read_bytes()


def test_a_twin_says_so_first_and_last(tmp_path, quick_compile):
    overrides = {"data.name": "breakfast", "activities": "coffee", "num_epochs": "0"}
    words = [f"--config.{key}={value}" for key, value in overrides.items()]
    config = commands.ROOT / "configs/asot_breakfast.py"
    result = commands.run(
        f"--config={config}", f"--workdir={tmp_path / 'run'}", *words, "--mode=train"
    )
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0] == lines[-1] and "generated" in lines[0] and "not comparable" in lines[0]


@pytest.mark.slow
def test_as_a_process(root, tmp_path):
    """The real thing, compiled as users have it: exit status and streams."""
    command = [sys.executable, "-m", "jaxseg.main", *commands.arguments(root, tmp_path / "run")]
    done = subprocess.run(command, cwd=commands.ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "report:" in done.stdout
    assert "Traceback" not in done.stderr and "rror" not in done.stderr
    command.append("--config.num_epoch=3")
    done = subprocess.run(command, cwd=commands.ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "error: the config has no key 'num_epoch'; nearest is num_epochs\n"


def test_without_a_folder_the_run_is_on_recordings_and_says_so(
    root, tmp_path, monkeypatch, quick_compile
):
    short = tmp_path / "gesture_phase"  # the real ones take half a minute
    shutil.copytree(root / "features/soup", short / "features")
    monkeypatch.setattr("jaxseg.data.EMBEDDED", short)
    words = commands.arguments("", tmp_path / "run", seeds=1, num_epochs=0)
    words = [word for word in words if "num_clusters" not in word]
    for mode in ("train", "report"):
        result = commands.run(*words, f"--mode={mode}")
        assert result.status == 0, result.err
        first, *_, last = result.out.splitlines()
        assert first == last and "gesture_phase: no folder was named, so these are 7" in first
        assert "UCI, CC BY 4.0" in first and "--config.data.root=DIR" in first
        assert "generated data" not in result.out
    page = (tmp_path / "run/report.html").read_text()
    assert page.count('<p class="banner">no folder was named') == 2
    assert "generated data" not in page
    (member,) = json.loads((tmp_path / "run/members.json").read_text())
    assert member["num_clusters"] == 5 and member["activity"] == "gesture_phase"
