"""ED-TCN's scores of 50 Salads: better segments on splits that nothing was tuned on."""

import json
from pathlib import Path

import pytest

from jaxseg.decode.__main__ import main
from jaxseg.evaluation.__main__ import main as evaluate

pytestmark = pytest.mark.usefixtures("quick_compile")

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture
def published():
    folder = next(SHARED.glob("data/tcn_predictions/50salads_mid/*"), None)
    if folder is None:
        pytest.skip("the published scores are not on this machine")
    return folder


def scores(out):
    results = json.loads((out / "evaluation.json").read_text())["results"]
    return results["argmax"]["metrics"], results["fugw"]["metrics"]


def decode(published, out, *options):
    argv = [f"--scores={published}", f"--truth={published}", "--background=0", f"--out={out}"]
    assert main([*argv, *options]) == 0
    return scores(out)


def assert_better(before, after):
    assert after["edit"] > before["edit"] + 2
    assert after["f1@50"] > before["f1@50"] + 2
    assert after["accuracy"] > before["accuracy"] - 0.5


@pytest.mark.slow
def test_held_out_splits(published, tmp_path, capsys):
    """Two of the five splits choose from a small grid, three are scored."""
    grid = ["--alpha=.3,.6", "--radius=.02", "--epsilon=.07", "--lambda-actions=.1,.2"]
    before, after = decode(published, tmp_path / "out", "--tune", *grid)
    assert_better(before, after)
    assert "50 videos, 9,966 frames, 18 classes, probabilities" in capsys.readouterr().out
    tuned = json.loads((tmp_path / "out/tuned.json").read_text())
    splits = [{name[0] for name in tuned[half]} for half in ("tuned_on", "held_out")]
    assert len(splits[0]) == 2 and len(splits[1]) == 3 and not splits[0] & splits[1]


def test_argmax_is_what_was_published(published, tmp_path, capsys):
    """The file's own predictions P are the argmax of its scores S: so are their scores."""
    argv = [f"--predictions={published}", f"--truth={published}", "--background=0"]
    argv += ["--protocol=mstcn", f"--json={tmp_path / 'scores.json'}"]
    assert evaluate(["segmentation", *argv]) == 0
    (wanted,) = json.loads((tmp_path / "scores.json").read_text())["results"]
    options = ["--method=argmax", f"--truth={published}", "--background=0"]
    assert main([f"--scores={published}", f"--out={tmp_path / 'out'}", *options]) == 0
    found = json.loads((tmp_path / "out/evaluation.json").read_text())["results"]["argmax"]
    assert found["metrics"] == wanted["metrics"]
    assert found["averages"]["video"]["edit"] == pytest.approx(59.8, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_whole_grid_on_other_divisions(published, tmp_path, seed):
    assert_better(*decode(published, tmp_path / "out", "--tune", f"--seed={seed}"))
