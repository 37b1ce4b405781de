"""ASOT on Desktop Assembly: 22 actions in a fixed order, 512-d features, 30 epochs.

Paper (Table 1, one run, one matching an activity): MoF 70.4, F1 68.0, mIoU 45.9. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/asot_desktop_assembly.py
    python -m jaxseg.main --config=configs/asot_desktop_assembly.py --config.data.root=/data

The overrides of the paper's Table 2 stand in asot_breakfast.py.
"""

from configs import asot


def get_config():
    """Desktop Assembly's column of constants, where it differs from the defaults."""
    config = asot.get_config()
    config.data.name = "desktop_assembly"
    config.model.layers = (512, 128, 40)
    config.model.num_clusters = 22
    config.solver.train.rho = config.solver.eval.rho = 0.25
    config.solver.train.lambda_actions = 0.16
    config.solver.train.radius = config.solver.eval.radius = 0.02
    return config
