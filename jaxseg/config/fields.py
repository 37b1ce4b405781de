"""Keys of a config, each declared once, in its section's dataclass; dictionaries to and from them.

A section is a frozen dataclass. Each of its fields states name, type, default, comment and check of
one key, and nothing else in the house repeats them:

    @dataclasses.dataclass(frozen=True)
    class LossConfig:
        alpha: float = key(1.0, "weight of the temporal coherence loss", at_least(0))

A check that needs several keys at once is a method `validate(self, path)` of the section.
"""

import dataclasses
import difflib
import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ml_collections import ConfigDict, FieldReference, config_dict

Check = Callable[[str, Any], None]  # (path, value), raises ValueError naming both


def key(default, comment: str, *checks: Check, commas: bool = False) -> Any:
    """Declares one key of a section.

    Args:
        default: None leaves the key open: the method's `open_values` takes it from other keys.
        comment: what the key means, in one line, as `--help` lists it.
        checks: are asked in turn once the value has its type.
        commas: whether a command line may give names as "a,b" instead of "('a','b')".
    """
    metadata = {"comment": comment, "checks": checks, "commas": commas}
    if isinstance(default, dict):  # dataclasses refuse a mutable default
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def section(cls, **changes) -> Any:
    """Declares a section; `changes` are defaults that differ from those of its class."""
    return dataclasses.field(default_factory=lambda: cls(**changes))


def positive(path: str, value: float) -> None:
    """Check that refuses 0, negative numbers and NaN."""
    if not value > 0:
        raise ValueError(f"config.{path} must be positive, got {value}")


def at_least(least: float) -> Check:
    """Check that refuses numbers below `least`, and NaN."""

    def check(path: str, value: float) -> None:
        if not value >= least:
            raise ValueError(f"config.{path} must be at least {least}, got {value}")

    return check


def between(least: float, most: float) -> Check:
    """Check that refuses numbers outside [least, most], and NaN."""

    def check(path: str, value: float) -> None:
        if not least <= value <= most:
            raise ValueError(f"config.{path} must be in [{least}, {most}], got {value}")

    return check


def one_of(*names: str) -> Check:
    """Check that refuses any other name; its message lists these."""

    def check(path: str, value: str) -> None:
        if value not in names:
            listed = ", ".join(name or '""' for name in names)
            raise ValueError(f"config.{path} must be one of {listed}, got {value!r}")

    check.choices = names  # for `describe`
    return check


def some_of(*names: str) -> Check:
    """Check of a text that lists any of these names between commas, or none of them."""

    def check(path: str, value: str) -> None:
        for name in split_names(value):
            if name not in names:
                nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
                raise ValueError(
                    f"config.{path} lists any of {', '.join(names)}, with commas between them, "
                    f"got {name!r}; nearest is {nearest}"
                )

    check.choices = names
    return check


def split_names(value: str) -> list[str]:
    """The names in a text with commas between them, each once, without blanks."""
    return list(dict.fromkeys(filter(None, (name.strip() for name in value.split(",")))))


def each(*checks: Check) -> Check:
    """Check that asks other checks about every entry of a tuple."""

    def check(path: str, values: Sequence) -> None:
        for value in values:
            for check_entry in checks:
                check_entry(path, value)

    return check


def not_empty(path: str, values: Sequence) -> None:
    """Check that refuses an empty tuple."""
    if not values:
        raise ValueError(f"config.{path} must not be empty")


def ascending(path: str, epochs: Sequence[int]) -> None:
    """Check that asks for epochs from 0 on in ascending order, none of them twice."""
    if list(epochs) != sorted(set(epochs)) or any(epoch < 0 for epoch in epochs):
        raise ValueError(f"config.{path} must be ascending epochs, got {epochs}")


def to_dict(config) -> dict:
    """Plain nested dictionaries and tuples of a section, as `config.json` holds them."""
    return dataclasses.asdict(config)


def flatten(values: Mapping, prefix: str = "") -> dict:
    """{"solver": {"train": {...}}} -> {"solver.train.epsilon": ...}."""
    flat = {}
    for name, value in values.items():
        nested = isinstance(value, Mapping) and name != "clusters_by_activity"
        flat |= flatten(value, f"{prefix}{name}.") if nested else {prefix + name: value}
    return flat


def nest(values: Mapping[str, Any]) -> dict:
    """{"solver.train.epsilon": ...} -> {"solver": {"train": {...}}}."""
    nested: dict = {}
    for path, value in values.items():
        *sections, name = path.split(".")
        functools.reduce(lambda node, part: node.setdefault(part, {}), sections, nested)[name] = (
            value
        )
    return nested


def complete(cls, values: Mapping) -> dict:
    """Nested values of all keys: the given ones, defaults of the others, open ones from others.

    Raises:
        ValueError: a section that is given as a single value.
    """
    values = _merge(to_dict(cls()), values, "")
    for path, value in cls.open_values(values).items():
        *sections, name = path.split(".")
        node = functools.reduce(dict.__getitem__, sections, values)
        if node[name] is None:
            node[name] = value
    return values


