"""Secrets that a language, a file format or a device's own syntax hands over without naming them. Used by ``bot.redact``."""

from bot.redact.rule import Rule, Rules

_S = r"""("(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?|\\"(?:(?!\\").)*+(?:\\")?|[^\s"'|;&<>\\](?:[^\s"']|["'](?=\w))*+)"""
"""One secret word: quoted (also inside a JSON string) or up to the next blank."""
_W = f"(?:{_S[1:-1]})"
_Q = r"""("(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?)"""
"""A quoted secret."""
_ARG = r"""(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'|[^\s,()"']{1,80})"""
"""One argument of a call."""
_ON = r"(?:(?!&&)[^\n|;]|\\\n)"
"""One character further inside the same command."""
_ECHO = r"""(?:echo|printf|yes|print)\s+(?:-\w{1,3}\s+)?(?:["']%s(?:\\n)?["']\s+)?"""
_READS_SECRET = (
    r"(?:-S\b|su\b|passwd\b|chpasswd\b|sudo\s+-\w*S|kinit\b|smbpasswd\b|kpasswd\b"
    r"|(?:cryptsetup|gpg2?|openssl|docker|podman|helm|ssh-add|vault|nerdctl|gh|oc|az|htpasswd|pw|base64\s+-d|snap|ldap\w+"
    r"|openconnect|cloudctl|restic|adcli|realm|net|rsync|buildah|skopeo|crane|npm|aws|kubeseal)\b"
    r"[^\n|;]{0,120}?(?:-S\b|\s-s\b|std-?in|passphrase-fd|luks\w+|open\b|--with-token|secret\s+create|-i\b|\blogin\b|\sjoin\b"
    r"|-d\b|\bput\b|\s-(?=\s|$|\"|')))"
)
_NOT_SAID = (
    r"(?!(?:days?|times?|char\w*|min\w*|max\w*|hours?|weeks?|months?|years?|attempts?|retries|digits?|letters?|suites?|length|"
    r"lines?|of|or|and|is|in|to|for|from|not|by|with|was|has|on|at|if|the|policy|policies|rotation|chain|server|encryption|"
    r"complexity-check|disable|enable|none|algorithm|mode|type|RO|RW|ipv[46]|views?|groups?|version|id|name)\b)"
)

