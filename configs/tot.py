"""TOT's base: what its five data sets share, with the field's names for every constant.

Paper: Kumar et al., Unsupervised Action Segmentation by Joint Representation Learning and Online
Clustering, CVPR 2022. The files beside this one set what differs between data sets. The variants
of the paper's Tables 1 and 2, as overrides of any of them:

    TOT                   the default
    TOT+TCL               --config.tcl=True (takes the row of rho and sigma that goes with it)
    TOT+CTE               --config.cte=True
    OT                    --config.temporal_prior=False
    OT+TCL                --config.temporal_prior=False --config.tcl=True
    OT+CTE                --config.temporal_prior=False --config.cte=True
    CTE by itself         --config.cte=True --config.clusters=kmeans
    without a freeze      --config.optimizer.freeze_steps=0
    OT in order of time   --config.temporal_prior=False --config.solver.eval.order=mean_time
    the authors' TCL      --config.tcl=True --config.loss.tcl_groups=code
                          --config.loss.tcl_temperature=.1
    generalisation        --config.data.test_share=.2 --config.seeds=5 (Table 7; a split a seed)

Every run is scored with Viterbi decoding and, as "argmax", without. The authors' release makes
4,000 passes over an activity's videos and freezes the prototypes for 4,000 steps (6,000 to 8,000
on 50 Salads), with batches of 2 x 128 frames; these configs take a quarter of the passes and of
the freeze, and the paper's 2 x 256 frames. The embedded twin, a tenth of the data, gets fewer
still: its schedule stands in `twin_schedule`, the other in `schedule`.
"""

from ml_collections import ConfigDict, config_dict

from configs import shared


def get_config() -> ConfigDict:
    """Every key that a TOT run has."""
    config = shared.segmentation()
    config.method = "tot"
    config.tcl = False  # temporal coherence loss
    config.cte = False  # regression of time stamps
    config.temporal_prior = True  # False: OT
    config.clusters = "prototypes"  # "kmeans": CTE's, of the finished embeddings
    config.data.standardize = True
    config.data.unit_frames = False
    config.data.bins = 32  # equal parts of a video, which give the same number of frames each
    config.data.window = 30  # frames from an anchor to its neighbour, at most
    config.model.layers = (64, 80, 40)
    config.constants = {"tot": _row(0.05, 1.0), "tot_tcl": _row(0.04, 0.75)}
    config.solver = {
        "train": {
            "rho": config_dict.placeholder(float),  # as in the row of `constants`
            "sigma": config_dict.placeholder(float),
            "num_iterations": 3,
            "prior_indices": "first",  # "centred": (i + .5)/B against (j + .5)/K
        },
        "eval": {
            "viterbi": True,
            "stay_probability": 0.5,
            "order": "prototypes",  # of the states; "mean_time": of each cluster's frames
            "background": False,  # frames that no cluster claims become -1
            "percentile": 45.0,  # of a cluster's scores, above which it claims a frame
        },
    }
    config.loss = {
        "alpha": 1.0,  # weight of the temporal coherence loss
        "tcl_groups": "paper",  # "code": groups of consecutive samples over all videos
        "tcl_temperature": 1.0,  # embeddings are divided by it; the authors' program: .1
        "time": 1.0,  # weight of the regression of time stamps
    }
    # As in the schedule, or the embedded twin's where there is no root.
    config.num_epochs = config_dict.placeholder(int)
    config.optimizer.freeze_steps = config_dict.placeholder(int)
    config.schedule = _schedule(1000, 1000)
    config.twin_schedule = _schedule(200, 200)
    config.evaluation.protocols = ("cte", "cte-soft", "tot-text")
    config.evaluation.exclusion = "background"
    return config


def with_constants(
    *, tot: tuple[float, float], tot_tcl: tuple[float, float], layers: tuple[int, ...]
) -> ConfigDict:
    """The base with one data set's (rho, sigma) of both rows, and its encoder."""
    config = get_config()
    config.constants = {"tot": _row(*tot), "tot_tcl": _row(*tot_tcl)}
    config.model.layers = layers
    return config


def _row(rho: float, sigma: float) -> dict:
    return {"rho": rho, "sigma": sigma}


def _schedule(num_epochs: int, freeze_steps: int) -> dict:
    return {"num_epochs": num_epochs, "freeze_steps": freeze_steps}
