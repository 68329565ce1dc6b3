"""Which names say that their value is a secret: ``db_password``, ``accessKeyId``, 登录密码. Used by ``bot.redact``.

A name is split into words at camel, snake and kebab borders. Three kinds of words count: strong ones, found anywhere
in the run of words; weak ones, which must be a word of their own because "pin" is also in "spinning"; and words for
a property, as the last one, which make a name harmless again: ``password_min_length``, ``token_url``, 密码策略.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache


def words(*lines: str) -> frozenset[str]:
    """The words of some lines."""
    return frozenset(" ".join(lines).split())


class Kind(IntEnum):
    """How much a name says about its value."""

    HARMLESS = 0
    WEAK = 1
    """A word of many sentences (session, auth): it names a value only with a sign between, as in ``auth=…``."""
    STRONG = 2
    """Names a value also without a sign: "the password hunter2"."""


_STRONG = re.compile(
    r"passw|pass_?phrase|passcode|authtok|psksecret|stringdata|pwd|pswd|secret|token|credential|signature"
    r"|authorization|keytab|sessid|webhook|mnemonic|communitystring|communityname|snmpcommunity|r[ow]community"
    r"|seedphrase|recoverycode|recoverykey|backupcode|connectionstring|connstr|sharedkey|privkey|contrase\u00f1a"
    r"|contrasena|kennwort|motdepasse|wachtwoord|senha|has\u0142o|\u015fifre|m\u1eadtkh\u1ea9u|парол|токен|секрет"
    r"|パスワード|トークン|비밀번호|암호|비밀키|토큰"
)
_KEYS = re.compile(
    r"(?:api|access|acces|secret|private|signing|sign|encryption|encrypt|decryption|decrypt|crypto|cipher|master|ssh"
    r"|gpg|pgp|aes|rsa|des|hmac|kms|host|app|application|auth|deploy|license|licence|shared|storage|account|session"
    r"|client|server|service|security|subscription|product|activation|unseal|root|wrapping|instrumentation|integrat"
    r"(?:ion|or)|merchant|partner|developer|agent|ingest|bot|consumer|wifi|vpn|jwt|tls|ssl|cookie|admin|user"
    r"|wireguard|preshared|registration)keys?(?!word)|(?:verification|onetime|authentication|confirmation|pairing"
    r"|activation|unlock|security|sms|mfa|otp|login)codes?"
)
# Words inside a name; in the plural and with a number behind too.
_WORDS = words(
    "pass cred auth cookie session sessionid bearer jwt otp totp mfa pin ak sk salt certificate psk pw psw dsn "
    "sas sig csrf xsrf cvv puk pword mima community kouling miyao clave geheim parola requirepass passkey "
    "otpauth jsessionid hook"
)
# At the end of a word that is written together: mgrpw, DBPW.
_ENDS = re.compile(r"\wps?w$|jwt$|pass(?:in|out)$")
# These hold "pass" or another secret word and mean something else.
_NOT_PASS = words("compass bypass surpass trespass underpass overpass encompass")
_NEVER = re.compile(
    r"loadcredential|(?:load|save)cookies|askpass|nopassw|authuserpass|existingsecret|pullsecrets?$"
    r"|(?:kms|encryption)keyid$"
)
_NOT_STRONG = re.compile(r"tokeni[sz]|secretar(?:y|ies|iat)|passwordless|tokenless")
# As the last word these say that the value is about a secret, not the secret.
_PROPERTY = words(
    "file files filename path paths dir directory folder url uri endpoint host port type types kind mode method "
    "methods policy policies length len min max minimum maximum size count counts limit limits ttl timeout expiry "
    "expires expire expired expiration age day days hour hours minute minutes second seconds ms rotation interval "
    "period enabled disabled required optional algorithm alg version versions provider issuer domain status state "
    "format bucket region date time at strength complexity history attempts rate rates ratio percent percentage "
    "retries failures errors usage total rule rules level group role roles scope scopes audience manager storage "
    "service module plugin backend handler check checker validator validation generator log logs sock socket "
    "namespace label labels description desc comment title owner created updated name names user username prompt "
    "budget window quota cost charset encoding bits exists valid validity template location affinity checking "
    "algorithms authentication encryption encoder stdin fd column field table index ref reference num number "
    "lifetime duration threshold lock lockout ttls id_count arn urn master masters minion variable minions server "
    "servers store helper cpu cpus node nodes cluster gateway proxy jar depth cron alias aliases device devices "
    "source sources maps threads"
)
_PLACES = frozenset({"url", "uri", "endpoint", "host"})
# As the first word: a yes or no. Or, before a plural, a count.
_ASKS = words("is has ask no without skip use uses enable disable require requires allow need needs")
_COUNTS = words(
    "max min num total avg n count prompt completion input output cached remaining used expired active number"
)
_USED = frozenset({"used", "left", "remaining", "issued", "revoked", "expired", "active"})
_SHORTEST_NUMBER = 5  # digits that may be a secret rather than a count of them
_COUNTED = words("tokens sessions cookies credentials secrets passwords certificates webhooks")
CHINESE = re.compile(
    "密码|密碼|口令|密钥|密鑰|金鑰|秘钥|密匙|私匙|令牌|权杖|權杖|凭证|憑證|凭据|憑據|证书|私钥|私鑰|授权码|授權碼|验证码|驗證碼|"
    "访问码|通行码|安全码|动态码|提取码|认证码|激活码|助记词|恢复码|备用码|连接串|连接字符串|暗号|暗証番号"
)
# A property of a secret, in Chinese at the end of the name.
_CHINESE_PROPERTY = re.compile(
    "(?:策略|长度|有效期|过期时间|过期天数|过期提醒|到期提醒|到期时间|数量|个数|名称|类型|路径|文件|地址|算法|版本|状态|复杂度|强度|"
    "次数|天数|规则|周期|轮换|轮转|检查|检测|管理|服务|说明|备注|校验|位数|格式|开关|期限|时长|更新|重置|修改"
    "|变更|成功|失败|错误|过期|到期|提醒|通知|同步|任务|脚本|巡检|扫描|统计|告警|审计|对|保护|保管|保险箱|库|申请|续期|签发|吊销|对名称)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BORDER = re.compile(r"[\W\d_\u4e00-\u9fff]+")
_BLANKS = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\u00ad]+")
_PATHLIKE = words("key keys keytab certificate certificates cert credential credentials identity sock")
_PATH = re.compile(r"""["']?(?:~|\.{1,2}|[A-Za-z]:|\$HOME)?(?:[/\\][\w.@+-]{1,60}){2,20}["']?""")
_PLACE_AT_END = re.compile(r"(?:server|host|url|uri|endpoint|addr|address|api)$")
_ADDRESSED = frozenset({"salt", "auth", "session", "mfa", "otp", "sso"})
_ADDRESS = re.compile(
    r"""(?i)["']?(?:(?:https?|ldaps?|tcp|rediss?|grpc)://)?(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f]{0,4}"""
    r"""(?::[0-9a-f]{0,4}){2,7}\]?|(?<=//)[a-z][a-z0-9-]{0,62}|[a-z][a-z0-9-]{0,62}(?=:\d)|[a-z0-9-]{1,63}"""
    r"""(?:\.[a-z0-9-]{1,63}){0,5}\.(?:com|cn|net|org|io|local|lan|internal|corp|svc|intra|cluster|dev|test"""
    r"""|example)(?:\.[a-z]{2,3})?)(?::\d{1,5})?(?:/\d{1,3}|(?:/[a-z][a-z_.-]{0,20}|/v\d){0,4}/?)["']?"""
)
_PUBLISHED = re.compile(r"""["']?(?:https?|file)://[\w./-]{1,150}["']?""")
_CWD_NAMES = frozenset({"pwd", "oldpwd", "$pwd"})
_CWD = re.compile(
    r"""["']?(?:~|\$HOME|/|/(?:root|home|tmp|opt|var|usr|etc|data|mnt|srv|app|work"""
    r"""|workspace)(?:/[\w.@+-]{1,60}){0,20})/?["']?"""
)

_CACHED_UP_TO = 80  # characters; longer names are rare and not worth their memory

_LONGEST_WEAK = 64


class Names:
    """Which names are secret: the rules of this module, and before them the operator's own words."""

    def __init__(self, hide: Iterable[str] = (), show: Iterable[str] = ()) -> None:
        self.hide = tuple(word for word in ("".join(_words(word)) or _squeezed(word) for word in hide) if word)
        self.show = frozenset(_squeezed(name) for name in show if name.strip())
        self._remembered = lru_cache(maxsize=4096)(self._kind)

    def kind(self, name: str) -> Kind:
        """How much a name says about its value."""
        return self._remembered(name) if len(name) <= _CACHED_UP_TO else self._kind(name)

    def is_secret(self, name: str) -> bool:
        """Whether a name says that its value is a secret."""
        return self.kind(name) is not Kind.HARMLESS

    def locates(self, name: str, text: str) -> bool:
        """Whether the value of a secret name only says where something is: ``tls_key=/etc/x.key``, ``PWD=/root``.

        Never for passwords: one may begin with a slash. An address is shown under words like salt and auth, and where
        the last word of the name is no secret: ``salt_api``.
        """
        words = _words(name)
        if name.lower() in _CWD_NAMES:
            return _CWD.fullmatch(text) is not None
        if not words:
            return False
        if words[-1] in _COUNTED and text.isdigit() and len(text) < _SHORTEST_NUMBER:
            return True
        if words[-1] in _PATHLIKE and _PATH.fullmatch(text) is not None:
            return True
        if words[-1] == "gpgkey" and _PUBLISHED.fullmatch(text) is not None:
            return True
        about = (
            words[-1] in _ADDRESSED
            or _PLACE_AT_END.search(words[-1]) is not None
            or (len(words) > 1 and not self.is_secret(words[-1]) and not _KEYS.search("".join(words)))
        )
        return about and "hook" not in name.lower() and _ADDRESS.fullmatch(text) is not None

    def _kind(self, name: str) -> Kind:
        squeezed = _squeezed(name)
        if squeezed in self.show:
            return Kind.HARMLESS
        words = _words(name)
        run = "".join(words)
        if any(word in run or word in squeezed for word in self.hide):
            return Kind.STRONG
        return _kind(name, squeezed, words)


def _squeezed(name: str) -> str:
    return _BLANKS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _words(name: str) -> list[str]:
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    return [word for word in _BORDER.split(_CAMEL.sub("_", name).lower()) if word]


def _kind(name: str, squeezed: str, words: list[str]) -> Kind:
    run = "".join(words)
    if CHINESE.search(squeezed):
        return Kind.HARMLESS if _CHINESE_PROPERTY.search(squeezed) else Kind.STRONG
    if not words or _is_property(words):
        return Kind.HARMLESS
    if _NEVER.search(run):
        return Kind.HARMLESS
    run = _NOT_STRONG.sub("", run)
    if _STRONG.search(run) or any(map(_ENDS.search, words)) or (len(words) > 1 and words[-1] in {"pw", "psw"}):
        return Kind.WEAK if "webhook" in run else Kind.STRONG
    if _KEYS.search(run):
        return Kind.WEAK
    # A long run of random characters may hold "AK" between its capitals.
    weak = len(name) <= _LONGEST_WEAK and any(
        word in _WORDS or word.removesuffix("s") in _WORDS or (word.endswith("pass") and word not in _NOT_PASS)
        for word in words
    )
    return Kind.WEAK if weak else Kind.HARMLESS


def _is_property(words: list[str]) -> bool:
    first, last = words[0], words[-1]
    if len(words) > 1 and (
        last in _PROPERTY or (words[-2] in _COUNTED and last in _USED) or words[-2:] == ["credentials", "id"]
    ):
        # The address of a hook is the secret.
        return not (last in _PLACES and any("hook" in word for word in words))
    if first == "enable" and last in {"password", "passwd", "secret"}:
        return False  # of a device; a yes or a no is shown anyway
    return len(words) > 1 and (first in _ASKS or (first in _COUNTS and last in _COUNTED))
