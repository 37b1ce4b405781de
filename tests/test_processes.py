"""Several real processes are one run: what one process would leave, once, whatever happens."""

import json
import signal

import commands
import groups
import pytest
import toy

pytestmark = pytest.mark.usefixtures("quickly")
# Of three videos two are the first process's; each holds half of every batch of two.
SHAPE = {"activities": "salad", "predict__num_buckets": 1, "checkpoint__every": 15}
HALVES = {"mesh__member": 1, "mesh__data": 2}
OPTIONS = SHAPE | {"num_epochs": 30}  # 60 steps, each with a line of metrics
SIGNALED = "tests/signaled_main.py"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return toy.write_files(tmp_path_factory.mktemp("data") / "mine")


def words(root, workdir, *more: str, program=("-m", "jaxseg.main"), **overrides) -> list[str]:
    return [*program, *commands.arguments(root, workdir, **overrides), *more]


@pytest.fixture(scope="module")
def two(root, tmp_path_factory):
    """What two processes with a device each printed, and their folder."""
    workdir = tmp_path_factory.mktemp("two") / "run"
    return groups.run(words(root, workdir, **OPTIONS, **HALVES), processes=2), workdir


@pytest.fixture(scope="module")
def one(root, tmp_path_factory):
    """The same of one process with two devices."""
    workdir = tmp_path_factory.mktemp("one") / "run"
    return groups.run(words(root, workdir, **OPTIONS, **HALVES), devices=2), workdir


def metrics(workdir) -> list[dict]:
    """Lines of metrics.jsonl without the time they took."""
    lines = (workdir / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) | {"seconds": None} for line in lines]


def contents(workdir, *folders: str) -> dict[str, bytes]:
    files = [file for folder in folders for file in (workdir / folder).rglob("*.*")]
    return {str(file.relative_to(workdir)): file.read_bytes() for file in sorted(files)}


def test_two_processes_leave_what_one_leaves(one, two):
    (_, alone), (_, shared) = one, two
    assert metrics(shared) == metrics(alone) and len(metrics(alone)) == 60
    expected = contents(alone, "predictions", "truth")
    assert contents(shared, "predictions", "truth") == expected and len(expected) == 2 * 3 + 3
    settled = ("choice.json", "savings.json")
    for name in ("evaluation.json", "typical.json", "members.json", "dataset.json", *settled):
        assert (shared / name).read_bytes() == (alone / name).read_bytes()
    for workdir in (alone, shared):
        kept = {path.name for path in (workdir / "checkpoints").iterdir()}
        assert kept == {"45", "60"}
    assert {path.name for path in shared.iterdir()} == {path.name for path in alone.iterdir()}
    assert "<html" in (shared / "report.html").read_text()


def said(text: str) -> list[str]:
    """Lines without those of the library through which the processes talk, and without times."""
    return [line for line in text.splitlines() if not line.startswith(("[Gloo]", "auto took"))]


def test_only_the_first_process_says_anything(one, two):
    (alone,), ((first, second), workdir) = one[0], two
    assert said(second.out) == [] and second.err == ""
    here, there = said(first.out), said(alone.out)
    assert here[0] == there[0] and here[0].startswith("salad: 4 actions, of about 9 frames")
    assert here[1].endswith(f"2 devices (member x data = 1 x 2) of 2 processes; files in {workdir}")
    assert here[2:-1] == there[2:-1] and here[-1] == f"report: {workdir / 'report.html'}"
    assert first.err.count("predict: 100%") == alone.err.count("predict: 100%") >= 1
    assert "Traceback" not in first.err


@pytest.mark.slow
def test_two_processes_find_what_one_finds(root, tmp_path):
    """Duration and order from the data, by short trainings that all processes share."""
    options = OPTIONS | HALVES | {"num_epochs": 2, "duration": "auto", "order": "auto"}
    command = words(root, tmp_path / "two", "--mode=train", **options)
    (result, _) = groups.run(command, processes=2)
    assert "frames (found), in a" in result.out
    groups.run(words(root, tmp_path / "one", "--mode=train", **options), devices=2)
    found, expected = ((tmp_path / name / "choice.json").read_text() for name in ("two", "one"))
    assert found == expected


def test_a_stop_of_one_stops_all_and_one_goes_on(root, one, tmp_path, quick_compile):
    """SIGTERM to the second process; then a single process finishes, on a mesh of its own."""
    workdir = tmp_path / "run"
    program = SIGNALED, 2, int(signal.SIGTERM), 1
    command = words(root, workdir, "--mode=train", program=program, **OPTIONS, **HALVES)
    with groups.started(command, processes=2) as group:
        results = groups.finish(group)
    assert [result.status for result in results] == [143, 143], results
    (step,) = (path.name for path in (workdir / "checkpoints").iterdir())
    told = f"stopped by SIGTERM and saved at step {step} of 60; "
    assert all(told in result.err.splitlines()[-1] for result in results), results
    assert 3 <= int(step) <= 5 and not (workdir / "predictions").exists()
    result = commands.run(*commands.arguments(root, workdir, **OPTIONS))
    assert result.status == 0 and "device" not in result.out
    undisturbed = one[1]
    assert contents(workdir, "predictions") == contents(undisturbed, "predictions")
    for here, there in zip(metrics(workdir), metrics(undisturbed), strict=True):
        assert here["step"] == there["step"]
        # A unit in the last place of what is written is 1e-6.
        assert here["loss"] == pytest.approx(there["loss"], rel=1e-6, abs=1.1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "last_step"),
    [(0, 18), (1, 18), (1, 17)],
    ids=["first", "second", "second, right before a checkpoint"],
)
def test_a_process_that_loses_another_does_not_wait_for_it(root, one, tmp_path, lost, last_step):
    """Killed without a word; who is left ends, and the same command goes on from what is saved."""
    workdir = tmp_path / "run"
    options = OPTIONS | HALVES | {"checkpoint__every": 3}
    program = SIGNALED, last_step, int(signal.SIGKILL), lost
    with groups.started(words(root, workdir, program=program, **options), processes=2) as group:
        left = groups.finish(group)[1 - lost]
    assert left.status not in (0, -signal.SIGKILL), left
    if lost == 1:  # without the first process, who holds them together, jax ends the others itself
        assert left.status == 143 and "another process of this run is gone" in left.err
    groups.run(words(root, workdir, **options), processes=2)
    assert metrics(workdir) == metrics(one[1])
    assert contents(workdir, "predictions") == contents(one[1], "predictions")


