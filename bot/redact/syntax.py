"""Rules for secrets that a shell, SQL or a program hands over without naming them."""

from bot.redact.devices import DEVICES
from bot.redact.phrases import PHRASES
from bot.redact.rules import ON, WORD, Rule, Rules

_W = f"(?:{WORD[1:-1]})"
_Q = r"""("(?>(?:[^"\\\n]|\\.)*)"?|'[^'\n]*+'?|`[^`\n]*+`)"""
"""A secret in quotes."""
_ARG = r"""(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'|[^\s,()"']{1,80})"""
"""One argument of a call."""
_ECHO = (  # and the format that printf takes first; it may be redacted already
    r"""(?:echo|printf|yes|print)\s+(?:-\w{1,3}\s+)?"""
    r"""(?:["'](?:\ue0f7\d+\ue0f7|[^"'\n]{0,120}?%s[^"'\n]{0,80})["']\s+|%s\s+)?"""
)
_READER = (
    r"(?:-S\b|su\b|(?:ch|smb|k|sasl|slap|ldap|pdb)?passwd2?\b|sudo\s+-\w*S|kinit\b|snx\b|vpnc\b|open(?:forti)?vpn\b"
    r"|openconnect\b|(?:elasticsearch|opensearch|logstash|kibana|\w{1,6}beat)-keystore\s+add\b|(?:cryptsetup|gpg2?"
    r"|openssl|docker|podman|helm|ssh-add|vault|nerdctl|gh|oc|az|htpasswd|pw|base64\s+-d|snap|ldap\w+|gcloud|kubectl"
    r"|wrangler|glab|fly(?:ctl)?|vercel|doppler|cloudctl|restic|adcli|realm|net|rsync|buildah|skopeo|crane|npm|aws"
    r"|kubeseal)\b[^\n|;]{0,120}?(?:-S\b|\s-s\b|std-?in|passphrase-fd|luks\w+|open\b|--with-token|/dev/stdin"
    r"|secrets?\s(?:create|set|put|versions)|-i\b|\blogin\b|\sjoin\b|-d\b|\bput\b|\s-(?=\s|$|\"|')))"
)
SYNTAX = Rules(
    # Headers
    Rule(
        "authorization header",
        "authoris authoriz cookie",
        r"(?i)(?:(?<=')[\w-]{0,30}(?:authori[sz]ation|cookie)\s?:([^'\r\n]++)|[\w-]{0,30}(?:authori[sz]ation"
        r"|cookie)\s?:(\s*+[^\r\n\"']++(?>(?:(?<==)\"[^\"\n]*+\"[^\r\n\"']*+)*)))",
        "Authorization: Own ⟦x hunter2⟧⏎Accept: x",
        "authorization: $TOKEN",
    ),
    Rule(
        "scheme behind a name",
        "bearer basic digest apikey negotiate",
        r"(?i)(?:token|auth\w{0,20}|credentials?|headers?|bearer)\\{0,3}[\"']?\s{0,3}(?:[:=,]|=>"
        r"|\s)\s{0,3}\\{0,3}[\"']?"
        rf"(?:bearer|basic|digest|apikey|negotiate)(?:\\?\s|:|%20){{1,3}}(?!auth|token|is\b|for\b|realm|<"
        rf"|\$[({{]|['\"]){WORD}",
        "token Bearer ⟦hunter⟧",
        "token bearer authentication",
    ),
    # Shell
    Rule(
        "-p glued to a password",
        "-p",
        r"(?<![^\s\"'])(?:-u\S{1,60}\s(?:\s*-[hP]\s?\S{1,60}\s){0,2}\s*-p:?(?=[^\s:-])"
        + WORD
        + r"|-p([^\s\"'-]\S*+)(?=\s+-u)"
        r"|-p(?![=:/,$.\d])(?=\S{0,40}[A-Z@#!%^*])(?=\S{0,40}\d|\S{0,40}[@#!%^*])(?![A-Za-z]{1,20}[=:/])"
        r"(?=\S{5})([^\s\"']++))",
        "-p⟦hunter2⟧ -uroot",
        "tool.sh -profile x1 -parallel4 -p80:80",
    ),
    Rule(
        "-u user:password",
        "-u",
        r"(?i)(?<![\w-])(?:-u|--user|--proxy-user)(?:[=\s]|[\"'],)?\s{0,4}(?:\\?\"[^\s:\"'=\\$-][^:\"'\\\n]{0,100}:"
        r"(?!//|\w{1,20}://)([^\"\\\n]++)|'[^\s:\"'=\\$-][^:\"'\\\n]{0,100}:(?!//|\w{1,20}://)([^'\n]++)"
        r"|[^\s:\"'=\\$-][^\s:\"'\\]{0,100}:(?!//|\d{1,6}(?:[\s\"']|$)|\$[({]|v?\d+\.)([^\s\"'\\]++))",
        "tool -u bob:⟦hunter2⟧ --user 'bob:⟦two words⟧'",
        "docker run -u 1000:1000 alpine",
    ),
    Rule(
        "-u user -p password",  # of any tool except those whose -p is something else
        "-u -l",
        r"(?:mysql\w{0,9}|mariadb\w{0,9})\b[^\n|;]{0,300}|(?<![^\s\"'])(?:(?P<upper>-U)|-u|-l|--user(?:name)?"
        r"|-user)[=\s][\"']?"
        r"[\w.@\\-]{1,60}[\"']?\s+(?:--?[A-Za-z][\w-]*(?:[=\s]\s*[^\s-]\S*)?\s+){0,5}?(?(upper)-P|-(?:p|pw|pwd"
        r"|P(?=\s+\S*[A-Za-z])(?=\s+\S*[\d@#!%^&*])))\s+(?![\d.:/,-]+(?:\s|$|[\"'])|[/~.-])" + WORD,
        "cypher-shell -u neo4j -p ⟦hunter2⟧ x",
        "sudo -u app docker compose -p web up",
    ),
    Rule(
        "auth user:password",
        "auth userpw userpass login",
        r"(?i)(?<![\w-])(?:auth|userpw|userpass|credentials?|login)(?:\s+|=)[\w.@-]{1,40}:(?!//|\d{1,5}\b)"
        r"([^\s\"']++)",
        "stats auth admin:⟦hunter2⟧",
        "auth server:1812",
    ),
    Rule(
        "value of the registry",
        "/v",
        r"(?i)/v\s+[\"']?\w{0,40}(?:pass\w{0,10}|secret|token|pwd|key)[\"']?\s+(?:/(?!d)\w{1,2}\s+"
        r"(?:\w+\s+)?){0,3}/d\s+" + WORD,
        r"reg add HKLM\x /v DefaultPassword /t REG_SZ /d ⟦hunter2⟧ /f",
        r"reg add HKLM\x /v Shell /d explorer.exe",
    ),
    Rule(
        "format of printf",
        "%s",
        r"(?i)\bprintf\s+(?:--\s+)?(?:\"[^\"\n]{0,200}|'[^'\n]{0,200})(?:pass\w{0,10}|secret|token|pwd"
        rf"|key|auth)[=:\s]{{1,3}}%s[^\"'\n]{{0,80}}[\"']\s+{WORD}",
        "printf 'password=%s' '⟦hunter2⟧'",
        "printf 'password=%s' \"$P\"",
    ),
    Rule(
        "file of secrets",
        "> tee",
        r"(?i)(?:\b(?:echo|printf)\s+(?:-\w{1,3}\s+)?)([^\n|;&<>]{1,300}?)\s{0,3}(?:>>?|\|\s?"
        r"(?:sudo\s)?tee\s(?:-a\s)?)\s{0,3}[\"']?[\w./~$\{}-]{0,120}?"
        r"(?:pass(?:w(?:or)?d|phrase)?|secrets?|cred(?:ential)?s?|auth|token|psk|netrc|pgpass|htpasswd"
        r"|[\w-]{1,20}[._-]key)(?:\.(?:txt|conf|cfg|tmp|dat|env|key|list))?[\"']?(?=\s|$|[;&|)\"'])",
        "printf '%s' ⟦hunter2⟧ > /etc/x/auth.txt",
        "echo done > /tmp/token_report.log",
        across=True,
    ),
    Rule(
        "value for a store of secrets",
        "secret variable put-parameter",
        rf"(?i)(?:\b(?:secrets?|variables?)\s{ON}{{0,160}}?|\bput-parameter\b"
        rf"(?={ON}{{0,300}}?SecureString){ON}{{0,160}}?)(?<=\s)(?:--(?:body|value|data|secret-value|plaintext)"
        rf"|-b)[=\s]\s{{0,3}}{WORD}|\bsecrets\s+set\s+(?:-\S+\s+){{0,3}}[\w.-]{{1,60}}={WORD}(?:\s+[\w.-]{{1,60}}={WORD})?"
        rf"(?:\s+[\w.-]{{1,60}}={WORD})?",
        "gh secret set A --body ⟦hunter2⟧",
        "gh secret list --repo a/b",
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
        r"(?<![\w-])(?:read(?=(?:\s-r)?\s(?:-\w{0,3}a\s|\w+\s+\w))(?![^\n<]{0,60}(?i:pass|pw|token|secret|key|pin))"
        r"|(?:cat|nl|tac)(?![^\n]{0,300}\|)|mailx?|logger|python\d?|perl|ruby|node|(?:my|p)?sql|sqlite3|(?:ba)?sh|bc"
        r"|[ef]?grep|[gm]?awk|sed|wc|jq|yq|tr|cut|sort|uniq|head|tail|xargs|tee(?!\s[^\n<]{0,80}(?:pw|pass|secret|key|token|cred))|column|dc|rev|fold|while|mapfile"
        r"|readarray|for)\b[^\n|;&<]{0,80}<<<\s*" + _W + r"|<<<\s*\$?" + WORD,
        "passwd --stdin root <<< '⟦hunter2⟧'",
        'bc <<< "1 + 2"',
    ),
    Rule(
        "process substitution",
        "<(",
        r"(?i)(?:diff|comm|paste|join|cmp|sort|cat)\b[^\n|;]{0,200}|(?:(?:pass\w*|key|secret|token|cred\w*|auth"
        r"|pin)(?:-?file)?[=\s:]{1,4}(?:file:|fd:|@)?|\s-{1,2}[A-Za-z][\w-]{0,30}[=\s]{1,2}"
        r"|\b(?:chpasswd|passwd|sudo|cryptsetup|smbpasswd|login|su|kinit|source|\.)\b[^\n|;]{0,80}?(?:<\s{0,3})?)"
        rf"<\(\s*{_ECHO}{WORD}",
        "gpg --passphrase-file <(echo '⟦hunter2⟧') -d x",
        "diff <(echo a) <(echo b)",
    ),
    Rule(
        "echo into a reader",
        "|",
        rf"(?:(?<!-)\b{_ECHO}(?!-)(\"[^\"\n]{{1,300}}\"|'[^'\n]{{1,300}}'|\\\"[^\"\n]{{1,300}}\\\""
        r"|[^\s|\n;)}]{1,300}(?:\s[^\s|\n;)}]{1,100}){0,3})"
        rf"(?:\s{{0,3}};\s{{0,3}}{_ECHO}(\"[^\"\n]{{1,300}}\"|'[^'\n]{{1,300}}'|[^\s"
        rf"|\n;)}}]{{1,300}}))?\s{{0,3}};?\s{{0,3}}[)}}]?)"
        rf"\s{{0,5}}\|\s{{0,5}}(?:sudo\s+)?(?:[\w./-]{{1,80}}/)?{_READER}",
        "(echo ⟦hunter2⟧; echo ⟦hunter2⟧) | passwd bob",
        "echo done | tee /tmp/out.log",
    ),
    Rule(
        "here-document of a reader",
        "<<",
        rf"(?:\b{_READER}|\bpasswd\b|\bsudo\s+-\w*S)[^\n<]{{0,120}}<<-?\s?\\?[\"']?"
        rf"(?P<end>\w{{1,20}})[\"']?[^\n]{{0,40}}\n"
        r"([^\n]{1,300}(?:\n(?!\s*(?P=end))[^\n]{1,300}){0,5})",
        "sudo -S id <<EOF⏎⟦hunter2⟧⏎EOF",
        "cat <<EOF > /tmp/a⏎level=info⏎EOF",
        across=True,
    ),
    Rule(
        "login file of FTP",
        "ftp pass .logon",
        rf"(?m)\bl?s?ftp\b[^\n]{{0,120}}\n(?:[^\n]{{0,120}}\n){{0,4}}?\s*user\s+\S{{1,60}}\s+{WORD}"
        rf"|^[ \t]*(?:PASS|quote[ \t]+PASS)[ \t]+(?=\S+[ \t]*$){WORD}"
        rf"|^[ \t]*(?i:\.logon)[ \t]+[\w./-]{{1,60}},\s?{WORD}",
        "ftp -n h <<EOF⏎user bob ⟦hunter2⟧⏎EOF",
        "PASS: 120, FAIL: 3",
        across=True,
    ),
    Rule(
        "Windows flag",
        "/p /rp winrs",
        rf"(?i)(?:(?<![\w/])/(?:pass|password|passwd|pwd|rp)[:\s]\s?|\bw?x?freerdp\b{ON}{{0,160}}?\s/p:|\bwinrs\b{ON}{{0,160}}?\s[/-]p(?:assword)?:){WORD}",
        "cmdkey /add:srv /user:bob /pass:⟦hunter2⟧",
        "dir /p",
    ),
    Rule(
        "net use",
        "net",
        r"(?i)\bnet\s+(?:use\s+(?:\S{1,3}\s+)?[\\/]{2,4}\S{1,120}\s+(?:/user:\S{1,80}\s+)?|user\s+"
        r"(?!/)\S{1,80}\s+)(?!/|\S+\s+of)" + WORD,
        r"net use Z: \\srv\share ⟦hunter2⟧ /user:bob",
        "net user bob /delete",
    ),
    Rule(
        "htpasswd",
        "htpasswd",
        rf"\bhtpasswd\b(?:(?:\s+-\w+){{1,4}}(?<=[nb]|B)(?=(?:\s+\S+){{2}}\s*(?:$|[|;&>\n\"'])))\s+\S{{1,80}}\s+{WORD}"
        rf"|\bhtpasswd\b(?=[^\n|;]{{0,40}}\s-\w*b)(?:\s+-\w+){{1,4}}\s+\S{{1,200}}\s+\S{{1,80}}\s+{WORD}",
        "htpasswd -b /etc/h bob ⟦hunter2⟧",
        "htpasswd /etc/h bob",
    ),
    Rule(
        "expect and send",
        "send",
        r"(?i)(?:assword|asscode|assphrase|密码|口令)[^\n]{0,40}?[\s\"'{;)\\n]{1,20}(?:\w{1,20}\.)?(?:exp_)?send"
        r"(?:line)?[\s(]+(?:--\s+)?" + WORD,
        'expect "password:" { send "⟦hunter2⟧" }',
        "send a password reminder",
        across=True,
    ),
    # SQL
    Rule(
        "identified by",
        "identified",
        r"(?i)\bidentified\s{1,5}(?:(?:with\s{1,5}\S{1,40}\s{1,5})?by|with\s{1,5}\S{1,40}\s{1,5}as)\s{1,5}"
        r"(?:password\s{1,5}|values\s{1,5})?"
        r"(?!(?:the|an?|our|its|name)\b)" + WORD + rf"(?:\s{{1,5}}replace\s{{1,5}}{WORD})?",
        "ALTER USER a IDENTIFIED BY '⟦hunter2⟧' REPLACE '⟦hunter3⟧'",
        "identified as a risk",
        across=True,
    ),
    Rule(
        "procedure of SQL Server",
        "sp_ rds_set_external openrowset",
        r"(?i)\bsp_(?:addlogin|password|addapprole|setapprole|grantlogin)\s+"
        rf"(?:@\w+\s?=\s?)?{_ARG}\s?,\s?(?:@\w+\s?=\s?)?N?{_Q}|\bsp_password\s+N?{_Q}|\bsp_addlinkedsrvlogin\s+"
        rf"(?:N?{_ARG}\s?,\s?){{4}}N?{_Q}|\brds_set_external_\w{{1,20}}\(\s*(?:{_ARG}\s?,\s?){{3}}{_Q}"
        rf"|\bopenrowset\(\s*{_ARG}\s?,\s?{_ARG}\s?;\s?{_ARG}\s?;\s?{_Q}",
        "EXEC sp_addlogin 'bob', '⟦hunter2⟧'",
        "EXEC sp_who 'bob'",
        across=True,
    ),
    Rule(
        "key of an SQL function",
        "crypt digest hmac jwt keystore cipher",
        r"(?i)\b(?:pgp_sym_\w{1,20}|aes_\w{1,12}|des_(?:en|de)crypt|sm4_\w{1,12}|gs_(?:en"
        rf"|de)crypt\w{{0,12}}|hmac|crypt|createhmac|createcipher\w{{0,2}}|jwt\.\w{{4,6}}|keystore\.load)\(\s*(?:{_ARG}|[^,()\n]{{1,120}}(?:\([^()\n]{{0,80}}\))?)\s*,\s*{_Q}"
        rf"|\bcrypt\(\s*{_Q}",
        "SELECT AES_DECRYPT(note, '⟦hunter2⟧')",
        "crypt(word, gen_salt(8))",
        across=True,
    ),
    # Code
    Rule(
        "login call",
        "login logon log_in auth signin sign_in credential user connect bind imap_open mysqli pdo",
        r"(?i)\b(?:log_?in|log_?on|authenticate(?:_\w{1,12})?|auth|sign_?in|basic_?auth|set_?basic_?auth|httpbasicauth"
        r"|networkcredential|pscredential|usernamepassword\w{0,30}|credentials?|simple_bind\w{0,3}|bind|(?:add"
        r"|create)_?user(?=\([^,]{1,90},\s*[\"'][^\"'\n]*[\d@#!$%^&*])|connect(?=\([^,]{1,90},\s*[\"']"
        r"(?-i:[^\"'\n]*[A-Z]))(?=\([^,]{1,90},\s*[\"'][^\"'\n.:/]*\d))"
        rf"(?:\s?=\s?)?\(\s*{_ARG}\s*,\s*{_Q}|\b(?:add|create)_?user\(\s*{_ARG}(?:\s*,\s*{_ARG}){{1,5}}?\s*,\s*"
        rf"(?=[\"'][^\"'\n]*[\d#!$%^&*])(?![\"'][^\"'\n]*@\w[\w.-]*\.){_Q}"
        r"|\b(?:getConnection|p?connect|(?:mysql|pg|oci|odbc|ldap|ssh|ftp|pymysql|sqlsrv|ibase|mssql|db|redis"
        rf"|psycopg|conn|cx)\w{{0,12}}(?:connect|login|bind|auth_password)|imap_open|mysqli|PDO)\(\s*"
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
    # Prose
    Rule(
        "pair before its names",
        "pass pwd pw",
        r"(?i)(?<![\w/])[\w.@-]{1,40}\s?[/,|]\s?([^\s/,|]{4,60})[\s,]{1,3}(?:(?:as|are|is|for)\s(?:the\s)?|\()"
        r"(?:user\w{0,8}|login|account|id)(?:\s(?:and|&)\s(?:the\s)?|\s?/\s?)(?:pass|pwd|pw)",
        "log in with bob / ⟦hunter2⟧ as user and password",
        "ops / dev are user and role",
    ),
    *DEVICES,
    *PHRASES,
)
