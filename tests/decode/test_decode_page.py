"""The page of a decoding says what the files say, and shows truth, argmax and the method."""

import base64
import itertools
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from score_sets import score_set, write_arrays, write_truth

from jaxseg.decode.__main__ import main
from jaxseg.evaluation.segmentation.groups import run_starts
from jaxseg.report.decode_page import NUM_COLUMNS, drawable

pytestmark = pytest.mark.usefixtures("quick_compile")


@pytest.fixture(scope="module")
def made(tmp_path_factory, quickly):
    """The output folder of a tuned decoding, and its page."""
    folder = tmp_path_factory.mktemp("decoding")
    write_arrays(folder / "scores", score_set())
    write_truth(folder / "truth")
    argv = [f"--scores={folder / 'scores'}", f"--out={folder / 'out'}", "--tune", "--report"]
    argv += ["--alpha=.2,.5", "--radius=.05", "--epsilon=.07", "--lambda-actions=.1"]
    with quickly():
        assert main([*argv, f"--truth={folder / 'truth'}", "--background=0"]) == 0
    return folder / "out", (folder / "out/report.html").read_text(encoding="utf-8")


def section(page, anchor):
    return re.search(rf'<section id="{anchor}">.*?</section>', page)[0]


def test_scores(made):
    out, page = made
    results = json.loads((out / "evaluation.json").read_text())["results"]
    rows = re.findall(r"<tr.*?</tr>", section(page, "scores"))[1:]
    for found, scores in zip(rows, results.values(), strict=False):
        metrics = scores["metrics"].values()
        assert re.findall(r"<td>(.*?)</td>", found) == [f"{value:.1f}" for value in metrics]
    assert 'scope="row">change<' in rows[2]
    assert "Videos that nothing was tuned on." in page
    published = re.findall(r"<table.*?</table>", section(page, "scores"))[1]
    assert "As published (ASOT, CVPR 2024, Table 3): MS-TCN++ on 50 Salads" in published
    refined = re.search(r">MS-TCN\+\+, fugw<.*?</tr>", published)[0]
    assert re.findall(r"<td>(.*?)</td>", refined) == ["83.6", "77.6", "84.4", "83.1", "74.9"]


def test_tuning(made):
    """One curve: a single number has several values in the grid."""
    _, page = made
    panel = section(page, "tuning")
    assert "2 settings tried on 2 videos" in panel
    (source,) = re.findall(r'src="data:image/svg\+xml;base64,(.*?)"', panel)
    words = " ".join(ElementTree.fromstring(base64.b64decode(source)).itertext())
    assert "alpha" in words and "0.2" in words and "0.5" in words and "F1@50" in words


def test_videos(made):
    """Every held-out video, with three bars of its own runs."""
    out, page = made
    held_out = json.loads((out / "tuned.json").read_text())["held_out"]
    articles = re.findall(r"<article>.*?</article>", section(page, "videos"))
    assert sorted(re.search(r"<h4>(\S+) ", each)[1] for each in articles) == held_out
    shares = [re.search(r"([\d.]+) → ([\d.]+) % of frames", each).groups() for each in articles]
    gains = [float(after) - float(before) for before, after in shares]
    assert gains == sorted(gains, reverse=True) and len(set(gains)) == len(gains)
    for article in articles:
        name = re.search(r"<h4>(\S+) ", article)[1]
        bars = dict(re.findall(r'aria-label="(\w+): (\d+) segments"', article))
        lines = (out / f"predictions/{name}.txt").read_text().split()
        runs = 1 + sum(one != other for one, other in itertools.pairwise(lines))
        assert bars.keys() == {"truth", "argmax", "fugw"}
        assert bars["truth"] == "3" and bars["fugw"] == str(runs)
        assert int(bars["argmax"]) > 3


def test_bars_of_long_videos_have_no_more_runs_than_a_screen_shows():
    labels = np.arange(100_000) % 7
    drawn = drawable(labels)
    assert len(drawn) == len(labels)
    assert len(run_starts(drawn)) <= NUM_COLUMNS
    # A bar of that many frames shows the first of every fifty.
    np.testing.assert_array_equal(drawn, np.repeat(labels[::50], 50))
    np.testing.assert_array_equal(drawable(labels[:NUM_COLUMNS]), labels[:NUM_COLUMNS])


def test_the_page_needs_nothing_else(made):
    assert not re.findall(r'(?:src|href)="(?!data:|#)', made[1])


def test_a_page_without_truth(tmp_path):
    write_arrays(tmp_path / "<b>", score_set())
    argv = [f"--scores={tmp_path / '<b>'}", f"--out={tmp_path / 'out'}", "--method=argmax"]
    assert main([*argv, "--report"]) == 0
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert re.findall(r'<section id="(\w+)"', page) == ["videos"]
    assert "&lt;b&gt;" in page and "<b>" not in page
    assert page.count("<article>") == 4


def test_without_truth_no_video_is_better_than_another(tmp_path):
    scores = score_set()
    write_arrays(tmp_path / "s", scores | {f"{name}b": each for name, each in scores.items()})
    argv = [f"--scores={tmp_path / 's'}", f"--out={tmp_path / 'out'}", "--method=median"]
    assert main([*argv, "--report"]) == 0
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert page.count("<article>") == 6
    assert "best" not in section(page, "videos") and "ranked" not in page
