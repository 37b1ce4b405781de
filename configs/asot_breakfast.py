"""ASOT on Breakfast: ten activities, 64-d Fisher vectors, 15 epochs.

Paper (Table 1, one run, one matching an activity): MoF 56.1, F1 38.3, mIoU 18.6. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/asot_breakfast.py
    python -m jaxseg.main --config=configs/asot_breakfast.py --config.data.root=/data

Ablations of the paper's Table 2, as overrides (both solvers: .train and .eval):

    no k-means            --config.model.kmeans=False
    no temporal prior     --config.solver.train.rho=0 --config.solver.eval.rho=0
    no structure (train)  --config.solver.train.alpha=0
    no structure          --config.solver.train.alpha=0 --config.solver.eval.alpha=0
    balanced              --config.solver.train.lambda_actions=inf
                          --config.solver.eval.lambda_actions=inf
    relaxed frames        --config.solver.train.lambda_frames=.1
                          --config.solver.eval.lambda_frames=.1, and the two lines of "balanced"
"""

from configs import activities, asot


def get_config():
    """Breakfast's column of constants, where it differs from the defaults."""
    config = asot.get_config()
    config.num_epochs = 15
    config.data.name = "breakfast"
    config.data.standardize = True
    config.model.clusters_by_activity = activities.BREAKFAST
    config.solver.train.rho = config.solver.eval.rho = 0.2
    config.solver.train.alpha, config.solver.eval.alpha = 0.4, 0.7
    return config
