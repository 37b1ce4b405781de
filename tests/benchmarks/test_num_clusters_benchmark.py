"""The benchmark of the choice of K: its counts, its rows, its failures."""

import json
import subprocess

from benchmarks import harness, num_clusters


def row(case: str, truth: int, chosen: int) -> dict:
    return {"case": case, "truth": truth, "chosen": chosen, "runners_up": [9, 8], "middle": 7}


def test_rules_are_counted_by_their_distance_from_the_truth():
    rows = num_clusters.with_others([row("a", 5, 3), row("b", 9, 6), row("c", 14, 14)])
    assert [each["others"] for each in rows] == [12, 10, 7]  # 11.5 rounds to even, as 9.5 does
    counts = {rule: num_clusters.near(rows, rule) for rule in num_clusters.RULES}
    assert counts == {"chosen": 2, "middle": 2, "others": 1}
    _, table, *lines = num_clusters.report({"range": "2,12", "seeds": 5, "rows": rows})
    assert [row["near"] for row in table.rows] == ["yes", "no", "yes"]
    assert lines[0] == "the choice: within 2 of the truth for 2 of 3"


def test_a_single_row_has_no_others():
    (alone,) = num_clusters.with_others([row("a", 5, 3)])
    assert alone["others"] is None and num_clusters.near([alone], "others") == 0
    _, table, *_ = num_clusters.report({"range": "2,12", "seeds": 5, "rows": [alone]})
    assert table.cells()[1][4] == "-"


def test_the_error_of_a_run_is_passed_on(monkeypatch, capsys, tmp_path):
    def run(command, **_):
        assert "--config.model.num_clusters=auto" in command
        message = "a warning\nerror: no such activity\n"
        return subprocess.CompletedProcess(command, 2, "", message)

    monkeypatch.setattr(harness.subprocess, "run", run)
    assert num_clusters.main(["--activities=tae", f"--workdir={tmp_path}"]) == 2
    assert capsys.readouterr().err.endswith("error: tae: error: no such activity\n")


def test_a_row_is_read_from_the_runs_files(monkeypatch, tmp_path):
    spread = {"mean": 0.5, "values": []}
    tried = [{"num_clusters": k, "stability": spread, "objective": spread} for k in (2, 3, 4)]
    choice = {"chosen": 3, "runners_up": [4, 2], "tried": tried}
    files = {
        "num_clusters.json": {"activities": {"tea": choice}},
        "config.json": {"model": {"clusters_by_activity": {"tea": 7}}},
    }
    (tmp_path / "tea").mkdir()
    for name, content in files.items():
        (tmp_path / "tea" / name).write_text(json.dumps(content))
    done = subprocess.CompletedProcess([], 0, "", "")
    monkeypatch.setattr(harness.subprocess, "run", lambda *_, **__: done)
    numbers = tmp_path / "numbers.json"
    words = ["--activities=tea", f"--workdir={tmp_path}", f"--json={numbers}"]
    assert num_clusters.main(words) == 0
    (row,) = json.loads(numbers.read_text())["rows"]
    assert (row["truth"], row["chosen"], row["middle"]) == (7, 3, 3)
