"""What someone puts into `checkpoints/` by hand: the run's own are used, or one line says why."""

import shutil

import jax
import numpy as np
import pytest
import toy

from jaxseg.training.checkpoint import Checkpoints
from jaxseg.training.setup import abstract_state

CONFIG = toy.make_config({"seeds": 2})
BEFORE, LAST = "4", "6"  # the steps of which a run of it keeps checkpoints


@pytest.fixture
def checkpoints(toy_run, tmp_path):
    """The checkpoints of a copy of a finished run."""
    shutil.copytree(toy_run[2], tmp_path / "run")
    folder = tmp_path / "run" / "checkpoints"
    assert {path.name for path in folder.iterdir()} == {BEFORE, LAST}
    return folder


def restore(setup, checkpoints):
    opened = Checkpoints(CONFIG, setup, checkpoints.parent)
    try:
        return opened.restore(abstract_state(setup))
    finally:
        opened.close()


def a_file(folder):
    (folder / "notes.txt").write_text("mine")


def a_file_called_like_a_step(folder):
    (folder / "7").write_text("mine")


def a_folder_of_another_name(folder):
    (folder / "abc").mkdir()


def an_empty_step(folder):
    (folder / "8").mkdir()


def a_step_of_junk(folder):
    (folder / "9" / "default").mkdir(parents=True)
    for name in ("_METADATA", "manifest.ocdbt", "_sharding"):
        (folder / "9" / "default" / name).write_bytes(b"\x00junk" * 99)
    (folder / "9" / "_CHECKPOINT_METADATA").write_text('{"item_handlers": "junk"}')


def a_step_with_a_list_of_checksums_alone(folder):
    (folder / "8").mkdir()
    (folder / "8" / "checksums.json").write_text("{}")


def a_list_of_checksums_that_is_none(folder):
    (folder / "8" / "default").mkdir(parents=True)
    (folder / "8" / "checksums.json").write_text("[" * 100_000)


def a_step_of_another_run(folder):
    """A copy of the last one, without most of its files."""
    shutil.copytree(folder / LAST, folder / "99")
    (folder / "99" / "checksums.json").unlink()
    shutil.rmtree(folder / "99" / "default")


def names_that_only_look_like_numbers(folder):
    for name in ("-1", "1e3", "0x9", "５", "12345678901234567890123"):
        (folder / name).mkdir()


def links_in_circles(folder):
    (folder / "20").symlink_to("20")
    (folder / "21").symlink_to("..")
    (folder / "22").symlink_to("nowhere")


FOREIGN = [
    a_file,
    a_file_called_like_a_step,
    a_folder_of_another_name,
    an_empty_step,
    a_step_of_junk,
    a_step_with_a_list_of_checksums_alone,
    a_list_of_checksums_that_is_none,
    a_step_of_another_run,
    names_that_only_look_like_numbers,
    links_in_circles,
]


@pytest.mark.parametrize("put", FOREIGN)
def test_the_newest_of_the_run_itself_is_used(toy_run, checkpoints, put):
    setup, state, _ = toy_run
    put(checkpoints)
    jax.tree.map(np.testing.assert_array_equal, restore(setup, checkpoints), state)


@pytest.mark.parametrize("put", FOREIGN)
def test_without_one_of_the_run_it_is_a_new_run_or_one_line(toy_run, checkpoints, put):
    put(checkpoints)
    for step in (BEFORE, LAST):
        shutil.rmtree(checkpoints / step)
    try:
        state = restore(toy_run[0], checkpoints)
    except ValueError as error:
        assert str(checkpoints) in str(error) and len(str(error).splitlines()) == 1
    else:
        assert state is None


def test_a_step_that_is_not_what_it_is_called(toy_run, checkpoints, train_toy):
    """Step 4 under the name of 99: whatever is made of it, the run ends as it would have."""
    setup, expected, _ = toy_run
    shutil.rmtree(checkpoints / LAST)
    shutil.copytree(checkpoints / BEFORE, checkpoints / "99")
    _, state, _ = train_toy(CONFIG, workdir=checkpoints.parent)
    jax.tree.map(np.testing.assert_array_equal, state, expected)
    jax.tree.map(np.testing.assert_array_equal, restore(setup, checkpoints), expected)


def test_what_lies_there_is_not_in_the_way_of_new_steps(toy_run, checkpoints, train_toy):
    """The run goes on from step 4 as one that no one has touched."""
    setup, expected, _ = toy_run
    shutil.rmtree(checkpoints / LAST)
    a_file(checkpoints)
    (checkpoints / LAST).mkdir()
    a_step_of_junk(checkpoints)
    _, state, _ = train_toy(CONFIG, workdir=checkpoints.parent)
    jax.tree.map(np.testing.assert_array_equal, state, expected)
    jax.tree.map(np.testing.assert_array_equal, restore(setup, checkpoints), expected)
