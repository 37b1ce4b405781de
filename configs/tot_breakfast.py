"""TOT on Breakfast: ten activities, 64-d Fisher vectors.

Paper (Table 5, one run): TOT MoF 47.5, F1 31.0; TOT+TCL MoF 39.0, F1 30.3. Needs the published
features; without --config.data.root this runs on a generated twin instead.

    python -m jaxseg.main --config=configs/tot_breakfast.py
    python -m jaxseg.main --config=configs/tot_breakfast.py --config.tcl=True
    python -m jaxseg.main --config=configs/tot_breakfast.py --config.data.root=/data

As in the paper, SIL at the start and at the end of a video are two classes; to score it as one,
as ASOT does: --config.evaluation.split_sil=False. The paper's other variants: configs/tot.py.
"""

from configs import activities, tot


def get_config():
    """Breakfast's rows of constants."""
    config = tot.get_config()
    config.constants.tot.rho, config.constants.tot.sigma = 0.05, 1.0
    config.constants.tot_tcl.rho, config.constants.tot_tcl.sigma = 0.04, 0.75
    config.data.name = "breakfast"
    config.model.clusters_by_activity = activities.BREAKFAST
    config.evaluation.split_sil = True
    return config
