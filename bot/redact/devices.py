"""Rules for secrets in the configuration of network devices and of daemons."""

from bot.redact.rules import ON, WORD, Rule

_NO_PROSE = (
    r"(?!(?:days?|times?|char\w*|min\w*|max\w*|hours?|weeks?|months?|years?|attempts?|retries|digits?|letters?"
    r"|suites?|length|lines?|of|or|and|is|in|to|for|from|not|by|with|was|has|on|at|if|the|policy|policies|rotation"
    r"|chain|server|encryption|complexity-check|disable|enable|none|algorithm|mode|type|RO|RW|ipv[46]|views?|groups?"
    r"|version|id|name|strings?)\b)"
)

DEVICES = (
    # Devices
    Rule(
        "device: typed secret",  # password cipher X, shared-key cipher X, password 7 X
        "cipher simple plain hash ascii-text enc clear hexadecimal text",
        r"(?i)(?<![\w])(?:password|passwd|passphrase|pass-phrase|secret|psksecret|key(?:\sauthorization)?|key-string"
        r"|[\w-]{1,20}-key(?:\s(?:in|out)bound\s\w{2,6})?"
        r"|psk|community|read|write"
        r"|md5|sha\S{0,6}|hmac\S{0,9}|aes\S{0,4}|des\S{0,4}|user|securityname|login-password|authentication"
        r"|level\s\d{1,2}|accounting|\w{1,12}-mode\s\S{1,12})\s+(?:nonstandard\s+|usual\s+)?(?:\d{1,3}\s+)?(?:(?:ir)?"
        rf"(?:reversible-)?cipher)\s+(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}\s+)?{_NO_PROSE}{WORD}"
        r"|(?<![\w-])(?:password|passwd|pass-?phrase|secret|psksecret|\w{1,12}-mode\s\S{1,12}|key(?:\s(?:authentication|authorization|accounting))?"
        r"|[\w-]{1,20}-key|psk|community)\s+"
        rf"(?:(?:read|write)\s+)?"
        r"(?:simple|(?:plain|hash|ascii-text|hexadecimal|ENC|encrypted|clear|text)"
        rf"(?=\s+(?:\\{{0,3}}\"|\S*[\d@#!$%^&*=])))\s+{_NO_PROSE}{WORD}",
        "local-user bob password irreversible-cipher ⟦hunter2⟧",
        "key cipher suite",
    ),
    Rule(
        "device: numbered type",
        "password passwd secret key md5 community authentication",
        r"(?i)(?<![\w-])(?:password|passwd|secret|key|key-string|authentication-key|md5|community|authentication)"
        rf"\s+(?:level\s\d{{1,2}}\s+)?(?:encryption-type\s)?(?:[046-9]|1[0-9]?|5)\s+{_NO_PROSE}(?=\S{{4}}){WORD}",
        "username bob password 7 ⟦0822455D0A16⟧",
        "password 7 days before expiry",
    ),
    Rule(
        "device: key",
        "key secret psk neighbor",
        r"(?i)(?<![\w])(?:(?:message-digest|authentication)-key(?:-id)?\s\d{1,5}\s(?:md5|sha\S{0,6}|hmac\S{0,9})"
        r"|(?:tacacs|radius|hwtacacs|isakmp|ldap|aaa)\S{0,12}(?:\s"
        rf"(?!key\b)\S{{1,40}}){{0,8}}?\s(?:shared-)?key"
        r"|(?:shared|pre-shared|authentication|encryption-master|tunnel|wpa|psk)-?key|set-key|(?:wpa-|wpa2?\spsk\spass-?)"
        r"(?:psk|phrase)|key-string|psksecret|enable\s(?:secret|password)|neighbor\s\S{1,45}\spassword"
        r"|privilege\s\d{1,2}\s(?:secret|password))\s+(?:(?:cipher"
        rf"|simple|[0-9]|ascii|hex|local|remote|address\s\S+)\s){{0,2}}{_NO_PROSE}(?=\S{{3}})(?![:=]){WORD}",
        "tacacs-server host 10.0.0.9 key ⟦hunter2⟧",
        "pre-shared-key is set",
    ),
    Rule(
        "device: key of a server",  # on a separate line below the server
        "radius tacacs ldap aaa-server",
        r"(?mi)^[ \t]*(?:radius|(?:hw)?tacacs\+?|ldap|aaa\sgroup|aaa-server)\b[^\n]*\n(?:[ \t]+[^\n]*\n){0,8}?[ \t]+"
        r"(?:server-)?key[ \t]+"
        rf"(?:\d[ \t]+)?{_NO_PROSE}(?!authentication|accounting|cipher|simple){WORD}[ \t]*$",
        "radius server a⏎ address ipv4 10.0.0.4⏎ key ⟦hunter2⟧",
        "radius server a⏎ address ipv4 10.0.0.4",
        across=True,
    ),
    Rule(
        "device: user-based security",
        "-mode createuser snmp-server␣user",
        r"(?i)\b(?:authentication|privacy)-mode\s+(?:md5|sha\S{0,6}|aes\S{0,4}|3?des\S{0,4}|hmac\S{0,9})\s+"
        rf"(?!nonstandard|usual)(?:\d{{1,3}}\s+)?(?!cipher|simple|plain){_NO_PROSE}{WORD}"
        rf"|\bcreateUser\s+(?:-e\s\S+\s+)?\S{{1,40}}\s+\S{{2,8}}\s+{WORD}(?:\s+\S{{2,6}}(?:\s+{WORD})?)?"
        rf"|\bsnmp-server\suser\s\S{{1,40}}\s\S{{1,40}}\sv3\s(?:encrypted\s)?auth\s\S{{2,6}}\s{WORD}(?:\spriv\s"
        rf"(?:aes\s)?\S{{2,6}}\s{WORD})?",
        "createUser mon SHA ⟦hunter2⟧ AES ⟦hunter3⟧",
        "authentication-mode aaa",
    ),
    Rule(
        "community",
        "community com2sec trap inform snmp-server␣host",
        r"(?i)(?<![\w])(?:(?:snmp-server|snmp-agent|snmp)\s+community\s+(?:(?:read|write|ro|rw)\s+)?(?:(?:cipher"
        r"|simple|[0-9])\s+)?|r[ow]community6?\s+(?:-[sVv]\s\S+\s+)*|trapcommunity\s+|authcommunity\s+[\w,]{1,30}\s+"
        r"|com2sec6?\s+(?:-Cn\s+\S+\s+)?\S{1,40}\s+\S{1,40}\s+|(?:trap2?|inform)sink\s+\S{1,60}\s+|set\s+snmp\s+"
        r"(?:community|name)\s+|snmp-server\s+host\s+\S+\s+(?:(?:traps?|informs?)\s+)?"
        r"(?:version\s+(?:1|2c)\s+))" + _NO_PROSE + r"(?!cipher|read|write)" + WORD,
        "snmp-agent community write ⟦hunter2⟧",
        "snmp-agent community complexity-check disable",
    ),
    # Files
    Rule(
        "redis",
        "auth requirepass masterauth setuser user",
        rf"(?m)(?:^|(?<=[\"']))[ \t]*AUTH\s+(?!failed|error|ok|is\b|success|required)(?:{WORD}[ \t]+)?{WORD}"
        rf"(?=[ \t]*(?:$|[\"']))|\b(?:HELLO\s+[23]\s+AUTH|MIGRATE\s{ON}{{0,200}}?\sAUTH2)\s+\S{{1,60}}\s+{WORD}"
        rf"|\bMIGRATE\s{ON}{{0,200}}?\sAUTH\s+{WORD}"
        r"|(?:^|(?<=[\"']))user\s+\S{1,60}\s+(?:on|off)\b[^\n>]{0,120}>(\S++)|(?i:\b(?:requirepass"
        rf"|masterauth|auth-pass\s+\S{{1,60}}|masterpass)\s+){WORD}|(?i:\bACL\s+SETUSER\b){ON}{{0,80}}?\s[\"']?[<>]"
        rf"(\S++)(?:\s[\"']?[<>](\S++))?",
        "ACL SETUSER app on >⟦hunter2⟧ ~* +@all",
        "AUTH failed for user app",
    ),
    Rule(
        ".pgpass",
        ":",
        r"(?<![^\s\"'])(?:[\w.-]{3,100}|\*):(?:\d{2,5}|\*):[\w.*-]{1,80}:[\w.*@-]{1,80}:([^\s:\"']++)(?!:)",
        "db.example.com:5432:app:bob:⟦hunter2⟧",
        "10.0.0.1:8080:/data",
    ),
    Rule(
        "ipsec.secrets",
        ":",
        r"(?m)(?:^|[\"'\s])[^\s:]{0,80}[ \t]*:[ \t]+(?:PSK|EAP|XAUTH|NTLM|PIN|(?:RSA|ECDSA|PKCS8|PKCS12"
        rf"|P12)[ \t]+[^\s{{\"']+)[ \t]+{WORD}",
        '198.51.100.1 %any : PSK "⟦hunter2⟧"',
        ": RSA server.pem",
    ),
    Rule(
        "chap-secrets",
        "* ppp l2tp pptp vpn",
        r"(?m)(?<![^\s\"'])\"?(?!(?i:select|from|where|and|or|delete|in|for|if|root|user"
        r"|on)\b)[A-Za-z][\w.@\\-]{1,60}\"?[ \t]+\"?(?:\*|x?l2tp[\w-]{0,12}|pptp[\w-]{0,12}|pppd?|pppoe"
        r"|[\w-]{0,20}vpn[\w-]{0,10})\"?[ \t]+(\"[^\"\n]++\"|'[^'\n]++'|[^\s\"'*][^\s\"']*+)[ \t]+\"?(?:\*|\d{1,3}"
        r"(?:\.\d{1,3}){3})\"?[ \t]*(?=$|[\"'#])",
        "bob * ⟦hunter2⟧ *",
        "select * from *",
    ),
    Rule(
        "credentials of OpenVPN",
        "<auth-user-pass>",
        r"<auth-user-pass>\s*\n?[^\n]{1,80}\n([^\n]{1,200})",
        "<auth-user-pass>⏎bob⏎⟦hunter2⟧⏎</auth-user-pass>",
        "auth-user-pass /etc/x",
        across=True,
    ),
    Rule(
        "user:password@host",  # without a scheme
        "@",
        r"(?<![\w/.:@-])(?!mailto|sip|npm|file|link|pkg|docker|workspace|git|acct|xmpp)[\w.-]{1,64}:(?!//|\d{1,6}@)"
        r"([^\s\"'@/:]{3,64})(?=@(?!sha\d|v?\d{1,3}\.\d{1,3}(?:\.\d{1,3})?(?:[\s\"',;)]|$))(?:tcp\(|unix\(|[\w-]))",
        "root:⟦hunter2⟧@tcp(db:3306)/x",
        "git:team@main mailto:ops@example.com",
    ),
)
