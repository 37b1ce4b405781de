"""Nested dictionaries -> nested frozen dataclasses and back, every value checked for its type."""

import copy
import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping

# Fields that a command line may give as "a,b" instead of "('a','b')".
_COMMA_LISTS = ("activities", "data.excluded", "evaluation.protocols")


def to_dict(config) -> dict:
    """Plain nested dictionaries and lists, as `config.json` holds them."""
    return dataclasses.asdict(config)


def flatten(values: Mapping, prefix: str = "") -> dict:
    """{"solver": {"train": {...}}} -> {"solver.train.epsilon": ...}."""
    flat = {}
    for name, value in values.items():
        nested = isinstance(value, Mapping) and name != "clusters_by_activity"
        flat |= flatten(value, f"{prefix}{name}.") if nested else {prefix + name: value}
    return flat


def fill(values: Mapping, defaults: Mapping[str, object]) -> dict:
    """A copy with a default in the place of each value that is left open (None).

    Args:
        values: nested, as `from_dict` takes them; what is absent is not added.
        defaults: by dotted path: {"data.num_snippets": 750}.
    """
    values = copy.deepcopy(dict(values))
    for path, default in defaults.items():
        *sections, name = path.split(".")
        node = values
        for section in sections:
            node = node.get(section, {})
        if name in node and node[name] is None:
            node[name] = default
    return values


def build(cls, values: Mapping, prefix: str = ""):
    """An instance of a dataclass of fields and sections, each section validated once it is built.

    Raises:
        ValueError: naming the field, the value, and the nearest name for one that does not exist.
    """
    hints = typing.get_type_hints(cls)
    for name in values:
        if name not in hints:
            nearest = difflib.get_close_matches(name, hints, n=1, cutoff=0.0)[0]
            raise ValueError(f"config.{prefix}{name} does not exist; nearest is {prefix}{nearest}")
    fields = {}
    for name, value in values.items():
        hint, path = hints[name], prefix + name
        if dataclasses.is_dataclass(hint):
            fields[name] = build(hint, value, f"{path}.")
        else:
            fields[name] = _convert(hint, value, path)
    built = cls(**fields)
    if hasattr(built, "validate"):
        built.validate(prefix.rstrip("."))
    return built


def _convert(hint, value, path: str):
    """The value as its field's type, or a ValueError that names both."""
    origin = typing.get_origin(hint) or hint
    if origin is tuple:
        if isinstance(value, str) or not isinstance(value, (tuple, list)):
            raise ValueError(f"config.{path} must be a tuple, got {value!r}")
        item = typing.get_args(hint)[0]
        if path in _COMMA_LISTS:
            value = [name for entry in value for name in str(entry).split(",")]
        return tuple(_convert(item, entry, path) for entry in value)
    if origin in (types.UnionType, typing.Union):
        return _number_or_word(hint, value, path)
    if origin is Mapping:
        return dict(value)
    if origin is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, origin) or (origin is int and isinstance(value, bool)):
        raise ValueError(f"config.{path} must be {origin.__name__}, got {value!r}")
    return value


def _number_or_word(hint, value, path: str):
    """The value of a field such as `int | Literal["auto"]`."""
    number, words = typing.get_args(hint)
    if isinstance(value, str) and value in typing.get_args(words):
        return value
    try:
        return _convert(number, value, path)
    except ValueError:
        names = " or ".join([number.__name__, *typing.get_args(words)])
        raise ValueError(f"config.{path} must be {names}, got {value!r}") from None
