"""What the readers and writers of several run files share: typed records from JSON, and arrays."""

import contextlib
import math
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.formats.files import atomic_write, read_json
from jaxseg.formats.names import clip


@contextlib.contextmanager
def fields_of(path: Path) -> Iterator[None]:
    """Turns an error while the content of a file is taken apart into one that names the file."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        what = f"{type(error).__name__} {error}"
        raise ValueError(f"{path}: a field is missing or of another kind: {what}") from None


def read_record(path: Path, kind: Any, *, default: Any = None, known_only: bool = True) -> Any:
    """Content of a JSON file as `kind`, see `from_json`; `default` where there is no file."""
    if not path.is_file():
        return default
    content = read_json(path)
    with fields_of(path):
        return from_json(kind, content, known_only=known_only)


def from_json(kind: Any, value: Any, field: str = "", *, known_only: bool = True) -> Any:
    """A value of a JSON file as the type hint `kind` has it.

    Args:
        kind: a NamedTuple, whose fields have hints in turn, and which stands in the file as an
            object or as a list of its fields; a Mapping, Sequence or tuple[..., ...] of some kind;
            a union; np.ndarray; float, which is finite, int, str or bool; or Any.
        value: as it stands in the file.
        field: where it stands there, for the error.
        known_only: False passes over fields that a record does not have.

    Raises:
        ValueError: a field is missing, unknown or of another kind.
    """

    def inner(kind: Any, value: Any, name: object) -> Any:
        return from_json(kind, value, f"{field}.{name}" if field else name, known_only=known_only)

    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or (value is None and types.NoneType in parts):
        return value
    if origin is types.UnionType:
        # Of the alternatives a record is the one that is an object in the file.
        fitting = [each for each in parts if hasattr(each, "_fields") == isinstance(value, dict)]
        return from_json((fitting or parts)[0], value, field, known_only=known_only)
    if hasattr(kind, "_fields"):
        if isinstance(value, list) and len(value) <= len(kind._fields):
            value = dict(zip(kind._fields, value, strict=False))
        if isinstance(value, dict):
            _check_fields(kind, value, field, known_only)
            hints = kind.__annotations__
            known = {name: each for name, each in value.items() if name in hints}
            return kind(**{name: inner(hints[name], each, name) for name, each in known.items()})
    elif origin is Mapping and isinstance(value, dict):
        key_kind, each_kind = parts
        return {
            int(key) if key_kind is int else key: inner(each_kind, each, key)
            for key, each in value.items()
        }
    elif origin and origin is not Mapping and isinstance(value, list):
        items = [inner(parts[0], each, place) for place, each in enumerate(value)]
        return tuple(items) if origin is tuple else items
    elif kind is np.ndarray and isinstance(value, list):
        array = np.array(value, np.float64)
        return check_array(field, array, array.shape)
    elif kind is float:
        if type(value) in (int, float) and math.isfinite(value):
            return float(value)
    elif type(value) is kind:
        return value
    wanted = "not a finite number" if kind is float else "of another kind"
    raise ValueError(f"{field or 'the content'} is {clip(value)}, {wanted}")


def _check_fields(kind: Any, value: Mapping[str, Any], field: str, known_only: bool) -> None:
    where = f" of {field}" if field else ""
    if known_only and (unknown := [name for name in value if name not in kind._fields]):
        raise ValueError(f"unknown field {clip(unknown[0])}{where}")
    required = [name for name in kind._fields if name not in kind._field_defaults]
    if missing := [name for name in required if name not in value]:
        raise ValueError(f"missing fields{where}: {', '.join(missing)}")


def to_json(value: Any) -> Any:
    """Records as objects, also those inside of mappings and lists; anything else as it is."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {name: to_json(each) for name, each in value.items()}
    return [to_json(each) for each in value] if isinstance(value, list | tuple) else value


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Writes an `.npz` file, whole or not at all; makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save = np.savez_compressed if compressed else np.savez
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        save(file, **arrays)


def check_array(name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The array in float64; ValueError unless it holds finite numbers of this shape."""
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, not {shape}")
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds {array.dtype}, not numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has {array[~np.isfinite(array)][0]} in it")
    return array.astype(np.float64)
