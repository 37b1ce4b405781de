"""Which checkpoints stay, and what happens when one of them is damaged."""

import shutil

import jax
import numpy as np
import pytest
import toy

from jaxseg.training.checkpoint import CHECKSUMS, Checkpoints
from jaxseg.training.setup import abstract_state

EVERY_STEP = {"seeds": 2, "num_epochs": 2, "checkpoint.every": 1}  # four steps


@pytest.fixture(scope="module")
def finished(train_toy):
    """A run with checkpoints at its steps 3 and 4."""
    return train_toy(toy.make_config(EVERY_STEP))


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished run's folder, to be damaged."""
    shutil.copytree(finished[2], tmp_path / "run")
    return tmp_path / "run"


def restore(setup, workdir):
    checkpoints = Checkpoints(toy.make_config(), setup, workdir)
    try:
        return checkpoints.restore(abstract_state(setup))
    finally:
        checkpoints.close()


def steps(workdir) -> list[int]:
    return sorted(int(path.name) for path in (workdir / "checkpoints").iterdir())


def assert_equal(state, other):
    jax.tree.map(np.testing.assert_array_equal, state, other)


@pytest.mark.parametrize(
    ("every", "keep", "kept"), [(1, 3, [2, 3, 4]), (3, 2, [3, 4]), (100, 9, [4])]
)
def test_the_newest_stay(train_toy, every, keep, kept):
    overrides = EVERY_STEP | {"checkpoint.every": every, "checkpoint.keep": keep}
    assert steps(train_toy(toy.make_config(overrides))[2]) == kept


def test_by_default_five_checkpoints_are_written_and_two_kept(train_toy):
    _, _, workdir = train_toy(toy.make_config({"seeds": 2, "num_epochs": 5}))  # ten steps
    assert steps(workdir) == [8, 10]


def test_restored_is_what_was_saved(finished, copy):
    assert_equal(restore(finished[0], copy), finished[1])


def files_of(folder) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("damage", [flip, cut, lambda file: file.unlink()])
def test_any_damage_to_any_file_is_seen(finished, copy, capfd, damage):
    setup, _, workdir = finished
    newest, before = copy / "checkpoints/4", copy / "checkpoints/3"
    expected = restore(setup, before_only(copy, workdir))
    names = files_of(newest)
    assert len(names) > 5
    for name in names:
        shutil.rmtree(copy)
        shutil.copytree(workdir, copy)
        damage(newest / name)
        capfd.readouterr()
        state = restore(setup, copy)
        if not (newest / CHECKSUMS).exists() and newest.exists():
            assert_equal(state, finished[1])  # the list alone is gone: nothing is damaged
            continue
        assert_equal(state, expected)
        assert "checkpoint 4 is damaged; using 3\n" in capfd.readouterr().err
        assert before.exists() and not newest.exists()


def before_only(copy, workdir):
    """A copy of the run without its newest checkpoint."""
    other = copy.parent / "before"
    shutil.copytree(workdir, other)
    shutil.rmtree(other / "checkpoints/4")
    return other


def test_training_goes_on_from_the_one_before(finished, copy, train_toy, capsys):
    """And ends as if nothing had happened, metrics included."""
    setup, state, _ = finished
    cut(next((copy / "checkpoints/4").rglob("d/*")))
    _, again, _ = train_toy(toy.make_config(EVERY_STEP), workdir=copy)
    assert "checkpoint 4 is damaged; using 3" in capsys.readouterr().err
    assert_equal(again, state)
    assert steps(copy) == [3, 4]
    assert_equal(restore(setup, copy), state)


def test_without_a_list_of_checksums_a_whole_checkpoint_counts(finished, copy, capfd):
    """A process may be killed after a checkpoint is complete and before it is listed."""
    (copy / "checkpoints/4" / CHECKSUMS).unlink()
    assert_equal(restore(finished[0], copy), finished[1])
    assert capfd.readouterr().err == ""


def test_a_checkpoint_that_was_never_finished_is_ignored(finished, copy):
    (copy / "checkpoints/5.orbax-checkpoint-tmp" / "default").mkdir(parents=True)
    assert_equal(restore(finished[0], copy), finished[1])


def test_all_damaged(finished, copy):
    for step in (3, 4):
        cut(next((copy / f"checkpoints/{step}").rglob("d/*")))
    with pytest.raises(ValueError) as error:
        restore(finished[0], copy)
    assert "checkpoints can be read: [4, 3]" in str(error.value) and "\n" not in str(error.value)
    assert steps(copy) == [3, 4]


def test_none_at_all(finished, tmp_path):
    assert restore(finished[0], tmp_path) is None


def test_what_cannot_be_saved_is_one_line(finished, tmp_path):
    setup, state, _ = finished
    (tmp_path / "checkpoints").mkdir()
    checkpoints = Checkpoints(toy.make_config(), setup, tmp_path)
    (tmp_path / "checkpoints").rmdir()
    (tmp_path / "checkpoints").write_text("in the way")
    with pytest.raises(OSError, match=r"cannot write checkpoint 4 in .*checkpoints") as error:
        checkpoints.save(jax.tree.map(jax.numpy.asarray, state))
    assert "\n" not in str(error.value)
    checkpoints.close()
