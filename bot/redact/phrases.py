"""Rules for secrets in sentences of several languages, and in statements to databases and installers."""

from bot.redact.rules import WORD, Rule

_Q = r"""\\{0,3}("(?>[^"\\\n]*)\\{0,3}"?|'[^'\n]*+'?)"""
"""A secret in quotes."""
_ODD_WORD = (
    r"(?=[^\s\"'」』]{4})(?=[^\s\"'」』]*[\d@#!$%^&*]|[A-Z][a-z]+-[A-Z])(?=[^\s\"'」』]*[A-Za-z])(?![\w.-]*\()"
    r"([^\s\"'」』，。；,;]*[^\s\"'」』，。；,;.])"
)
"""A secret that does not look like a word of the sentence."""
_ABOUT = r"(?:\s(?!is\b|was\b|ist\b|est\b|es\b)[\w'’.@-]{1,20}){0,5}?"

PHRASES = (
    Rule(
        "sentence",
        "password passphrase pass secret token community credential code",
        r"(?i:(?<![\w.-])(?:password|pass\s?phrase|passcode|secret|token|community(?:\sstring)?|(?:api|access)\s(?:key|code))"
        r"(?:\s(?:for|on|of|at|to|in)(?:\s(?!is\b|was\b|to\b)[\w.@-]{1,30}){1,4}?)?\s(?:is|was|to)(?:\s(?:now|set\sto))?)"
        rf":?\s(?:{_Q}|{_ODD_WORD})",
        "the password on all nodes is ⟦Hunter-Two⟧.",
        "The password for root is rotated in 7 days",
    ),
    Rule(
        "sentence in French, German, Spanish, Portuguese",
        "passe jeton kennwort passwort zugang identifiants contrase senha clave credenciai credencial",
        rf"(?i:(?<!\w)(?:mot\sde\spasse|jeton|kennwort|passwort|zugangscode|contrase(?:ñ|n)a|senha|clave){_ABOUT}"
        r"(?:\s(?:est|lautet|ist|heißt|es|é|foi|era)|\s?:))\s"
        rf"(?:{_Q}|{_ODD_WORD})"
        r"|(?i:(?<!\w)(?:zugangsdaten|identifiants|credenciales|credenciais|credentials|creds)\s?:\s[\w.@-]{1,40}\s/\s)"
        r"([^\s/\"']{4,60})",
        "Das Kennwort für root lautet ⟦Hunter-2⟧",
        "Das Kennwort ist in 7 Tagen zu wechseln",
    ),
    Rule(
        "sentence in Japanese or Chinese",
        "パスワード トークン 暗証番号 合言葉 团体 共同体",
        rf"(?:パスワード|トークン|暗証番号|合言葉|团体[字名]|共同体名?)(?:は|为|是|：|:)\s?(?:[「『]([^」』\n]{{1,80}})|{_ODD_WORD})",
        "パスワードは「⟦Hunter-2⟧」です",
        "パスワードは無効です",
    ),
    Rule(
        "statement with a password",  # of MySQL, Informix, Db2
        "set␣password using",
        rf"(?i)\bset\s+password\s+for\s+\S{{1,80}}\s+to\s+{_Q}|\b(?:connect|attach)\s+to\s+\S{{1,60}}\s+user\s+\S{{1,60}}"
        rf"\s+using\s+{_Q}",
        "SET PASSWORD FOR app@'%' TO '⟦hunter2⟧';",
        "CREATE INDEX a ON b USING 'btree'",
    ),
    Rule(
        "kickstart",
        "rootpw sshpw",
        rf"(?m)(?:^|(?<=[\"']))[ \t]*(?:rootpw|sshpw)(?:[ \t]+--[\w-]+(?:=\S+)?){{0,3}}[ \t]+(?![-:=]){WORD}",
        "rootpw --plaintext ⟦hunter2⟧",
        "rootpw --lock",
    ),
    Rule(
        "login of Oracle",
        'conn /"',
        r"(?im)(?:^|(?<=[\"']))[ \t]*conn(?:ect)?[ \t]+[\w$#]{1,30}/(?!/)([^\s/@\"';]{3,60})"
        r"(?=@|[ \t]*;?[ \t]*(?:$|[\"'\\]))"
        r"|(?<![\w/.-])[\w$#]{2,30}/\\{0,3}\"([^\"\\\n/]{3,60})\\{0,3}\"(?=@[\w/])",
        "connect rpt/⟦hunter2⟧@dw",
        "connect core/switch to rack",
    ),
)
