"""The benchmark of the choice of K: what it counts, and how it fails."""

import json

from benchmarks import num_clusters


def row(case: str, truth: int, chosen: int) -> dict:
    return {"case": case, "truth": truth, "chosen": chosen, "runners_up": [9, 8], "middle": 7}


def test_rules_are_counted_by_their_distance_from_the_truth():
    rows = num_clusters.with_others([row("a", 5, 3), row("b", 9, 6), row("c", 14, 14)])
    assert [each["others"] for each in rows] == [12, 10, 7]  # 11.5 rounds to even, as 9.5 does
    counts = {rule: num_clusters.near(rows, rule) for rule in num_clusters.RULES}
    assert counts == {"chosen": 2, "middle": 2, "others": 1}
    lines = num_clusters.table({"range": "2,12", "seeds": 5, "rows": rows}).splitlines()
    assert [line.split()[-3] for line in lines[3:6]] == ["yes", "no", "yes"]
    assert lines[-3].endswith("within 2 of the truth: 2 of 3")


def test_a_single_row_has_no_others():
    (alone,) = num_clusters.with_others([row("a", 5, 3)])
    assert alone["others"] is None and num_clusters.near([alone], "others") == 0
    assert "-" in num_clusters.table({"range": "2,12", "seeds": 5, "rows": [alone]})


def test_a_runs_complaint_is_handed_on(monkeypatch, capsys, tmp_path):
    def run(command, **_):
        assert "--config.model.num_clusters=auto" in command
        complaint = "a warning\nerror: no such activity\n"
        return num_clusters.subprocess.CompletedProcess(command, 2, "", complaint)

    monkeypatch.setattr(num_clusters.subprocess, "run", run)
    assert num_clusters.main(["--activities=tae", f"--workdir={tmp_path}"]) == 1
    assert capsys.readouterr().err.endswith("error: tae: error: no such activity\n")


def test_a_row_is_read_from_the_runs_files(monkeypatch, tmp_path):
    spread = {"mean": 0.5, "values": []}
    tried = [{"num_clusters": k, "stability": spread, "objective": spread} for k in (2, 3, 4)]
    found = {"chosen": 3, "runners_up": [4, 2], "tried": tried}
    files = {
        "num_clusters.json": {"activities": {"tea": found}},
        "config.json": {"model": {"clusters_by_activity": {"tea": 7}}},
    }
    (tmp_path / "tea").mkdir()
    for name, content in files.items():
        (tmp_path / "tea" / name).write_text(json.dumps(content))
    done = num_clusters.subprocess.CompletedProcess([], 0, "", "")
    monkeypatch.setattr(num_clusters.subprocess, "run", lambda *_, **__: done)
    options = num_clusters.parser().parse_args(["--activities=tea", f"--workdir={tmp_path}"])
    (found,) = num_clusters.measure(options)["rows"]
    assert (found["truth"], found["chosen"], found["middle"]) == (7, 3, 3)
