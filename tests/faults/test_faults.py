"""Trials of faults: events of a strike, differences of results, and a few whole trials."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.faults import __main__ as faults
from tests.faults import strike as striking
from tests.faults.ground import Ground, Start
from tests.faults.kinds import KINDS, Damage, cut, flip, newest
from tests.faults.programs import PROGRAMS
from tests.faults.strike import Strike, describe, process_id
from tests.faults.trial import Result, Row, Trial, differences, named_path

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("event", "arguments", "text"),
    [
        ("open", ("/a/b", "w", os.O_WRONLY | os.O_CREAT), "open /a/b"),
        ("open", (b"/a/b", None, os.O_RDWR), "open /a/b"),
        ("open", ("/a/b", "r", os.O_RDONLY | os.O_CLOEXEC), None),
        ("os.rename", ("/a/.b", Path("/a/b"), -1, -1), "rename /a/b"),
        ("os.remove", ("/a/b", -1), "remove /a/b"),
        ("shutil.rmtree", ("/a", None), "rmtree /a"),
        (striking.STEP, (17,), "step 17"),
        ("import", ("os", None, None, None, None), None),
    ],
)
def test_events_in_words(event, arguments, text):
    assert describe(event, arguments) == text


def test_number_of_a_process():
    assert process_id(["-m", "jaxseg.main"], {}) == 0
    assert process_id(["-m", "jaxseg.main"], {"JAX_PROCESS_ID": "3"}) == 3
    assert process_id(["--process_id=2", "--num_processes=4"], {"JAX_PROCESS_ID": "3"}) == 2


PROGRAM = """
from pathlib import Path
import resource, sys
from tests.faults import strike
strike.arm()
for number in range(4):
    try:
        Path(sys.argv[1], f"{number}.txt").write_text("whole")
    except OSError as error:
        sys.exit(f"{number}: {error.strerror}")