TALK = """
import json, sys
from pathlib import Path
import jax, numpy as np
from jaxseg import processes
from jaxseg.prediction.intervals import join_detections
from jaxseg.config.shared import MeshConfig
from jaxseg.proposals import Detections
from jaxseg.training import sharding

processes.start(None, None, None)
me, folder = jax.process_index(), Path(sys.argv[1])
told = {"count": processes.count(), "first": processes.is_first()}
agree, given = processes.Agreement(), [[0, 0, 2, 0], [0, 15, 0, 0]][me]
told["agreed"] = [agree(number) for number in given] + [agree.settled(), agree.settled()]

told["everyone"] = [processes.everyone(said) for said in (True, me == 0, me == 1, False)]
processes.first_alone(lambda: (folder / "visit").write_text(str(me)), "visit")
told["visit"] = (folder / "visit").read_text()
processes.print_once(f"said by {me}")

def array(index):  # of each place in the list another shape and type
    return np.arange(3 * index).reshape(index, 3).astype(["f4", "i8", "?", "u1", "f8"][index])

def detections(index, slot):
    numbers = np.arange(float((index + slot) % 3)) / 7 + index
    return Detections((10 * numbers).astype(int) % 5, numbers, numbers + 1 / 3, numbers / 9)

for total in (5, 1):
    own = processes.share([f"video{index}" for index in range(total)])
    told[f"share of {total}"] = own
    found = processes.exchange({str(index): array(index) for index, _ in own})
    told[f"exchange of {total}"] = {
        name: [str(each.dtype), each.shape, bool((each == array(int(name))).all())]
        for name, each in sorted(found.items())
    }
    made = {index: [detections(index, slot) for slot in range(2)] for index, _ in own}
    joined = join_detections(made, total, 2)
    told[f"detections of {total}"] = [
        [[column.tolist() for column in one] for one in members] for members in joined
    ]
    jax.tree.map(
        np.testing.assert_array_equal,
        joined,
        [[detections(index, slot) for slot in range(2)] for index in range(total)],
    )

told["parts"] = []
whole = np.arange(8 * 5).reshape(4, 2, 5)  # members, videos, and what is in them
for shape in ((1, 2), (2, 1)):
    mesh = sharding.make_mesh(MeshConfig(*shape), num_members=4, videos_per_batch=2)
    part = sharding.own_part(mesh, 4, 2)
    where = sharding.by_member_and_video(mesh)
    placed = sharding.place({"batch": whole[part]}, where, (4, 2), part)
    np.testing.assert_array_equal(sharding.on_host(placed, mesh)["batch"], whole)
    told["parts"].append([[own.start, own.stop] for own in part])
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """What each of two processes was told; and the lines of the first beside it."""
    folder = tmp_path_factory.mktemp("talk")
    results = groups.run(["-c", TALK, folder], processes=2)
    lines = [said(result.out) for result in results]
    return [json.loads(own[-1]) for own in lines], [own[:-1] for own in lines]


def test_who_is_first_and_who_speaks(talk):
    told, lines = talk
    assert [own["count"] for own in told] == [2, 2]
    assert [own["first"] for own in told] == [True, False]
    assert lines == [["said by 0"], []]


def test_what_the_first_makes_alone_the_others_find(talk):
    assert [own["visit"] for own in talk[0]] == ["0", "0"]


def test_all_are_told_the_largest_number_of_the_call_before(talk):
    assert [own["agreed"] for own in talk[0]] == [[0, 0, 15, 2, 0, 0]] * 2


def test_everyone_is_all_of_them(talk):
    assert [own["everyone"] for own in talk[0]] == [[True, False, False, False]] * 2


def test_each_has_its_part_of_a_batch(talk):
    """Half of every member's videos, or all videos of half of the members."""
    first, second = (own["parts"] for own in talk[0])
    assert first == [[[0, 4], [0, 1]], [[0, 2], [0, 2]]]
    assert second == [[[0, 4], [1, 2]], [[2, 4], [0, 2]]]


def test_uneven_and_empty_shares_are_joined(talk):
    first, second = talk[0]
    assert first["share of 5"] == [[0, "video0"], [2, "video2"], [4, "video4"]]
    assert second["share of 5"] == [[1, "video1"], [3, "video3"]]
    assert first["share of 1"] == [[0, "video0"]] and second["share of 1"] == []
    kinds = ["float32", "int64", "bool", "uint8", "float64"]
    for total in (5, 1):
        expected = {str(i): [kinds[i], [i, 3], True] for i in range(total)}
        assert first[f"exchange of {total}"] == second[f"exchange of {total}"] == expected
        assert first[f"detections of {total}"] == second[f"detections of {total}"]
