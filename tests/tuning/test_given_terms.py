"""What is not asked of the data: terms that are given, and the solver's own numbers."""

import toy

from jaxseg.config.sequences import TERMS
from jaxseg.runfiles.choice import Settled, summary
from jaxseg.training.settled import settled_config
from jaxseg.tuning.settle import choose

DATA = toy.make_data()
RADIUS = {"solver.train.radius": 0.1, "solver.eval.radius": 0.2}
RHO = {"solver.train.rho": 0.3, "solver.eval.rho": 0.0}
AUTO = {"duration": "auto", "order": "auto"}


def test_the_solvers_own_numbers_stand_for_what_is_auto():
    config = toy.make_config(AUTO | RADIUS | RHO)
    choice = choose(config, DATA)
    settled = choice.activities["soup"]
    assert (settled.num_actions, settled.duration, settled.order) == (3, 0, "")
    assert settled_config(config, settled).solver == config.solver
    assert summary(choice) == ["salad: 4 actions", "soup: 3 actions"]


def test_an_order_is_used_beside_the_solvers_own_radius():
    open_rho = {"solver.train.rho": -1.0, "solver.eval.rho": -1.0}
    config = toy.make_config(AUTO | RADIUS | open_rho)
    solver = settled_config(config, Settled(3, 0.0, "free")).solver
    assert [(each.radius, each.rho) for each in (solver.train, solver.eval)] == [(0.1, 0), (0.2, 0)]


def test_terms_that_are_given():
    config = toy.make_config({"duration": 5.0, "order": "free", "model.clusters_by_activity": {}})
    choice = choose(config, DATA)
    sources = [choice.activities["salad"].source(term) for term in TERMS]
    assert sources == ["assumed", "given", "given"]
    line, doubt, *_ = summary(choice)
    assert line == "salad: 7 actions (assumed), of about 5 frames, in free order"
    assert "config.num_actions" in doubt
