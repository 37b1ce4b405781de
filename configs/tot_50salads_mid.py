"""TOT on 50 Salads at the mid level: 19 actions, 64-d features.

Paper (Table 3, one run): TOT MoF 31.8; TOT+TCL MoF 34.3. Needs the
published features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/tot_50salads_mid.py
    python -m jaxseg.main --config=configs/tot_50salads_mid.py --config.tcl=True
    python -m jaxseg.main --config=configs/tot_50salads_mid.py --config.data.root=/data
"""

from configs import tot


def get_config():
    """50 Salads (mid)'s rows of constants."""
    config = tot.get_config()
    config.constants.tot.rho, config.constants.tot.sigma = 0.08, 2.0
    config.constants.tot_tcl.rho, config.constants.tot_tcl.sigma = 0.07, 1.75
    config.data.name = "50salads_mid"
    config.model.layers = (64, 60, 30)
    config.model.num_clusters = 19
    config.schedule.freeze_steps = 1500
    return config
