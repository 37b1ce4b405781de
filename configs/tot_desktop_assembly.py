"""TOT on Desktop Assembly: 22 actions in a fixed order, 512-d features.

Paper (Table 6, one run): TOT MoF 56.3, F1 51.7; TOT+TCL MoF 58.1, F1 53.4. Needs the published
features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/tot_desktop_assembly.py
    python -m jaxseg.main --config=configs/tot_desktop_assembly.py --config.tcl=True
    python -m jaxseg.main --config=configs/tot_desktop_assembly.py --config.data.root=/data
"""

from configs import tot


def get_config():
    """Desktop Assembly's rows of constants."""
    config = tot.get_config()
    config.constants.tot.rho, config.constants.tot.sigma = 0.07, 2.0
    config.constants.tot_tcl.rho, config.constants.tot_tcl.sigma = 0.07, 2.0
    config.data.name = "desktop_assembly"
    config.model.layers = (512, 60, 30)
    config.model.num_clusters = 22
    return config
