"""What people type after the command."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.request import Help, Show, parse

ID = "ST2601050930000000000001A1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ID, Show(ID)),
        (f"  {ID}\n", Show(ID)),
        (f"`{ID}`", Show(ID)),
        (f"'{ID}',", Show(ID)),
        (f"（{ID}）", Show(ID)),
        (ID.lower(), Show(ID)),
        ("ＳＴ2601050930000000000001A1", Show(ID)),
        (f"https://c.example/?q=id%3D{ID}%26x", Show(ID)),
        (f"<https://c.example/{ID}|{ID}>", Show(ID)),
        (f"{ID} and again {ID}", Show(ID, ignored=("again",))),
        (f"show me the status of task id: {ID}, please", Show(ID)),
        (f"/schedtask {ID}", Show(ID)),
        (f"{ID} web-07 verbose", Show(ID, ignored=("web-07", "verbose"))),
        (f"is the host's {ID}", Show(ID, ignored=("host's",))),
        (f"<https://wiki.example/x|the page> {ID}", Show(ID, ignored=("page",))),
        ("", Help()),
        ("   ", Help()),
        (f"? {ID}", Show(ID)),
        (f"№{ID}™", Show(ID)),
        (f"\u200b{ID[:9]}\u00ad{ID[9:]}", Show(ID)),
        ("private", Help("“private” needs a task id after it.")),
        ("prviate", Help("“prviate” needs a task id after it.")),
        ("host web-07", Help("That names a host and no task. Put the task's id before “host”.")),
        ("status", Help("“status” is not a task id and not a word I know.")),
        ("please frobnicate", Help("“frobnicate” is not a task id and not a word I know.")),
        (f"{ID} {ID[:-1]}2", Help("That holds 2 different task ids, so none is shown. Ask for one at a time.")),
    ],
)
def test_these_texts_are_understood(text: str, expected: Show | Help) -> None:
    """An id is request wherever it hides; unknown words are kept; without an id the mistake is named."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["help", "HELP", "—help", "–help", "-help", "--help", "-h", "/help", "?", "？", "hilfe", "help me", "usage"],
)
def test_help_is_shown_in_any_wording(text: str) -> None:
    """A phone turns two hyphens into a dash."""
    assert parse(text) == Help()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"private {ID}", ""),
        (f"{ID} private", ""),
        (f"{ID} PRIVATE!", ""),
        (f"private: {ID}", ""),
        (f"ME {ID}", ""),
        (f"public private {ID}", ""),
        (f"{ID} host web-01 private", ""),
        (f"{ID},private", ""),
        (f"{ID} --private", ""),
        (f"{ID} —private", ""),
        (f"*private* {ID}", ""),
        (f"is {ID} private?", ""),
        (f"show me {ID} privately", ""),
        (f"ＰＲＩＶＡＴＥ {ID}", ""),
        (f"pri\u00advate {ID}", ""),
        (f"%70rivate%20{ID}", ""),
        (f"{ID} pri-vate", "pri-vate"),
        (f"{ID} pri vate", "vate"),
        (f"prviate {ID}", "prviate"),
        (f"{ID} --pivate", "pivate"),
        (f"{ID} visibility=prvate", "visibility=prvate"),
        (f"prviate/{ID}", "prviate"),
        (f"{ID} privet", "privet"),
        (f"{ID} 仅自己", "仅自己"),
        (f"{ID} 不公开", "不公开"),
        (f"not public {ID}", "not … public"),
        (f"don't show everyone {ID}", "don't … everyone"),
        (f"{ID} for me only", ""),
        (f"https://c.example/private/?id={ID}", "https://c.example/private/?id"),
        (f"{ID} private-db-01", "private-db-01"),
        (f"{ID} host db.private", "db.private"),
        (f"{ID} host web-01/private", "web-01/private"),
        (f"{ID} host web-01(prviate)", "web-01(prviate"),
        (f"{ID} privé", "privé"),
        (f"{ID} host web-01|private", ""),
        (f"{ID} host web-01 prviate", "prviate"),
        (f"{ID} host prviate web-01", "prviate"),
        (f"{ID} host primate", "primate"),
    ],
)
def test_every_wording_for_privacy_is_private(text: str, says: str) -> None:
    """It counts anywhere and in any spelling; a text other than ``private`` is named."""
    request = parse(text)
    assert isinstance(request, Show)
    assert (request.task_id, request.visibility, request.private_word) == (ID, "private", says)


