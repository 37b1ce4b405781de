"""What the report of a TOT run has more: another decoding, codes, splits, silence in two."""

import json
import re
import shutil

import numpy as np
import pytest

from jaxseg.report import read_run, write_picture, write_report

HEAT = r'<img class="heat"[^>]*alt="([^"]*)"'


def source_of(workdir) -> str:
    return write_report(workdir).read_text(encoding="utf-8")


def panel(source: str, anchor: str) -> str:
    return re.search(rf'(?s)<section id="{anchor}">.*?</section>', source)[0]


def rewrite(path, change) -> None:
    """Puts change(content) in place of a JSON file's content."""
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def test_codes_in_the_place_of_couplings(make_tot_workdir):
    source = source_of(make_tot_workdir())
    assert 'id="couplings"' not in source
    codes = panel(source, "codes")
    titles = re.findall("<h5>(.*?)</h5>", codes)
    assert titles == ["codes P", "Q with the prior", "Q without the prior"]
    pictures = re.findall(HEAT, codes)
    assert [alt.split(" of v0: 5 clusters over 10")[0] for alt in pictures] == titles
    # Under each of the three, prediction and truth on the same axis.
    kinds = re.findall(r'aria-label="(\w+): \d+ segments"', codes)
    assert kinds == ["prediction", "truth"] * 3


def test_the_three_pictures_differ(make_tot_workdir):
    codes = panel(source_of(make_tot_workdir()), "codes")
    assert len(set(re.findall(r'src="(data:image/png[^"]*)"', codes))) == 3


@pytest.mark.parametrize(("prior", "words"), [(True, "with the"), (False, "without the")])
def test_codes_say_what_the_network_has_learned_from(make_tot_workdir, prior, words):
    workdir = make_tot_workdir()
    rewrite(workdir / "config.json", lambda config: config | {"temporal_prior": prior})
    codes = panel(source_of(workdir), "codes")
    assert f"This run has learned from Q {words} prior;" in codes


def test_codes_without_labels(make_tot_workdir):
    source = source_of(make_tot_workdir(labels=False))
    assert re.findall(r'aria-label="(\w+): \d+ seg', panel(source, "codes")) == ["prediction"] * 3
    assert "truth" not in panel(source, "videos")


def test_confidence_is_of_the_codes(make_tot_workdir, make_workdir):
    """The codes' highest probability is .3 throughout; the plans' .9 and .6."""
    assert "confidence, mean 0.30" in panel(source_of(make_tot_workdir()), "videos")
    assert "confidence, mean 0.60" in panel(source_of(make_workdir()), "videos")


def test_a_coupling_with_half_of_the_codes_is_drawn_as_a_coupling(make_tot_workdir):
    workdir = make_tot_workdir()
    path = workdir / "couplings/coffee/seed0/v0.npz"
    with np.load(path) as arrays:
        kept = {name: arrays[name] for name in ("plan", "affinity", "codes")}
    np.savez(path, **kept)
    source = source_of(workdir)
    assert 'id="codes"' not in source and "confidence, mean 0.90" in source
    assert re.findall(HEAT, panel(source, "couplings"))[0].startswith("plan of v0")


def test_the_other_decoding_is_a_thin_bar_with_its_own_matching(make_tot_workdir):
    videos = panel(source_of(make_tot_workdir()), "videos")
    fill = dict(re.findall(r'fill="(#\w+)"/></svg>([^<]+)</li>', videos))
    color = {name: code for code, name in fill.items()}
    thin = re.search(r'<svg class="bar thin"[^>]*aria-label="argmax: .*?</svg>', videos)[0]
    fills = re.findall('fill="([^"]+)"', thin)
    stir = color["stir &lt;&amp;&gt; &#34;taste&#34;"]
    assert fills[:3] == [color["SIL"], stir, color["pour_milk"]]
    assert fills[3].startswith("url(#hatch")
    names = re.findall(r'<div class="name">([^<]+?) ?<', videos)
    assert names[:4] == ["truth", "prediction", "argmax", "seed 1"]


