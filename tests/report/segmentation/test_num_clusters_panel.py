"""The panel on the number of clusters, and whose pictures the rest of the page has then."""

import json
import shutil

import pytest
from pages import headings, read, svg_text

from jaxseg.report import read_run

COUNTS, SEEDS = (3, 5, 6), (0, 1)


def tried(count: int) -> dict:
    """What num_clusters.json knows of a K."""
    entry = {"num_clusters": count, "variant": f"K={count}", "score": 0.1}
    means = {"stability": 1 / count, "information": 0.1, "objective": -count, "used": count - 0.5}
    for name, mean in means.items():
        entry[name] = {"mean": mean, "std": 0.1, "values": [mean - 0.1, mean + 0.1]}
    return entry


@pytest.fixture
def workdir(make_workdir):
    """A run whose members have tried three K; 5, which the predictions are of, is chosen."""
    root = make_workdir(labels=False)
    members = json.loads((root / "members.json").read_text())
    members = [
        entry | {"num_clusters": k, "variant": f"K={k}", "directory": f"seed{entry['seed']},K={k}"}
        for k in COUNTS
        for entry in members
    ]
    for folder in ("predictions", "couplings"):
        for path in [*(root / folder / "coffee").iterdir()]:
            for k in COUNTS:
                shutil.copytree(path, path.with_name(f"{path.name},K={k}"))
            shutil.rmtree(path)
    lines = [{"step": step, "seconds": step, "loss": [3.0] * len(members)} for step in range(20)]
    found = {"chosen": 5, "variant": "K=5", "runners_up": [6, 3], "tried": [*map(tried, COUNTS)]}
    choice = {"rule": "The rule is <that>.", "caution": "Care.", "activities": {"coffee": found}}
    (root / "members.json").write_text(json.dumps(members))
    (root / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (root / "num_clusters.json").write_text(json.dumps(choice))
    return root


def test_the_chosen_members_are_the_ones_shown(workdir):
    run = read_run(workdir)
    (activity,) = run.activities
    assert [member.directory for member in activity.members] == ["seed0,K=5", "seed1,K=5"]
    assert list(activity.predictions) == ["seed0,K=5", "seed1,K=5"] and activity.couplings
    assert len(run.members) == len(COUNTS) * len(SEEDS)
    assert "num_clusters.json" in run.source.files


def test_the_panel_draws_all_curves_and_says_the_rule(workdir):
    page = read(workdir)
    assert "number-of-clusters" in headings(page)
    assert "The rule is <that>. Care." in page.text
    assert "K = 5 (4.5 used), then 6, 3" in page.text
    (picture,) = [
        attrs for tag, attrs in page.tags if tag == "img" and "against K" in attrs.get("alt", "")
    ]
    words = svg_text(picture["src"])
    for word in ("adjusted mutual information", "transport objective", "information", "K"):
        assert word in words


def test_only_the_chosen_losses_are_drawn(workdir):
    page = read(workdir)
    (loss,) = [a for tag, a in page.tags if tag == "img" and "training loss" in a.get("alt", "")]
    assert "K=" not in svg_text(loss["src"])


def test_a_run_that_tried_nothing_has_no_panel(make_workdir):
    root = make_workdir()
    assert read_run(root).choice is None
    assert "number-of-clusters" not in headings(read(root))


@pytest.mark.parametrize("content", [{"activities": {}}, {"activities": {"coffee": {}}}, {}])
def test_a_choice_of_nothing(workdir, content):
    content = {"rule": "", "caution": "", **content}
    (workdir / "num_clusters.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"num_clusters.json: ") as error:
        read_run(workdir)
    assert "\n" not in str(error.value)
