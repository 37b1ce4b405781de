"""ASOT's base: what its five data sets share, with the field's names for every constant.

Paper: Xu and Gould, Temporally Consistent Unbalanced Optimal Transport for Unsupervised Action
Segmentation, CVPR 2024. The files beside this one set what differs between data sets.
"""

import math

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Every key that an ASOT run has."""
    return ConfigDict(
        {
            "method": "asot",
            "seeds": 3,  # runs an activity, side by side in one program
            "activities": (),  # empty: all of them
            "num_epochs": 30,
            "sweep": (),  # e.g. ("solver.train.alpha=0.3", "solver.train.alpha=0.5")
            "mesh": {"member": 0, "data": 1},  # devices along each axis; 0: all that are left
            "data": {
                "name": "breakfast",
                "root": "",  # empty: the embedded twin, generated data
                "standardize": False,
                "excluded": (),  # class names left out of evaluation; empty: the field's habit
                "length_tolerance": 0,  # frames by which features and labels may differ
                "fps": 0.0,  # frames a second for the report and CSV; 0: as known, or unknown
                "videos_per_batch": 2,
                "frames_per_video": 256,
            },
            "model": {
                "layers": (64, 128, 40),  # channels of the features (0: as they are), then widths
                "num_clusters": 0,  # K of every activity; 0: the table below
                "clusters_by_activity": {},
                "temperature": 0.1,
                "kmeans": True,
                "kmeans_restarts": 3,
            },
            "solver": {
                "train": _solver(epsilon=0.07, lambda_actions=0.1, alpha=0.3),
                "eval": _solver(epsilon=0.04, lambda_actions=0.01, alpha=0.6),
            },
            "optimizer": {"learning_rate": 1e-3, "weight_decay": 1e-4},
            "checkpoint": {"every": 0, "keep": 2},  # steps between two; 0: a fifth of the run
            "predict": {"num_buckets": 6, "segments": "", "couplings": 12},
            "evaluation": {"protocols": ("asot-exact", "asot"), "seed": 0},
            "report": {"max_videos": 6},
        }
    )


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
