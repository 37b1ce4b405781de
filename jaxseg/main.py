"""Trains, predicts, evaluates and reports: one command from features to scores.

    python -m jaxseg.main --config=configs/asot_breakfast.py
    python -m jaxseg.main --config=configs/asot_breakfast.py --config.data.root=/data \\
        --config.seeds=5 --config.activities=coffee,tea
    python -m jaxseg.main --config=configs/asot_folder.py --config.data.root=DIR \\
        --config.model.num_clusters=7
    python -m jaxseg.main --config=configs/asot_breakfast.py --mode=plan --published --meshes=1,8x1
    python -m jaxseg.main --config=configs/asot_breakfast.py --help

Every value of the config can be overridden with --config.<name>=<value>; --help lists them where
--config is given, and the config file's top comment says what is worth changing. A stopped run
goes on where it was when the same command is given again. What a run leaves is in --workdir; open
report.html first.
"""

import functools
import sys
from pathlib import Path

from absl import app, logging

from jaxseg.command_line import complain, end_quietly, pipe_errors
from jaxseg.run import flags

# JAX and everything that needs it is imported where it is used: --help and a typo take no seconds.


def run() -> None:
    """Runs the stages that --mode names."""
    from jaxseg import processes
    from jaxseg.methods import from_dict
    from jaxseg.run import stages

    if flags.CONFIG.value is None:
        raise ValueError("give --config=FILE, e.g. --config=configs/asot_breakfast.py")
    values = flags.CONFIG.value.to_dict()
    workdir = Path(flags.WORKDIR.value or f"runs/{flags.config_name()}")
    mode, meshes, published = flags.MODE.value, flags.MESHES.value, flags.PUBLISHED.value
    if mode == "plan":
        from jaxseg import planning

        planning.run(values, workdir, meshes=meshes, as_published=published)
        return
    if meshes or published:
        raise ValueError("--meshes and --published belong to --mode=plan")
    config = from_dict(values)
    processes.start(flags.COORDINATOR.value, flags.NUM_PROCESSES.value, flags.PROCESS_ID.value)
    stages.run(config, workdir, flags.STAGES if mode == "all" else (mode,))


def main(argv: list[str]) -> int:
    """One sentence and an exit status for whatever a user can mend."""
    from jaxseg import processes
    from jaxseg.training.interrupts import Stopped, ctrl_c_is_never_lost

    logging.set_verbosity(logging.FATAL)  # orbax logs at length what one line says
    try:
        with pipe_errors(), ctrl_c_is_never_lost():
            if len(argv) > 1:
                raise ValueError(f"unknown argument {argv[1]!r}; see --help")
            run()
    except Stopped as stop:
        print(stop, file=sys.stderr)
        return stop.exit_code
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return processes.leave(130, at_once=True)
    except BrokenPipeError:
        return processes.leave(end_quietly())
    except Exception as error:
        is_mistake = isinstance(error, (ValueError, OSError)) and not processes.is_loss(error)
        if is_mistake and not flags.TRACEBACK.value:
            return processes.leave(complain(str(error)))
        if not processes.joined():
            raise
        return processes.leave(processes.explain(error))
    return 0


if __name__ == "__main__":
    app.run(main, flags_parser=functools.partial(flags.parse, description=__doc__))
