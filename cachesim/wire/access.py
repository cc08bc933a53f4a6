"""Whether a client may run a command: it has logged in, and its user may do so."""

from functools import partial
from typing import Any

from cachesim.engines.redis.acl import User
from cachesim.engines.redis.arguments import Arguments, text
from cachesim.engines.redis.command import RedisCommand, find
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.scripting import RUNS_SCRIPTS
from cachesim.engines.redis.users import ActingUser, Refusal, error_of
from cachesim.errors import CommandError
from cachesim.wire.client_line import described

NOT_LOGGED_IN = "NOAUTH Authentication required."
WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled."
CHANGED = (
    "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
    "call. This command is no longer allowed for the following reason: "
)
ASKS_USER = RUNS_SCRIPTS | {"SORT", "SORT_RO"}  # they look at more than their arguments
REASONS = {
    "command": "no permission to execute the command or subcommand",
    "key": "no permission to touch the specified keys",
    "channel": "no permission to access one of the channels used as arguments",
}


def log_in(client: Any, user: User, is_known: bool = True) -> None:
    """Let a client be this user; `is_known` says whether it has shown that it may be."""
    client.user, client.is_known = user, is_known
    client.requests.is_trusted = is_known


def authenticate(client: Any, name: bytes, password: bytes) -> None:
    """Let a client be this user. Raises CommandError, and notes it in the log."""
    user = client.users.authenticated(text(name), password)
    if user is None:
        note(client, Refusal("auth", client.last_argv[0]), text(name))
        raise CommandError(WRONG_PASSWORD)
    log_in(client, user)


def check_access(client: Any, argv: Arguments) -> None:
    """Refuse what the client may not run; what is no command is refused later. Raises CommandError."""
    # redis 7: server.c, processCommand
    try:
        row = find(client.known, argv)
    except CommandError:
        return
    if not row.takes(argv):
        return
    if client.is_known or client.users.is_open:
        refusal = client.users.refusal(client.user, row, argv)
        if refusal is None:
            return
        note(client, refusal)
        error = error_of(refusal)
    elif "no_auth" in row.flags.split():
        return
    else:
        error = CommandError(NOT_LOGGED_IN)
    count(client, row, error)
    raise error


def check_access_again(client: Any, row: RedisCommand, argv: Arguments) -> None:
    """Look once more when a transaction runs: the rules may have changed. Raises CommandError."""
    refusal = client.users.refusal(client.user, row, argv)
    if refusal is not None:
        note(client, refusal, context="multi")
        raise CommandError(CHANGED + REASONS[refusal.reason])


def call_for(client: Any, row: RedisCommand, argv: Arguments) -> Reply:
    """Run a command that asks what its user may do; the client may leave while a script runs."""
    scripts = client.engine.scripts
    if client.users.guards:
        noting = partial(note, client, name=client.user.name, context="lua")
        scripts.caller = ActingUser(client.user, noting)
    try:
        return client.engine.call(row, argv)  # type: ignore[no-any-return]
    finally:
        scripts.caller = None


def note(client: Any, refusal: Refusal, name: str | None = None, context: str = "") -> None:
    """Put a refusal into the log of ACL LOG."""
    context = context or ("toplevel" if client.queue is None else "multi")
    user = client.user.name if name is None else name
    client.users.note(refusal, context, user, client.engine.clock(), described(client))


def count(client: Any, row: RedisCommand, error: CommandError) -> None:
    """Count a refusal, and let the transaction fail in which it comes."""
    tally = getattr(client.engine, "tally", None)
    if tally is not None:
        tally.note_error(str(error))
        tally.rejected[row.name] += 1
    if client.queue is not None:
        client.queue.has_failed = True


def hang_up(client: Any, every: Any) -> None:
    """Close the connections of all clients whose user is gone."""
    for each in client.clients.by_number.values():
        if every(each):
            log_in(each, each.users.default, is_known=False)
            each.over = client.clients.has_news = True
