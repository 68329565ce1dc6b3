"""The signs and words by which a text says "this is the value of that name". Used by ``bot.redact.named``."""

import re

from bot.redact.names import words

# Names of several words first, then any run of word characters. In an escaped line break the n is no part of a name.
NAME = re.compile(
    r"(?:(?<=\\)[nrt](?=[A-Za-z_]))?+((?i:(?<![\w.-])(?:(?:secret[ ])?(?:api|access|secret|private|signing"
    r"|encryption|decryption"
    r"|master|ssh|root|shared|pre-shared|license|licence|security|client|account|storage|host|app|application"
    r"|recovery"
    r"|webhook|service|session|product|activation|backup|unseal|subscription|bot|auth|verification|one-time"
    r"|confirmation|pairing|unlock|authentication)[ ](?:access[ ])?(?:key|code|phrase)s?"
    r"(?:[ ]id)?|connection[ ]string|seed[ ]phrase|mot[ ]de[ ]passe|m\u1eadt[ ]kh\u1ea9u)(?![\w.-]))|[\w.-]++)"
)
HAN = re.compile(r"[\u4e00-\u9fff]++")
HAN_LINK = re.compile(
    r"(?:已?(?:被|经)?(?:重置|修改|变更|更改|更新|设置|设定|改|设|换)?(?:成(?!功)|为)了?|就?是|即|如下|分别是|写的是|用的是|叫做?|填)"
)
# What people write about a secret instead of the secret.
HAN_SAYS = re.compile(
    "(?:必填|必须|否|加密|错误|空|由|通过|在|不|动态|随机|自动|安全|系统|指|什么|一个|一种|保存|存|敏感|已|未|无|没|请|需|应|可|默认|正确|强制"
    "|有效|过期|每|至少|长度|包含|明文|密文|只|仅|从|用于|用来|如何|哪|谁|多|最|弱|唯一|必选|可选|选填|定期|否则|以|对|将|会|要|也|都|临时|登录)"
)
SIGN = re.compile(
    r"""\\{0,15}["'`*]{0,3}\s*+(?:\]\s*+)?(?:[（(](?!["'])[^()（）\n"']{1,40}[)）]\s*+)?"""
    r"""(?:=>|:=|->|→|(?:[?+!=~]?={1,3})|::?(?!//)|[：＝﹦])(?!=)(?:\*\*|__)?[ \t]*+(?:\\{0,15}n[ \t]++|\s*+)"""
)
WHOSE = re.compile(
    r"(?i)\s{1,3}(?:for|of|on|at|to)\s{1,3}(?:(?:the|user|host|account"
    r"|server)\s{1,3})?[\"']?[\w.@:/-]{1,60}[\"']?(?:\s?[:：=]\s+|\s+(?:is|was)\s+:?\s*)"
)
LINK = re.compile(
    r"(?i)(?:\s{1,5}(?:has|have|been|is|was|are|were|be|will|would|should|now|set|changed|reset|updated|rotated"
    r"|equals|equal|to|as|just|still|currently|simply)(?=[\s:：])){1,6}(?:\s{0,3}[:：]\s*|\s{1,5})"
)
SAYS = re.compile(r"(?i).*(?:ed|ing|able|ible|ly)|.{0,2}")
SAID = words(
    "the this that these those not required invalid wrong incorrect missing empty set valid correct about too "
    "never due hidden kept reset old weak strong stale unchanged sent read taken from only with without "
    "within for and any none null used using your his her their its our what where when how who which must "
    "may can cannot long short secure safe unsafe unknown known there here very more less than case over "
    "under between default unique same different okay fine being left lost found shown given written bound "
    "hard easy part one two three four five six store file vault policy manager rotate renew change update "
    "check verify use match expire avoid always often once rotation length expiry field prompt least most "
    "again today tomorrow yesterday daily weekly monthly true false yes out off down gone public private "
    "base64 plain plaintext another access allow deny force reach make keep have work fail authenticate "
    "exceed contain include begin start end come meet stay remain user users admin some every you me him them "
    "us new next first last data via per day days week month year hours minutes characters chars leaked still "
    "just also already either neither both string strings value values name names important confidential"
)
BLANK = re.compile(r"[ \t]++")
TAUGHT = re.compile(
    r"(?i)(?:\b(?:set|with|using|use|enter|type|typed|entered|input|send|supply|give|new|default|temporary"
    r"|initial|temp|old|current|root|admin|her|his|my|your|our|their|setx|export"
    r"|login)\s+(?:the\s+)?(?:\w{1,20}\s+)?|改为|使用|输入)$"
)
STATUS = re.compile(
    r"""(?i)\\*["']?(?:true|false|on|off|enabled?|disabled?|none|null|nil|undefined|required|optional|unset"""
    r"""|n/a|expired|valid|invalid|unchanged|missing)\\*["']?(?=[\s,;.)}\]]|\\|$)"""
)
# A quoted value ends at a quote behind as many backslashes as its first one: JSON inside JSON strings.
QUOTED = r"""(?P<slashes>\\{0,15}) (?P<quote>["'`]) (?:(?!(?<!\\)(?P=slashes)(?P=quote)).)*+
              (?:(?P=slashes)(?P=quote))?
              (?:(?<=['"])(?:\\?'|[\w$!@\#%^&*+~?])[^\s"',;}\]<]*+)?"""