def _merge(defaults: Mapping, values: Mapping, prefix: str) -> dict:
    merged = dict(defaults)
    for name, value in values.items():
        if defaults.get(name) and isinstance(defaults[name], Mapping):
            if not isinstance(value, Mapping):
                raise ValueError(f"config.{prefix}{name} is a section of keys, got {value!r}")
            value = _merge(defaults[name], value, f"{prefix}{name}.")
        merged[name] = value
    return merged


def build(cls, values: Mapping, prefix: str = ""):
    """An instance of a section, every value converted to its key's type and checked.

    Args:
        cls: the dataclass of the section.
        values: nested by section; keys that are absent keep their defaults.
        prefix: path of the section with a dot at its end, "" for a whole config.

    Raises:
        ValueError: naming the key, the value, and the nearest name for one that does not exist.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}
    hints, built = typing.get_type_hints(cls), {}
    for name, value in values.items():
        path = prefix + name
        if name not in fields:
            nearest = difflib.get_close_matches(name, fields, n=1, cutoff=0.0)[0]
            raise ValueError(f"config.{path} does not exist; nearest is {prefix}{nearest}")
        if dataclasses.is_dataclass(hints[name]):
            built[name] = build(hints[name], value, f"{path}.")
            continue
        metadata = fields[name].metadata
        if metadata["commas"] and isinstance(value, (tuple, list)):
            value = [part for entry in value for part in str(entry).split(",")]
        built[name] = _convert(hints[name], value, path)
        for check in metadata["checks"]:
            check(path, built[name])
    config = cls(**built)
    if hasattr(config, "validate"):
        config.validate(prefix.rstrip("."))
    return config


def _convert(hint, value, path: str):
    """The value as its key's type, or a ValueError that names both."""
    origin = typing.get_origin(hint) or hint
    if origin is tuple:
        if isinstance(value, str) or not isinstance(value, (tuple, list)):
            raise ValueError(f"config.{path} must be a tuple, got {value!r}")
        return tuple(_convert(typing.get_args(hint)[0], entry, path) for entry in value)
    if _is_union(hint):
        return _convert_number_or_word(hint, value, path)
    if origin is Mapping and isinstance(value, Mapping):
        return dict(value)
    if origin is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, origin) or (origin is int and isinstance(value, bool)):
        raise ValueError(f"config.{path} must be {origin.__name__}, got {value!r}")
    return value


def _convert_number_or_word(hint, value, path: str):
    """The value of a key such as `int | Literal["auto"]`."""
    number, words = typing.get_args(hint)
    if isinstance(value, str) and value in typing.get_args(words):
        return value
    try:
        return _convert(number, value, path)
    except ValueError:
        raise ValueError(f"config.{path} must be {_type_name(hint)}, got {value!r}") from None


class Key(NamedTuple):
    """One key: its dotted path, its type or choices, default (None: from other keys), comment."""

    path: str
    type: str
    default: Any
    comment: str


def describe(cls) -> list[Key]:
    """All keys of a config class in their order, those of its sections included."""
    return [
        Key(path, _type_name(hint, metadata["checks"]), default, metadata["comment"])
        for path, hint, default, metadata in _leaves(cls, cls(), "")
    ]


def as_config_dict(cls) -> ConfigDict:
    """The defaults of a config class as what a file in configs/ returns after its changes."""
    values = {}
    for path, hint, default, _ in _leaves(cls, cls(), ""):
        if default is None:
            default = config_dict.placeholder(hint)
        elif _is_union(hint):
            # ml-collections holds a key to the type of its default unless told otherwise.
            default = FieldReference(default, field_type=object)
        values[path] = default
    return ConfigDict(nest(values))


def _leaves(cls, defaults, prefix: str) -> Iterator[tuple]:
    """(path, type hint, default, metadata) of every key; `defaults` is an instance of `cls`."""
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        path, hint, default = prefix + field.name, hints[field.name], getattr(defaults, field.name)
        if dataclasses.is_dataclass(hint):
            yield from _leaves(hint, default, f"{path}.")
        else:
            yield path, hint, default, field.metadata


def _is_union(hint) -> bool:
    return typing.get_origin(hint) in (types.UnionType, typing.Union)


def _type_name(hint, checks: Sequence[Check] = ()) -> str:
    """ "int or auto" of `int | Literal["auto"]`, "tuple of float", or the choices of a `one_of`."""
    choices = [" | ".join(check.choices) for check in checks if hasattr(check, "choices")]
    if choices:
        return choices[0].removeprefix(" | ")
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return f"tuple of {inner[0].__name__}"
    if _is_union(hint):
        return " or ".join([inner[0].__name__, *typing.get_args(inner[1])])
    return (origin or hint).__name__
