"""ASOT on 50 Salads at the mid level: 19 actions, 64-d features, 30 epochs.

Paper (Table 1, one run, one matching an activity): MoF 46.2, F1 37.4, mIoU 24.9. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/asot_50salads_mid.py
    python -m jaxseg.main --config=configs/asot_50salads_mid.py --config.data.root=/data

The overrides of the paper's Table 2 stand in asot_breakfast.py.
"""

from configs import asot


def get_config():
    """50 Salads (mid)'s column of constants, where it differs from the defaults."""
    config = asot.get_config()
    config.data.name = "50salads_mid"
    config.model.num_clusters = 19
    config.solver.train.lambda_actions = 0.15
    return config
