"""`Segmenter`: the same labels as the command, scikit-learn's manners, and one-sentence errors."""

import copy
import dataclasses
import doctest
import gc
import pickle
import subprocess
import sys

import commands
import numpy as np
import pytest
from sklearn.base import clone

import jaxseg.segmenter
from configs import asot_folder
from jaxseg import Segmenter
from jaxseg.methods import from_dict
from jaxseg.run.temporary import RunFolder
from jaxseg.runfiles.choice import Choice, Settled
from jaxseg.runfiles.evaluation import Finding, SegmentationScores

ACTIONS = ([0, 1, 2, 1], [2, 0, 1, 0], [1, 2, 0, 2])
# As few steps as show anything, in the same keys as the command's.
QUICK = {
    "num_epochs": 2,
    "least_steps": 1,
    "data.frames_per_video": 16,
    "model.layers": (0, 8, 5),
    "solver.train.num_iterations": 5,
    "solver.eval.num_iterations": 5,
}
TERMS = {"num_actions": 3, "duration": 12.0, "order": "free", "seeds": 2}


def make_sequences() -> list[np.ndarray]:
    """Three sequences of 48, 40 and 32 frames, 6 channels, three actions that recur."""
    rng = np.random.default_rng(0)
    looks = 3 * rng.standard_normal((3, 6))
    frames = [np.repeat(looks[each], 12 - 2 * k, axis=0) for k, each in enumerate(ACTIONS)]
    return [each + 0.3 * rng.standard_normal(each.shape) for each in frames]


SEQUENCES = make_sequences()


def make(**params) -> Segmenter:
    return Segmenter(**TERMS | {"progress": False, "settings": QUICK} | params)


def same(one, other) -> None:
    """Both are lists, or dicts of the same keys in the same order, of equal arrays."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        one, other = list(one.values()), list(other.values())
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def fitted(quickly):
    with quickly():
        return make().fit(SEQUENCES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sequences as files, in a folder whose name says nothing."""
    root = tmp_path_factory.mktemp("data") / "of any name"
    root.mkdir()
    for name, each in zip("abc", SEQUENCES, strict=True):
        np.save(root / f"{name}.npy", each)
    return root


@pytest.fixture(scope="module")
def commanded(folder, quickly, tmp_path_factory):
    """A run of the command on the folder."""
    workdir = tmp_path_factory.mktemp("runs") / "run"
    keys = TERMS | QUICK | {"data.root": folder}
    words = [f"--config.{key}={value}" for key, value in keys.items()]
    with quickly():
        done = commands.run(f"--config={commands.CONFIG}", f"--workdir={workdir}", *words)
    assert done.status == 0, done.err
    return workdir


def test_the_same_labels_as_the_command(fitted, commanded, folder, quick_compile):
    expected = Segmenter.load(commanded).labels_
    assert list(expected) == ["a", "b", "c"]
    same(fitted.labels_, list(expected.values()))
    same(make().fit(folder).labels_, expected)


def test_results_come_in_the_form_of_the_sequences(fitted, quick_compile):
    by_name = {"z": SEQUENCES[0], 3: SEQUENCES[1], "a": SEQUENCES[2]}
    for sequences in (SEQUENCES, by_name):
        labels, plans = fitted.predict(sequences), fitted.score_frames(sequences)
        segments = fitted.segments(sequences)
        assert type(labels) is type(plans) is type(segments) is type(sequences)
        assert len(labels) == 3
    assert list(labels) == list(plans) == list(segments) == ["z", 3, "a"]
    same(list(labels.values()), fitted.predict(SEQUENCES))


def test_the_plan_is_a_distribution_whose_largest_entry_is_the_label(fitted, quick_compile):
    for sequences in (None, [SEQUENCES[1][:17], SEQUENCES[0][3:]]):
        labels = fitted.labels_ if sequences is None else fitted.predict(sequences)
        for plan, each in zip(fitted.score_frames(sequences), labels, strict=True):
            assert plan.shape == (len(each), 3) and each.dtype == np.int64
            np.testing.assert_allclose(plan.sum(axis=1), 1, atol=1e-5)
            # Members of one program agree with one alone to rounding, not bit for bit.
            assert np.mean(plan.argmax(axis=1) == each) > 0.95


def test_segments_are_half_open_and_in_seconds_where_a_rate_is_known(fitted, commanded):
    for labels, rows in zip(fitted.labels_, fitted.segments(), strict=True):
        assert [row.start for row in rows] == [0, *(row.end for row in rows[:-1])]
        found = [row.label for row in rows for _ in range(row.start, row.end)]
        assert found == labels.tolist() and rows[-1].end == len(labels)
    rated = copy.deepcopy(fitted)
    rated._trained.data = rated._trained.data._replace(fps=8.0)
    for rows, expected in zip(rated.segments(), fitted.segments(), strict=True):
        assert [row.start * 8 for row in rows] == [row.start for row in expected]


