"""GauFuse's base: what its data sets share, with the field's names for every constant.

Paper: Zhou et al., Improving Weakly Supervised Temporal Action Localization by Bridging
Train-Test Gap in Pseudo Labels, CVPR 2023, on the backbone RSKP (Huang et al., CVPR 2022). The
files beside this one set what differs between data sets. Epochs are counted in the published
350; a run of fewer (--config.num_epochs=70) passes through the same schedule in fewer steps:
learning rates and refreshes change at the nearest step, losses and targets at the next whole epoch
of the run. A step holds ten videos of each seed, padded to the longest of all: where memory is
short, take fewer seeds at a time. Parts and alternatives, as overrides of any of them:

    the backbone alone, suppressed     --config.pseudo.refresh_at="()" --config.predict.method=hard
    + fusion at test                   --config.pseudo.refresh_at="()"
    + pseudo-labels, P_r themselves    --config.pseudo.delta=False
    + what changes between refreshes   the default
    CASE on the backbone               configs/case_on_gaufuse_thumos14.py

    no fusion behind the labels        --config.pseudo.method=hard
    no LinPro: scores as labels        --config.pseudo.labels=scores, or mean
    another optimum of LinPro          --config.pseudo.linpro=vertex, or mean
    other distributions                --config.pseudo.distribution=uniform, exponential, student-t
                                       --config.predict.distribution=...
    fusion weighed by the score q      --config.pseudo.weight=score --config.predict.weight=score
    the released program's borders     --config.pseudo.compat=gaufuse
                                       --config.predict.compat=gaufuse
"""

from ml_collections import ConfigDict, config_dict


def get_config() -> ConfigDict:
    """Every key that a GauFuse run has."""
    instances = {
        "video_share": 0.6,  # of the own branch in the video's score
        "class_threshold": 0.16,
        "thresholds": tuple(round(0.001 + 0.002 * step, 3) for step in range(20)),
        "shortest": 2,  # snippets
        "compat": "",  # "gaufuse": the released program's borders
        "method": "fusion",  # "hard", "soft", "none"
        "overlap": 0.25,  # of its own length, from which on an instance is fused
        "distribution": "gaussian",  # "uniform", "exponential", "student-t"
        "weight": "inner_mean",  # "score": the supplement's
        "nms_threshold": 0.4,
        "nms_alpha": 0.35,
    }
    return ConfigDict(
        {
            "method": "gaufuse",
            "seeds": 3,  # runs, side by side in one program
            "activities": (),  # always empty: all classes are learned together
            "num_epochs": config_dict.placeholder(int),  # as in the schedule, or the twin's
            "sweep": (),  # e.g. ("model.propagation=0.3", "model.propagation=0.5")
            "mesh": {"member": 0, "data": 0},  # devices along each axis; 0: chosen by the program
            "data": {
                "name": "thumos14",
                "root": "",  # empty: the embedded twin, generated data
                "length_tolerance": 0,  # snippets by which RGB and flow may differ
                "videos_per_batch": 10,  # each at its own length
            },
            "model": {
                "num_clusters": 16,  # of CASE, where loss.clustering asks for them
                "clusters_by_activity": {},
                "hidden": config_dict.placeholder(int),  # as in the schedule, or the twin's
                "num_means": 8,  # representative snippets of a video
                "em_rounds": 2,
                "memory_slots": 5,  # representative snippets kept of each class
                "scale": 20.0,  # s, of the cosines
                "dropout": 0.6,
                "propagation": 0.5,  # w
                "cluster_scale": 10.0,  # CASE's rho
            },
            "solver": {  # CASE's pseudo-labels, where there are clusters: see configs/case.py
                "top_divisor": 8,
                "assignment": "ot",
                "prior": True,
                "sigma": 10.0,
                "marginal": "empirical",
                "epsilon": 1 / 20,
                "num_iterations": 3,
                "compat": "",
            },
            "loss": {
                "agnostic_weight": 1.0,  # video's classes by class-agnostic attention
                "wise_weight": 0.2,  # by class-wise attention
                "attention_weight": 0.1,
                "top_divisor": 8,  # highest and lowest T // 8 attentions
                "memory_from": 100,  # epoch in which the memory is filled
                "memory_weight": 0.5,
                "memory_share": 0.2,  # of the memory's branch in the distillation's target
                "distillation_temperature": 0.2,
                "distillation_at": (100, 200),
                "distillation_weights": (1.0, 0.5, 1.0),
                "pseudo_from": 200,
                "pseudo_share": 0.8,  # of the own branch
                "pseudo_weight": 10.0,  # at epoch 200, growing by 3.5 % an epoch to the limit
                "pseudo_growth": 1.035,
                "pseudo_limit": 50.0,
                "clustering": "none",  # CASE on this backbone: "scc", "full"
                "snippet_weight": 1.0,
                "cluster_weight": 0.3,
            },
            "pseudo": {  # pseudo-labels of the training videos
                **instances,
                "share": 0.8,  # a, of the own branch in the map
                "refresh_at": (200, 230, 245, 260, 275, 300),
                "taus": (0.02, 0.02, 0.02, 0.002, 0.002, 0.0016),
                "labels": "linpro",  # "scores", "mean"
                "linpro": "spread",  # "mean"; "vertex": by HiGHS on the host, for small data
                "delta": True,  # 2 (P_r - P_r-1) from epoch 250 on, 2.15 from 300
                "delta_at": (250, 300),
                "delta_factors": (2.0, 2.15),
            },
            "schedule": {"num_epochs": 350, "hidden": 2048, "learning_rate": 5e-5},
            "twin_schedule": {"num_epochs": 150, "hidden": 128, "learning_rate": 5e-4},
            "optimizer": {
                "learning_rate": config_dict.placeholder(float),  # as in the schedule
                "weight_decay": 5e-4,
                "freeze_steps": 0,
                "betas": (0.9, 0.99),
                "change_at": (80.0, 200.0, 245.0, 260.0),
                "factors": (0.8, 0.4096, 0.01024, 0.00512),
            },
            # every: steps between two, 0: a fifth of the run; "oracle-test": see the option's text
            "checkpoint": {"every": 0, "keep": 2, "watch_every": 50, "rule": "last"},
            "predict": {
                **instances,
                "maps": 12,  # videos of which the report may draw the map
                "share": 0.85,
                "foreground": "attention",  # with clusters: "clusters", or the mean of "both"
                "tau": 0.2,
            },
            "evaluation": {"protocols": ("anet",), "tiou": "thumos14", "ambiguous": ""},
            "report": {"max_videos": 6},
        }
    )
