"""The command line of `jaxseg.main`: flags, help, and one line for every mistake; no JAX in it."""

import itertools
import sys
import textwrap
from pathlib import Path

from absl import flags
from ml_collections import config_flags

from jaxseg.command_line import complain, end_quietly, pipe_errors

STAGES = ("features", "train", "predict", "evaluate", "report")
MODES = ("all", "plan", *STAGES)
NUM_CLUSTERS = "config.model.num_clusters"
HELP = ("-h", "-help", "--help", "--helpshort", "--helpfull")

CONFIG = config_flags.DEFINE_config_file(
    "config", None, "The config file; with it, --help lists its keys."
)
MODE = flags.DEFINE_enum("mode", "all", MODES, "Which stage to run; plan: what all would need.")
WORKDIR = flags.DEFINE_string("workdir", None, "Where the run's files go; default runs/<config>.")
MESHES = flags.DEFINE_list("meshes", [], "Mode plan: devices, or member x data: 1,64,8x2.")
PUBLISHED = flags.DEFINE_bool("published", False, "Mode plan: the real data's sizes, without it.")
COORDINATOR = flags.DEFINE_string(
    "coordinator", None, "Several processes: host:port of the first one. See launch/."
)
NUM_PROCESSES = flags.DEFINE_integer("num_processes", None, "Several processes: how many.")
PROCESS_ID = flags.DEFINE_integer("process_id", None, "Several processes: this one, from 0.")
TRACEBACK = flags.DEFINE_bool("traceback", False, "Show where an error came from.")
_NAMES = ("config", "mode", "workdir", "meshes", "published")
_NAMES += ("coordinator", "num_processes", "process_id", "traceback")


def parse(arguments: list[str], description: str = "") -> list[str]:
    """Parses all flags; exits with one line where one is wrong, and after the help.

    Args:
        arguments: of the command line, the program first.
        description: what the program does, for its help.

    Returns:
        The arguments that are no flags, the program first.
    """
    asks_for_help = any(argument in HELP for argument in arguments)
    file, keys = None, []
    try:
        arguments = _join([argument for argument in arguments if argument not in HELP])
        for argument, following in itertools.pairwise([*arguments, ""]):
            name, given, value = argument.lstrip("-").partition("=")
            if name == "config":
                file = _find(value if given else following)
            elif name.startswith("config."):
                from jaxseg.methods import check_key  # seconds, without such a flag not needed

                keys.append(name.removeprefix("config."))
                check_key(keys[-1])
        rest = flags.FLAGS(arguments)
    except (flags.Error, ValueError, OSError) as error:
        sys.exit(complain(str(error)))
    except AttributeError as error:
        missing = [key for key in keys if key.split(".")[-1] in str(error)]
        if not missing:
            sys.exit(complain(f"{file}: AttributeError: {error}"))
        sys.exit(complain(f"{file} has no key {missing[0]!r}; it belongs to another config"))
    except Exception as error:  # a config file is a program: anything may go wrong in it
        sys.exit(complain(f"{file}: {type(error).__name__}: {error}"))
    if asks_for_help:
        try:
            with pipe_errors():
                print(_help(description))
        except BrokenPipeError:
            sys.exit(end_quietly())
        sys.exit(0)
    return rest


def config_name() -> str:
    """Name of the config file without its folder and suffix."""
    return Path(config_flags.get_config_filename(flags.FLAGS["config"])).stem


def _join(arguments: list[str]) -> list[str]:
    """`--config.model.num_clusters 7` with an equals sign between.

    The flag takes a number or a word, which absl knows no type for but one of flags that may
    stand without a value.
    """
    joined = []
    for argument in arguments:
        if joined and joined[-1].lstrip("-") == NUM_CLUSTERS and not argument.startswith("-"):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _find(name: str) -> Path:
    """The config file; it may say `from configs import asot`, wherever the command is typed."""
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(f"no config file {name!r}")
    sys.path.append(str(path.resolve().parent.parent))
    return path


def _help(description: str) -> str:
    entries = [_entry(f"--{name}", flags.FLAGS[name].help) for name in _NAMES]
    parts = [description.strip(), "Flags:", *entries]
    if CONFIG.value is not None:
        from jaxseg.config import describe, flatten
        from jaxseg.methods import from_dict

        values = CONFIG.value.to_dict()
        given = flatten(values)
        parts += [f"Keys of {config_name()}, each with its value there:"] + [
            _entry(f"--config.{key.path}={given.get(key.path, key.default)}", key.comment)
            for key in describe(type(from_dict(values)))
        ]
    return "\n".join(parts)


def _entry(head: str, text: str) -> str:
    indent = " " * 6
    return f"  {head}\n" + textwrap.fill(text, 96, initial_indent=indent, subsequent_indent=indent)
