"""What may be shown of a parameter: secrets never, in any shape; harmless values unharmed; in linear time."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.redact import HIDDEN, MAX_DEPTH, Redactor, count_hidden

REDACTOR = Redactor()
SECRET = "hunter2"

SECRET_NAMES = """
    password Password PASSWORD db_password dbPassword DBPassword db-password db.password dbpassword password1
    passwords passwd mysqlpwd PGPASSWORD MYSQL_PWD rootPass dbpass adminpass pass passphrase secret client_secret
    secrets token tokens accessToken access_token authtoken api_key apiKey APIKEY apikey accessKeyId access_key
    secretKey privateKey ssh_key ssh_keys signingKey encryption_key kms_key storageKey ak sk ak_sk credential
    credentials creds authorization auth cookie cookies sessionId jwt otp pin PIN salt certificate psk keytab
    signature 密码 数据库密码 登录口令 密钥 令牌 访问凭证 私钥 验证码
""".strip()
HARMLESS_NAMES = """
    path days timeout execute_user user name region_id key keypair monkey author compass bypass spin pinned task
    risk level sort_key ask skip session_count_x2y host 路径 天数 资源
""".strip()


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_a_secret_name_hides_its_value(name: str) -> None:
    """In any style and case, run together, in the plural, numbered, in Chinese."""
    assert REDACTOR.is_secret_name(name)
    assert REDACTOR.text("anything", name) == HIDDEN


@pytest.mark.parametrize("name", [name for name in HARMLESS_NAMES.split() if not name.startswith("session")])
def test_a_harmless_name_shows_its_value(name: str) -> None:
    """Words that merely contain "pass", "pin", "ak" or "key"."""
    assert not REDACTOR.is_secret_name(name)
    assert REDACTOR.text("anything", name) == "anything"


def test_an_empty_value_stays_empty() -> None:
    """There is nothing to hide."""
    assert REDACTOR.text("", "password") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter2", "password=[hidden]"),
        ("echo password=hunter2", "echo password=[hidden]"),
        ("user root password: hunter2 now", "user root password: [hidden] now"),
        ("set password hunter2", "set password [hidden]"),
        ("the password is hunter2", "the password is [hidden]"),
        ("Password:\n  hunter2", "Password:\n  [hidden]"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=[hidden] psql"),
        ("export DB_PASS=hunter2;ls", "export DB_PASS=[hidden]"),
        ("a=1&token=hunter2", "a=1&token=[hidden]"),
        ("password=[1]hunter2 next", "password=[hidden] next"),
        ("token hunter2*hunter2 next", "[hidden] next"),
        ("x=password=hunter2", "x=password=[hidden]"),
        ("password => hunter2", "password => [hidden]"),
        ("password='hun ter2' next", "password=[hidden] next"),
        ('password="hunter2', "password=[hidden]"),
        ('{"a": 1, "password": "hun ter2", "b": 2}', '{"a": 1, "password": [hidden], "b": 2}'),
        ('{"pin":1234,"b":2}', '{"pin":[hidden],"b":2}'),
        ("{'pwd':'hunter2'}", "{'pwd':[hidden]}"),
        (r'{"password":"hun\"ter2","b":2}', r'{"password":[hidden],"b":2}'),
        (r'"{\"password\":\"hun\\\"ter2\",\"b\":2}"', r'"{\"password\":[hidden],\"b\":2}"'),
        ('{"passwords":["hunter2", "hunter2"],"b":2}', '{"passwords":[hidden],"b":2}'),
        ('{"auth":{"user": "x", "value": "hunter2"},"b":2}', '{"auth":[hidden],"b":2}'),
        (
            '[{"paramName":"password","paramValue":"hunter2","par',
            '[{"paramName":"password","paramValue":[hidden],"par',
        ),
        ('[{"paramValue":"hunter2","paramNa', '[{"paramValue":[hidden],"paramNa'),
        ('{"value":"hunter2","name":"password"', '{"value":[hidden],"name":"password"'),
        ("密码：hunter2", "密码：[hidden]"),
        ("数据库密码是hunter2", "数据库密码是[hidden]"),
        ("密码 hunter2", "密码 [hidden]"),
    ],
)
def test_a_value_behind_a_secret_name_is_hidden_in_running_text(text: str, shown: str) -> None:
    """Assignments, prose, JSON at any level of escaping, cut-off JSON, Chinese; the rest stays readable."""
    assert REDACTOR.text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("run --verbose --password hunter2", "run --verbose --password [hidden]"),
        ("run --password=hunter2 --force", "run --password=[hidden] --force"),
        ("run --password 'hun ter2' --force", "run --password [hidden] --force"),
        ("curl -s --token hunter2 http://x", "curl -s --token [hidden] http://x"),
        ("curl -u admin:hunter2 http://x", "curl -u admin:[hidden] http://x"),
        ("curl --user=admin:hunter2", "curl --user=admin:[hidden]"),
        ("mysql -uroot -phunter2 db", "mysql -uroot -p[hidden] db"),
        ("-phunter2 -uroot", "-p[hidden] -uroot"),
        ("sshpass -p hunter2 ssh host", "sshpass -p [hidden] ssh host"),
        ("docker login -u x -p hunter2", "docker login -u x -p [hidden]"),
        ("redis-cli -h db -a hunter2 ping", "redis-cli -h db -a [hidden] ping"),
        ("create user x identified by 'hun ter2';", "create user x identified by [hidden];"),
        ("postgres://root:hunter2@db:5432/x", "postgres://[hidden]@db:5432/x"),
        ("postgres://root:hun@ter2@db:5432/x", "postgres://[hidden]@db:5432/x"),
        ("redis://:hunter2@db", "redis://[hidden]@db"),
    ],
)
def test_what_a_command_line_or_a_url_hands_over_is_hidden(text: str, shown: str) -> None:
    """Flags with and without a blank, the usual tools' own ways, user:password in a URL."""
    assert REDACTOR.text(text) == shown


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIEow, cut off here",
        "-----BEGIN CERTIFICATE-----\nMIIEow\n-----END CERTIFICATE-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "xoxb-1234567890-abcdef",
        "xapp-1-A123-456-abcdef",
        "ghp_abcdefghijklmnopqrst",
        "glpat-abcdefghijklmnop",
        "npm_aB3dE5fG7hI9jK1lM3nO5pQ7r",
        "AKIAIOSFODNN7EXAMPLE",
        "LTAI4FoExampleKeyId",
        "Bearer abcdef.ghijkl-1",
        "Basic cm9vdDpodW50ZXIy",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "9f86d081884c7d659a2feaa0c55ad015",
    ],
)
@pytest.mark.parametrize("around", ["{}", "see {} there", "key {}", 'x="{}"'])
def test_a_secret_shape_is_hidden_whatever_its_name(secret: str, around: str) -> None:
    """Private keys, tokens, access keys, long random strings, anywhere in a text, also under a harmless name."""
    for shown in (REDACTOR.text(around.format(secret)), REDACTOR.text(around.format(secret), "path")):
        assert HIDDEN in shown
        assert not any(secret[start : start + 6] in shown.replace(HIDDEN, "") for start in range(len(secret) - 5))


