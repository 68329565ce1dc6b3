"""Finding a host among a task's targets."""

# A text from outside equals a str with the same characters.
# mypy: disable-error-code=comparison-overlap

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.request import Show, parse
from bot.task.read_targets import read_targets
from bot.task.search import Answer, find_hosts, name_filter
from bot.task.targets import Targets
from tests.cards.snapshots import REDACTOR, machine, step, with_steps


def targets(*batches: list[str]) -> Targets:
    """One step with these host names by batch; the n-th machine has the IP 10.0.0.n."""
    number = itertools.count(1)
    found = [[machine(name, next(number)) for name in names] for names in batches]
    return read_targets(with_steps(step(*found))["target_instances"], REDACTOR)


def asked(found: Targets, wanted: str) -> Answer:
    """The answer to one host."""
    (answer,), _ = find_hosts(found, (wanted,), 1, REDACTOR)
    return answer


FLEET = targets(["web-01", "web-02"], ["web-11", "api-01.example.com", "日志-1"])


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("web-01", ["web-01"]),
        ("WEB-01", ["web-01"]),
        ("10.0.0.3", ["web-11"]),
        ("11111111-0000-4000-8000-000000000004", ["api-01.example.com"]),
        ("web-*", ["web-01", "web-02", "web-11"]),
        ("*-01*", ["web-01", "api-01.example.com"]),
        ("日志-*", ["日志-1"]),
        ("*", ["web-01", "web-02", "web-11", "api-01.example.com", "日志-1"]),
        ("api-01", ["api-01.example.com"]),
        ("web-01.example.com", ["web-01"]),
        ("api-01.example.org", []),
        ("web-0", []),
        ("web-0.", []),
        ("[w]eb-01", []),
        ("10.0.0", []),
        ("", []),
    ],
)
def test_a_host_is_found_by_name_ip_or_id(wanted: str, names: list[str]) -> None:
    """Whole names, in any case; ``*`` stands for any characters and nothing else is special."""
    assert [match.machine.host_name for match in asked(FLEET, wanted).matches] == names


def test_a_hit_says_where_it_stands() -> None:
    """Its batch, among how many."""
    (match,) = asked(FLEET, "web-11").matches
    assert (match.step.path, match.place, match.total) == ("1", 2, 2)


def test_a_pattern_of_many_stars_is_answered() -> None:
    """Nothing that can be typed takes the pattern matcher long."""
    assert not asked(targets(["a" * 255]), "*a" * 100 + "*b").matches


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        ("web-1", ("web-01",)),
        ("web_01", ("web-01",)),
        ("web01", ("web-01",)),
        ("web-Ol", ("web-01",)),
        ("web-001", ("web-01",)),
        ("wbe-01", ("web-01",)),
        ("web-20", ("web-02",)),
        ("web-03", ("web-01",)),
        ("api-01.example.org", ("api-01.example.com",)),
        ("10.0.0.33", ("10.0.0.3",)),
        ("zzz", ()),
        ("db-9", ()),
    ],
)
def test_near_misses_are_suggested(wanted: str, near: tuple[str, ...]) -> None:
    """The most alike first; at most three."""
    found = asked(FLEET, wanted).near
    assert found[:1] == near[:1] or set(near) <= set(found)
    assert len(found) <= 3
    assert bool(found) == bool(near)


def answered(found: Targets, *hosts: str) -> list[tuple[str, int, bool, bool, str]]:
    """Of each answer: what was asked, how many hits, whether a near one or a reason is named, what COC lacks."""
    answers, _ = find_hosts(found, hosts, 20, REDACTOR)
    return [(a.asked.raw, len(a.matches), bool(a.near), bool(a.unreadable), a.unlisted) for a in answers]


def test_each_host_is_answered() -> None:
    """In the order in which they were asked."""
    assert answered(FLEET, "web-01", "zzz", "web_02", "10.0.0.0/24") == [
        ("web-01", 1, False, False, ""),
        ("zzz", 0, False, False, ""),
        ("web_02", 0, True, False, ""),
        ("10.0.0.0/24", 0, False, True, ""),
    ]


def test_at_most_so_many_are_answered() -> None:
    """The rest is counted."""
    answers, left = find_hosts(FLEET, ("web-01",) * 30, 20, REDACTOR)
    assert (len(answers), left) == (20, 10)


