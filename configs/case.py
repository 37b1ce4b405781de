"""CASE's base: what its three data sets share, with the field's names for every constant.

Paper: Liu et al., Revisiting Foreground and Background Separation in Weakly-supervised Temporal
Action Localization: A Clustering-based Approach, ICCV 2023. The files beside this one set what
differs between data sets. The rows of the paper's ablations as overrides of any of them, with
its mAP on THUMOS14, the mean over tIoU .1:.1:.7. PLAIN, the test without clusters, stands for
--config.predict.foreground=attention:

    Tables 4 and 10 (components; Table 10 has ActivityNet's)
        46.2  full                 the default
        43.9  + SCC + CCC          PLAIN
        43.2  + SCC                PLAIN --config.loss.clustering=scc
        42.1  baseline             PLAIN --config.loss.clustering=none
    Table 5 (labels of snippets)
        44.7  OT, hard             --config.solver.assignment=ot-hard
        41.2  without OT, soft     --config.solver.assignment=soft
        40.8  without OT, hard     --config.solver.assignment=hard
    Table 6 (what is particular to SCC and CCC)
        45.4  Eq. 10 in SCC        --config.solver.prior=False
        44.0  Eq. 9 in CCC         --config.solver.marginal=uniform
    Table 7 (foreground of the test)
        43.9  P_A alone            PLAIN
        44.1  P_T alone            --config.predict.foreground=clusters
    Table 11 (parts of the baseline)
        41.7  plain BCE            PLAIN --config.loss.clustering=none --config.loss.attention=bce
        32.0  without attention    PLAIN --config.loss.clustering=none --config.solver.omega=1
                                   --config.predict.omega=1
    Table 12 (labels that the streams share)
        38.3  baseline, none       PLAIN --config.loss.clustering=none
                                   --config.solver.co_labelling=none
        45.6  the baseline's       --config.solver.co_labelling=baseline
    Fig. 3 (number of clusters)    --config.model.num_clusters=2, 4, 8, 32, ...

Where the paper and its released program differ, the program's constants are the default, since
the tables are its scores. These are the other sides; the first is how the tables chose:

    its choice of checkpoint       --config.checkpoint.rule=oracle-test
    its scrambled rank             --config.solver.compat=case
    the paper's omega              --config.solver.omega=.25 --config.predict.omega=.25
    the paper's flanks and gamma   --config.predict.flank=.25 --config.predict.gamma=.15
"""

from ml_collections import ConfigDict, config_dict


def get_config() -> ConfigDict:
    """Every key that a CASE run has."""
    return ConfigDict(
        {
            "method": "case",
            "seeds": 3,  # runs, side by side in one program
            "activities": (),  # always empty: all classes are learned together
            "num_epochs": config_dict.placeholder(int),  # as in the schedule, or the twin's
            "sweep": (),  # e.g. ("loss.omega=0.25", "loss.omega=0.5")
            "mesh": {"member": 0, "data": 0},  # devices along each axis; 0: chosen by the program
            "data": {
                "name": "thumos14",
                "root": "",  # empty: the embedded twin, generated data
                "length_tolerance": 0,  # snippets by which RGB and flow may differ
                "videos_per_batch": 16,
                "num_snippets": config_dict.placeholder(int),  # T, to which videos are brought
            },
            "model": {
                "num_clusters": 16,
                "clusters_by_activity": {},
                "hidden": 512,
                "scale": 10.0,  # of all cosines, the paper's rho
            },
            "solver": {
                "top_divisor": 8,  # k = T // 8 snippets of a class
                "omega": 1 / 3,  # share of the T-CAS in the calibrated map
                "assignment": "ot",  # "ot-hard"; without OT: "soft", "hard"
                "prior": True,  # False: Eq. 10 in place of Eq. 12
                "sigma": 10.0,  # width of the prior
                "marginal": "empirical",  # "uniform": Eq. 9 in place of Eq. 13
                "epsilon": 1 / 20,  # entropy; the paper's epsilon is the inverse
                "num_iterations": 3,  # of both Sinkhorns
                "co_labelling": "full",  # "baseline": SCC and CCC each by themselves; "none"
                "compat": "",  # "case": the released program's scrambled rank
            },
            "loss": {
                "clustering": "full",  # "scc": without CCC; "none": the baseline
                "attention": "gce",  # "bce"
                "gamma": 0.7,  # of the generalised cross-entropy
                "snippet_weight": 1.0,  # lambda_S
                "cluster_weight": 0.3,  # lambda_C
            },
            "schedule": {"num_epochs": 300, "num_snippets": 750},
            "twin_schedule": {"num_epochs": 400, "num_snippets": 150},
            "optimizer": {
                "learning_rate": 1e-4,
                "weight_decay": 5e-4,
                "freeze_steps": 0,
                "betas": (0.9, 0.999),
                "change_at": (),  # epochs from which on the learning rate is another
                "factors": (),  # of learning_rate, from each of these on
            },
            # every: steps between two, 0: a fifth of the run; "oracle-test": see the option's text
            "checkpoint": {"every": 0, "keep": 2, "watch_every": 50, "rule": "last"},
            "predict": {
                "maps": 12,  # videos of which the report may draw the map
                "foreground": "both",  # "attention": plain test; "clusters"
                "omega": 0.0,  # share of the class probability; 0: the same for every term
                "top_divisor": 8,
                "class_threshold": 0.25,
                "upsampling": 24,
                "thresholds": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
                "flank": 0.15,
                "gamma": 0.2,
                "nms": "soft",  # "hard", "none"
                "nms_threshold": 0.4,
                "nms_alpha": 0.35,
            },
            "evaluation": {"protocols": ("anet",), "tiou": "thumos14", "ambiguous": ""},
            "report": {"max_videos": 6},
        }
    )
