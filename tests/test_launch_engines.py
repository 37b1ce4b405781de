"""The launchers of other machines, held against stand-ins for their engines."""

import json
from pathlib import Path

import pytest
import yaml
from stand_ins import Stage

LAUNCH = Path(__file__).resolve().parents[1] / "launch"
TPU, SLURM = LAUNCH / "tpu_pod.sh", LAUNCH / "slurm.sbatch"
HARD_WORDS = ["--workdir=/a b", "it's", '"quoted"', "", "*", "$HOME"]
NOTE = """#!/usr/bin/env bash
printf '%s\\0' "$@" >>{told}/{name}
"""


@pytest.fixture
def stage(tmp_path):
    return lambda part="": Stage(tmp_path, part)


def noted(played: Stage, name: str) -> list[str]:
    """The words that a stand-in was called with."""
    path = played.told / name
    return path.read_text().split("\0")[:-1] if path.exists() else []


def test_a_worker_of_a_pod_joins_and_starts_again_where_it_stopped(stage):
    played = stage("sys.exit(143 if before < 2 else 0)")
    assert played.run(TPU, *HARD_WORDS, RETRIES=5) == (0, "", "")
    records = played.records()
    assert len(records) == 3
    for record in records:
        assert record["argv"] == ["-m", "jaxseg.main", *HARD_WORDS]
        assert record["environment"]["JAXSEG_DISTRIBUTED"] == "1"


@pytest.mark.parametrize(("status", "starts"), [(2, 1), (1, 1), (143, 3)])
def test_a_worker_gives_up(stage, status, starts):
    played = stage(f"sys.exit({status})")
    assert played.run(TPU, "--workdir=x", RETRIES=2)[0] == status
    assert len(played.records()) == starts


def test_a_pod_is_started_on_all_its_workers(stage, tmp_path):
    """What gcloud is told to run does, run by a shell in a checkout, what was asked for."""
    checkout = tmp_path / "my checkout"
    (checkout / "launch").mkdir(parents=True)
    (checkout / "launch" / "tpu_pod.sh").symlink_to(TPU)
    played = stage()
    played.command("gcloud", NOTE.format(told=played.told, name="gcloud"))
    status, _, err = played.run(TPU, "pod-1", "zone-b", *HARD_WORDS, CHECKOUT=checkout)
    assert status == 0, err
    *words, command = noted(played, "gcloud")
    assert words == ["compute", "tpus", "tpu-vm", "ssh", "pod-1", "--zone=zone-b", "--worker=all"]
    name, _, command = command.partition("=")
    assert name == "--command"
    assert played.run("bash", "-c", command) == (0, "", "")
    assert played.records()[0]["argv"] == ["-m", "jaxseg.main", *HARD_WORDS]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "give --workdir=FOLDER"),
        (["--config=configs/asot_breakfast.py"], "give --workdir=FOLDER"),
        (["pod-1", "--workdir=/mnt/x"], "give the zone of pod-1"),
    ],
)
def test_a_pod_is_not_started_without(stage, words, part):
    status, out, err = stage().run(TPU, *words)
    (line,) = err.splitlines()
    assert (status, out) == (2, "") and part in line


@pytest.mark.parametrize(("status", "requeued"), [(0, []), (1, []), (143, ["requeue", "77"])])
def test_a_job_goes_back_to_the_queue(stage, status, requeued):
    played = stage(f"sys.exit({status})")
    played.command("srun", '#!/usr/bin/env bash\n[[ $1 == --kill-on-bad-exit=1 ]] && "${@:2}"\n')
    played.command("scontrol", NOTE.format(told=played.told, name="scontrol"))
    assert played.run("bash", SLURM, *HARD_WORDS, SLURM_JOB_ID=77) == (status, "", "")
    assert played.records()[0]["argv"] == ["-m", "jaxseg.main", *HARD_WORDS]
    assert noted(played, "scontrol") == requeued


def test_tasks_and_gpus_of_a_node_are_as_many():
    lines = SLURM.read_text().splitlines()
    asked = dict(
        line[8:].split("=") for line in lines if line.startswith("#SBATCH") and "=" in line
    )
    assert asked["--ntasks-per-node"] == asked["--gpus-per-node"]
    assert asked["--signal"].startswith("TERM@")


def test_the_jobset_agrees_with_itself():
    jobset = yaml.safe_load((LAUNCH / "kubernetes.yaml").read_text())
    (replicated,) = jobset["spec"]["replicatedJobs"]
    job = replicated["template"]["spec"]
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    environment = {entry["name"]: entry for entry in container["env"]}
    assert jobset["spec"]["coordinator"]["replicatedJob"] == replicated["name"]
    hosts = {job["parallelism"], job["completions"]}
    assert hosts == {int(environment["JAX_NUM_PROCESSES"]["value"])}
    assert "job-completion-index" in json.dumps(environment["JAX_PROCESS_ID"])
    (port,) = container["ports"]
    address = environment["JAX_COORDINATOR_ADDRESS"]["value"]
    assert address == f"$(COORDINATOR):{port['containerPort']}"
    assert list(environment).index("COORDINATOR") < list(environment).index(
        "JAX_COORDINATOR_ADDRESS"
    )  # a variable can be used only below the place where it is set
    assert container["command"] == ["python", "-m", "jaxseg.main"]
    (mount,), (volume,) = container["volumeMounts"], pod["volumes"]
    assert mount["name"] == volume["name"]
    (workdir,) = (word for word in container["args"] if word.startswith("--workdir="))
    assert workdir.startswith(f"--workdir={mount['mountPath']}/")


def test_the_jobset_starts_again_after_everything_but_a_mistake():
    jobset = yaml.safe_load((LAUNCH / "kubernetes.yaml").read_text())
    job = jobset["spec"]["replicatedJobs"][0]["template"]["spec"]
    assert job["backoffLimit"] == 0 and jobset["spec"]["failurePolicy"]["maxRestarts"] > 0
    (rule,) = job["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob" and rule["onExitCodes"]["values"] == [2]
    assert rule["onExitCodes"]["containerName"] == "jaxseg"
    (last,) = jobset["spec"]["failurePolicy"]["rules"]
    assert (last["action"], last["onJobFailureReasons"]) == ("FailJobSet", ["PodFailurePolicy"])
    assert job["template"]["spec"]["restartPolicy"] == "Never"  # onExitCodes asks for it