"""


def strike(folder: Path, blow: str) -> subprocess.CompletedProcess:
    """Runs `PROGRAM` with a blow just before it writes its third file."""
    variables = striking.environment(Strike(r"open .*\d\.txt$", 3, blow), folder)
    return subprocess.run(
        # `arm` looks for the name of the module among the arguments.
        [sys.executable, "-c", PROGRAM, str(folder), "jaxseg.main"],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )


def test_a_kill_comes_before_the_file_that_is_named(tmp_path):
    ended = strike(tmp_path, "SIGKILL")
    assert ended.returncode == -signal.SIGKILL
    assert sorted(path.name for path in tmp_path.glob("*.txt")) == ["0.txt", "1.txt"]
    assert (tmp_path / "struck").read_text() == f"open {tmp_path / '2.txt'}"


def test_no_file_can_grow_from_the_one_that_is_named(tmp_path):
    ended = strike(tmp_path, "file limit")
    assert ended.stderr == "2: File too large\n"
    assert (tmp_path / "1.txt").read_text() == "whole"
    assert (tmp_path / "2.txt").read_text() == ""


def make_results(workdir: Path) -> Path:
    (workdir / "predictions" / "soup").mkdir(parents=True)
    for number in range(2):
        (workdir / "predictions" / "soup" / f"{number}.txt").write_text("0\n1\n1\n")
    (workdir / "evaluation.json").write_text('{"mof": 62.5}')
    lines = [{"step": step, "seconds": hash(workdir), "loss": [0.5]} for step in range(3)]
    (workdir / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return workdir


@pytest.fixture
def pair(tmp_path):
    """Two runs whose results differ in nothing but seconds."""
    return make_results(tmp_path / "a"), make_results(tmp_path / "b")


def test_the_same_results_do_not_differ(pair):
    assert differences(*pair) == []


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        ("predictions/soup/1.txt", "0\n1\n1\n", "0\n1\n0\n", "predictions/soup/1.txt differs"),
        ("evaluation.json", "62.5", "62.6", "evaluation.json differs"),
        ("metrics.jsonl", "[0.5]", "[0.500001]", "the last line of metrics.jsonl differs"),
    ],
)
def test_one_byte_makes_a_difference(pair, name, before, after, message):
    file = pair[1] / name
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    assert differences(*pair) == [message]


def test_files_too_few_and_too_many_are_differences(pair):
    (pair[1] / "predictions" / "soup" / "0.txt").rename(pair[1] / "predictions" / "3.txt")
    assert differences(*pair) == [
        "predictions/soup/0.txt is missing",
        "predictions/3.txt should not be",
    ]


def test_damages_change_one_file_by_one_thing(tmp_path):
    rng, file = np.random.default_rng(0), tmp_path / "file"
    content = bytes(range(200))
    for _ in range(20):
        file.write_bytes(content)
        flip(file, rng)
        changed = np.frombuffer(file.read_bytes(), np.uint8) ^ np.frombuffer(content, np.uint8)
        assert np.unpackbits(changed).sum() == 1
        cut(file, rng)
        assert file.stat().st_size < len(content)


def test_newest_checkpoint_is_by_number(tmp_path):
    for name in ("9", "10", "20.orbax-checkpoint-tmp"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    assert newest(tmp_path).name == "10"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("error: /r/config.json is damaged (line 1); remove it or the folder", "/r/config.json"),
        ("error: /r/p/3.npz is missing, and so on: remove /r to train anew", "/r"),
        ("error: none in /r/checkpoints can be read: [4]; remove the folder", "/r/checkpoints"),
        ("error: /r/config.json is damaged", None),
    ],
)
def test_the_path_that_an_error_asks_to_remove(line, path):
    assert named_path(line) == (path and Path(path))


def test_every_kind_has_a_plan_for_every_program_that_it_names():
    for kind in KINDS.values():
        for name in kind.programs:
            for seed in range(5):
                acts = kind.plan(np.random.default_rng(seed), PROGRAMS[name])
                assert acts and all(isinstance(act, (Strike, Damage)) for act in acts)
                for act in acts:
                    if isinstance(act, Strike):
                        re.compile(act.pattern)
                        assert act.count >= 1
                        assert max(act.watcher, act.victim) < PROGRAMS[name].processes


def test_chosen_trials():
    assert faults.chosen("", 4) == [0, 1, 2, 3]
    assert faults.chosen("58,17", 4) == [17, 58]
    kinds = list(KINDS)
    numbers = faults.chosen(f"{kinds[5]},{kinds[2]}", 5)
    assert [kinds[number % len(kinds)] for number in numbers] == [kinds[i] for i in (2, 5, 2, 5, 2)]
    assert len(set(numbers)) == 5
    with pytest.raises(ValueError, match="--only=fire is no kind of fault"):
        faults.chosen("kill-step,fire", 3)


def test_rows_of_a_trial():
    rows = [Row("SIGKILL at step 7", 137, "", 7), Row("started again", 0, "fine")]
    first, second, verdict = faults.lines_of(Result(4, "kill-step", "tot", rows, 0, []))
    assert " ".join(first.split()) == "4 kill-step tot 137 7 SIGKILL at step 7"
    assert " ".join(second.split()) == "0 started again; fine"
    assert verdict.strip() == "-> the same"
    bad = Result(4, "kill-step", "tot", rows, 0, ["0.txt differs", "does not go on"])
    assert faults.lines_of(bad)[-1].strip() == "-> 0.txt differs; does not go on"


def test_totals_and_exit_status(monkeypatch, tmp_path, capsys):
    good = Result(3, "kill-step", "asot", [Row("SIGKILL at step 7", 137, "", 7)], 0, [])
    bad = Result(4, "kill-step", "tot", [Row("started again", 0, "fine")], 1, ["0.txt differs"])
    for results, status in (([good], 0), ([good, bad], 1)):
        monkeypatch.setattr(faults, "run_trials", lambda *_, results=results, **__: results)
        assert faults.main([f"--json={tmp_path / 'table.json'}", "--trials=2"]) == status
    printed = capsys.readouterr().out
    assert re.search(r"^all +2 +1 +1 +7$", printed, re.MULTILINE)
    written = json.loads((tmp_path / "table.json").read_text())
    assert written["good"] == 1 and written["results"][1]["problems"] == ["0.txt differs"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """Folder in which ASOT has run undisturbed."""
    ground = Ground(tmp_path_factory.mktemp("faults"))
    ground.run_undisturbed("asot")
    return ground


class Disturbed(Trial):
    """Trial of one kind with ASOT as its program."""

    def __init__(self, ground: Ground, kind: str):
        number = next(
            number
            for number in range(list(KINDS).index(kind), 10_000, len(KINDS))
            if Trial(ground, 0, number, disk=False).program == "asot"
        )
        super().__init__(ground, 0, number, disk=False)


@pytest.mark.slow
def test_killed_in_a_checkpoint_and_run_again(ground):
    result = Disturbed(ground, "kill-checkpoint").run()
    assert result.problems == []
    strike, again = result.rows
    assert strike.status == 128 + signal.SIGKILL and "orbax-checkpoint-tmp" in strike.act
    assert again.status == 0


def test_a_trial_without_the_same_results_is_not_good(tmp_path, monkeypatch):
    """The second start returns 0 but writes no predictions."""
    ground = Ground(tmp_path / "ground")
    make_results(ground.undisturbed("asot"))
    trial = Disturbed(ground, "predictions-gone")

    def start(program, workdir, strike=None):
        (workdir / "predictions").mkdir()
        return Start(status=0, message="", resumed=None, traceback=False, struck="")

    monkeypatch.setattr(ground, "start", start)
    result = trial.run()
    assert result.problems == [f"predictions/soup/{number}.txt is missing" for number in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        "term-step",
        "int-step",
        "kill-deletion",
        "kill-second-swap",
        "disk-prediction",
        "checkpoint-bit",
        "checkpoint-empty",
        "cache-bit",
        "metrics-cut",
        "config-cut",
    ],
)
def test_wider_set(ground, kind):
    result = Disturbed(ground, kind).run()
    assert result.problems == [], result.rows


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kill-one-of-two", "term-one-of-two"])
def test_one_of_two_processes(tmp_path, kind):
    number = list(KINDS).index(kind)
    results = faults.run_trials(Ground(tmp_path / "ground"), [number], seed=0, jobs=1)
    assert results[0].problems == [], results[0].rows
