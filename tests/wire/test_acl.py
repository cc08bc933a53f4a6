"""Users and what they may do, ours and a real server's: every reply is the same."""

import io
import re

import pytest

from tests.wire import acl_script_stories, acl_stories
from tests.wire.by_hand import Wire
from tests.wire.real import Client, RealRedis, resp

STORIES = acl_stories.STORIES | acl_script_stories.STORIES


class Parsed(Client):
    """Reads replies from bytes that are there already."""

    def __init__(self, data):
        self.stream = io.BytesIO(data)


class Ours:
    """Four clients of an embedded engine."""

    def __init__(self):
        self.wire = Wire(4)

    def ask(self, number, words):
        reply = Parsed(self.wire.all[number].receive(resp(words))).reply()
        for each in self.wire.all:
            if each.over:  # the server of sockets closes its connection now
                self.wire.clients.leave(each)
        return reply

    def gone(self):
        return [number for number, each in enumerate(self.wire.all) if each.over]


class Theirs:
    """Four clients of a server."""

    def __init__(self, port):
        self.all = [Client(port) for _ in range(4)]
        self.names = [each.ask("CLIENT", "ID") for each in self.all]

    def ask(self, number, words):
        return self.all[number].ask(*words)

    def gone(self):
        lines = self.all[0].ask("CLIENT", "LIST").decode()
        alive = set(map(int, re.findall(r"^id=(\d+)", lines, re.MULTILINE)))
        return [number for number, name in enumerate(self.names) if name not in alive]

    def close(self):
        for each in self.all:
            each.close()


def as_sent(word):
    r"""Give a word of a story as bytes; a script has "_" for a blank, and "\n" for a new line."""
    if "return_" in word or "#!lua" in word:
        word = word.replace("return_", "return ").replace("lua_", "lua ").replace("\\n", "\n")
    return word.encode()


def same_order(reply):
    """Put single commands of rules into one order, and leave out the client and the age of a log."""
    if isinstance(reply, list):
        if b"age-seconds" in reply:
            at = reply.index(b"age-seconds")
            reply = reply[:at]
        if b"proto" in reply:
            reply[reply.index(b"id") + 1] = "a number"
        return [same_order(each) for each in reply]
    if isinstance(reply, bytes) and b"@all" in reply:
        words = reply.split(b" ")
        at = next(at for at, word in enumerate(words) if word.endswith(b"@all"))
        return b" ".join([*words[: at + 1], *sorted(words[at + 1 :])])
    return reply


@pytest.mark.parametrize("story", STORIES)
def test_a_story_gets_the_replies_of_redis(tmp_path, story):
    """After each command, the reply is the real server's; at the end, the same clients are gone."""
    real = RealRedis(tmp_path)
    ours, theirs = Ours(), Theirs(real.port)
    try:
        for line in STORIES[story].strip().splitlines():
            number, *words = line.split()
            argv = [as_sent(word) for word in words]
            expected = same_order(theirs.ask(int(number), argv))
            assert expected == same_order(ours.ask(int(number), argv)), line
        assert theirs.gone() == ours.gone()
    finally:
        theirs.close()
        real.close()