def test_a_saved_one_is_the_same(fitted, tmp_path, quick_compile):
    path = fitted.save(tmp_path / "model")
    loaded = Segmenter.load(path)
    assert loaded.get_params() == fitted.get_params() | {"progress": True, "settings": QUICK}
    same(list(loaded.labels_.values()), fitted.labels_)
    loaded.progress = False
    same(loaded.predict(SEQUENCES), fitted.predict(SEQUENCES))
    page = loaded.report(tmp_path)
    assert page == tmp_path / "report.html" and "<html" in page.read_text()
    with pytest.raises(ValueError, match=r"model is there already"):
        fitted.save(path)
    with pytest.raises(ValueError, match="holds no sequences"):
        loaded.score_frames()


def test_parameters_are_stored_as_given():
    settings = {"num_epochs": 1}
    model = Segmenter(4, fps=25, settings=settings)
    assert model.settings is settings and vars(model) == model.get_params()
    copied = clone(model.set_params(seeds=2))
    assert copied is not model and copied.get_params() == model.get_params()
    assert repr(copied) == "Segmenter(num_actions=4, fps=25, seeds=2, settings={'num_epochs': 1})"
    with pytest.raises(ValueError, match="no parameter 'sedes', only num_actions"):
        model.set_params(sedes=3)


def test_defaults_are_those_of_the_command():
    own, command = Segmenter()._make_config(), from_dict(asot_folder.get_config().to_dict())
    assert dataclasses.replace(own, data=command.data) == command
    assert dataclasses.replace(own.data, name="folder") == command.data


def test_states_share_no_seeds():
    configs = [make(random_state=state)._make_config() for state in (None, 0, 2, np.int64(2))]
    assert [config.first_seed for config in configs] == [0, 0, 4, 4]
    assert {config.seeds for config in configs} == {2}
    assert make(num_actions=np.int64(4))._make_config().num_actions == 4


def test_settings_win_over_terms():
    config = make(settings={"seeds": 7, "solver.eval.radius": 0.3})._make_config()
    assert config.seeds == 7 and config.solver.eval.radius == 0.3


def test_a_folder_that_goes_with_its_last_user(fitted):
    model = copy.copy(fitted)
    model._folder = RunFolder(None)
    other, path = copy.deepcopy(model), model._folder.path
    del model
    gc.collect()
    assert path.is_dir()
    with pytest.raises(TypeError, match=r"use save\(path\)"):
        pickle.dumps(other)
    del other
    gc.collect()
    assert not path.exists()


@pytest.mark.parametrize(
    ("params", "parts"),
    [
        ({"num_actions": 1}, ["at least 2", "1"]),
        ({"order": "any"}, ["order", "shared", "'any'"]),
        ({"scaling": "robust"}, ["scaling", "folder", "'robust'"]),
        ({"fps": -1.0}, ["fps", "-1"]),
        ({"method": "case"}, ["method", "asot", "'case'"]),
        ({"random_state": "x"}, ["random_state", "'x'"]),
        ({"random_state": -1}, ["first_seed", "-2"]),
        ({"settings": {"num_epoch": 3}}, ["num_epoch ", "num_epochs"]),
    ],
)
def test_parameters_that_cannot_be(params, parts):
    with pytest.raises(ValueError) as error:
        make(**params).fit(SEQUENCES)
    text = str(error.value)
    assert "\n" not in text and all(part in text for part in parts), text


def test_what_cannot_be_before_a_fit():
    for use in (make().predict, make().score_frames, make().segments, make().plot):
        with pytest.raises(ValueError, match=r"call fit\(sequences\) or Segmenter.load\(RUN\)"):
            use(SEQUENCES)


def test_a_poor_result_is_a_warning_where_nothing_is_printed(fitted, monkeypatch, capsys):
    advice = "Try --config.data.scaling=folder."
    found = tuple(Finding("a", (0,), kind, kind, advice) for kind in ("note", "warning"))
    settled = Settled(3, 12.0, "free", doubts=("Give config.num_actions.",))
    scores, choice = SegmentationScores({}, findings=found), Choice("", None, {"a": settled})
    monkeypatch.setattr(jaxseg.segmenter, "read_segmentation_scores", lambda _: scores)
    monkeypatch.setattr(jaxseg.segmenter, "read_choice", lambda _: choice)
    with pytest.warns(UserWarning) as told:
        fitted._warn()
    assert [str(each.message) for each in told] == [
        "Give num_actions.",
        "a, seed 0: warning. Try scaling=folder.",
    ]
    assert capsys.readouterr() == ("", "")


def test_bars_of_every_sequence(fitted, tmp_path):
    figure = fitted.plot()
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["0", "1", "2"]
    assert len(axes.collections) == 3 and axes.get_xlabel() == "frames"
    drawn = [len(bar.get_paths()) for bar in axes.collections]
    assert drawn == [len(rows) for rows in fitted.segments()]
    figure.savefig(tmp_path / "bars.png")


def test_the_example_of_the_docstring(quick_compile):
    done = doctest.testmod(jaxseg.segmenter)
    assert done.failed == 0 and done.attempted > 5


def test_importing_the_package_is_light():
    program = "import jaxseg, sys; print(jaxseg.__version__, 'jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == [jaxseg.__version__, "False"]
