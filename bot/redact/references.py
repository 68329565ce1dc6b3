"""What stands in place of a secret: a reference, a call that reads it, a mask, a yes or a no. Used by ``bot.redact``."""

import re

_REFERENCE = re.compile(  # of a shell, a template, a CI's or a program's own settings, of Windows; a placeholder
    r"""\\*["']?(?:\$\{\d(?::?\?[^{}]{0,40})?\}"""
    r"""|\$\{[A-Za-z_]+(?:[._-]?[A-Za-z_]+|[._-]\d+)*(?::?\?[a-z ]{0,40})?\}|\$[A-Z_]{3,}[A-Z0-9_]*|\$\d"""
    r"""|\$\([a-z][\w.-]*\s[^()"'=:]{1,120}\)|\$\([A-Za-z][\w.-]*\)"""
    r"""|\$?\{\{-?\s*[\w.]+(?:\([^{}()]{0,100}\))?(?:\s*\|\s*[\w.]+(?:\([^{}()]{0,60}\))?){0,4}\s*-?\}\}"""
    r"""|(?:var|local|module|data|random_\w+|env|ENV|\$_[A-Z]+|[Cc]onfiguration|Rails\.application\.credentials"""
    r"""|req|request|secrets|vars|params|inputs|parameters|self|this|args|config|settings"""
    r"""|process\.env|os\.environ|credentials)(?:\.[A-Za-z_][\w-]*|\[["'][\w.-]+["']\])+"""
    r"""|(?:os\.)?(?:getenv|environ\.get|credentials|getpass(?:\.getpass)?|input|prompt|lookup|get_secret\w*)"""
    r"""\([^()]{0,80}\)|%[A-Z_]{3,}%|<[a-z _-]*(?:password|token|secret|key|user|your|from|see|vault|value"""
    r"""|insert|placeholder)[a-z _-]*>"""
    r"""|\$\{[A-Za-z][\w-]{1,30}:(?![-=+?])[\w./\#:-]{1,100}\}|arn:[\w:/.-]{10,150}|projects/[\w-]+/secrets/[\w/-]+"""
    r"""|\{\{resolve:[^{}]{1,120}\}\}|\(\([\w./-]{1,80}\)\)|@[A-Za-z]\w*(?:\.[\w-]+)+@|@[A-Z][A-Z0-9_]+@"""
    r"""|%\([A-Za-z_]\w*\)s|__[A-Z][A-Z0-9_]*__|\#\{[\w.]+\}\#?|\[\[\s?\.?[\w.]+\s?\]\]|<%=?\s?[\w.@\[\]"':]+\s?%>"""
    r"""|env:\$?[A-Z][A-Z0-9_]*"""
    r"""|(?:vault|bao|ssm|secretsmanager|secret|secretref|keyvault|op|file|kv|csms|gcp-?sm|aws-?sm|k8s|ref\+\w+):"""
    r"""(?://)?/?[\w.-]+(?:[/\#][\w.-]+)+)\\*["']?"""
)


# What a shell or a program reads as a variable, however short its name; in single quotes a dollar sign is only that.
_VARIABLE = re.compile(
    r"""(?:\\*["`]|')?(?:\$(?:\{)?(?:env:|ENV:|global:|script:)?"""
    r"""(?P<shell>[A-Za-z_]+(?:_\d+)*|[A-Z_][A-Z0-9_]*|[A-Za-z]\d?)(?:\}|(?<=\w)(?!\}))"""
    r"""|\{(?P<brace>[A-Za-z_]\w*)\}|%(?P<batch>\w+)%|!(?P<late>[A-Za-z_]+)!|\$?\{\{-?\s*"""
    r"""(?P<template>[\w.]+)\s*-?\}\})(?:\\*["`]|')?[,;)\]}]*"""
)


def is_reference(text: str) -> bool:
    """Whether it only says where the value comes from: ``$DB_PASS``, ``${db.pass}``, ``{{ vault.pass }}``."""
    return len(text) <= 160 and _REFERENCE.fullmatch(text) is not None


_SCHEME = re.compile(r"(?i)^(\s*+\\*[\"']?)(?:(?:bearer|basic|token)\s++)?")


def unschemed(text: str) -> str:
    """The value of a header without its scheme: ``Bearer $TOKEN`` is ``$TOKEN``."""
    return _SCHEME.sub(r"\1", text).lstrip()


