"""What becomes of excluded classes, and Breakfast's silence as two classes."""

import numpy as np
import pytest
from run_folder import CLASSES, member, run, write_run

from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation
from jaxseg.runfiles.silence import split_silence

SPLIT_CLASSES = [*CLASSES, "action_start", "action_end"]
# SIL frames are background in the tests of exclusion; -1 claims two of them and two of stir.
TRUTH = {("tea", "a"): [0, 0, 1, 1, 2, 2], ("tea", "b"): [1, 2, 2, 0]}
CLUSTERS = {("tea", "seed0", "a"): [-1, -1, 0, 0, -1, -1], ("tea", "seed0", "b"): [0, 1, 1, 1]}


def write(root, **facts):
    return write_run(root, TRUTH, [member("tea", 0)], CLUSTERS, **facts)


@pytest.mark.parametrize("rules", [{"exclusion": "drop"}, {"exclusion": "background"}, {}])
def test_without_excluded_classes_the_rule_does_not_matter(tmp_path, rules):
    """-1 is a cluster then: of ten frames 0 has three of pour, -1 two of SIL, 1 two of stir."""
    entry = run(write(tmp_path), **rules)["protocols"]["asot-exact"]
    assert entry["results"][0]["full"]["macro"]["mof"]["mean"] == pytest.approx(70, abs=1e-9)
    assert entry["counts"]["frames"] == 10


@pytest.mark.parametrize(("exclusion", "right"), [("drop", 4), ("background", 2)])
def test_minus_one_is_a_cluster_or_the_background(tmp_path, exclusion, right):
    truth = {("tea", "a"): TRUTH["tea", "a"]}
    clusters = {("tea", "seed0", "a"): CLUSTERS["tea", "seed0", "a"]}
    workdir = write_run(tmp_path, truth, [member("tea", 0)], clusters, excluded=["SIL"])
    result = run(workdir, exclusion=exclusion)
    mof = result["protocols"]["asot-exact"]["results"][0]["full"]["macro"]["mof"]["mean"]
    assert mof == pytest.approx(100 * right / 4, abs=1e-9)
    entry = result["protocols"]["asot-exact"]
    assert entry["counts"]["frames"] == 4
    assert entry["settings"]["excluded"] == ["SIL"]
    assert entry["settings"]["exclusion"].startswith(f"{exclusion}: ")
    assert result["matching"]["tea/seed0"].get("-1") == ("stir" if right == 4 else None)


@pytest.mark.parametrize("exclusion", ["drop", "background"])
def test_mstcn_leaves_out_background_in_a_run_too(tmp_path, exclusion):
    """Segments but background, by hand: truth 2 + 2; predicted 1 and 2 of them, all in place."""
    classes = ["background", "pour", "stir"]
    clusters = {("tea", "seed0", "a"): [3, 3, 0, 0, 0, 0], ("tea", "seed0", "b"): [0, 1, 1, 3]}
    workdir = write_run(tmp_path, TRUTH, [member("tea", 0, clusters=4)], clusters, classes=classes)
    entry = run(workdir, ("mstcn", "asot-exact"), exclusion=exclusion)["protocols"]
    (found,) = entry["mstcn"]["results"]
    assert found["full"]["pooled"]["edit"]["mean"] == pytest.approx(100 * (1 / 2 + 2 / 2) / 2)
    assert found["full"]["pooled"]["f1@50"]["mean"] == pytest.approx(100 * 2 * 3 / (4 + 3))
    assert entry["mstcn"]["settings"]["excluded"] == ["background"]
    assert entry["asot-exact"]["settings"]["excluded"] == []


@pytest.mark.parametrize("exclusion", ["drop", "background"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_same_rule_under_every_protocol(tmp_path, protocol, exclusion):
    entry = run(write(tmp_path, excluded=["SIL"]), (protocol,), exclusion=exclusion)
    (found,) = entry["protocols"][protocol]["results"]
    expected = evaluate_segmentation(
        {f"tea/{name}": labels for (_, name), labels in TRUTH.items()},
        {f"tea/{name}": labels for (*_, name), labels in CLUSTERS.items()},
        protocol=protocol,
        match="activity",
        activities={"tea/a": "tea", "tea/b": "tea"},
        num_clusters={"tea": 2},
        baselines=False,
        **{{"drop": "excluded", "background": "background"}[exclusion]: [0]},
    )
    for key, score in expected["averages"]["macro"].items():
        assert found["full"]["macro"][key]["mean"] == score, key


def test_an_unknown_exclusion_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"unknown exclusion 'ignore': choose from drop, backg"):
        run(write(tmp_path), exclusion="ignore")


@pytest.mark.parametrize(
    ("labels", "split"),
    [
        ([0, 1, 0], [3, 1, 4]),
        ([0, 0, 1, 0, 2, 0, 0], [3, 3, 1, 0, 2, 4, 4]),
        ([1, 0, 2], [1, 0, 2]),
        ([1, 0], [1, 4]),
        ([0, 1], [3, 1]),
        ([0, 0], [3, 3]),
        ([0], [3]),
        ([1], [1]),
    ],
)
def test_silence_at_either_end(labels, split):
    labels = np.array(labels)
    before = labels.copy()
    np.testing.assert_array_equal(split_silence(labels, SPLIT_CLASSES), split)
    np.testing.assert_array_equal(labels, before)


@pytest.mark.parametrize("split_sil", [False, True])
def test_scores_with_silence_as_two_classes(tmp_path, split_sil):
    """Clusters tell the start from the end: all of four frames are right, or three."""
    truth = {("tea", "a"): [0, 0, 1, 0]}
    clusters = {("tea", "seed0", "a"): [0, 0, 1, 2]}
    workdir = write_run(tmp_path, truth, [member("tea", 0, clusters=3)], clusters)
    evaluation = run(workdir, split_sil=split_sil)
    entry = evaluation["protocols"]["asot-exact"]
    mof = entry["results"][0]["full"]["macro"]["mof"]["mean"]
    assert mof == (100 if split_sil else 75)
    assert entry["counts"]["classes"] == (3 if split_sil else 2)
    assert evaluation["split_sil"] is split_sil
    words = entry["settings"]["silence"]
    if split_sil:
        assert "action_start" in words and "action_end" in words
        assert evaluation["matching"]["tea/seed0"] == {
            "0": "action_start",
            "1": "pour",
            "2": "action_end",
        }
    else:
        assert words == "as labelled"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"classes": ["nothing", "pour", "stir"]}, "split_sil: 'SIL' is no class"),
        ({"excluded": ["SIL"]}, "split_sil: 'SIL' is excluded"),
        ({"classes": ["SIL", "pour", "action_end"]}, "a class 'action_end' already"),
    ],
)
def test_what_cannot_be_split_is_one_line(tmp_path, facts, message):
    workdir = write(tmp_path, **facts)
    with pytest.raises(ValueError) as error:
        run(workdir, split_sil=True)
    assert str(error.value).startswith(f"{workdir / 'dataset.json'}: ")
    assert message in str(error.value) and "\n" not in str(error.value)
