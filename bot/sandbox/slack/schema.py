"""The types in which the Block Kit table is written: strings, arrays and objects, each with its limits."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class String:
    """A string of `least` to `most` characters."""

    most: int
    least: int = 0


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer from `least` to `most`."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Enum:
    """One of a few strings."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextObject:
    """A text object of 1 to `most` characters: plain_text only, unless `mrkdwn` is allowed too."""

    most: int
    mrkdwn: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    """An array of `least` to `most` items of one type."""

    of: "Schema"
    most: int
    least: int = 1


@dataclass(frozen=True, slots=True)
class TypedObject:
    """An object whose `type` is one of `types`; the table PARTS has its fields."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """An object: its fields, the required ones, and fields of which exactly one, or at least one, is required."""

    fields: "Mapping[str, Schema]"
    required: tuple[str, ...] = ()
    exactly_one: tuple[str, ...] = ()
    at_least_one: tuple[str, ...] = ()


Schema = String | Boolean | Integer | Enum | TextObject | Array | TypedObject | Object
