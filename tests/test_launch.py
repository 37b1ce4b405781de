"""What the launchers start, stop and start again; a stand-in for `python` says what it was told."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from stand_ins import GUARD, Stage

LAUNCH = Path(__file__).resolve().parents[1] / "launch"
LOCAL = LAUNCH / "local_processes.sh"
SCRIPTS = ("local_processes.sh", "tpu_pod.sh", "slurm.sbatch")
HARD_WORDS = ["--workdir=a b", "it's", '"quoted"', "", "*", "$HOME", "two\nlines", "ü\\"]


@pytest.fixture
def stage(tmp_path):
    return lambda part="": Stage(tmp_path, part)


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_every_process_is_told_who_it_is(stage):
    played = stage()
    assert played.run(LOCAL, 3, *HARD_WORDS, DEVICES=2) == (0, "", "")
    told = [record for i in range(3) for record in played.records(i)]
    addresses = {record["environment"]["JAX_COORDINATOR_ADDRESS"] for record in told}
    (host, port) = addresses.pop().split(":")
    assert host == "127.0.0.1" and 1024 <= int(port) < 65536 and not addresses
    for i, record in enumerate(told):
        assert record["argv"] == ["-m", "jaxseg.main", *HARD_WORDS]
        wanted = {
            "JAX_COORDINATOR_BIND_ADDRESS": f"{host}:{port}",
            "JAX_NUM_PROCESSES": "3",
            "JAX_PROCESS_ID": str(i),
            "JAX_NUM_CPU_DEVICES": "2",
            "JAX_PLATFORMS": "cpu",
        }
        assert wanted.items() <= record["environment"].items()


@pytest.mark.skipif(not shutil.which("taskset"), reason="cores are shared out by taskset")
def test_cores_are_shared_out(stage):
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("two cores are needed")
    played = stage()
    assert played.run(LOCAL, 2)[0] == 0
    first, second = (played.records(i)[0]["cores"] for i in range(2))
    half = len(cores) // 2
    assert (first, second) == (cores[:half], cores[half : 2 * half])


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no cores to count")
def test_more_processes_than_cores_share_them_all(stage):
    cores = sorted(os.sched_getaffinity(0))
    played = stage()
    assert played.run(LOCAL, len(cores) + 1)[0] == 0
    told = [played.records(i)[0]["cores"] for i in range(len(cores) + 1)]
    assert told == [cores] * len(told)


def test_only_the_first_process_speaks(stage):
    played = stage("print('I am', me); print('hum', me, file=sys.stderr)")
    assert played.run(LOCAL, 2) == (0, "I am 0\n", "hum 0\n")
    assert not any(played.logs.iterdir())


@pytest.mark.parametrize("failing", [0, 1])
def test_one_that_fails_stops_the_others(stage, failing):
    part = f"others(3)\nif me == {failing}: print('no such file'); sys.exit(3)\nforever()"
    played = stage(part)
    status, out, err = played.run(LOCAL, 3)
    assert status == 3
    for i in {0, 1, 2} - {failing}:
        (record,) = played.records(i)
        assert record["signals"] == [signal.SIGTERM] and not running(record["pid"])
    (logs,) = played.logs.iterdir()
    assert f"process {failing} of 3 failed with status 3; logs: {logs}" in err
    assert "no such file" in (out if failing == 0 else err)


def test_one_that_does_not_listen_is_killed(stage):
    played = stage("others(2)\nif me == 1: sys.exit(1)\ndeaf = True\nforever()")
    assert played.run(LOCAL, 2, GRACE=1)[0] == 1
    (record,) = played.records(0)
    assert record["signals"] == [signal.SIGTERM] and not running(record["pid"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_handed_on_once(stage, number):
    """To the whole group, as the terminal gives it: what is started must hear it only once."""
    played = stage("forever()")
    process = played.start(LOCAL, 2, RETRIES=5)
    played.wait_for(2)
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=GUARD)
    heard = signal.SIGTERM if number == signal.SIGHUP else number
    assert process.returncode == 128 + heard and err == ""
    for i in range(2):
        (record,) = played.records(i)
        assert record["signals"] == [heard] and not running(record["pid"])
    assert not any(played.logs.iterdir())


def test_who_was_asked_to_stop_but_is_done_has_not_failed(stage):
    played = stage("deaf = True\nwhile not record['signals']: time.sleep(.01)")
    process = played.start(LOCAL, 2)
    played.wait_for(2)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=GUARD)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("end", ["sys.exit(143)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_all_start_again_after_a_stop_or_a_death(stage, end):
    played = stage(f"others(2)\nif me == 1 and before < 2: {end}\nif before < 2: forever()")
    status, _, err = played.run(LOCAL, 2, "--workdir=x", GRACE=1, RETRIES=2)
    assert status == 0, err
    starts = [played.records(i) for i in range(2)]
    assert [len(records) for records in starts] == [3, 3]
    assert all(record["argv"][-1] == "--workdir=x" for record in starts[0] + starts[1])
    assert "2 of 2" in err


@pytest.mark.parametrize(("end", "status"), [("3", 3), ("130", 130), ("143", 143)])
def test_what_is_not_started_again(stage, end, status):
    """A mistake, Ctrl-C, and a stop when there are no tries left."""
    played = stage(f"sys.exit({end})")
    tries = 0 if status == 143 else 4
    assert played.run(LOCAL, 1, RETRIES=tries)[0] == status
    assert len(played.records()) == 1


@pytest.mark.parametrize(
    ("words", "environment", "part"),
    [
        ([], {}, "the number of processes must be a whole number from 1 on, got ''"),
        (["0"], {}, "got '0'"),
        (["--config=x"], {}, "got '--config=x'"),
        (["2"], {"DEVICES": "0"}, "DEVICES must be a whole number from 1 on, got '0'"),
        (["2"], {"DEVICES": "a[0]"}, "DEVICES must be a whole number from 1 on, got 'a[0]'"),
        (["2"], {"RETRIES": "-1"}, "RETRIES must be a whole number from 0 on, got '-1'"),
        (["2"], {"GRACE": "soon"}, "GRACE must be a whole number from 0 on, got 'soon'"),
    ],
)
def test_a_wrong_argument_is_one_line(stage, words, environment, part):
    status, out, err = stage().run(LOCAL, *words, **environment)
    (line,) = err.splitlines()
    assert (status, out) == (2, "") and part in line


def test_help_is_the_top_comment(stage):
    status, out, err = stage().run(LOCAL, "--help")
    assert (status, err) == (0, "")
    assert out.startswith("Starts N processes") and "RETRIES=0" in out and "set -u" not in out


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_whole_and_start_the_command(name):
    subprocess.run(["bash", "-n", LAUNCH / name], check=True)
    text = (LAUNCH / name).read_text()
    assert 'python -m jaxseg.main "$@"' in text and "Tried on:" in text
