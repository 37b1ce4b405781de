"""Trains, predicts, evaluates and reports: one command from features to scores.

    python -m jaxseg.main --config=configs/asot_breakfast.py
    python -m jaxseg.main --config=configs/asot_breakfast.py --config.data.root=/data \\
        --config.seeds=5 --config.activities=coffee,tea
    python -m jaxseg.main --config=configs/asot_folder.py --config.data.root=DIR \\
        --config.model.num_clusters=7
    python -m jaxseg.main --config=configs/asot_breakfast.py --mode=plan --published --meshes=1,8x1

Every value of the config can be overridden with --config.<name>=<value>; the config file's top
comment says what is worth changing. A stopped run goes on where it was when the same command is
given again. What a run leaves is in --workdir; open report.html first.
"""

import sys
from pathlib import Path

from absl import app, flags, logging
from ml_collections import config_flags

from jaxseg import planning, processes
from jaxseg.command_line import complain
from jaxseg.methods import from_dict
from jaxseg.run import stages
from jaxseg.run.flags import parse
from jaxseg.training.interrupts import Stopped

_CONFIG = config_flags.DEFINE_config_file("config", None, "Config file: configs/asot_breakfast.py")
_MODE = flags.DEFINE_enum(
    "mode", "all", ("all", "plan", *stages.STAGES), "Which stage to run; plan: what all would need."
)
_MESHES = flags.DEFINE_list("meshes", [], "Mode plan: devices, or member x data: 1,64,8x2.")
_PUBLISHED = flags.DEFINE_bool("published", False, "Mode plan: the real data's sizes, without it.")
_WORKDIR = flags.DEFINE_string("workdir", None, "Where the run's files go; default runs/<config>.")
_COORDINATOR = flags.DEFINE_string(
    "coordinator", None, "Several processes: host:port of the first one. See launch/."
)
_NUM_PROCESSES = flags.DEFINE_integer("num_processes", None, "Several processes: how many.")
_PROCESS_ID = flags.DEFINE_integer("process_id", None, "Several processes: this one, from 0.")
_TRACEBACK = flags.DEFINE_bool("traceback", False, "Show where an error came from.")


def run() -> None:
    """Runs the stages that --mode names."""
    if _CONFIG.value is None:
        raise ValueError("give --config=FILE, e.g. --config=configs/asot_breakfast.py")
    values = _CONFIG.value.to_dict()
    name = Path(config_flags.get_config_filename(flags.FLAGS["config"])).stem
    workdir = Path(_WORKDIR.value or f"runs/{name}")
    if _MODE.value == "plan":
        return planning.run(values, workdir, meshes=_MESHES.value, as_published=_PUBLISHED.value)
    if _MESHES.value or _PUBLISHED.value:
        raise ValueError("--meshes and --published belong to --mode=plan")
    config = from_dict(values)
    processes.start(_COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value)
    stages.run(config, workdir, list(stages.STAGES) if _MODE.value == "all" else [_MODE.value])


def main(argv: list[str]) -> int:
    """One sentence and an exit status for whatever a user can mend."""
    logging.set_verbosity(logging.FATAL)  # orbax logs at length what one line says
    try:
        if len(argv) > 1:
            raise ValueError(f"unknown argument {argv[1]!r}; see --help")
        run()
    except Stopped as stop:
        print(stop, file=sys.stderr)
        return stop.exit_code
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return processes.leave(130, at_once=True)
    except (ValueError, OSError) as error:
        if not _TRACEBACK.value:
            return processes.leave(complain(str(error)))
        if not processes.joined():
            raise
        return processes.leave(processes.explain(error))
    except Exception as error:  # a defect, unless it says that another process is gone
        if not processes.joined():
            raise
        return processes.leave(processes.explain(error))
    return 0


if __name__ == "__main__":
    app.run(main, flags_parser=parse)
