"""The fast path: most texts are plain words, such as names of hosts and tasks, and need only half of the work.

A text takes it if it has no sign that could hand over a secret and no word by which a rule knows one. So the fast
path may miss a harmless text, but never takes one in which the rules would hide something.
"""

import re

from bot.redact.commands import tool_of
from bot.redact.names import words

_PLAIN = re.compile(r"[A-Za-z0-9_ .,:/+~\u4e00-\u9fff、，。；（）-]*+")
_SUSPICIOUS = tuple(
    words(
        # names of secrets
        "pass pwd pswd pword secret token cred sign auth key sess hook mnemonic phrase code conn string cookie "
        "bearer basic digest jwt otp salt certificate csrf xsrf mima kouling miyao clave geheim parola kennwort "
        "wachtwoord senha contrasen zugang identifiants jeton "
        "团体 共同体 密 口令 钥 令牌 凭 证 授权码 访问码 通行码 安全码 动态码 提取码 激活码 助记 "
        "恢复码 备用码 连接 暗号",
        # words of devices, databases and tools
        "cipher simple community com2sec trap inform -mode identified createuser sp_ login logon "
        "ppp l2tp pptp vpn hello xauth ntlm dsn psk "
        # shapes
        ":// w0rd huawei admin root gauss welcome changeme",
    )
)
# Words of two or three letters count only alone, also in camel case; flags; fields of .pgpass.
_SHORT = re.compile(
    r"(?<![a-z])(?:ak|sk|pin|mfa|sas|sig|cvv|puk)s?(?![a-z])|ps?ws?(?![a-z])|(?:^|\s)(?:-[a-z]|/r?p\b)|:[\w.*-]+:"
)
_CAMEL = re.compile(r"[a-z](?:Ak|Sk|Pin|Mfa|Sas|Sig|Cvv|Puk|AK|SK|PIN|MFA|SAS|SIG|CVV|PUK)s?(?![a-z])")
_PREFIXES = tuple(
    words(
        "eyj xox xapp- ghp_ gho_ ghu_ ghs_ ghr_ github_ gl sk- npm_ pypi- hf_ ya29. 1//0 nrak- pmak- dapi figd_ ntn_ "
        "lin_api_ sntrys_ atatt3 atbb akcp sbp_ pscale_ rubygems_ oy2 dp.pt. pul- sq0 eaac lsv2_ xkeysib- re_ tskey- "
        "atlasv1 live_ test_ whsec_ dckr_ hvs. hvb. hvr. gocspx- shp doo_ dop_ dor_ sg. aiza akia asia akid ltai "
        "hpua hst3 sct bot md5"
    )
)
"""Of tokens, as the rules have them. To ask the rules costs 13 µs more for the name of a host."""
_LONG = re.compile(r"[\w.:/-]{12}")
_TOKEN = re.compile(r"\d{8,10}:|(?:SK|AC)[0-9a-f]{32}|[MNO][\w-]{22,27}\.[\w-]{6}|[0-9a-f]{32}:")


def is_harmless(text: str) -> bool:
    """Whether the text is plain words without a connection to secrets, none of them long enough to be one."""
    if _PLAIN.fullmatch(text) is None:
        return False
    lower = text.lower()
    return (
        not any(map(lower.__contains__, _SUSPICIOUS))
        and _SHORT.search(lower) is None
        and _CAMEL.search(text) is None
        and not any(map(tool_of, text.split()))
        and (_LONG.search(text) is None or not _may_hold_token(text, lower))
    )


def _may_hold_token(text: str, lower: str) -> bool:
    return any(map(lower.__contains__, _PREFIXES)) or _TOKEN.search(text) is not None
