"""Predictions of the same members by another decoding, in folders beside their own."""

import shutil

import pytest
from run_folder import member, run, write_run

from jaxseg.runfiles.segmentation import find_decodings
from jaxseg.scoring.segments import summary_lines

TRUTH = {("coffee", "a"): [0, 0, 1, 2], ("tea", "a"): [0, 1]}
MEMBERS = [member(activity, seed, clusters=3) for activity in ("coffee", "tea") for seed in (0, 1)]


def right(labels):
    return labels


def constant(labels):
    return [0] * len(labels)


def predictions(folders):
    """Folder -> how it is wrong, for both activities."""
    return {
        (activity, folder, name): wrong(labels)
        for folder, wrong in folders.items()
        for (activity, name), labels in TRUTH.items()
    }


@pytest.fixture
def workdir(tmp_path):
    folders = {"seed0": right, "seed1": right, "seed0,argmax": constant, "seed1,argmax": right}
    return write_run(tmp_path, TRUTH, MEMBERS, predictions(folders))


def variants(evaluation, protocol="asot-exact"):
    return {
        entry["variant"]: (entry["decoding"], entry["seeds"], entry["full"]["macro"]["mof"])
        for entry in evaluation["protocols"][protocol]["results"]
    }


def test_another_decoding_is_another_variant(workdir):
    """Half of either activity's frames are SIL, which is what one cluster can get."""
    found = variants(run(workdir))
    assert list(found) == ["", "argmax"]
    assert found[""][:2] == ("", [0, 1]) and found["argmax"][:2] == ("argmax", [0, 1])
    assert found[""][2]["values"] == [100, 100]
    assert found["argmax"][2]["values"] == pytest.approx([50, 100], abs=1e-9)


def test_each_decoding_has_a_matching_of_its_own(workdir):
    matching = run(workdir)["matching"]
    assert matching["coffee/seed0"] == {"0": "SIL", "1": "pour", "2": "stir"}
    assert matching["coffee/seed0,argmax"] == {"0": "SIL"}
    assert len(matching) == 8


def test_rows_of_the_table(workdir):
    lines = summary_lines(run(workdir))
    assert [line.split("(")[0].strip() for line in lines[2:4]] == ["trained", "argmax"]


def test_a_sweeps_folder_is_no_decoding(tmp_path):
    """`seed0,rho=0.1` belongs to a member, and `seed0,rho=0.1,argmax` to the same one."""
    members = [
        member("coffee", 0, variant=variant, clusters=3) for variant in ("", "rho=0.1", "rho=0.2")
    ]
    folders = ("seed0", "seed0,argmax", "seed0,rho=0.1", "seed0,rho=0.1,argmax", "seed0,rho=0.2")
    labels = {("coffee", folder, "a"): [0, 0, 1, 2] for folder in folders}
    truth = {("coffee", "a"): TRUTH["coffee", "a"]}
    found = variants(run(write_run(tmp_path, truth, members, labels)))
    assert list(found) == ["", "argmax", "rho=0.1", "rho=0.1,argmax", "rho=0.2"]
    assert [decoding for decoding, *_ in found.values()] == ["", "argmax", "", "argmax", ""]


def test_a_decoding_of_one_seed_alone(workdir):
    for activity in ("coffee", "tea"):
        shutil.rmtree(workdir / f"predictions/{activity}/seed1,argmax")
    assert variants(run(workdir))["argmax"][1] == [0]


def test_a_decoding_is_there_for_all_activities_or_for_none(workdir):
    folder = workdir / "predictions/tea/seed1,argmax"
    shutil.rmtree(folder)
    with pytest.raises(ValueError) as error:
        run(workdir)
    assert str(error.value).startswith(f"{folder}: no such folder")
    assert "'argmax'" in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_of_a_decoding_is_named(workdir):
    path = workdir / "predictions/tea/seed1,argmax/a.txt"
    path.unlink()
    with pytest.raises(ValueError, match="No such file") as error:
        run(workdir)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(
    ("folders", "directories", "expected"),
    [
        (["s0", "s0,x"], ["s0"], {"s0": ["x"]}),
        (["s0", "s0,a=1", "s0,a=1,x"], ["s0", "s0,a=1"], {"s0": [], "s0,a=1": ["x"]}),
        (["s1", "s10", "s10,x"], ["s1", "s10"], {"s1": [], "s10": ["x"]}),
        (["s0,b,c", "s0,b"], ["s0"], {"s0": ["b", "b,c"]}),
        (["s7,x"], ["s0"], {"s0": []}),
    ],
)
def test_decodings_of_members_whose_names_begin_alike(tmp_path, folders, directories, expected):
    for folder in folders:
        (tmp_path / "predictions/tea" / folder).mkdir(parents=True)
    for directory in directories:
        assert find_decodings(tmp_path, directory, directories) == expected[directory]
