"""TOT on 50 Salads at the eval level: 12 actions, 64-d features.

Paper (Tables 1 and 3, one run): TOT MoF 47.4, F1 42.8; TOT+TCL MoF 44.5, F1 48.2. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/tot_50salads_eval.py
    python -m jaxseg.main --config=configs/tot_50salads_eval.py --config.tcl=True
    python -m jaxseg.main --config=configs/tot_50salads_eval.py --config.data.root=/data
"""

from configs import tot


def get_config():
    """50 Salads (eval)'s rows of constants."""
    config = tot.get_config()
    config.constants.tot.rho, config.constants.tot.sigma = 0.07, 2.5
    config.constants.tot_tcl.rho, config.constants.tot_tcl.sigma = 0.08, 2.5
    config.data.name = "50salads_eval"
    config.model.layers = (64, 60, 30)
    config.model.num_clusters = 12
    config.schedule.freeze_steps = 1500
    return config