_STATUS = re.compile(
    r"""(?i)true|false|yes|no|on|off|none|null|enabled?|disabled?|required|optional|n/a|nil|undefined|unset"""
    r"""|unchanged|basic|bearer|digest|negotiate"""
    # a mask
    r"""|[)\\.*\[\]^+/\d'"]*(?:\*{3,}|x{3,}|•{3,}|[<(\[]?(?:redacted|masked|hidden|filtered|removed|omitted"""
    r"""|not\sset)[>)\]]?|[<(](?:see|in|from|ask|kept|stored|set)\s[a-z _-]{2,40}[>)])[/'"g]*"""
    r"""|%[sdvq](?:\\n)?["')]*|\{\}["')]*"""
    # what a cookie says of itself, or of the reader's taste
    r"""|\s*(?:(?:lang|language|locale|theme|tz|timezone|samesite|path|max-age|domain|expires|secure|httponly"""
    r"""|consent)(?:=[^;\n]{0,60})?(?:;\s?|\s*$))+"""
)


def is_status(text: str) -> bool:
    """Whether it is a yes or a no rather than a value."""
    return _STATUS.fullmatch(text) is not None


def variable(text: str) -> str | None:
    """The name of the variable that the text is, ``""`` for any other reference, None for a value."""
    if len(text) > 160 or not ({"$", "%", "!", "{", "<"} & set(text[:4])):
        return None
    found = _VARIABLE.fullmatch(text)
    if found is not None and not (text.startswith("'$") and text != text.upper()):
        return found.group(found.lastgroup) if found.lastgroup else ""
    return "" if _REFERENCE.fullmatch(text) else None


def variables_of(text: str) -> list[str] | None:
    """The names of the variables that a text consists of: ``"$USER:$PASS"`` is two; None for a value."""
    if (name := variable(text)) is not None:
        return [name]
    if len(text) > 160 or text[:1] == "'" or ":" not in text:
        return None
    names = [variable(part) for part in text.strip('"\\').split(":", 1)]
    return None if None in names else [name for name in names if name is not None]


_REFERS = re.compile(r"""(?i)\\?["']?(?:bearer|basic|token)\s+\$(?:\{\w+\}|\{\{[^{}]{1,60}\}\}|[A-Z_]+\b)""")
CMDLET = re.compile(r"(?:Get|Read|Import|New|Test|Remove|Export)-[A-Z]\w{2,30}(?=\s+\S|\s*\))")
_COMPUTED = re.compile(
    r"""\\?["']?\$\(\s*[a-z][\w./-]*\s[^()\n]{1,200}\)|`[a-z][\w./-]*\s[^`\n]{1,200}`"""
    rf"""|{CMDLET.pattern}"""
    # A call that reads, with one text at most: a second one may be what it falls back on.
    r"""|(?:await\s)?(?:\w{1,30}[.:]{1,2}){0,4}(?i:get|read|fetch|load|lookup|env|input|prompt|ask|generate"""
    r"""|random)\w{0,30}"""
    r"""\((?:[^()"'\n]{0,80}|[^()"'\n]{0,40}(?:\\?["'][^"'()\n]{0,80}["'])(?:,\s?(?:\\?["']\\?["']|\w{1,30}))?)\)"""
    r"""|(?:os\.environ|process\.env|ENV|\$_[A-Z]+|[Cc]onfig\w{0,10}|[Ss]ettings|params|args|secrets"""
    r"""|request\.\w{1,20})\[\\{0,15}["'][\w.:-]{1,60}\\{0,15}["']\]"""
    # The default of a flag.
    r"""|flag\.\w{1,20}\(\\?["'][\w-]{1,40}\\?["'],\s?\\?["']\\?["'],"""
    r"""|!(?:Ref|GetAtt|ImportValue|FindInMap|reference|secret|env_var|(?i:env))\s"""
    r"""|\{(?:[\s,]{0,9}\\{0,15}["']?(?:secretName|optional|defaultMode)\\{0,15}["']?\s?:\s?[^{},]{1,80})+\}"""
)
TYPE = re.compile(r"(?i)str|string\??|bytes|text|SecretStr|(?:n?var)?char2?(?:\(\d{1,5}\)?)?")


def is_computed(text: str, at: int) -> bool:
    """Whether what begins here is read or drawn by a program: ``$(cat x)``, ``os.getenv("X")``, ``!Ref X``."""
    return _COMPUTED.match(text, at) is not None or _REFERS.match(text, at) is not None
