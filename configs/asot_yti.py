"""ASOT on YouTube Instructions: five activities, 3,000-d features, 10 epochs.

Paper (Table 1, one run, one matching an activity): MoF 52.9, F1 35.1, mIoU 24.7. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/asot_yti.py
    python -m jaxseg.main --config=configs/asot_yti.py --config.data.root=/data

Background frames (label -1) are left out of evaluation.

The overrides of the paper's Table 2 stand in asot_breakfast.py.
"""

from configs import activities, asot


def get_config():
    """YouTube Instructions's column of constants, where it differs from the defaults."""
    config = asot.get_config()
    config.num_epochs = 10
    config.data.name = "yti"
    config.model.layers = (3000, 32, 32)
    config.model.clusters_by_activity = activities.YTI
    config.solver.train.lambda_actions = 0.12
    return config
