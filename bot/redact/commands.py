"""Secrets that a command line, a URL or a script hands over without naming them. Used by ``bot.redact``.

In every pattern group 1 stays and the rest is hidden. All take linear time: runs are possessive or bounded.
"""

import re

from bot.redact.chance import HIDDEN, is_reference

_MAX_HANDED = 3
_SCHEME_WORD = re.compile(r"(?i)^\s*(?:(?:bearer|basic|token)\s+)?")
_WORD = r"""(?!\[hidden\])(?:"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?|\\"(?:(?!\\").)*+(?:\\")?|[^\s"'|;&<>\\]\S*+)"""
"""One word of a command line: quoted (also inside a JSON string) or up to the next blank."""
_ON = r"(?:(?!&&)[^\n|;]|\\\n)"
"""One character further inside the same command."""


def _tool(names: str, flags: str, reach: int = 160) -> re.Pattern[str]:
    """``flags`` hand a secret to one of the commands ``names``."""
    return re.compile(
        rf"(?i:(\b(?:{names})\b{_ON}{{0,{reach}}}?[\s\"',](?-i:{flags})[\s=\"',]{{1,6}}))(?!-\w){_WORD}"
    )


_MYSQL = r"mysql\w{0,8}|mariadb\w{0,8}|mydumper|myloader|xtrabackup|7za?|rar|unrar|sshpass|pt-[\w-]{1,30}"
HANDED = (
    re.compile(r"(?i)((?:authorization|cookie):)[^\r\n\"']++"),
    re.compile(rf"(\b(?:{_MYSQL})\b{_ON}{{0,160}}?[\s\"',]-h?p(?=[^\s\"',-]|[\"'][^\s,])){_WORD}"),  # mysql -phunter2
    re.compile(rf"((?<![^\s\"'])-u\S{{1,60}}\s(?:\s*-[hP]\s?\S{{1,60}}\s){{0,2}}\s*-p(?=[^\s-])){_WORD}"),
    re.compile(r"((?<![^\s\"'])-p)(?=\S+\s+-u)[^\s-]\S*+"),
    re.compile(
        r"((?<![^\s\"'])-p)(?=\D{0,40}\d|[^\s]{0,40}[@#!$%^&*])(?![\d,:./-]+(?:[\s\"']"
        r"|$))(?=[^\d\s-]\S{4})(?![a-z-]{1,20}[=:/]|v?\d)[^\s-]\S*+"
    ),
    re.compile(  # curl -u user:password
        r"((?<![\w-])(?:-u|-U|--user|--proxy-user)(?:[=\s]|[\"'],)?[\s\"'\\]{0,4}[^\s:\"'=\\-][^\s:\"'\\]{0,100}:)"
        r"(?!//|\d{1,6}(?:[\s\"']|$)|\$[({])\S++"
    ),
    _tool(
        "sshpass|login|mongo\\w{0,8}|cqlsh|psexec|beeline|trino|influx",
        "-[pa]",
    ),
    _tool("redis-cli|benchmark", "-a"),
    _tool("vault", "login"),
    _tool("ldap\\w{2,10}|slappasswd|smbclient|ntpq", "-[ws]"),
    _tool("gsql|isql|ksql|vsql|dsql|disql|gs_dump\\w{0,3}|gs_restore|zenith", "-[Ww]"),
    _tool(
        "sqlcmd|bcp|osql|isql|ipmitool|zip|unzip|zipcloak|nxc|netexec|crackmapexec|xfreerdp|tsql|dsmc", "-P|-p|/p:"
    ),
    _tool("ssh-keygen", "-[NP]"),
    _tool("useradd|usermod|adduser|chpasswd|mkpasswd", "-p"),
    _tool("snmp\\w{2,10}", "-[AXc]"),
    _tool("openssl", "-(?:k|K|pass|passin|passout)"),
    _tool("plink|pscp|psftp|putty|winscp", "-pw"),
    _tool("schtasks|at|psexec", "/rp|/p"),
    _tool("user\\w{0,8}|passwd|mkpasswd", "--password|-p"),
    re.compile(rf"(?i)(\b(?:ldap\w{{2,10}})\b{_ON}{{0,160}}?\s-w)(?=\S){_WORD}"),
    re.compile(
        rf"(?i)(\bidentified\s{{1,5}}(?:with\s{{1,5}}\S{{1,40}}\s{{1,5}})?(?:by"
        rf"|as)\s{{1,5}}(?:password\s{{1,5}}|values\s{{1,5}})?){_WORD}"
    ),
    re.compile(r"((?<![\w/])(?:pass|file|env):)(?!//)(?<=pass:)[^\s\"']++"),  # openssl -passin pass:x
    re.compile(r"(?i)(\bgetConnection\(\s*[^,\n]{1,300},\s*[^,\n]{1,80},\s*)(?=[\"'])(?:\"[^\"\n]*+\"?|'[^'\n]*+'?)"),
    re.compile(
        rf"(?i)(/(?:pass|password|rp):|\bw?freerdp\b{_ON}{{0,160}}?\s/p:|\bxfreerdp\b{_ON}{{0,160}}?\s/p:){_WORD}"
    ),
    re.compile(rf"(\bhttps?\b{_ON}{{0,60}}?\s(?:-a|--auth)[=\s]{{1,3}}[\"']?[^\s:\"']{{1,60}}:)[^\s\"']++"),
    re.compile(rf"(\bencrypt_string\s+(?:--?[\w-]{{1,30}}(?:=\S{{1,80}})?\s+){{0,3}}){_WORD}"),
    re.compile(
        rf"(\bhtpasswd\b\s(?:\s*-[A-Za-z]{{1,6}}\s){{0,4}}\s*(?:-\w*b\w*\s+)(?:-\w+\s+)?\S{{1,200}}\s+\S{{1,80}}\s+){_WORD}"
    ),
    re.compile(rf"(\bhtpasswd\b\s+-\w*n\w*b\w*\s+\S{{1,80}}\s+|\bhtpasswd\b\s+-\w*b\w*n\w*\s+\S{{1,80}}\s+){_WORD}"),
    re.compile(rf"(?i)(\bnet\s+user\s+(?!/)\S{{1,80}}\s+(?!/)){_WORD}"),
    re.compile(
        rf"(?i)(\bnet\s+use\s+(?:\S{{1,3}}\s+)?[\\/]{{2,4}}\S{{1,120}}\s+(?:/user:\S{{1,80}}\s+)?)(?!/){_WORD}"
    ),
    re.compile(
        rf"(\b(?:rabbitmqctl|rabbitmqadmin)\b{_ON}{{0,80}}?(?:add_user|change_password"
        rf"|authenticate_user)\s+\S{{1,80}}\s+){_WORD}"
    ),
    re.compile(rf"(\bwpa_passphrase\s+(?:\"[^\"\n]{{1,64}}\"|\S{{1,64}})\s+){_WORD}"),
    re.compile(
        rf"(\b(?:mc|mcli)\s+(?:alias|config\s+host)\s+(?:set"
        rf"|add)\s+\S{{1,60}}\s+https?://\S{{1,120}}\s+){_WORD}(?:\s+{_WORD})?"
    ),
    re.compile(rf"(\bmysqladmin\b{_ON}{{0,160}}?\spassword\s+){_WORD}"),
    re.compile(
        rf"(?im)(^[ \t]*(?-i:AUTH)\s+(?:\S{{1,60}}\s+(?=\S)(?!\S+\s+\S))?"
        rf"|\bredis-cli\b{_ON}{{0,120}}?\sAUTH\s+(?:default\s+)?){_WORD}"
    ),
    re.compile(rf"(?i)(\b(?:requirepass|masterauth|auth-pass\s+\S{{1,60}}|masterpass)\s+){_WORD}"),
    re.compile(rf"(?i)(\bACL\s+SETUSER\b{_ON}{{0,80}}?\s>)\S++"),
    re.compile(rf"(?im)(^[ \t]*(?:PASS|quote[ \t]+PASS)[ \t]+)(?=\S+[ \t]*$){_WORD}"),
    re.compile(rf"(\bl?s?ftp\b[^\n]{{0,120}}\n(?:[^\n]{{0,120}}\n){{0,4}}?\s*user\s+\S{{1,60}}\s+){_WORD}"),
    re.compile(r"(\blftp\b[^\n|;]{0,80}?-u\s+[\"']?[^\s,\"']{1,60},)[^\s\"']++"),
    re.compile(r"((?<![\w-])(?:-U|--user)[=\s]{1,3}[\"']?[\w.\\/@-]{1,80}%)[^\s\"']++"),  # smbclient -U user%password
    re.compile(r"(?i)((?<![\w-])(?:-o|--options)\s+[\"']?[^\s\"']{0,80}\bpassword=)[^\s\"',]++"),
    re.compile(  # Oracle: sqlplus user/password@host
        r"(?i)(\b(?:sqlplus|expdp|impdp|sqlldr|rman|exp|imp|conn|connect|userid|datax)\b(?:[ \t]+(?:-\w+"
        r"|target))*[ \t=]+[\"']?[\w$#]{1,60}/)"
        r"(?!/)[^\s\"'/][^\s\"']*+"
    ),
    re.compile(r"(?i)(jdbc:oracle:\w{2,5}:[^\s/:@]{1,60}/)[^\s@]++"),
    re.compile(rf"((?:<<<)\s*){_WORD}"),
    re.compile(  # echo secret | command that reads it
        r"(\b(?:echo|printf|yes)\s+(?:-\w{1,3}\s+)?(?:[\"']%s(?:\\n)?[\"']\s+)?)(?!-)"
        r"(?:\"[^\"\n]{1,300}\"|'[^'\n]{1,300}'|\\\"[^\"\n]{1,300}\\\"|[^\s|\n]{1,300}(?:\s[^\s|\n]{1,100}){0,3})"
        r"(?=\s{0,5}\|\s{0,5}(?:sudo\s+)?(?:-S\b|su\b|passwd\b|chpasswd\b|sudo\s+-\w*S|kinit\b|smbpasswd\b|kpasswd\b"
        r"|(?:cryptsetup|gpg2?|openssl|docker|podman|helm|ssh-add|vault|smbpasswd|nerdctl|gh|oc|az|htpasswd|pw"
        r"|base64\s+-d|snap|ldap\w+|cloudctl)\b"
        r"[^\n|;]{0,120}?(?:-S\b|\s-s\b|stdin|passphrase-fd|luks\w+|--with-token|secret create|-i\b|\blogin -"
        r"|-d\b|\bput\b|\s-(?=\s|$))))"
    ),
    re.compile(
        rf"(?i)((?:assword|asscode|assphrase|密码"
        rf"|口令)[^\n]{{0,40}}?[\s\"'{{;)\\n]{{1,20}}(?:\w{{1,20}}\.)?(?:exp_)?send(?:line)?[\s(]+(?:--\s+)?){_WORD}"
    ),
    re.compile(r"(?i)(\bConvertTo-SecureString\s+(?:-String\s+)?)(?:\"[^\"\n]*+\"|'[^'\n]*+'|(?!-)\S++)"),
    re.compile(
        r"(?i)((?:NetworkCredential|PSCredential|UsernamePassword\w{0,30}|HTTPBasicAuth|BasicAuth|SetBasicAuth"
        r"|basic_auth|auth)\s?(?:\(|=\s?\()\s*[\"'][^\"'\n]{0,80}[\"']\s*,\s*)(?:\"[^\"\n]*+\"?|'[^'\n]*+'?)"
    ),
    re.compile(
        r"((?<![^\s\"'])(?:[\w.-]{3,100}|\*):(?:\d{2,5}|\*):[\w.*-]{1,80}:[\w.*@-]{1,80}:)[^\s:\"']++(?!:)"
    ),  # .pgpass
    re.compile(
        rf"(\bmachine\s+\S{{1,120}}\s+(?:login\s+\S{{1,80}}\s+)?(?:account\s+\S{{1,80}}\s+)?password\s+){_WORD}"
    ),
    re.compile(rf"(?i)(\blogin\s+\S{{1,80}}\s+password\s+){_WORD}"),
    re.compile(
        rf"(?i)(\b(?:alter|create)\s+(?:user|role|login)\s[^\n;]{{1,80}}?\s(?:encrypted\s+)?password\s+)(?!=){_WORD}"
    ),
    re.compile(r"(\bchpasswd\b[^\n]{0,20}<<\s?-?[\"']?\w{1,20}[\"']?\s*(?:\n|\\n)\s*[\w.-]{1,40}:)\S++"),
    re.compile(  # user:password@host without a scheme
        r"(?<![\w/.:@-])((?!mailto|sip|npm|file|link|pkg|docker|workspace|git|acct|xmpp)[\w.-]{1,64}:)(?!//"
        r"|\d{1,6}@)[^\s\"'@/:]{3,64}"
        r"(?=@(?!sha\d|v?\d{1,3}\.\d{1,3}(?:\.\d{1,3})?(?:[\s\"',;)]|$))(?:tcp\(|unix\(|[\w-]))"
    ),
)


def handed_over(text: str) -> str:
    """The text with every secret hidden that is known by the command that takes it."""
    for handed in HANDED:
        text = _every(handed, text)
    return text


def _every(handed: re.Pattern[str], text: str) -> str:
    """One command may take two secrets: what a first pass has hidden, the next one looks behind."""
    for _ in range(_MAX_HANDED):
        before, text = text, handed.sub(_after_first, text)
        if text == before:
            break
    return text


def _after_first(found: re.Match[str]) -> str:
    handed = found.group()[len(found.group(1)) :]
    if is_reference(_SCHEME_WORD.sub("", handed)):
        return found.group()
    return found.group(1) + HIDDEN
