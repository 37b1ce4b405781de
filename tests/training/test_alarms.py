"""A collapsed member is told of once an activity, and not while it has learned nothing yet."""

import numpy as np
import pytest
import toy

from jaxseg.training.loop import CollapseAlarm
from jaxseg.training.members import enumerate_members

MEMBERS = enumerate_members(toy.make_tot_config({"seeds": 2}), toy.make_data())
STEPS = {"salad": 6, "soup": 3}


def metrics(collapsed) -> dict[str, np.ndarray]:
    """Of the four members: salad's two seeds, soup's two."""
    return {
        "loss": np.full(4, 1.4),
        "collapsed": np.array(collapsed),
        "clusters_used": np.array([1, 2, 1, 1]),
        "top_probability": np.array([0.25, 0.31, 0.34, 0.35]),
        "entropy": np.array([1.386, 1.2, 1.09, 1.08]),
    }


def alarm():
    """(an alarm, what it has said)."""
    said = []
    return CollapseAlarm(MEMBERS, said.append), said


def test_one_line_names_the_activity_and_the_signs():
    one, said = alarm()
    one.check(3, metrics([False, True, False, False]))
    (line,) = said
    assert "\n" not in line and line.startswith("warning: salad has collapsed (seed1, step 3)")
    for part in ("2 of 4 clusters", "0.31", "1/K is 0.25", "1.20 of 1.39", "freeze_steps"):
        assert part in line


def test_each_activity_is_warned_of_once():
    one, said = alarm()
    for step in range(6):
        one.check(step, metrics([True] * 4))
    assert [line.split()[1] for line in said] == ["soup", "salad"]


@pytest.mark.parametrize("activity", STEPS)
def test_the_first_half_of_a_members_own_steps_is_silent(activity):
    members = [member.activity == activity for member in MEMBERS]
    for step in range(6):
        one, said = alarm()
        one.check(step, metrics(members))
        assert bool(said) == (STEPS[activity] / 2 <= step < STEPS[activity])


def test_healthy_members_and_methods_without_signs_are_silent():
    one, said = alarm()
    for step in range(6):
        one.check(step, metrics([False] * 4))
        one.check(step, {"loss": np.full(4, np.nan)})
    assert not said


def test_a_training_says_it_on_standard_error(train_toy, capfd):
    """Six steps from almost nothing: all frames still look alike."""
    train_toy(toy.make_tot_config({"seeds": 2}))
    lines = [line for line in capfd.readouterr().err.splitlines() if "collapsed" in line]
    assert [line.split()[1] for line in lines] == ["soup", "salad"]
    train_toy(toy.make_config({"seeds": 2}))
    assert "collapsed" not in capfd.readouterr().err
