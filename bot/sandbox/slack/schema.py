"""The types that Slack's Block Kit is described with: strings, arrays and objects, and the limits of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text object of 1 to `most` characters: plain_text only, unless `mrkdwn` is allowed too."""

    most: int
    mrkdwn: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    """An array of `least` to `most` things that follow one rule."""

    of: "Schema"
    most: int
    least: int = 1


@dataclass(frozen=True, slots=True)
class TypedObject:
    """An object whose `type` is one of `kinds`; the table KINDS says what it holds."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """An object: its fields, the required ones, and sets of which exactly one (or at least one) is needed."""

    fields: "Mapping[str, Schema]"
    required: tuple[str, ...] = ()
    exactly_one: tuple[str, ...] = ()
    at_least_one: tuple[str, ...] = field(default=())


Schema = String | Boolean | Integer | Enum | Text | Array | TypedObject | Object
