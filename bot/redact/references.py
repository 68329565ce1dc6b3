"""What stands in place of a secret: a reference, a call, a mask, a yes or a no. Used by ``bot.redact``."""

import re

_REFERENCE = re.compile(  # of a shell, a template, a CI's or a program's own settings, of Windows; a placeholder
    r"""\\*["']?(?:\$\{\d(?::?\?[^{}]{0,40})?\}|\$\{[A-Za-z_]+(?:[._-]?[A-Za-z_]+|[._-]\d+)*(?::?\?[a-z ]{0,40}"""
    r"""|:-)?\}"""
    r"""|\$[A-Z_]{3,}[A-Z0-9_]*|\$\d|\$\([a-z/][\w./-]*\s[^()"'=:]{1,120}\)|\$\([A-Za-z][\w.-]*\)|\$?\{\{-?\s*[\w.]+(?:\[["'][\w.-]{1,40}["']\]){0,4}"""
    r"""(?:\([^{}()]{0,100}\))?(?:\s*\|\s*[\w.]+(?:\([^{}()]{0,60}\))?){0,4}\s*-?\}\}|(?:var|local|module|data"""
    r"""|random_\w+|env|ENV|\$_[A-Z]+|[Cc]onfiguration|Rails\.application\.credentials|req|request|secrets|vars"""
    r"""|params|inputs|parameters|self|this|args|config|settings|process\.env|os\.environ|credentials)"""
    r"""(?:\.[A-Za-z_][\w-]*|\[["'][\w.-]+["']\])+|(?:os\.)?(?:getenv|environ\.get|credentials|getpass"""
    r"""(?:\.getpass)?|input|prompt|lookup|get_secret\w*)\([^()]{0,80}\)|%[A-Z_]{3,}%|<[a-z _-]*(?:password|token"""
    r"""|secret|key|user|your|from|see|vault|value|insert|placeholder)[a-z _-]*>|\$\{[A-Za-z][\w-]{1,30}:"""
    r"""(?![-=+?])[\w./\#:-]{1,100}\}|arn:[\w:/.-]{10,150}|projects/[\w-]+/secrets/[\w/-]+"""
    r"""|\{\{resolve:[^{}]{1,120}\}\}|\(\([\w./-]{1,80}\)\)|@[A-Za-z]\w*(?:\.[\w-]+)+@|@[A-Z][A-Z0-9_]+@"""
    r"""|@Microsoft\.KeyVault\([^()]{1,140}\)|%\([A-Za-z_]\w*\)s|__[A-Z][A-Z0-9_]*__|\#\{[\w.]+\}\#?|\[\[\s?\.?[\w.]+\s?\]\]|<%=?\s?[\w.@\[\]"':]+\s?%>"""
    r"""|env:\$?[A-Z][A-Z0-9_]*|(?:vault|bao|ssm|secretsmanager|secret|secretref|keyvault|op|file|kv|csms|gcp-?sm"""
    r"""|aws-?sm|k8s|ref\+\w+):(?://)?/?[\w.-]+(?:[/\#][\w.-]+)+)\\*["']?"""
)


# A connection without a password: Windows knows who asks.
_TRUSTED = re.compile(
    r"""(?i)\\*["']?(?=.*(?:integrated security|trusted_connection)\s?=\s?(?:sspi|true|yes))(?!.*(?:pass|pwd))"""
    r"""(?:[a-z][\w ]{1,40}=[\w.,\\() -]{1,60}(?:;\s?|(?=\\*["']|$)))+\\*["']?"""
)
# What a shell or a program reads as a variable, however short its name; in single quotes a dollar sign is only that.
_VARIABLE = re.compile(
    r"""(?:\\*["`]|')?(?:\$(?:\{)?(?:env:|ENV:|global:|script:)?(?P<shell>[A-Za-z_]+(?:_\d+)*|[A-Z_][A-Z0-9_]*"""
    r"""|[A-Za-z]\d?)(?:\}|(?<=\w)(?!\}))|\{(?P<brace>[A-Za-z_]\w*)\}|%(?P<batch>\w+)%|!(?P<late>[A-Za-z_]+)!"""
    r"""|\$?\{\{-?\s*(?P<template>[\w.]+)\s*-?\}\})(?:\\*["`]|')?[,;)\]}]*"""
)


def is_reference(text: str) -> bool:
    """Whether it only says where the value comes from: ``$DB_PASS``, ``${db.pass}``, ``{{ vault.pass }}``."""
    if len(text) > 160:
        return False
    return _REFERENCE.fullmatch(text) is not None or _TRUSTED.fullmatch(text) is not None


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


