"""Text from outside on its way into Slack: cleaned, cut visibly, escaped, disarmed."""

import html
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import block_kit as cards_text
from bot.cards.block_kit import count, cut_escaped, date, enumerated, escape, utc
from bot.redact import HIDDEN
from bot.redact.untrusted import CUT, LONGEST, Untrusted, UntrustedJson, clean, cut
from tests.cards.any_task import texts
from tests.cards.judges import assert_tame, assert_visible
from tests.cards.snapshots import REDACTOR
from tests.cards.snapshots import text as untrusted


def outside(raw: str | None) -> Untrusted | None:
    """A text from outside, or none."""
    return None if raw is None else untrusted(raw)


def plain(raw: str | None, limit: int, absent: str = "–") -> str:
    """A text from outside as plain text."""
    return cards_text.plain(outside(raw), limit, absent)


def mrkdwn(raw: str | None, limit: int) -> str:
    """A text from outside as mrkdwn."""
    return cards_text.mrkdwn(outside(raw), limit)


def code(raw: str | None, limit: int) -> str:
    """A text from outside as a literal."""
    return cards_text.code(outside(raw), limit)


LIMITS = st.integers(1, 400)


@settings(deadline=None, max_examples=300)
@given(texts(), LIMITS)
def test_mrkdwn_keeps_its_limit_and_nothing_in_it_is_live(text: str, limit: int) -> None:
    """At most so many characters, as Slack counts them; no markup but entities; never empty."""
    shown = mrkdwn(text, limit)
    assert 1 <= len(html.unescape(shown)) <= len(shown) <= limit
    assert not set(shown) & set("*~`<>")
    assert_tame(shown)


@settings(deadline=None, max_examples=300)
@given(texts(), LIMITS)
def test_code_keeps_its_limit_and_ends_only_where_it_should(text: str, limit: int) -> None:
    """Between the two backticks stands no third one, and nothing that Slack parses."""
    shown = code(text, limit)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]
    assert 1 <= len(shown) - 2 <= limit
    assert_tame(shown)


@settings(deadline=None, max_examples=300)
@given(texts(), LIMITS)
def test_plain_keeps_its_limit_and_is_visible(text: str, limit: int) -> None:
    """For what Slack does not parse: one line, nothing hidden in it, never empty."""
    shown = plain(text, limit)
    assert 1 <= len(shown) <= limit
    assert "\n" not in shown
    assert_visible(shown)


@settings(deadline=None, max_examples=300)
@given(texts(), LIMITS)
def test_what_is_cut_says_so(text: str, limit: int) -> None:
    """A text that does not fit ends with the mark; one that fits is not touched."""
    whole = clean(text)
    if len(whole) > limit:
        assert plain(text, limit).endswith(CUT)
    elif len(text) <= 10_000:
        assert plain(text, limit, absent="") == whole
    if len(escape(whole)) > limit:
        assert mrkdwn(text, limit).endswith(CUT)
        assert code(text, limit).endswith(f"{CUT}`")


@given(st.text(max_size=60), LIMITS)
def test_what_is_escaped_is_never_cut_inside_an_entity(text: str, limit: int) -> None:
    """Half an entity would be shown as it stands, or swallow what follows."""
    escaped = escape(text)
    short = cut_escaped(escaped, limit)
    assert len(short) <= limit
    assert short == escaped or escape(text).startswith(short.removesuffix(CUT).rstrip())
    assert "&" not in short.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


def test_a_huge_text_is_cut_before_it_is_cleaned() -> None:
    """Sixteen million characters cost no more than ten thousand; that they were cut is said all the same."""
    assert plain("\u200b" * 16_000_000 + "end", 50) == CUT
    assert mrkdwn("中" * 16_000_000, 10) == "中" * 9 + CUT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("R&D", "R&amp;D"),
        ("&amp;", "&amp;amp;"),
        ("*bold*", "∗bold∗"),
        ("~gone~", "∼gone∼"),
        ("`rm`", "ˋrmˋ"),
        ("_slanted_", "ˍslantedˍ"),
        ("nightly_log_rotate", "nightly_log_rotate"),
        (":tada: :+1: :飞:", "꞉tada: ꞉+1: ꞉飞:"),
        ("at 17:30:00", "at 17:30:00"),
        ("17:30:00:tada:", "17:30꞉00꞉tada:"),
        ("a\r\n\tb\u2028c", "a b c"),
        ("x\u202etxt.exe\u202c", "xtxt.exe"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3),
        ("中文主机", "中文主机"),
        ("\ud800", "?"),
        ("\u200b\u200d", "–"),
        ("  ", "–"),
        (None, "–"),
    ],
)
def test_words_stay_readable_while_their_markup_dies(text: str | None, shown: str) -> None:
    """Look-alikes stand in where Slack has no escape; ordinary words, Chinese and times stay as they are."""
    assert mrkdwn(text, 100) == shown