@pytest.mark.parametrize(
    ("text", "visibility"),
    [
        (f"public {ID}", "public"),
        (f"--publicly {ID}", "public"),
        (f"here {ID}", "public"),
        (f"{ID} public", "public"),
        (f"{ID} host web-01 public", "public"),
        (f"is {ID} public", None),
        (f"what is up here {ID}", None),
        (f"pubilc {ID}", None),
        (f"{ID} host public-db-01", None),
        (f"https://c.example/public/{ID}", None),
        (f"{ID} host private-db-01", None),
        (f"{ID} host web-01.me", None),
        (f"{ID} host web-01 pirate-01", None),
        (f"show me {ID}", None),
    ],
)
def test_a_card_is_public_only_on_request(text: str, visibility: str | None) -> None:
    """With private as the default, only the plain word at one end makes it public; a host's name does not count."""
    request = parse(text)
    assert isinstance(request, Show)
    assert request.visibility == visibility


def test_the_bare_word_after_host_asks_for_privacy() -> None:
    """Only the person who asked sees help."""
    assert parse(f"{ID} host private") == Help("“host” needs a host name, an IP or a resource id after it.")


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        (f"{ID} host web-07", ["web-07"]),
        (f"private {ID} HOST: `web-0*`", ["web-0*"]),
        (f"host 192.168.0.17 in {ID}", ["192.168.0.17"]),
        (f"host {ID} web-07", ["web-07"]),
        (f"{ID} host=<http://web-07.example.com|web-07.example.com>?", ["web-07.example.com"]),
        (f"{ID} host “web-07”.", ["web-07"]),
        (f"{ID} host web-07, web-08", ["web-07", "web-08"]),
        (f"{ID} host web-07,web-08", ["web-07", "web-08"]),
        (f"{ID} hosts web-07 and web-08; web-09、web-10\nweb-11 or web-12", [f"web-{n:02d}" for n in range(7, 13)]),
        (f"{ID} host web-07 host web-08 host web-07", ["web-07", "web-08"]),
        (f"{ID} host web-07|web-08 web-09+web-10 & web-11", [f"web-{n:02d}" for n in range(7, 12)]),
        (f"{ID} host web-07/web-08 10.0.0.1/10.0.0.2", ["web-07", "web-08", "10.0.0.1", "10.0.0.2"]),
        (f"{ID} host 10.0.0.1/24 web-07/x ssh://web-08/y-1", ["10.0.0.1/24", "web-07/x", "ssh://web-08/y-1"]),
        (f"{ID} --host web-07", ["web-07"]),
        (f"{ID} ip address 10.0.0.1, host name web-07", ["10.0.0.1", "web-07"]),
        (f"{ID} hosts: 1. web-07 2) web-08 • web-09", ["web-07", "web-08", "web-09"]),
        (f"{ID} —host=web-07,web-08", ["web-07", "web-08"]),
        (f"{ID} host:2001:db8::7", ["2001:db8::7"]),
        (f"{ID} ip 10.0.0. 1, 10,0,0,2", ["10.0.0.1", "10.0.0.2"]),
        (f"{ID} 主机 web-07，web-08", ["web-07", "web-08"]),
        (f"{ID} 主机名：web-07", ["web-07"]),
        (f"{ID} 主机web-07。", ["web-07"]),
        (f"{ID} vm web-07", ["web-07"]),
        (f"server: bastion {ID}", ["bastion"]),
        (f"are machines web-07 and web-08 affected by {ID}?", ["web-07", "web-08"]),
        (f"{ID} host web-[01,02] [web-03,web-04]", ["web-[01,02]", "web-03", "web-04"]),
        (f"{ID} host *", ["*"]),
        (f"{ID} hosts:\n* web-07\n* web-08", ["web-07", "web-08"]),
        (f"{ID} host *<http://web-07|web-07>*", ["*web-07*"]),
        (f"{ID} host-01", []),
        (f"show the machines of {ID}", []),
        (f"which hosts are in {ID}", []),
        (f"all machines offline {ID}", []),
        (f"https://c.example/?host=web-07&id={ID}", []),
    ],
)
def test_lists_of_hosts_are_parsed(text: str, hosts: list[str]) -> None:
    """Any number, separated by anything; a sentence about machines names no host."""
    request = parse(text)
    assert isinstance(request, Show)
    assert list(request.hosts) == hosts