CMDLET = re.compile(r"(?:Get|Read|Import|New|Test|Remove|Export)-[A-Z]\w{2,30}(?=\s+\S|\s*\))")
_Q = r"""\\{0,15}["']"""
SCHEMA_KEYS = frozenset(
    {"type", "minLength", "maxLength", "format", "in", "name", "scheme", "writeOnly", "readOnly", "nullable"}
)
SCHEMA_TYPES = frozenset({"string", "integer", "number", "boolean", "apiKey", "http"})
SCHEMA = (
    rf"\{{\s{{0,9}}{_Q}type{_Q}\s?:\s{{0,3}}{_Q}(?:{'|'.join(sorted(SCHEMA_TYPES))}){_Q}(?:\s{{0,9}},\s{{0,9}}{_Q}"
    rf"(?:{'|'.join(sorted(SCHEMA_KEYS))}){_Q}\s?:\s{{0,3}}(?:{_Q}[A-Za-z-]{{1,40}}{_Q}|\d{{1,4}}|true|false)){{0,8}}\s{{0,9}}\}}"
)
_COMPUTED = re.compile(
    r"""\\?["']?\$\(\s*[a-z/][\w./-]*\s[^()\n]{1,200}\)|`[a-z][\w./-]*\s[^`\n]{1,200}`"""
    rf"""|{CMDLET.pattern}"""
    # A call that reads, with one text at most: a second one may be what it falls back on.
    r"""|(?:await\s)?(?:\w{1,30}[.:]{1,2}){0,4}(?i:get|read|fetch|load|lookup|env|input|prompt|ask|generate"""
    r"""|random)\w{0,30}\((?:[^()"'\n]{0,80}|[^()"'\n]{0,40}(?:\\?["'][^"'()\n]{0,80}["'])(?:,\s?(?:\\?["']\\?["']"""
    r"""|\w{1,30}))?)\)|(?:os\.environ|process\.env|ENV|\$_[A-Z]+|[Cc]onfig\w{0,10}|[Ss]ettings|params|args|secrets"""
    r"""|request\.\w{1,20})\[\\{0,15}["'][\w.:-]{1,60}\\{0,15}["']\]"""
    # A call of a program without a text.
    r"""|(?<=[=:] )(?:(?:[A-Za-z_]\w{0,30}\.){1,4}[A-Za-z_]\w{0,30}|[A-Z][a-z]{3,30}[A-Za-z]{0,20})"""
    r"""\((?:[A-Za-z_][\w.]*(?:=\w+|\(\d{0,5}\))?|\d{1,4}|,\s){0,8}\)"""
    # A text taken apart.
    r"""|(?:\w{1,30}\.){1,4}(?:split|strip|trim|join)\((?:\\{0,15}["'][^"'\w\n]{0,5}\\{0,15}["'])?\)"""
    # A pattern's own way to say: anything.
    r"""|\(?(?:\[\^[^\]\s]{1,10}\]|\\{1,15}[SwWd]|\.)[+*]\??\)"""
    # A schema says what a secret looks like.
    rf"""|{SCHEMA}"""
    # The default of a flag.
    r"""|flag\.\w{1,20}\(\\?["'][\w-]{1,40}\\?["'],\s?\\?["']\\?["'],"""
    r"""|!(?:Ref|GetAtt|ImportValue|FindInMap|reference|secret|env_var|(?i:env))\s"""
    r"""|\{(?:[\s,]{0,9}\\{0,15}["']?(?:secretName|optional|defaultMode)\\{0,15}["']?\s?:\s?[^{},]{1,80})+\}"""
    r"""|\{(?:[\s,]{0,9}\\{0,15}["']?\w{1,40}\\{0,15}["']?\s?:\s?(?:true|false|null))+\s{0,9}\}"""
)
_ARN = re.compile(r"(?:^|[\s\"'=,(\[])(?:arn|acs|urn|hws|crn|iam):[^\s\"']{0,110}$")
_TESTED = re.compile(r"(?i)\d{1,6}[,;|/]?\s{1,4}(?:fail|error|skip|warn)")
_PROMPT = re.compile(
    r"""(?i)\b(?:read|read-host|input|raw_input|getpass|prompt\w{0,9}|echo|print\w{0,3}"""
    r"""|ask\w{0,9})\b[^\n"']{0,30}(["'])[^"'\n]{0,60}$"""
)


def says_nothing(text: str, name: str, start: int, at: int) -> bool:
    """Whether what stands at ``at`` behind a name is computed, counted, said: ``$(cat x)``, ``pass: 3, fail: 1``."""
    return (
        _COMPUTED.match(text, at) is not None
        or (name == "secretKey" and re.match(r"[^\n]{1,80}\n\s*remoteRef:", text[at : at + 120]) is not None)
        or (
            (asks := _PROMPT.search(text[max(0, start - 100) : start])) is not None
            and text[at : at + 1] == asks.group(1)
        )
        or _ARN.search(text[max(0, start - 120) : start]) is not None
        or (name.lower() == "pass" and _TESTED.match(text, at) is not None)
    )
