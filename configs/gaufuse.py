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

from ml_collections import ConfigDict

from jaxseg.config import as_config_dict
from jaxseg.methods.gaufuse import CONFIG


def get_config() -> ConfigDict:
    """Every key of a GauFuse run with its default."""
    return as_config_dict(CONFIG)
