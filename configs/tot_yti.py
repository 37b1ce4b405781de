"""TOT on YouTube Instructions: five activities, 3,000-d features.

Paper (Table 4, one run): TOT MoF 40.6, F1 30.0; TOT+TCL MoF 45.3, F1 32.9. Needs the published
features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/tot_yti.py
    python -m jaxseg.main --config=configs/tot_yti.py --config.tcl=True
    python -m jaxseg.main --config=configs/tot_yti.py --config.data.root=/data

A frame is background (-1) unless one cluster's score lies above the 45th percentile of that
cluster's scores over the activity; Viterbi decoding runs on the rest.
"""

from configs import activities, tot


def get_config():
    """YouTube Instructions's rows of constants."""
    config = tot.get_config()
    config.constants.tot.rho, config.constants.tot.sigma = 0.08, 1.25
    config.constants.tot_tcl.rho, config.constants.tot_tcl.sigma = 0.07, 3.0
    config.data.name = "yti"
    config.model.layers = (3000, 400, 200)
    config.model.clusters_by_activity = activities.YTI
    config.solver.eval.background = True
    config.twin_schedule.num_epochs = 30  # 3,000 channels are slow on a CPU
    config.twin_schedule.freeze_steps = 30
    return config
