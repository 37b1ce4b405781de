"""ASOT on YouTube Instructions: five activities, 3,000-d features, 10 epochs.

Paper (Table 1, one run, one matching an activity): MoF 52.9, F1 35.1, mIoU 24.7. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/asot_yti.py
    python -m jaxseg.main --config=configs/asot_yti.py --config.data.root=/data

Background frames (label -1) are left out of evaluation.

The overrides of the paper's Table 2 stand in asot_breakfast.py.
"""

from configs import asot, shared


def get_config():
    """YouTube Instructions's column of constants."""
    config = asot.with_constants(
        rho=0.15,
        lambda_train=0.12,
        lambda_eval=0.01,
        radius=0.04,
        alpha_train=0.3,
        alpha_eval=0.6,
    )
    config.data.name = "yti"
    config.model.layers = (3000, 32, 32)
    config.num_epochs = 10
    config.model.clusters_by_activity = shared.YTI
    return config
