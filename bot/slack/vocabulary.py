"""The words that the command knows, in lower case; those that ask for privacy are in ``bot.slack.privacy``."""

import re

ASKS = re.compile(
    r"\W*(?P<word>hosts?|host[-_]?names?|ips?|ip[-_]?address(?:es)?|vms?|servers?|machines?|nodes?|instances?"
    r"|主机名?|云主机|机器|服务器|节点)(?:(?P<sign>[:=]+)(?P<name>.*)|\W*)",
    re.IGNORECASE,
)
"""Asks about the hosts that follow: ``host``, ``--ip``, ``server:``, or with a name in it, ``host=web-07``."""
GLUED = re.compile(r"(?P<word>主机名?|云主机|机器|服务器|节点)(?P<sign>)(?P<name>[0-9A-Za-z].*)")
"""The same in Chinese, which needs no blank."""
SURE = frozenset({"host", "hosts", "hostname", "hostnames", "ip", "ips", "主机", "主机名"})
"""After these any word is a name; after the others only what looks like one: ``all machines offline``."""

PUBLIC = frozenset({"public", "publicly"})
EVERYONE = frozenset({"everyone", "everybody"})
NOT = frozenset({"not", "no", "non", "never", "dont", "don't", "don\u2019t", "without"})
"""Before ``public`` or ``everyone`` they ask for privacy: ``don't show everyone``."""
HELP = frozenset({"help", "h", "usage", "man", "hilfe", "aide", "ayuda", "帮助"})
SHOWING = frozenset({"show", "give", "tell", "send", "get", "let", "bring", "fetch", "find", "help"})
"""``me`` after one of these is no wish for privacy."""

_FILLERS = """
a about address addresses affected all also among an and any are asap at be by called can cc check could details
display do does doing else for from going has have hello hey hi how i id ids in included info into is it its job
just look lookup my name named names now of ok on only or our out part please pls plz run running runs schedtask
schedule scheduled see ssh state status still target targets task taskid tasks thank thanks that the there these
this those thx to up us view want was we what what's whats when where whether which who why will with you your
任务 定时任务 查看 查询 显示 状态 请 是否 在 和 的 吗
"""
SMALL_TALK = SHOWING | frozenset(_FILLERS.split())
"""Words that are polite or natural around an id and tell nothing."""
