"""Rules for secrets that are known by their shape, whatever their name: keys, tokens, hashes, URLs."""

import re

from bot.redact.entropy import looks_like_value, noise
from bot.redact.references import variable
from bot.redact.rules import Rule, Rules
from bot.redact.spans import HIDDEN

_REST = r"[^\s\"'<>\\),，。?#]"
"""One more character of a URL's path."""

SHAPES = Rules(
    Rule(
        "key block",  # PEM, PGP, SSH2; a line break may be escaped; a cut-off block counts to the end
        "begin␣",
        r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|OpenVPN Static key|CERTIFICATE(?! REQUEST))"
        r"[A-Z0-9 ]{0,40}-{4,5}"
        r"[\s\S]*?(?:-{4,5} ?END [^-]*-{4,5}|\Z)",
        "-----BEGIN PRIVATE KEY-----⏎⟦‹b64:64›⟧⏎-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE REQUEST-----",
        across=True,
    ),
    Rule(
        "PuTTY key",
        "putty-user-key",
        r"PuTTY-User-Key-File-\d[\s\S]*?(?:Private-MAC:\s*+\w++|\Z)",
        "PuTTY-User-Key-File-3: ssh-rsa⏎⟦‹b64:64›⟧⏎Private-MAC: ⟦‹hex:64›⟧",
        "PuTTY-User-Key-File missing",
        across=True,
    ),
    Rule(
        "JSON web token",
        "eyj eyk",
        r"\bey[JK][A-Za-z0-9_-]{5,1000}\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+){0,3}",
        "see ⟦eyJ‹alnum:17›.eyJ‹alnum:40›.‹alnum:43›⟧",
        "eyJob.yaml",
    ),
    Rule(
        "token with a known prefix",
        "xox xapp- gh gl sk- npm_ pypi- hf_ do ya29. 1//0 hv nrak- pmak- dapi figd_ ntn_ lin_api_ sntrys_ atatt3"
        " atbb akcp sbp_ pscale_tkn_ rubygems_ oy2 age-secret-key- dp.pt. pul- sq0 eaacedeose0cba key- lsv2_pt_"
        " xkeysib- re_ tskey- atlasv1. live_ test_ whsec_ shp gocspx- dckr_pat_ sct tk_",
        r"\b(?:xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{6,}+|xapp-[A-Za-z0-9-]{6,}+|gh[pousr]_[A-Za-z0-9]{20,}+"
        r"|gl[a-z]{1,5}-[A-Za-z0-9_-]{16,}+|sk-(?=\S{0,40}\d)[A-Za-z0-9_-]{16,}+|(?:npm_|pypi-|hf_|do[opr]_v1_|ya29\."
        r"|1//0|glc_|NRAK-|PMAK-|dapi|figd_|ntn_|lin_api_|sntrys_|ATATT3|ATBB|AKCp|sbp_|pscale_tkn_|rubygems_|oy2"
        r"|AGE-SECRET-KEY-|dp\.pt\.|pul-|sq0[a-z]{3}-|EAACEdEose0cBA|key-|lsv2_pt_|xkeysib-|re_|tskey-[a-z]{1,8}-"
        r"|[A-Za-z0-9]{14}\.atlasv1\.)(?=[A-Za-z_.-]{0,40}\d)[A-Za-z0-9_.-]{16,}+=*+"
        # Prefixes that nothing else has, however short the rest.
        r"|(?:github_pat_|[spr]k_(?:live|test)_|whsec_|dckr_pat_|glsa_|hv[sbr]\.|GOCSPX-|shp[a-z]{2}_)[\w-]{8,}+=*+"
        r"|SCT\d{3,8}T[A-Za-z0-9]{12,}+)",
        "arg ⟦ghp_‹alnum:36›⟧",
        "gh_pages_deploy npm_config_cache sk-learn",
    ),
    Rule(
        "token of a bot",
        ": bot",
        r"\bbot\d{5,12}:[\w-]{15,}+|(?<!\d)\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])",
        "https://api.telegram.org/⟦bot123456:AAF_exampletokenexample⟧/sendMessage",
        "12345678:90",
    ),
    Rule(
        "token in parts",
        ".",
        r"\bSG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+|\b[MNO][A-Za-z\d_-]{22,27}\.[\w-]{6,7}\.[\w-]{27,40}\b",
        "arg ⟦SG.‹alnum:22›.‹alnum:43›⟧",
        "SG.east.1",
    ),
    Rule(
        "key with a known prefix",
        "aiza sk ac akia asia akid ltai hpua hst3",
        r"\bAIza[A-Za-z0-9_-]{30,}+|\b(?:SK|AC)[0-9a-f]{32}\b|\b(?:AKIA|ASIA|AKID|LTAI|HPUA|HST3)[A-Z0-9a-z]{12,}+",
        "arg ⟦AKIA‹upper:16›⟧",
        "AKIA is a prefix",
    ),
    Rule(
        "password hash",
        "$ {",
        r"(?<![\w$])\$(?:2[abxy]?|1|1a|5|6|7|8|9|14|y|gy|apr1|P|H|S|s0|md5|sha1|pbkdf2[\w-]{0,20}"
        r"|scrypt)\$[^\s:\"',;]{8,}+|\$argon2\w{0,3}\$[^\s\"';]{8,}+"
        r"|(?i:\{(?:s?sha\d{0,3}|smd5|md5|crypt|pbkdf2[\w-]{0,20}|argon2)\})[^\s\"',;]{8,}+"
        r"|\b(?:pbkdf2_sha\d{1,3}|bcrypt_sha256|scrypt|argon2)\$[^\s\"',;]{12,}+|\bSCRAM-SHA-\d{1,3}\$[^\s\"']++",
        "root:⟦$6$‹alnum:8›$‹alnum:86›⟧:19000:0:99999:7:::",
        "cost $5 or $6",
    ),
    Rule(
        "hash of a database",
        "md5 * :",
        r"\bmd5[0-9a-f]{32}\b|(?<!\w)\*[0-9A-F]{40}\b|\b[0-9a-fA-F]{32}:[0-9a-fA-F]{32}\b",
        "arg ⟦*‹HEX:40›⟧",
        "md5sum a.iso",
    ),
    Rule(
        "Ansible vault",
        "$ansible_vault",
        r"\$ANSIBLE_VAULT;[^\n]*+(?>(?:\n[ \t]*+[0-9a-f]++)*)",
        "x: !vault |⏎  $ANSIBLE_VAULT;1.1;AES256⏎  ⟦‹hex:80›⟧⏎  ⟦‹hex:14›⟧",
        "$ANSIBLE_VAULT_FILE",
        across=True,
    ),
    Rule(
        "user:password in a URL",
        "://",
        r"(?i)(?<=://)(?:[^\s/@:\"'<>]{0,200}+:(\$\{?\w{1,40}\}?|\{\w{1,40}\}|%\w{1,40}%)(?=@)|"
        r"([^\s/@:\"'<>]{0,200}+:(?!//)(?!\d{1,5}(?:[/?#]|$))[^\s\"'<>@]{0,500}+(?>(?:@[^\s\"'<>@]{0,500}+(?=@))*))"
        r"(?=@))",
        "ftp://⟦bob:hunter2⟧@files.example.com/a",
        "http://10.0.0.1:8080/health/user@example.com",
    ),
    Rule(
        "hook",  # the rest of a hook's address is its key
        "hook robot/send",
        r"(?i)(?<=://)(?:hooks?\.[\w.-]{1,80}/|[^\s\"'<>?#]{0,200}?/(?:\w{0,20}hooks?\w{0,3}|robot/send)(?=[/?]))"
        r"(?=[^\s\"'<>]{0,300}?[/=](?:[^\s\"'<>/=&?]{0,40}\d[^\s\"'<>/=&?]{0,40}(?<=[^/=]{5})|[\w-]{16}))"
        r"([^\s\"'<>\\),，。]++)",
        "https://hooks.example.com/⟦services/T0/B0/‹alnum:24›⟧",
        "https://docs.example.com/webhooks.html",
    ),
    Rule(
        "address that is a key",  # of paging and push services, of monitors, of published scripts
        "://",
        r"(?i)(?<=://)(?:api\.day\.app|webhook\.site|hc-ping\.com|healthchecks\.io/ping|nosnch\.in|cronitor\.link/p|ntfy\.sh"
        r"|(?:sctapi|sc)\.ftqq\.com|wxpusher[\w.]{0,20}/api/send/message"
        r"|events\.[\w.]{0,20}pagerduty\.com/integration|script\.google\.com/macros/s"
        r"|maker\.ifttt\.com/[^\s?#]{0,80}?/key|push\.[\w.-]{1,60}/send|web\.push\.apple\.com|[^\s\"'<>?#]{1,200}?/"
        r"(?:integrations?/generic/\d+/\w+|api/push|fcm/send|wpush/v\d|(?:send|notify|push|sendmessage)"
        r"(?=/[0-9a-f-]{32})|ical/[^\s\"'<>?#/]{1,60}|heartbeats?|ping(?=/[0-9a-f]{8})|with/key|robot/v\d/send|integrations?/(?:v\d/)?"
        r"(?=[0-9a-f]{8})))/"
        rf"(?!(?:help|status|docs?|test|info|index)\b)({_REST}{{6,}}+(?:/{_REST}*+)?)",
        "https://hc-ping.com/⟦‹hex:8›-‹hex:4›-‹hex:4›-‹hex:4›-‹hex:12›⟧",
        "https://x.example.com/api/push/help",
    ),
    Rule(
        "signed link",
        "sign code= hmac policy= ticket hdnts q-ak",
        r"(?i)[?&](?:sign|[\w-]{0,24}_sign|hmac|q-ak|policy|ticket|hdnts)=(?=[^\s&\"'<>#]{8})([^\s&\"'<>#]++)"
        r"|[?&]code=(?=[^\s&]{20})([^\s&\"'<>#]++)",
        "https://b.example.com/a.zip?e=60&sign=⟦‹lower:12›⟧",
        "https://x.example.com/a?code=404&sign=in",
    ),
    Rule(
        "word and number",  # people choose these where a policy asks for a capital, a sign and a digit
        "@ # ! $ % & * w0rd a5 changeme_ huawei_ admin_ root_ gauss_ welcome_",
        r"(?<![\w@./$#:-])[A-Za-z_][\w.-]{0,30}(?:\s?[/|]\s?|[:：])((?=[^\s/:]{6,32}(?:[\s\"',;，。)]|$))"
        r"(?=\S*[A-Z])(?=\S*\d)(?=\S*[#!$%^&*]|[A-Z][a-z]+\d{1,4}@)(?!\w+#\d+\b|\S*@sha\d"
        r"|\S*\[\^?\w-\w)[^\s/\"':,;，。)]++|[A-Za-z]{2,14}[@#!$%&*]{1,2}\d{2,8}[!@#$.]?(?![\w/:-]|\.\w))"
        r"|(?<![\w/@.#$-])([A-Z][a-z]{2,13}[@!$%&*]\d{3,8}[!@#$]?(?![\w@/:-]|\.\w))"
        r"|(?<!\w)((?=\w{0,4}[@0$5])(?i:p[a@][s$5]{2}w[o0]rd)[\d!@#$]*+)(?!\w)"
        r"|(?<!\w)((?i:changeme|huawei|admin|root|gauss|welcome)[_@#!]{1,2}\d{2,8}[!#$]?)(?![\w@/]|\.\w)",
        "log in as root/⟦Meadow@1234⟧",
        "actions/checkout@v4 react@18.2.0 Issue#2024",
    ),
    Rule(
        "user/password@database",
        "/",
        r"(?i)(?<![\w@./-])(?:sysdba|system|sys|scott|[\w$#]{2,30}(?=/[^\s/@:]{3,40}@(?://|[\w.-]{1,60}"
        r"(?::(?:15\d\d|5236)\b|(?<=orcl)\b|(?<=xe)\b|(?<=db)\b|(?<=pdb\d)\b|(?<=pdb)\b|(?<=sid)\b))))"
        r"/(?!/)([^\s/@:\"']{3,40})(?=@(?!sha\d|v?\d+\b(?!\.))[\w/])",
        "app/⟦plainora⟧@orcl",
        "infra/network@main",
    ),
)
_SCHEME = re.compile(r"(?i)(?<![\w-])((?:bearer|basic|digest|token)\s{1,5}(?:\\?[\"'])?)(\[hidden\]|[^\s\"'\\]{6,}+)")
_LONE_USER = re.compile(r"(?<=://)([\w.~%+=-]{16,400}+)(?=@)")
_NOISY_USER = 10
_PEM_LINES = re.compile(
    r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{60,80}(?:\\r)?(?:\r?\n|\\n)[ \t]*)+(?:[A-Za-z0-9+/]{1,80}={0,2})?"
)


def hide_lookalikes(text: str) -> str:
    """Hides values that only look like a secret: behind a scheme, as the user of a URL, in lines of base64."""
    text = _SCHEME.sub(_hide_behind_scheme, text)
    text = _LONE_USER.sub(lambda match: HIDDEN if noise(match.group()) >= _NOISY_USER else match.group(), text)
    return _PEM_LINES.sub(
        lambda match: HIDDEN if noise(match.group()) > len(match.group()) / 2 else match.group(), text
    )


def _hide_behind_scheme(match: re.Match[str]) -> str:
    value = match.group(2)
    if value.startswith("realm=") or variable(value) is not None:
        return match.group()
    return HIDDEN if value == HIDDEN or looks_like_value(value, least=6) else match.group()
