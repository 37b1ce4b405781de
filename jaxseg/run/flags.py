"""Flags of `jaxseg.main`: every mistake is one line on standard error and exit status 2."""

import itertools
import sys
from pathlib import Path

from absl import flags

from jaxseg.command_line import complain
from jaxseg.methods import check_key

NUM_CLUSTERS = "config.model.num_clusters"


def parse(arguments: list[str]) -> list[str]:
    """Parses all flags and returns the arguments that are none; exits where one is wrong."""
    file, keys = None, []
    try:
        arguments = _joined(arguments)
        for argument, following in itertools.pairwise([*arguments, ""]):
            name, given, value = argument.lstrip("-").partition("=")
            if name == "config":
                file = _find(value if given else following)
            elif name.startswith("config."):
                keys.append(name.removeprefix("config."))
                check_key(keys[-1])
        return flags.FLAGS(arguments)
    except (flags.Error, ValueError, OSError) as error:
        sys.exit(complain(str(error)))
    except AttributeError as error:
        missing = [key for key in keys if key.split(".")[-1] in str(error)]
        if not missing:
            sys.exit(complain(f"{file}: AttributeError: {error}"))
        sys.exit(complain(f"{file} has no key {missing[0]!r}; it belongs to another config"))
    except Exception as error:  # a config file is a program: anything may go wrong in it
        sys.exit(complain(f"{file}: {type(error).__name__}: {error}"))


def _joined(arguments: list[str]) -> list[str]:
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