SYNTAX = Rules(
    # Headers
    Rule(
        "authorization header",
        "authoris authoriz cookie",
        r"(?i)(?:(?<=')[\w-]{0,30}(?:authori[sz]ation|cookie)\s?:([^'\r\n]++)|[\w-]{0,30}(?:authori[sz]ation|cookie)\s?:"
        r"(\s*+[^\r\n\"']++(?:(?<==)\"[^\"\n]*+\"[^\r\n\"']*+)*+))",
        "Authorization: Own ⟦x hunter2⟧⏎Accept: x",
        "authorization: $TOKEN",
    ),
    Rule(
        "scheme behind a name",
        "bearer basic digest apikey negotiate",
        r"(?i)(?:token|auth\w{0,20}|credentials?|headers?|bearer)\\{0,3}[\"']?\s{0,3}(?:[:=,]|=>|\s)\s{0,3}\\{0,3}[\"']?"
        rf"(?:bearer|basic|digest|apikey|negotiate)(?:\\?\s|:|%20){{1,3}}(?!auth|token|is\b|for\b|realm|<){_S}",
        "token Bearer ⟦hunter⟧",
        "token bearer authentication",
    ),
    # Shell
    Rule(
        "-p glued to a password",
        "-p",
        r"(?<![^\s\"'])(?:-u\S{1,60}\s(?:\s*-[hP]\s?\S{1,60}\s){0,2}\s*-p(?=[^\s-])"
        + _S
        + r"|-p([^\s\"'-]\S*+)(?=\s+-u)"
        r"|-p(?![=:/,$.\d])(?=\S{0,40}[A-Z@#!%^*])(?=\S{0,40}\d|\S{0,40}[@#!%^*])(?![A-Za-z]{1,20}[=:/])(?=\S{5})([^\s\"']++))",
        "-p⟦hunter2⟧ -uroot",
        "tool.sh -profile x1 -parallel4 -p80:80",
    ),
    Rule(
        "-u user:password",
        "-u",
        r"(?i)(?<![\w-])(?:-u|--user|--proxy-user)(?:[=\s]|[\"'],)?\s{0,4}(?:\\?\"[^\s:\"'=\\$-][^:\"'\\\n]{0,100}:(?!//)([^\"\\\n]++)"
        r"|'[^\s:\"'=\\$-][^:\"'\\\n]{0,100}:(?!//)([^'\n]++)|[^\s:\"'=\\$-][^\s:\"'\\]{0,100}:(?!//|\d{1,6}(?:[\s\"']|$)|\$[({]|v?\d+\.)([^\s\"'\\]++))",
        "tool -u bob:⟦hunter2⟧ --user 'bob:⟦two words⟧'",
        "docker run -u 1000:1000 alpine",
    ),
    Rule(
        "-u user -p password",  # of any tool but those whose -p is something else
        "-u -l",
        r"(?:mysql\w{0,9}|mariadb\w{0,9})\b[^\n|;]{0,300}|(?<![^\s\"'])(?:(?P<upper>-U)|-u|-l|--user(?:name)?|-user)[=\s][\"']?"
        r"[\w.@\\-]{1,60}[\"']?\s+(?:--?[A-Za-z][\w-]*(?:[=\s]\s*[^\s-]\S*)?\s+){0,5}?(?(upper)-P|-(?:p|pw|pwd))\s+(?![\d.:/,-]+(?:\s|$|[\"'])|[/~.-])"
        + _S,
        "cypher-shell -u neo4j -p ⟦hunter2⟧ x",
        "sudo -u app docker compose -p web up",
    ),
    Rule(
        "auth user:password",
        "auth userpw userpass login",
        r"(?i)(?<![\w-])(?:auth|userpw|userpass|credentials?|login)\s+[\w.@-]{1,40}:(?!//|\d{1,5}\b)([^\s\"']++)",
        "stats auth admin:⟦hunter2⟧",
        "auth server:1812",
    ),
    Rule(
        "value of the registry",
        "/v",
        r"(?i)/v\s+[\"']?\w{0,40}(?:pass\w{0,10}|secret|token|pwd|key)[\"']?\s+(?:/(?!d)\w{1,2}\s+(?:\w+\s+)?){0,3}/d\s+"
        + _S,
        r"reg add HKLM\x /v DefaultPassword /t REG_SZ /d ⟦hunter2⟧ /f",
        r"reg add HKLM\x /v Shell /d explorer.exe",
    ),
    Rule(
        "format of printf",
        "%s",
        rf"(?i)\bprintf\s+(?:--\s+)?(?:\"[^\"\n]{{0,200}}|'[^'\n]{{0,200}})(?:pass\w{{0,10}}|secret|token|pwd|key|auth)[=:\s]{{1,3}}%s[^\"'\n]{{0,80}}[\"']\s+{_S}",
        "printf 'password=%s' '⟦hunter2⟧'",
        "printf 'password=%s' \"$P\"",
    ),
    Rule(
        "file of secrets",
        "> tee",
        rf"(?i)(?:\b(?:echo|printf)\s+(?:-\w{{1,3}}\s+)?)([^\n|;&<>]{{1,300}}?)\s{{0,3}}(?:>>?|\|\s?(?:sudo\s)?tee\s(?:-a\s)?)\s{{0,3}}[\"']?[\w./~$\{{}}-]{{0,120}}?"
        r"(?:pass(?:w(?:or)?d|phrase)?|secrets?|cred(?:ential)?s?|auth|token|psk|netrc|pgpass|htpasswd|[\w-]{1,20}[._-]key)(?:\.(?:txt|conf|cfg|tmp|dat|env|key|list))?[\"']?(?=\s|$|[;&|)\"'])",
        "printf '%s' ⟦hunter2⟧ > /etc/x/auth.txt",
        "echo done > /tmp/token_report.log",
        across=True,
    ),
    Rule(
        "patched Secret",
        "patch",
        r"\bpatch\s+secrets?\b[^\n]{0,200}?\\{0,3}\"(?:data|stringData)\\{0,3}\"\s?:\s?\{([^{}\n]++)",
        """oc patch secret a -p '{"data":{⟦"x":"b2N3"⟧}}'""",
        """oc patch deployment a -p '{"data":{"x":"1"}}'""",
    ),
    Rule(
        "here-string",
        "<<<",
        r"(?<![\w-])(?:bc|[ef]?grep|[gm]?awk|sed|wc|jq|yq|tr|cut|sort|uniq|head|tail|xargs|tee|column|dc|rev|fold|while|mapfile"
        r"|readarray|for)\b[^\n|;&<]{0,80}<<<\s*" + _W + r"|<<<\s*\$?" + _S,
        "passwd --stdin root <<< '⟦hunter2⟧'",
        'bc <<< "1 + 2"',
    ),
    Rule(
        "process substitution",
        "<(",
        r"(?i)(?:diff|comm|paste|join|cmp|sort|cat)\b[^\n|;]{0,200}|(?:(?:pass\w*|key|secret|token|cred\w*|auth|pin)(?:-?file)?[=\s:]{1,4}(?:file:|fd:|@)?|\s-{1,2}[A-Za-z][\w-]{0,30}[=\s]{1,2}"
        r"|\b(?:chpasswd|passwd|sudo|cryptsetup|smbpasswd|login|su|kinit|source|\.)\b[^\n|;]{0,80}?(?:<\s{0,3})?)"
        rf"<\(\s*{_ECHO}(?![\"'][^\"'\n]*%s){_S}",
        "gpg --passphrase-file <(echo '⟦hunter2⟧') -d x",
        "diff <(echo a) <(echo b)",
    ),
    Rule(
        "echo into a reader",
        "|",
        rf"(?:(?<!-)\b{_ECHO}(?!-)(\"[^\"\n]{{1,300}}\"|'[^'\n]{{1,300}}'|\\\"[^\"\n]{{1,300}}\\\""
        r"|[^\s|\n;)}]{1,300}(?:\s[^\s|\n;)}]{1,100}){0,3})"
        rf"(?:\s{{0,3}};\s{{0,3}}{_ECHO}(\"[^\"\n]{{1,300}}\"|'[^'\n]{{1,300}}'|[^\s|\n;)}}]{{1,300}}))?\s{{0,3}};?\s{{0,3}}[)}}]?)"
        rf"\s{{0,5}}\|\s{{0,5}}(?:sudo\s+)?{_READS_SECRET}",
        "(echo ⟦hunter2⟧; echo ⟦hunter2⟧) | passwd bob",
        "echo done | tee /tmp/out.log",
    ),
    Rule(
        "here-document of a reader",
        "<<",
        rf"(?:\b{_READS_SECRET}|\bpasswd\b|\bsudo\s+-\w*S)[^\n<]{{0,120}}<<-?\s?\\?[\"']?(?P<end>\w{{1,20}})[\"']?[^\n]{{0,40}}\n"
        r"([^\n]{1,300}(?:\n(?!\s*(?P=end))[^\n]{1,300}){0,5})",
        "sudo -S id <<EOF⏎⟦hunter2⟧⏎EOF",
        "cat <<EOF > /tmp/a⏎level=info⏎EOF",
        across=True,
    ),
    Rule(
        "login file of FTP",
        "ftp pass",
        rf"(?m)\bl?s?ftp\b[^\n]{{0,120}}\n(?:[^\n]{{0,120}}\n){{0,4}}?\s*user\s+\S{{1,60}}\s+{_S}"
        rf"|^[ \t]*(?:PASS|quote[ \t]+PASS)[ \t]+(?=\S+[ \t]*$){_S}",
        "ftp -n h <<EOF⏎user bob ⟦hunter2⟧⏎EOF",
        "PASS: 120, FAIL: 3",
        across=True,
    ),
    Rule(
        "Windows flag",
        "/p /rp",
        rf"(?i)(?:(?<![\w/])/(?:pass|password|passwd|pwd|rp)[:\s]\s?|\bw?x?freerdp\b{_ON}{{0,160}}?\s/p:){_S}",
        "cmdkey /add:srv /user:bob /pass:⟦hunter2⟧",
        "dir /p",
    ),
    Rule(
        "net use",
        "net",
        r"(?i)\bnet\s+(?:use\s+(?:\S{1,3}\s+)?[\\/]{2,4}\S{1,120}\s+(?:/user:\S{1,80}\s+)?|user\s+(?!/)\S{1,80}\s+)(?!/|\S+\s+of)"
        + _S,
        r"net use Z: \\srv\share ⟦hunter2⟧ /user:bob",
        "net user bob /delete",
    ),
    Rule(
        "htpasswd",
        "htpasswd",
        rf"\bhtpasswd\b(?:(?:\s+-\w+){{1,4}}(?<=[nb]|B)(?=(?:\s+\S+){{2}}\s*(?:$|[|;&>\n\"'])))\s+\S{{1,80}}\s+{_S}"
        rf"|\bhtpasswd\b(?=[^\n|;]{{0,40}}\s-\w*b)(?:\s+-\w+){{1,4}}\s+\S{{1,200}}\s+\S{{1,80}}\s+{_S}",
        "htpasswd -b /etc/h bob ⟦hunter2⟧",
        "htpasswd /etc/h bob",
    ),
    Rule(
        "expect and send",
        "send",
        r"(?i)(?:assword|asscode|assphrase|密码|口令)[^\n]{0,40}?[\s\"'{;)\\n]{1,20}(?:\w{1,20}\.)?(?:exp_)?send(?:line)?[\s(]+(?:--\s+)?"
        + _S,
        'expect "password:" { send "⟦hunter2⟧" }',
        "send a password reminder",
        across=True,
    ),
    # SQL
    Rule(
        "identified by",
        "identified",
        r"(?i)\bidentified\s{1,5}(?:(?:with\s{1,5}\S{1,40}\s{1,5})?by|with\s{1,5}\S{1,40}\s{1,5}as)\s{1,5}(?:password\s{1,5}|values\s{1,5})?"
        r"(?!(?:the|an?|our|its|name)\b)" + _S + rf"(?:\s{{1,5}}replace\s{{1,5}}{_S})?",
        "ALTER USER a IDENTIFIED BY '⟦hunter2⟧' REPLACE '⟦hunter3⟧'",
        "identified as a risk",
        across=True,
    ),
    Rule(
        "procedure of SQL Server",
        "sp_",
        rf"(?i)\bsp_(?:addlogin|password|addapprole|setapprole|addlinkedsrvlogin|grantlogin)\s+(?:@\w+\s?=\s?)?{_ARG}\s?,\s?(?:@\w+\s?=\s?)?N?{_Q}"
        rf"|\bsp_password\s+N?{_Q}",
        "EXEC sp_addlogin 'bob', '⟦hunter2⟧'",
        "EXEC sp_who 'bob'",
        across=True,
    ),
    Rule(
        "key of an SQL function",
        "crypt digest hmac",
        rf"(?i)\b(?:pgp_sym_\w{{1,20}}|aes_\w{{1,12}}|des_(?:en|de)crypt|sm4_\w{{1,12}}|gs_(?:en|de)crypt\w{{0,12}}|hmac|crypt)\(\s*"
        rf"(?:{_ARG}|[^,()\n]{{1,120}}(?:\([^()\n]{{0,80}}\))?)\s*,\s*{_Q}",
        "SELECT AES_DECRYPT(note, '⟦hunter2⟧')",
        "crypt(word, gen_salt(8))",
        across=True,
    ),
    # Code
    Rule(
        "login call",
        "login logon log_in auth signin sign_in credential user connect bind imap_open mysqli pdo",
        r"(?i)\b(?:log_?in|log_?on|authenticate|auth|sign_?in|basic_?auth|set_?basic_?auth|httpbasicauth"
        r"|networkcredential|pscredential|usernamepassword\w{0,30}|credentials?|simple_bind\w{0,3}|bind|(?:add|create)_?user(?=\([^,]{1,90},\s*[\"'][^\"'\n]*[\d@#!$%^&*]))"
        rf"(?:\s?=\s?)?\(\s*{_ARG}\s*,\s*{_Q}"
        rf"|\b(?:getConnection|p?connect|(?:mysql|pg|oci|odbc|ldap|ssh|ftp|pymysql|sqlsrv|ibase|mssql|db|redis|psycopg|conn|cx)\w{{0,12}}"
        rf"(?:connect|login|bind|auth_password)|imap_open|mysqli|PDO)\(\s*"
        rf"[^,()\n]{{1,300}},\s*(?!\d){_ARG}\s*,\s*{_Q}",
        'smtp.login("bob@example.com", "⟦hunter2⟧")',
        "login(user, password) connect(host, port, 5)",
    ),
    Rule(
        "secure string",
        "securestring",
        r"(?i)\bConvertTo-SecureString\s+(?:-String\s+)?(\"[^\"\n]*+\"|'[^'\n]*+'|(?!-)\S++)",
        "ConvertTo-SecureString '⟦hunter2⟧' -AsPlainText",
        "ConvertTo-SecureString -Key $k",
    ),
    # Devices
    Rule(
        "device: typed secret",  # password cipher X, shared-key cipher X, password 7 X
        "cipher simple plain hash ascii-text enc clear hexadecimal text",
        r"(?i)(?<![\w])(?:password|passwd|passphrase|pass-phrase|secret|psksecret|key|[\w-]{1,20}-key|key-string|psk|community|read|write"
        r"|md5|sha\S{0,6}|hmac\S{0,9}|aes\S{0,4}|des\S{0,4}|user|securityname|login-password|authentication|level\s\d{1,2}"
        rf"|\w{{1,12}}-mode\s\S{{1,12}})\s+(?:nonstandard\s+|usual\s+)?(?:\d{{1,3}}\s+)?(?:(?:ir)?(?:reversible-)?cipher)\s+{_NOT_SAID}{_S}"
        rf"|(?<![\w-])(?:password|passwd|pass-?phrase|secret|psksecret|key|[\w-]{{1,20}}-key|psk|community)\s+(?:(?:read|write)\s+)?"
        rf"(?:simple|(?:plain|hash|ascii-text|hexadecimal|ENC|encrypted|clear|text)(?=\s+\S*[\d@#!$%^&*=]))\s+{_NOT_SAID}{_S}",
        "local-user bob password irreversible-cipher ⟦hunter2⟧",
        "key cipher suite",
    ),
    Rule(
        "device: numbered type",
        "password passwd secret key md5 community authentication",
        r"(?i)(?<![\w-])(?:password|passwd|secret|key|key-string|authentication-key|md5|community|authentication)"
        rf"\s+(?:level\s\d{{1,2}}\s+)?(?:encryption-type\s)?(?:[046-9]|1[0-9]?|5)\s+{_NOT_SAID}(?=\S{{4}}){_S}",
        "username bob password 7 ⟦0822455D0A16⟧",
        "password 7 days before expiry",
    ),
    Rule(
        "device: key",
        "key secret psk",
        rf"(?i)(?<![\w])(?:(?:tacacs|radius|hwtacacs|isakmp|ldap|aaa)\S{{0,12}}(?:\s(?!key\b)\S{{1,40}}){{0,8}}?\s(?:shared-)?key"
        r"|(?:shared|pre-shared|authentication|encryption-master|tunnel|wpa|psk)-?key|wpa-psk|key-string|message-digest-key\s\d{1,3}\smd5"
        rf"|psksecret|enable\s(?:secret|password)|privilege\s\d{{1,2}}\s(?:secret|password))\s+(?:(?:cipher|simple|[0-9]|ascii|hex|local|remote|address\s\S+)\s){{0,2}}{_NOT_SAID}"
        rf"(?=\S{{3}})(?![:=]){_S}",
        "tacacs-server host 10.0.0.9 key ⟦hunter2⟧",
        "pre-shared-key is set",
    ),
    Rule(
        "device: user-based security",
        "-mode createuser snmp-server␣user",
        r"(?i)\b(?:authentication|privacy)-mode\s+(?:md5|sha\S{0,6}|aes\S{0,4}|3?des\S{0,4}|hmac\S{0,9})\s+"
        rf"(?!nonstandard|usual)(?:\d{{1,3}}\s+)?(?!cipher|simple|plain){_NOT_SAID}{_S}"
        rf"|\bcreateUser\s+(?:-e\s\S+\s+)?\S{{1,40}}\s+\S{{2,8}}\s+{_S}(?:\s+\S{{2,6}}(?:\s+{_S})?)?"
        rf"|\bsnmp-server\suser\s\S{{1,40}}\s\S{{1,40}}\sv3\s(?:encrypted\s)?auth\s\S{{2,6}}\s{_S}(?:\spriv\s(?:aes\s)?\S{{2,6}}\s{_S})?",
        "createUser mon SHA ⟦hunter2⟧ AES ⟦hunter3⟧",
        "authentication-mode aaa",
    ),
    Rule(
        "community",
        "community com2sec trap inform snmp-server␣host",
        rf"(?i)(?<![\w])(?:(?:snmp-server|snmp-agent|snmp)\s+community\s+(?:(?:read|write|ro|rw)\s+)?(?:(?:cipher|simple|[0-9])\s+)?|r[ow]community6?\s+(?:-[sVv]\s\S+\s+)*"
        r"|trapcommunity\s+|com2sec6?\s+(?:-Cn\s+\S+\s+)?\S{1,40}\s+\S{1,40}\s+|(?:trap2?|inform)sink\s+\S{1,60}\s+"
        r"|set\s+snmp\s+(?:community|name)\s+|snmp-server\s+host\s+\S+\s+(?:(?:traps?|informs?)\s+)?(?:version\s+(?:1|2c)\s+))"
        + _NOT_SAID
        + r"(?!cipher|read|write)"
        + _S,
        "snmp-agent community write ⟦hunter2⟧",
        "snmp-agent community complexity-check disable",
    ),
    # Files
    Rule(
        "redis",
        "auth requirepass masterauth setuser user",
        rf"(?m)(?:^|(?<=[\"']))[ \t]*AUTH\s+(?!failed|error|ok|is\b|success|required)(?:{_S}[ \t]+)?{_S}(?=[ \t]*(?:$|[\"']))"
        rf"|\bHELLO\s+[23]\s+AUTH\s+\S{{1,60}}\s+{_S}"
        rf"|(?:^|(?<=[\"']))user\s+\S{{1,60}}\s+(?:on|off)\b[^\n>]{{0,120}}>(\S++)|(?i:\b(?:requirepass|masterauth|auth-pass\s+\S{{1,60}}|masterpass)\s+){_S}|(?i:\bACL\s+SETUSER\b){_ON}{{0,80}}?\s[\"']?>(\S++)",
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
        rf"(?m)(?:^|[\"'\s])[^\s:]{{0,80}}[ \t]*:[ \t]+(?:PSK|EAP|XAUTH|NTLM|PIN|(?:RSA|ECDSA|PKCS8|PKCS12|P12)[ \t]+[^\s{{\"']+)[ \t]+{_S}",
        '198.51.100.1 %any : PSK "⟦hunter2⟧"',
        ": RSA server.pem",
    ),
    Rule(
        "chap-secrets",
        "* ppp l2tp pptp vpn",
        r"(?m)(?<![^\s\"'])\"?(?!(?i:select|from|where|and|or|delete|in|for|if|root|user|on)\b)[A-Za-z][\w.@\\-]{1,60}\"?[ \t]+\"?(?:\*|pptpd|l2tpd|xl2tpd|pppd?|pppoe|[\w-]{0,20}vpn[\w-]{0,10})\"?"
        r"[ \t]+(\"[^\"\n]++\"|[^\s\"'*][^\s\"']*+)[ \t]+\"?(?:\*|\d{1,3}(?:\.\d{1,3}){3})\"?[ \t]*(?=$|[\"'#])",
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
        r"(?<![\w/.:@-])(?!mailto|sip|npm|file|link|pkg|docker|workspace|git|acct|xmpp)[\w.-]{1,64}:(?!//|\d{1,6}@)([^\s\"'@/:]{3,64})"
        r"(?=@(?!sha\d|v?\d{1,3}\.\d{1,3}(?:\.\d{1,3})?(?:[\s\"',;)]|$))(?:tcp\(|unix\(|[\w-]))",
        "root:⟦hunter2⟧@tcp(db:3306)/x",
        "git:team@main mailto:ops@example.com",
    ),
)