def test_a_header_is_hidden_up_to_the_end_of_its_line() -> None:
    """A cookie or an unknown scheme has blanks in it."""
    assert REDACTOR.text("Cookie: a=hunter2; b=hunter2\nAccept: x") == "Cookie:[hidden]\nAccept: x"
    assert REDACTOR.text("curl -H 'Authorization: Own x hunter2' y") == "curl -H 'Authorization:[hidden]' y"


@pytest.mark.parametrize(
    "text",
    [
        "300",
        "90.5",
        "/var/log/nginx",
        "root",
        "python3 clean.py --days 7 --verbose",
        "value: 5 is fine",
        "authentication failed for user bob",
        "please pass on Monday",
        "run it at the weekend",
        "nightly-logrotate-2024-weekly",
        "iam::DOMAIN:agency:ServiceAgencyForCOC",
        "22222222-0000-4000-8000-000000000001",
        "1767576600000",
        "12345678901234567890123",
        "https://example.com/a/b?c=d",
        "cn-north-4, ap-southeast-3",
        "定时任务 已完成",
        '[{"name": "db-01", "region_id": "cn-north-4"}]',
    ],
)
def test_harmless_text_is_shown_as_it_is(text: str) -> None:
    """What people need to see of a task: paths, ids, numbers, flags, sentences."""
    assert REDACTOR.text(text) == text


