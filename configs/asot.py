"""ASOT's base: what its five data sets share, with the field's names for every constant.

Paper: Xu and Gould, Temporally Consistent Unbalanced Optimal Transport for Unsupervised Action
Segmentation, CVPR 2024. The files beside this one set what differs between data sets.
"""

import math

from ml_collections import ConfigDict

from configs import shared


def get_config() -> ConfigDict:
    """Every key that an ASOT run has."""
    config = shared.segmentation()
    config.method = "asot"
    config.model.kmeans = True  # prototypes start as k-means centres
    config.model.kmeans_restarts = 3
    config.solver = {
        "train": _solver(epsilon=0.07, lambda_actions=0.1, alpha=0.3),
        "eval": _solver(epsilon=0.04, lambda_actions=0.01, alpha=0.6),
    }
    return config


def _solver(*, epsilon: float, lambda_actions: float, alpha: float) -> dict:
    return {
        "epsilon": epsilon,  # entropy
        "alpha": alpha,  # structure against appearance
        "radius": 0.04,  # reach of the structure, a share of the video
        "rho": 0.15,  # temporal prior
        "lambda_frames": math.inf,  # inf: every frame is assigned, wholly
        "lambda_actions": lambda_actions,  # inf: every action gets the same share
        "step_size": 0.0,  # 0: from the gradient at the start
        "num_iterations": 25,
        "num_sinkhorn_iterations": 10,  # in each, where both marginals are hard
        "compat": "",  # "asot" (train only): padding and batch mates count, as for the authors
    }


def with_constants(
    *,
    rho: float,
    lambda_train: float,
    lambda_eval: float,
    radius: float,
    alpha_train: float,
    alpha_eval: float,
) -> ConfigDict:
    """The base with one data set's row of constants."""
    config = get_config()
    for solver in (config.solver.train, config.solver.eval):
        solver.rho, solver.radius = rho, radius
    config.solver.train.lambda_actions = lambda_train
    config.solver.eval.lambda_actions = lambda_eval
    config.solver.train.alpha, config.solver.eval.alpha = alpha_train, alpha_eval
    return config
