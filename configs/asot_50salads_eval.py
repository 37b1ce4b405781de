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
    """50 Salads (eval)'s column of constants, where it differs from the defaults."""
    config = asot.get_config()
    config.data.name = "50salads_eval"
    config.model.num_clusters = 12
    config.solver.train.lambda_actions = 0.11
    return config