def test_a_decoding_is_named_in_the_notes(make_tot_workdir, make_workdir):
    source = source_of(make_tot_workdir())
    assert "<em>argmax</em> is the same networks without an order" in panel(source, "scores")
    assert "argmax is the first seed by that decoding" in panel(source, "videos")
    assert "argmax" not in source_of(make_workdir())


def test_runs_with_test_videos_speak_of_splits(make_tot_workdir):
    workdir = make_tot_workdir()
    tests = {0: ["v0"], 1: ["v0", "v1"]}
    rewrite(
        workdir / "members.json",
        lambda members: [m | {"test": tests[m["seed"]]} for m in members],
    )
    splits = [
        {"seed": 0, "train": 2, "test": 1, "unseen": {}},
        {"seed": 1, "train": 1, "test": 2, "unseen": {"coffee": ["<stir>"]}},
    ]
    facts = {"test_share": 0.5, "note": "each seed is a split", "splits": splits}
    rewrite(workdir / "evaluation.json", lambda e: e | {"generalization": facts})
    for name in ("seed0/v1", "seed0/v2", "seed1/v2", "seed0,argmax/v1", "seed0,argmax/v2"):
        (workdir / f"predictions/coffee/{name}.txt").unlink()
    source = source_of(workdir)
    assert "2 splits an activity" in source
    scores = panel(source, "scores")
    assert "Tested on 50 % of the videos, by splits: each seed is a split." in scores
    assert "Split 1 has &lt;stir&gt; in no training video of coffee." in scores
    assert "mean ± spread over 2 splits" in scores and "● a split" in scores
    videos = panel(source, "videos")
    assert "split 1" in videos and "<h4>v1" not in videos and "<h4>v0" in videos


def test_silence_is_drawn_as_it_was_scored(make_tot_workdir):
    """The truth begins with SIL and ends with background: only the start becomes another class."""
    workdir = make_tot_workdir()
    assert "action_start" not in source_of(workdir)
    matching = {"coffee/seed0": {"0": "pour_milk", "2": "action_start", "3": "action_end"}}
    rewrite(workdir / "evaluation.json", lambda e: e | {"split_sil": True, "matching": matching})
    videos = panel(source_of(workdir), "videos")
    assert videos.count("<title>action_start, frames 0–1</title>") == 3
    assert "action_start (cluster 2)" in videos and "action_end (cluster 3)" in videos
    assert "SIL" not in videos
    run = read_run(workdir)
    assert run.classes[-2:] == ("action_start", "action_end")


def test_picture_of_codes(make_tot_workdir, tmp_path):
    workdir = make_tot_workdir()
    path = write_picture(workdir, tmp_path / "picture.svg", num_videos=1)
    drawing = path.read_text()
    for row in ("truth", "prediction", "codes P", "Q with the prior", "Q without the prior"):
        assert f"<!-- {row} -->" in drawing
    assert "<!-- affinity -->" not in drawing and "<!-- coupling -->" not in drawing
    assert drawing.count("<image") == 3


def test_picture_of_codes_has_one_scale(make_tot_workdir, tmp_path):
    """Codes of .2 throughout, a collapse, are darker than .8 throughout."""
    workdir = make_tot_workdir()
    flat = {name: np.full((10, 5), value) for name, value in (("codes", 0.2), ("plan", 0.8))}
    np.savez(
        workdir / "couplings/coffee/seed0/v0.npz",
        **flat,
        plan_without_prior=flat["plan"],
        affinity=flat["plan"],
    )
    path = write_picture(workdir, tmp_path / "picture.svg", num_videos=1)
    codes, plan, plan_without_prior = re.findall('href="(data:image/png[^"]*)"', path.read_text())
    assert codes != plan and plan == plan_without_prior


def test_absent_files_cost_their_parts_alone(make_tot_workdir):
    workdir = make_tot_workdir()
    shutil.rmtree(workdir / "predictions/coffee/seed0,argmax")
    shutil.rmtree(workdir / "couplings")
    source = source_of(workdir)
    assert "argmax" not in panel(source, "videos") and 'id="codes"' not in source
    assert 'id="collapse"' in source
