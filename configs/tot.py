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
    generalization        --config.data.test_share=.2 --config.seeds=5 (Table 7; a split a seed)

Every run is scored with Viterbi decoding and, as "argmax", without. The authors' release makes
4,000 passes over an activity's videos and freezes the prototypes for 4,000 steps (6,000 to 8,000
on 50 Salads), with batches of 2 x 128 frames; these configs take a quarter of the passes and of
the freeze, and the paper's 2 x 256 frames. The embedded twin, a tenth of the data, gets fewer
still: its schedule stands in `twin_schedule`, the other in `schedule`.
"""

from ml_collections import ConfigDict

from jaxseg.config import as_config_dict
from jaxseg.methods.tot import CONFIG


def get_config() -> ConfigDict:
    """Every key of a TOT run with its default."""
    return as_config_dict(CONFIG)
