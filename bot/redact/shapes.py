"""Secrets that are known by their shape, whatever their name: keys, tokens, hashes, URLs. Used by ``bot.redact``.

Every pattern takes linear time on any text: runs are possessive or bounded.
"""

import re

from bot.redact.chance import HIDDEN, looks_given, noise, pieces
from bot.redact.commands import handed_over

SHAPES = (
    re.compile(  # PEM, PGP and SSH2 blocks; a line break may be escaped; cut-off blocks count to the end
        r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|CERTIFICATE(?! REQUEST))[A-Z ]{0,40}-{4,5}"
        r"[\s\S]*?(?:-{4,5} ?END [^-]*-{4,5}|\Z)"
    ),
    re.compile(r"PuTTY-User-Key-File-\d[\s\S]*?(?:Private-MAC:\s*+\w++|\Z)"),
    re.compile(r"\bey[JK][A-Za-z0-9_-]{5,1000}\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+){0,3}"),  # JSON web token
    re.compile(r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{6,}+|\bxapp-[A-Za-z0-9-]{6,}+"),  # Slack
    re.compile(
        r"\bgh[pousr]_[A-Za-z0-9]{20,}+|\bgl[a-z]{1,5}-[A-Za-z0-9_-]{16,}+|\bsk-(?=\S{0,40}\d)[A-Za-z0-9_-]{16,}+"
    ),
    re.compile(
        r"\b(?:github_pat_|sk_live_|sk_test_|[rp]k_live_|[rp]k_test_|whsec_|npm_|pypi-|hf_"
        r"|dckr_pat_|shp[a-z]{2}_|do[opr]_v1_|GOCSPX-|ya29\.|1//0|glsa_|glc_|hv[sbr]\.|NRAK-|PMAK-|dapi|figd_|ntn_"
        r"|lin_api_|sntrys_|ATATT3|ATBB|AKCp|sbp_|pscale_tkn_|rubygems_|oy2|AGE-SECRET-KEY-|dp\.pt\.|pul-"
        r"|sq0[a-z]{3}-"
        r"|EAACEdEose0cBA|key-|lsv2_pt_|xkeysib-|re_|tskey-[a-z]{1,8}-|atlasv1\.|[A-Za-z0-9]{14}\.atlasv1\.)"
        r"(?=[A-Za-z_.-]{0,40}\d)[A-Za-z0-9_.-]{16,}+=*+"
    ),
    # Prefixes that nothing else has, however short the rest.
    re.compile(
        r"\b(?:github_pat_|[spr]k_(?:live|test)_|whsec_|dckr_pat_|glsa_|hv[sbr]\.|GOCSPX-|shp[a-z]{2}_)[\w-]{8,}+"
    ),
    re.compile(r"\bbot\d{5,12}:[\w-]{15,}+"),  # Telegram, in a URL
    re.compile(r"\bSG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{30,}+|\b(?:SK|AC)[0-9a-f]{32}\b"),
    re.compile(r"(?<!\d)\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])|\b[MNO][A-Za-z\d_-]{22,27}\.[\w-]{6,7}\.[\w-]{27,40}\b"),
    re.compile(r"\b(?:AKIA|ASIA|AKID|LTAI|HPUA|HST3)[A-Z0-9a-z]{12,}+"),  # access keys of clouds
    re.compile(
        r"(?<![\w$])\$(?:2[abxy]?|1|5|6|7|y|gy|apr1|P|H|S|s0|md5|sha1|pbkdf2[\w-]{0,20}|scrypt)\$[^\s:\"',;]{8,}+"
    ),
    re.compile(r"\$argon2\w{0,3}\$[^\s\"';]{8,}+"),
    re.compile(r"(?i)\{(?:s?sha\d{0,3}|smd5|md5|crypt|pbkdf2[\w-]{0,20}|argon2)\}[^\s\"',;]{8,}+"),
    re.compile(
        r"\b(?:pbkdf2_sha\d{1,3}|bcrypt_sha256|scrypt|argon2)\$[^\s\"',;]{12,}+|\bSCRAM-SHA-\d{1,3}\$[^\s\"']++"
    ),
    re.compile(r"\bmd5[0-9a-f]{32}\b|(?<!\w)\*[0-9A-F]{40}\b|\b[0-9a-fA-F]{32}:[0-9a-fA-F]{32}\b"),
    re.compile(r"\$ANSIBLE_VAULT;[^\n]*+(?:\n[ \t]*+[0-9a-f]++)*+"),
    re.compile(r"\b\w{2,8}-HMAC-SHA\d{1,3}[ \t][^\r\n\"']++"),
    re.compile(
        r"(?i)(?<=://)[^\s/@:\"'<>]{0,200}+:(?!//)(?!\d{1,5}(?:[/?#]|$))[^\s\"'<>@]{0,500}+(?:@[^\s\"'<>@]{0,500}+(?=@))*+(?=@)"
    ),  # user:password
    re.compile(  # what stands behind a hook's address is the key to it
        r"(?i)(?<=://)(?:hooks\.[\w.-]{1,80}/|[^\s\"'<>?#]{0,200}?/(?:\w{0,20}hooks?\w{0,3}"
        r"|robot/send)(?=[/?]))[^\s\"'<>\\),，。]++"
    ),
)
_SCHEME = re.compile(r"(?i)(?<![\w-])((?:bearer|basic|digest|token)\s{1,5}(?:\\?[\"'])?)(\[hidden\]|[^\s\"'\\]{6,}+)")
_LONE_USER = re.compile(r"(?<=://)([\w.~%+=-]{16,400}+)(?=@)")
_PEM_LINES = re.compile(
    r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{60,80}(?:\\r)?(?:\r?\n|\\n)[ \t]*)+(?:[A-Za-z0-9+/]{1,80}={0,2})?"
)


def by_shape(text: str) -> str:
    """The text with every secret of a known shape hidden."""
    for shape in SHAPES:
        text = shape.sub(HIDDEN, text)
    text = _SCHEME.sub(_scheme, text)
    text = handed_over(text)
    text = _LONE_USER.sub(lambda found: HIDDEN if noise(found.group()) >= 10 else found.group(), text)
    return _PEM_LINES.sub(lambda found: HIDDEN if _key_lines(found.group()) else found.group(), text)


def _scheme(found: re.Match[str]) -> str:
    given = found.group(2)
    return HIDDEN if given == HIDDEN or looks_given(given, least=6) else found.group()


def _key_lines(block: str) -> bool:
    runs = pieces(block)
    return sum(noise(run) for run in runs) > len(block) * 0.5