def test_a_name_with_blanks_is_one_name() -> None:
    """In quotes or not; a line end inside a name as well."""
    fleet = targets(["My Web Server 1", "web-01", "My"])
    assert [a[:2] for a in answered(fleet, "my", "web", "server", "1", "web-", "01", "web-01")] == [
        ("my web server 1", 1),
        ("web-01", 1),
        ("web-01", 1),
    ]
    assert answered(fleet, "My")[0][:2] == ("My", 1)


def test_what_coc_does_not_list_makes_a_no_impossible() -> None:
    """A masked or missing name, a missing address, a public address where only private ones are listed."""
    masked = read_targets(with_steps(step([machine("****"), machine("web-02", 2)]))["target_instances"], REDACTOR)
    assert answered(masked, "db-9", "10.9.9.9") == [
        ("db-9", 0, False, False, "host name"),
        ("10.9.9.9", 0, False, False, ""),
    ]
    bare = read_targets(
        with_steps(step([machine("web-01", properties={"hostName": "web-01"})]))["target_instances"], REDACTOR
    )
    assert [a[4] for a in answered(bare, "10.9.9.9", "db-9")] == ["address", ""]
    assert [a[4] for a in answered(FLEET, "8.8.8.8", "10.9.9.9")] == ["public address", ""]


def test_several_addresses_in_one_field_are_each_an_address() -> None:
    """A machine may have several network cards."""
    properties = {"hostName": "web-01", "fixedIp": "10.0.0.1, 192.168.0.1"}
    found = read_targets(with_steps(step([machine("web-01", properties=properties)]))["target_instances"], REDACTOR)
    assert [a[1] for a in answered(found, "10.0.0.1", "192.168.0.1", "192.168.0.2")] == [1, 1, 0]


@pytest.mark.parametrize(
    "typed", ["“web-01”", "WEB‑01", "root@web-01", "web-01:22", "web-01.example.com", "http://web-01/x"]
)
def test_the_search_field_reads_names_the_same_way(typed: str) -> None:
    """What the command finds, the explorer finds."""
    assert [m.host_name for m in FLEET.machines if name_filter(typed)(m)] == ["web-01"]


names = st.sampled_from(
    ("web-07", "db_3", "api-01.example.com", "日志-1", "Win2019", "10.0.0.17", "2001:db8::7", "my-server")
)
around = st.sampled_from(
    ("“{}”.", "`{}`", "'{}',", "«{}»", "「{}」", "({})", "[{}]", "{}?", "{}!", "{}。", "{}，", "*{}*", "_{}_", "<{}>")
)
forms = st.sampled_from(("{}", "root@{}", "ssh://{}/x", "{}\u200b", "<http://{0}|{0}>", "http://{}/", "{}'s"))
dashes = st.sampled_from("-‐‑‒–—−－")
keywords = st.sampled_from(("host ", "hosts ", "--host=", "host:", "主机 ", "主机名：", "ip ", "hostname "))


@st.composite
def host_questions(draw: st.DrawFn) -> tuple[list[str], str]:
    """Some of the names, and a command that asks about them as people may paste them."""
    wanted = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    typed = [draw(around).format(draw(forms).format(name.replace("-", draw(dashes)).swapcase())) for name in wanted]
    by = draw(st.sampled_from((", ", ",", " ", " and ", "; ", "\n", "、")))
    return wanted, f"{draw(keywords)}{by.join(typed)} ST2601050930000000000001A1"


@settings(deadline=None)
@given(host_questions())
def test_a_target_is_never_denied(question: tuple[list[str], str]) -> None:
    """In any decoration, after any word for a host, each of several is found."""
    wanted, typed = question
    rows = [
        machine("", n, properties={"fixedIp" if ":" in name or name.startswith("10.") else "hostName": name})
        for n, name in enumerate(wanted)
    ]
    request = parse(typed)
    assert isinstance(request, Show)
    answers, _ = find_hosts(
        read_targets(with_steps(step(rows))["target_instances"], REDACTOR), request.hosts, 20, REDACTOR
    )
    assert [
        (match.machine.host_name or match.machine.ip) for answer in answers for match in answer.matches
    ] == wanted, answers