VALUE = re.compile(
    rf"""(?sx)
        (?:[bfru]{{1,2}}(?=["']))?+ {QUOTED}
      | (?: -?\d[\d.eE+-]*+ | true | false | null ) (?=\s*+[,}}\]])
      | [^\s<]\S*+ (?:(?<=\\)\n[ ]*+\S++)? | <\S++"""
)
BRACKET = re.compile(r"[\[{]")
INSIDE = re.compile(r'(?s)(\\{0,15})"(?:(?!(?<!\\)\1").)*+"|[\[\]{}]')
REFERS = re.compile(r"""(?i)\\?["']?(?:bearer|basic|token)\s+\$(?:\{\w+\}|[A-Z_]+\b)""")
COMPUTED = re.compile(r"""\\?["']?\$\(\s*[a-z][\w./-]*\s[^()\n]{1,200}\)""")
ARN = re.compile(r"(?:^|[\s\"'=,(\[])(?:arn|acs|urn|hws|crn|iam):[^\s\"']{0,110}$")
TESTED = re.compile(r"(?i)\d{1,6}[,;|/]?\s{1,4}(?:fail|error|skip|warn)")
TAIL = re.compile(r"""[^\s,;\]})"']*+""")
TAG = re.compile(r"(?:\s[^<>]{0,300})?>")
INNER_TAG = re.compile(r"\s*<(?:value|string|text|val|data)(?:\s[^<>]{0,200})?>")
ATTRIBUTE = re.compile(r"""\\{0,15}["'](?:\s[^<>]{0,200})?>""")
CALL = re.compile(r"""\s{0,3}\(\s{0,5}(?=\\{0,15}["'`])""")
NEXT = re.compile(r"""\\{0,15}["']\s{0,5},\s{0,5}(?=\\{0,15}["'])""")
NEXT_BARE = re.compile(r"""\\{0,15}["']\s{0,5},\s{0,5}""")
CELL = re.compile(r"[ \t`*]{0,10}\|[ \t]{0,10}")
DASH = re.compile(r"\s+[-–—]{1,2}\s+")
FILE = re.compile(
    r"(?i).*\.(?:txt|json|ya?ml|pem|crt|cer|py|sh|bash|log|conf|cfg|ini|xml|md|csv|gz|zip|tar|tgz|java|go|js|ts"
    r"|html?|sql|bak|db|p12|pfx|jks|so|exe|service|d|rb|php|jsonl|properties|tmpl|j2|tf|tfvars|vue|c|h|cpp|lua)"
)
# Names of which the rest of the line is the value: it may be several words.
WHOLE_LINE = re.compile(
    r"(?i)passphrase|mnemonic|phrase|recovery|backup_?code|credentials?$|creds$|cookies?$|账号密码|账户密码"
    r"|助记词|恢复码|connection.?string|private.?key$"
)
LINE = re.compile(r"""[^\n\r"]*+""")
FIRST_WORD = re.compile(r"(?:^|\n|(?<!\\)\")[ \t]*(?:[-*#>;•]+[ \t]*)?[\w'-]{1,20}[ ]$")
FIRST_ON_LINE = re.compile(r"(?:^|\n|(?<!\\)\")[ \t]*(?:[-*#>;•]+[ \t]*|//[ \t]*|\d{1,3}[.)、][ \t]*)*[\"'`*]{0,2}$")
BLOCK_SCALAR = re.compile(r"(?:!\S+\s+)?(?:&\S+\s+)?[|>][+-]?\d?[ \t]*(?=\n)")
YAML_MARK = re.compile(r"(?:[!&]\S*\s+)+(?=\S)")
LINE_AHEAD = re.compile(r"\n([ \t]*)((?:-[ \t]+)*)([^\n]*)")
YAML_PAIR = re.compile(r"(?:[\"']?([\w.\- ]{1,60})[\"']?:(?:\s+|$))(.*)")
TELLS_NOTHING = words(
    "name key kind type user username user_name login account host hostname port optional secretname version "
    "enabled url path items mountpath subpath mode region endpoint readonly ttl description defaultmode "
    "database db namespace labels annotations metadata email method scheme provider realm issuer file driver "
    "external"
)
# Raw JSON may break before the name that belongs to a value, so there a value without one counts as a secret.
PAIR_NAMES = words(
    "name key paramname parametername parameterkey param field variable label header id attribute option "
    "property item k title description paramdesc desc env type"
)
PAIR_VALUES = words(
    "value paramvalue parametervalue val v default defaultvalue content newvalue oldvalue currentvalue data "
    "secretstring stringvalue plaintext"
)
PAIR_NAME_VALUE = re.compile(
    r"""\\{0,15}["']?\s{0,5}(?:[:=]|[ \t])\s{0,5}\\{0,15}["']?((?:[^\s"'\\,;{}<>]"""
    r"""|\\{1,15}u[0-9a-fA-F]{4})(?:[^"'\\,;{}<>\n]|\\{1,15}u[0-9a-fA-F]{4}){0,60})"""
)
ESCAPED = re.compile(r"\\{1,15}u([0-9a-fA-F]{4})")
PAIR_TAG = re.compile(r">\s{0,5}([^\s<>][^<>\n]{0,60})")
SHORTEST_GIVEN = 4  # characters; what follows 密码 directly is else a number of it: 密码1
PAIR_REACH = 240  # characters between the name and its value


def plain_word(word: str) -> str:
    """A key without its style: ``param_value`` and ``ParamValue`` are one."""
    return re.sub(r"[\W_]+", "", word[:24]).lower()


def is_pair_name(key: str) -> bool:
    """Whether what stands under this key is the name of what stands beside it."""
    return plain_word(key) in PAIR_NAMES


def is_pair_value(key: str) -> bool:
    """Whether what stands under this key belongs to a name beside it."""
    return plain_word(key) in PAIR_VALUES


NOUNS = words(
    "policy policies expiry expiration rotation reset change changes check checks audit audits manager "
    "management length strength hash hashes hint file files field fields prompt store vault age history "
    "complexity requirements rules rule service server provider endpoint generator generation validation "
    "verification authentication auth login based name names count counts usage limit limits bucket budget "
    "window type types scanner scan leak leaks engine engines list cache request requests response format "
    "lifetime refresh renewal value values settings config reminder notification notice mail email form page "
    "dialog database backup backups update updates job task plan protection"
)
