"""Field names in a list of parameters: which field is a parameter's name, which its value, which marks a secret.

COC, its script API and the tools around it spell them differently: ``paramName``, ``param_key``, ``varName``, 参数名.
The decoder of parameters and the redactor both use this module, so that they read a list alike.
"""

import re
from collections.abc import Mapping
from functools import lru_cache


def _words(lines: str) -> tuple[str, ...]:
    return tuple(lines.split())


_OF = _words(
    "param parameter var variable arg argument field attr attribute prop property option opt env key item setting "
    "config conf cfg input header"
)
NAMES = tuple(of + end for of in _OF for end in ("name", "key")) + _words(
    "name key param parameter field variable var attribute attr option property item k setting "
    "参数名 参数名称 参数键 变量名 变量名称 键 键名 名称 名字 字段 字段名 配置项"
)
"""The best comes first, because a row may have several."""
HINTS = _words(
    "label header id title description paramdesc paramdescription desc remark comment env type paramtype "
    "描述 说明 备注 类型 标题"
)
"""A secret word in one of these fields makes the value a secret, though the field is no name."""
VALUES = tuple(of + end for of in _OF for end in ("value", "val", "values", "vals")) + _words(
    "value values val vals v 参数值 变量值 值 取值 字段值 配置值"
)
_ALSO_VALUES = _words(
    "default defaultvalue content newvalue oldvalue currentvalue data secretstring stringvalue plaintext "
    "text 默认值 当前值 内容"
)
"""These belong to the name beside them, but are not the parameter's value."""
_MARKS = frozenset(
    _words(
        "sensitive secret secure masked mask encrypted encrypt hidden hide noecho confidential "
        "password issensitive issecret issecure ismasked isencrypted isencrypt ishidden isconfidential ispassword "
        "sensitiveflag secretflag encryptflag needencrypt 敏感 是否敏感 加密 是否加密 保密 是否保密"
    )
)
_YES = frozenset(_words("true yes y on 1 t 是 enabled"))
_NO = frozenset(_words("false no n off 0 否"))
_TYPES = frozenset(_words("type paramtype valuetype datatype vartype inputtype format kind widget 类型 参数类型"))
_SECRET_TYPES = frozenset(
    _words("securestring secretstring password secret secure encrypted sensitive passwd 密码 密文")
)

_NAMES_AND_HINTS, _ALL_VALUES = frozenset(NAMES + HINTS), frozenset(VALUES + _ALSO_VALUES)
_LONGEST = 24


@lru_cache(maxsize=2048)
def plain_word(word: str) -> str:
    """A key without its style: ``param_value`` and ``ParamValue`` are one."""
    return re.sub(r"[\W_]+", "", word[:_LONGEST]).lower()


def is_name(key: str) -> bool:
    """Whether this field is the name of the value beside it, or hints at it."""
    return plain_word(key) in _NAMES_AND_HINTS


def is_value(key: str) -> bool:
    """Whether this field is a value that belongs to a name beside it."""
    return plain_word(key) in _ALL_VALUES


def is_mark(key: str, value: object) -> bool:
    """Whether this field marks the value beside it as a secret: ``"sensitive": true``, ``"type": "password"``."""
    word = plain_word(key)
    if word in _MARKS:
        return str(value).strip().lower() in _YES
    return word in _TYPES and isinstance(value, str) and plain_word(value) in _SECRET_TYPES


def is_cleared(key: str, value: object) -> bool:
    """Whether this field marks the value beside it as harmless: ``"sensitive": false``."""
    return plain_word(key) in _MARKS and str(value).strip().lower() in _NO


def is_marked(row: Mapping[str, object]) -> bool:
    """Whether the source itself marks the value of this row as secret."""
    return any(is_mark(str(key), value) for key, value in row.items())


def name_of(row: Mapping[str, object]) -> object:
    """The name of the row's parameter; None if it has no name."""
    by_word = _by_word(row)
    return next((by_word[word] for word in NAMES if by_word.get(word)), None)


def value_of(row: Mapping[str, object]) -> object:
    """The value of the row's parameter; None if it has no value."""
    by_word = _by_word(row)
    return next((by_word[word] for word in VALUES if word in by_word), None)


def hints(row: Mapping[str, object]) -> tuple[str, ...]:
    """The other texts of the row about its value: a description, a label, a type."""
    return tuple(value for key, value in row.items() if isinstance(value, str) and plain_word(str(key)) in HINTS)


def _by_word(row: Mapping[str, object]) -> dict[str, object]:
    return {plain_word(str(key)): value for key, value in reversed(list(row.items()))}
