"""ASOT on 50 Salads at the eval level: 12 actions, 64-d features, 30 epochs.

Paper (Table 1, one run, one matching an activity): MoF 59.3, F1 53.6, mIoU 30.1. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/asot_50salads_eval.py
    python -m jaxseg.main --config=configs/asot_50salads_eval.py --config.data.root=/data

Reads mapping/mappingeval.txt, in which several labels share an index.

The overrides of the paper's Table 2 stand in asot_breakfast.py.
"""

from configs import asot


def get_config():
    """50 Salads (eval)'s column of constants."""
    config = asot.with_constants(
        rho=0.15,
        lambda_train=0.11,
        lambda_eval=0.01,
        radius=0.04,
        alpha_train=0.3,
        alpha_eval=0.6,
    )
    config.data.name = "50salads_eval"
    config.model.layers = (64, 128, 40)
    config.num_epochs = 30
    config.model.num_clusters = 12
    return config
