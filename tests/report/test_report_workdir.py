import json

import numpy as np
import pytest

from jaxseg.report.segmentation.workdir import read_run


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", ["config.json", "dataset.json", "members.json"])
def test_a_missing_required_file_is_named(make_workdir, name):
    workdir = make_workdir()
    (workdir / name).unlink()
    with pytest.raises(ValueError) as error:
        read_run(workdir)
    assert one_line(error).startswith(f"{workdir / name}: no such file")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("evaluation.json", "{", "not valid JSON"),
        ("dataset.json", '{"videos": []}', "'name'"),
        ("members.json", '[{"activity": "coffee", "sead": 1}]', "'sead'"),
        ("truth/coffee/v1.txt", "SIL\nsit\n", "line 2: class 'sit' is not in dataset.json"),
        ("predictions/coffee/seed0/v0.txt", "0\n1.5\n", "not one cluster number a line"),
        ("predictions/coffee/seed0/v0.txt", "0\n-2\n", "cluster -2 of a member with 5 clusters"),
        ("couplings/coffee/seed0/v0.npz", "PK", "not a coupling"),
        ("metrics.jsonl", '{"step": 0, "loss": [1]}\n', "step 0 has 1 losses for 2 members"),
        ("metrics.jsonl", '{"step"\n{"step": 1, "loss": [1, 2]}\n', "line 1: not a line"),
    ],
)
def test_a_broken_file_is_one_line_with_its_name(make_workdir, name, content, message):
    workdir = make_workdir()
    (workdir / name).write_text(content)
    with pytest.raises(ValueError) as error:
        read_run(workdir)
    assert str(workdir / name) in one_line(error) or name == "members.json"
    assert message in one_line(error)


def test_a_matching_with_an_unknown_class(make_workdir):
    workdir = make_workdir()
    path = workdir / "evaluation.json"
    path.write_text(json.dumps({"matching": {"coffee/seed1": {"3": "sleep"}}}))
    with pytest.raises(ValueError) as error:
        read_run(workdir)
    assert "coffee/seed1 matches cluster 3 with unknown class 'sleep'" in one_line(error)


@pytest.mark.parametrize("shape", [(10, 4), (10,)])
def test_a_coupling_of_another_shape(make_workdir, shape):
    workdir = make_workdir()
    np.savez(
        workdir / "couplings/coffee/seed0/v0.npz", plan=np.ones(shape), affinity=np.ones(shape)
    )
    with pytest.raises(ValueError) as error:
        read_run(workdir)
    assert f"v0.npz: plan of shape {shape}" in one_line(error)


def test_metrics_of_a_resumed_and_killed_run(make_workdir):
    workdir = make_workdir()
    lines = [
        '{"step": 0, "loss": [5, 6]}',
        '{"step": 1, "loss": [4, 5]}',
        '{"note": "resumed"}',
        '{"step": 1, "loss": [3, null], "clusters_used": [4, null]}',
        '{"step": 2, "lo',
    ]
    (workdir / "metrics.jsonl").write_text("\n".join(lines))
    run = read_run(workdir)
    np.testing.assert_array_equal(run.steps, [0, 1])
    np.testing.assert_array_equal(run.losses, [[5, 6], [3, np.nan]])


def test_only_the_first_variant_is_drawn(make_workdir):
    workdir = make_workdir()
    path = workdir / "members.json"
    members = json.loads(path.read_text())
    other = members[0] | {"variant": "rho=0", "directory": "seed0,rho=0"}
    path.write_text(json.dumps([*members, other]))
    (workdir / "metrics.jsonl").unlink()
    (activity,) = read_run(workdir).activities
    assert [member.directory for member in activity.members] == ["seed0", "seed1"]