def test_a_structure_is_hidden_at_any_depth() -> None:
    """By key, by the name beside a value in either spelling, by shape; a secret name counts for all below it."""
    shown = REDACTOR.structure(
        "config",
        {
            "path": "/tmp/x",
            "password": "hunter2",
            "pin": 1234,
            "pinned": 1234,
            "secret": None,
            "auth": {"user": "root", "value": ["hunter2", {"deep": "hunter2"}]},
            "list": [
                {"paramName": "password", "paramValue": "hunter2"},
                {"param_name": "token", "param_value": "hunter2"},
                {"name": "pwd", "value": "hunter2"},
                {"key": "secret", "value": ["hunter2"]},
                {"name": "days", "value": "7"},
            ],
            "command": "run --password hunter2",
        },
    )
    assert shown == {
        "path": "/tmp/x",
        "password": HIDDEN,
        "pin": HIDDEN,
        "pinned": 1234,
        "secret": None,
        "auth": {"user": HIDDEN, "value": [HIDDEN, {"deep": HIDDEN}]},
        "list": [
            {"paramName": "password", "paramValue": HIDDEN},
            {"param_name": "token", "param_value": HIDDEN},
            {"name": "pwd", "value": HIDDEN},
            {"key": "secret", "value": [HIDDEN]},
            {"name": "days", "value": "7"},
        ],
        "command": "run --password [hidden]",
    }
    assert REDACTOR.structure("password", ["a", 1, True, None]) == [HIDDEN, HIDDEN, True, None]


def test_what_lies_too_deep_is_hidden() -> None:
    """A value nested as deep as JSON can be read neither crashes nor gets through."""
    shown = REDACTOR.structure("x", json.loads("[" * 900 + '"hunter2"' + "]" * 900))
    assert SECRET not in json.dumps(shown)
    for _ in range(MAX_DEPTH):
        (shown,) = shown
    assert shown == HIDDEN
    for left, right in (('{"a":', "}"), ('{"password":', "}"), ("[", "]"), ('["hunter2",', "]")):
        assert REDACTOR.text(left * 900 + '"x"' + right * 900)


PIECES = (
    *("a", "a-", "-a", "a:", "a ", "-a ", "Zz9", "a_b1-", "eyJaaaaa-", "://u:", "-p ", "-u a", "login ", "mysql -p"),
    *("-----BEGIN ", "-----BEGIN PRIVATE KEY", "PRIVATE KEY", "password=", "password ", 'password:"', 'password:\\"'),
    *(
        '"value":{"name":"x",',
        '"value":[',
        '{"value":{',
        '"name":"a","value":',
        '"a\\"b"',
        '"a\\nb c d e f g h"',
        "password:\n ",
    ),
    *("token:\n  token:\n", "echo a b c ", "curl -u ", "://a/", "://a.b/hook/x ", "hooks/", "openssl ", "snmp -A "),
    *("user:pass@", "abcd1x2/", "aB3dE5f-", "ftp a\nuser ", "assword:", "<password>", "<name>password</name>", "<<<"),
    *("\\u5bc6", "%41", "&quot;", "ｐ", "cGFzc3dvcmQ9", "密码是", "登录密码 ", "token为", "api key ", "a:1:b:c:"),
    *("('password', ", "| password |", "the password is ", "Bearer ", "xoxb-", "key-", "0123456789abcdef", "sha256:"),
    *('["password","', "password -", "; password=", "password=$(a ", "arn:a:secret:", "password='"),
    *("token ", "identified by ", "authorization:", "密码", "\\", '\\"', "[", "{", "password:[", " ", "\n", "=", "1"),
)


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES)
def test_time_is_linear_in_the_length(piece: str) -> None:
    """A value may have 16 million characters: 100,000 take well under a second, whatever they are."""
    text = (piece * 100_000)[:100_000]
    began = time.process_time()
    REDACTOR.text(text)
    REDACTOR.is_secret_name(text)
    assert time.process_time() - began < 2.0