@pytest.mark.parametrize("text", [f"{ID} host", f"host {ID}", f"{ID} --hosts", f"{ID} server:"])
def test_a_host_question_without_a_host_brings_help(text: str) -> None:
    """The id is not a host."""
    request = parse(text)
    assert isinstance(request, Help)
    assert "needs a host name, an IP or a resource id after it" in (request.wrong or "")


around = st.text(st.characters(exclude_categories=("L", "N", "Cs")), max_size=8).filter(lambda s: "%" not in s)


@given(before=around, after=around, tail=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=24, max_size=24))
def test_an_id_is_found_in_any_surroundings(before: str, after: str, tail: str) -> None:
    """Anything but a letter or a digit may surround it."""
    request = parse(f"{before}ST{tail}{after}")
    assert isinstance(request, Show)
    assert request.task_id == f"ST{tail}"


def test_half_a_character_becomes_a_question_mark() -> None:
    """Help repeats the text, so it must be text that can be sent."""
    assert parse("x\ud800y") == Help("“x” is not a task id and not a word I know.")
    assert parse("\ud800\ud800") == Help()
    assert parse("\ud800!") == Help()
    assert parse("…") == Help("“...” is not a task id and not a word I know.")


@given(st.text(st.characters(exclude_categories=[])))
def test_no_text_raises_an_error(text: str) -> None:
    """Every text becomes a request or help."""
    assert isinstance(parse(text), Show | Help)


ids = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=24, max_size=24).map(lambda tail: f"ST{tail}")
marks = st.text("\"'`“”‘’«»「」()[]<>*_~.,;:!?—–-#@", max_size=3)
wishes = st.sampled_from(
    ("private", "PRIVATE", "Private", "privately", "ｐｒｉｖａｔｅ", "pri\u200bvate", "prviate", "privte")
)
company = st.sampled_from(("public", "show me", "please", "host web-07, web-08", "web-07", "—", "verbose", "here"))


@st.composite
def private_requests(draw: st.DrawFn) -> tuple[str, str]:
    """An id and a text with it, a decorated word for privacy, and other words, in any sequence."""
    task_id = draw(ids)
    wish = draw(marks) + draw(wishes) + draw(marks)
    words = draw(st.permutations([task_id, wish, *draw(st.lists(company, max_size=4))]))
    return task_id, draw(st.sampled_from((" ", "\n", ", ", " ; "))).join(words)


@given(private_requests())
def test_private_wins_in_any_position(asked: tuple[str, str]) -> None:
    """Among any words, in any decoration, before or after the id."""
    request = parse(asked[1])
    assert isinstance(request, Show), asked
    assert (request.task_id, request.visibility) == (asked[0], "private"), asked


@pytest.mark.slow
@pytest.mark.parametrize("begin", ["", f"{ID} ", f"{ID} host a", "host a"])
@pytest.mark.parametrize(
    "piece",
    ["ST1 ", "ST…", "prviat0 ", "host ", "<a", "a[", "%25", "1 . ", "*a", f"{ID[:9]} ", ".", "-", "_:", "a:", "1-"],
)
def test_ten_thousand_characters_are_parsed_fast(begin: str, piece: str) -> None:
    """It takes linear time whatever was pasted: the event loop waits for it."""
    began = time.process_time()
    parse(f"{begin}{piece * 10_000}"[:9_999] + "x")
    assert time.process_time() - began < 0.5
