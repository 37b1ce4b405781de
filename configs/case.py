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
                                   --config.solver.co_labeling=none
        45.6  the baseline's       --config.solver.co_labeling=baseline
    Fig. 3 (number of clusters)    --config.model.num_clusters=2, 4, 8, 32, ...

Where the paper and its released program differ, the program's constants are the default, since
the tables are its scores. These are the other sides; the first is how the tables chose:

    its choice of checkpoint       --config.checkpoint.rule=oracle-test
    its scrambled rank             --config.solver.compat=case
    the paper's omega              --config.solver.omega=.25 --config.predict.omega=.25
    the paper's flanks and gamma   --config.predict.flank=.25 --config.predict.gamma=.15
"""

from ml_collections import ConfigDict

from jaxseg.config import as_config_dict
from jaxseg.methods.case import CONFIG


def get_config() -> ConfigDict:
    """Every key of a CASE run with its default."""
    return as_config_dict(CONFIG)