def test_the_operator_can_add_words() -> None:
    """In any case and style, run together, Chinese ones too; they hide even what else is a harmless property."""
    assert REDACTOR.text("hunter2", "fort_knox") == "hunter2"
    redactor = Redactor(hide=["Fort-Knox", "暗门", "  "])
    for name in ("fort_knox", "myFortKnoxCode", "FORTKNOX", "主暗门", "fort_knox_name"):
        assert redactor.text("hunter2", name) == HIDDEN
    assert redactor.text("--fort-knox hunter2 -v") == "--fort-knox [hidden] -v"
    assert redactor.text("暗门：hunter2") == "暗门：[hidden]"
    assert redactor.structure("", {"fortKnox": {"a": "hunter2"}}) == {"fortKnox": {"a": HIDDEN}}
    assert redactor.text("/tmp", "path") == "/tmp"


def test_the_operator_can_show_names() -> None:
    """Only the exact name, in any case; a value with the shape of a secret stays hidden under it."""
    redactor = Redactor(show=["Token_X", "口令"])
    assert redactor.text("opaque", "token_x") == "opaque"
    assert redactor.text("opaque", "TOKEN_X") == "opaque"
    assert redactor.text("opaque", "token_x_2") == HIDDEN
    assert redactor.text("opaque", "口令") == "opaque"
    assert redactor.text("AKIAIOSFODNN7EXAMPLE", "token_x") == HIDDEN
    assert redactor.text("token_x=opaque password=hunter2") == "token_x=opaque password=[hidden]"


def test_redactors_do_not_share_words() -> None:
    """One with words of the operator changes no other, whichever saw a text first."""
    text = "sesame=Open-1234567"
    with_word = Redactor(hide=["sesame"])
    for _ in range(2):
        assert REDACTOR.text(text) == text
        assert with_word.text(text) == "sesame=[hidden]"
    assert REDACTOR.is_secret_name("sesame") is False
    assert with_word.is_secret_name("sesame") is True


def test_it_says_how_many_values_it_hid() -> None:
    """Two values, two marks."""
    assert count_hidden(REDACTOR.text("password=hunter2 --token abc123 --days 7")) == 2
    assert count_hidden(REDACTOR.text("nothing here")) == 0


def test_time_is_linear_in_the_depth() -> None:
    """Objects inside objects, whose names stand behind their values."""
    for text in ('{"value":' * 5000 + "1" + ',"name":"x"}' * 5000, '{"password":' * 3000 + '"x"' + "}" * 3000):
        began = time.process_time()
        REDACTOR.text(text)
        assert time.process_time() - began < 2.0


WORDS = st.lists(
    st.sampled_from(["run", "the", "--force", "x=1", "/var/log", "-v", "{", '"a":', "任务", "set"]), max_size=4
)
LETTERS = st.text("abcdefghijkmnopqrstuvwxyz0123456789!#%+*", min_size=6, max_size=20).map(lambda text: "Q7" + text)
NAMED = (
    "password={}",
    "password: {}",
    '"password": "{}"',
    "--password {}",
    "--password='{}'",
    "密码：{}",
    "token {}",
)


@given(before=WORDS, behind=WORDS, form=st.sampled_from(NAMED), secret=LETTERS)
@settings(max_examples=200, deadline=None)
def test_a_named_secret_never_shows_whatever_stands_around_it(
    before: list[str], behind: list[str], form: str, secret: str
) -> None:
    """No part of four characters or more of it is left."""
    shown = REDACTOR.text(" ".join([*before, form.format(secret), *behind])).replace(form.partition("{")[0], "")
    assert secret not in shown
    rest = secret[2:]
    assert not any(rest[start : start + 4] in shown for start in range(len(rest) - 3))


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_redacted(text: str) -> None:
    """Never an exception; a text that has no secrets comes back as it is, one that has says so."""
    shown = REDACTOR.text(text)
    assert shown == text or HIDDEN in shown
    assert isinstance(REDACTOR.is_secret_name(text), bool)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    )
)
@settings(max_examples=100, deadline=None)
def test_a_structure_keeps_its_form(shown: object) -> None:
    """Keys and lengths stay; only leaves change."""

    def form(part: object) -> object:
        if isinstance(part, dict):
            return {key: form(item) for key, item in part.items()}
        return [form(item) for item in part] if isinstance(part, list) else None

    assert form(REDACTOR.structure("x", shown)) == form(shown)