def test_a_literal_keeps_stars_and_underscores() -> None:
    """In code style only backticks need a stand-in: a literal is there to be copied."""
    assert code("*_~:x: coc:schedule:list", 60) == "`*_~:x: coc:schedule:list`"
    assert code("a`b", 60) == "`aˋb`"
    assert code(None, 60) == "`–`"


def test_the_limit_counts_what_escaping_adds() -> None:
    """Slack counts after escaping: five ampersands are 25 characters, and a cut leaves whole ones."""
    assert mrkdwn("&" * 5, 25) == "&amp;" * 5
    assert mrkdwn("&" * 6, 25) == "&amp;" * 4 + CUT
    assert code("<" * 9, 10) == f"`&lt;&lt;{CUT}`"


def test_a_cut_leaves_no_space_before_the_mark() -> None:
    """``nightly …`` would look like an own word."""
    assert cut("nightly log", 9) == "nightly" + CUT
    assert cut("nightly", 7) == "nightly"


def test_moments_are_in_each_readers_zone_with_a_fallback_in_utc() -> None:
    """A date token; its fallback holds neither ``|`` nor ``>`` and names its zone."""
    moment = datetime(2026, 5, 10, 9, 30, 59, tzinfo=UTC)
    assert date(moment) == "<!date^1778405459^{date_short_pretty} at {time}|Sun 10 May 2026, 09:30 UTC>"
    assert utc(datetime(2026, 5, 3, tzinfo=UTC)) == "Sun 3 May 2026, 00:00 UTC"


def test_numbers_and_lists_read_as_english() -> None:
    """One is not many; the last of several is joined by "and"."""
    assert [count(n, "machine") for n in (0, 1, 1234)] == ["0 machines", "1 machine", "1,234 machines"]
    assert count(2, "batch", "batches") == "2 batches"
    assert [enumerated(list(words)) for words in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """What is clean stays as it is, whatever place it goes to next."""
    once = clean(text)
    assert clean(once) == once
    assert not [char for char in once if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]


def test_no_format_character_of_unicode_survives() -> None:
    """All of the categories Cc, Cf and Cs, as Python's table has them; line breaks and tabs become spaces."""
    hidden = [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) in {"Cc", "Cf", "Cs"}]
    left = {char for char in hidden if clean(f"a{char}b") not in {"ab", "a b", "a?b"}}
    assert not left


@pytest.mark.parametrize("before", [0, 50, 90, 99, 100, 150, 280, 290, 299, 300, 5_000, LONGEST - 10])
@pytest.mark.parametrize("make", [plain, mrkdwn, code])
def test_a_secret_that_a_limit_cuts_is_not_shown_in_part(make: Callable[[str, int], str], before: int) -> None:
    """Wherever the limit, or what is looked at, ends inside it."""
    words = ("all is well here " * 1_000)[:before].rpartition(" ")[0]
    for secret in ("deploy:Tr0ub4dor@", "AKIATR0UB4DORTR0UB4D", "Bearer Tr0ub4dorTr0ub4dorTr0ub4dorTr0ub4dor"):
        said = make(f"{words} https://{secret}example.com and more of it {'x ' * 200}", 100)
        assert "Tr0u" not in said
        assert "TR0U" not in said


@pytest.mark.parametrize("limit", [40, 100, 300])
def test_how_much_is_shown_does_not_tell_how_long_a_secret_is(limit: int) -> None:
    """Also where so much is hidden that little is left of what was looked at."""
    said = {plain(f"password={'Tr0ub4dor&3x' * length} {'word ' * 2_000}", limit) for length in range(1, 400, 7)}
    assert all(HIDDEN in text for text in said)
    full = {text for text in said if len(text) > limit - 6}
    assert len(said - full) <= 1, said - full


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\u2028", "\n    ", "\t", "\u200b", "\u202e", "  "])
def test_what_hides_between_the_characters_hides_no_secret(blank: str) -> None:
    """The redactor sees the lines as they came and the one line that a reader will see."""
    within = [] if blank.isspace() else [f"pass{blank}word=hunter2", f"password=hun{blank}ter2"]
    for text in (*within, f"password={blank}hunter2", f"password{blank}= hunter2 ok"):
        assert "ter2" not in untrusted(text).shown(), text
        assert "ter2" not in untrusted(text).first_line(), text


def test_no_invisible_character_hides_a_secret_from_the_headline() -> None:
    """The reason of a failed run is cleaned before it is redacted, whatever stands inside the name of the secret."""
    invisible = [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) in {"Cc", "Cf"}]
    for char in invisible:
        if not char.isspace():
            assert "hunter2" not in untrusted(f"login failed: p{char}assword=hunter2xyz").first_line(), ascii(char)


def test_an_invisible_character_in_its_name_shows_no_value() -> None:
    """A name is cleaned too: people read ``password``, and so does the redactor."""
    assert untrusted("plainword", "p\u202eassword").shown() == HIDDEN
    assert "plainword" not in UntrustedJson("plainword", REDACTOR, "p\u202eassword").shown(100)
