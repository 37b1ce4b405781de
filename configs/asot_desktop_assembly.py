"""ASOT on Desktop Assembly: 22 actions in a fixed order, 512-d features, 30 epochs.

Paper (Table 1, one run, one matching an activity): MoF 70.4, F1 68.0, mIoU 45.9. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/asot_desktop_assembly.py
    python -m jaxseg.main --config=configs/asot_desktop_assembly.py --config.data.root=/data

The overrides of the paper's Table 2 stand in asot_breakfast.py.
"""

from configs import asot


def get_config():
    """Desktop Assembly's column of constants."""
    config = asot.with_constants(
        rho=0.25,
        lambda_train=0.16,
        lambda_eval=0.01,
        radius=0.02,
        alpha_train=0.3,
        alpha_eval=0.6,
    )
    config.data.name = "desktop_assembly"
    config.model.layers = (512, 128, 40)
    config.num_epochs = 30
    config.model.num_clusters = 22
    return config
