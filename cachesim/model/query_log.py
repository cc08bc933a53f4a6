"""The versions of query results: which commits changed what a query depends on.

A query *depends on a row* if the row meets its condition: as it was before a commit, or as it is after it. So a row
that newly matches counts, and so does one that no longer matches. The *version of a query* is the number of commits
of such rows since the query was first asked. A result has the version of its query at the moment in which the
database computed it: it includes these commits and no later one. So it is stale if a commit that it does not
include had been acknowledged to its writer before the request began. This is the rule of a single row's versions,
and every metric of staleness works for queries too.
"""

from collections.abc import Callable

from cachesim.records import FIRST_ANSWER, Answer, Query, Value
from cachesim.storage.base import Storage
from cachesim.storage.items import Columns, Selected
from cachesim.storage.statement import Statement, parse

Newest = tuple[
    int, int
]  # versions: the newest that a writer knows of, the newest that is committed


class Followed:
    """A query that was asked: its statement, and the commits of rows that it depends on."""

    __slots__ = ("commits", "seen", "statement")

    def __init__(self, statement: Statement, seen: int) -> None:
        self.statement = statement
        self.seen = seen  # number of the last commit that was looked at
        self.commits: list[int] = []  # numbers: the place in this list is the version, less 1

    def add(self, commits: list[int], until: int) -> None:
        """Add the commits of rows that it depends on, up to a number."""
        self.commits += commits
        self.seen = until


class QueryLog:
    """The queries of a run, and their versions.

    Nothing is computed at a commit but its row in the log of changes; a query looks at the new rows of this log
    when somebody asks for it.
    """

    def __init__(self, rows: Storage, columns: Columns, versions: dict[int, int]) -> None:
        self._items = rows.items(columns)
        self._versions = versions  # write id, or number of an answer -> version
        self._commits = 0
        self._numbers: dict[
            tuple[str, int], int
        ] = {}  # key, version -> commit, until it is acknowledged
        self._acknowledged: set[int] = set()  # commits
        self._queries: dict[Query, Followed] = {}
        self._names: dict[tuple[Query, int], int] = {}  # query, version -> number of the answer
        self._found: dict[Query, Selected] = {}  # since the last commit

    def commit(self, key: str, value: Value, version: int) -> None:
        """Note a commit whose row has been written."""
        self._commits += 1
        self._found.clear()
        self._numbers[key, version] = self._commits
        self._items.note(self._commits, key, value, version)

    def acknowledge(self, key: str, version: int) -> None:
        """Note that the writer of a version knows now that it is committed."""
        if (number := self._numbers.pop((key, version), None)) is not None:
            self._acknowledged.add(number)

    def cost(self, query: Query) -> int:
        """Count the rows that the plan of a query reads now."""
        return self._find(query).scanned

    def answer(self, query: Query) -> Answer:
        """Run a query on the rows as they are now."""
        found, version = self._find(query), len(self._follow(query).commits)
        number = self._names.setdefault((query, version), FIRST_ANSWER + len(self._names))
        self._versions[number] = version
        return Answer.stamped(number, found.rows, found.versions)

    def newest(self, query: Query) -> Newest:
        """Look up the newest acknowledged and the newest committed version of a query."""
        commits = self._follow(query).commits
        known = len(commits)
        while known and commits[known - 1] not in self._acknowledged:
            known -= 1
        return known, len(commits)

    def newest_of(self, rows: Callable[[str, Newest], Newest]) -> Callable[[str, Newest], Newest]:
        """Make the function that looks up the newest versions of a query, or of a row."""
        return lambda key, loaded: self.newest(key) if type(key) is Query else rows(key, loaded)

    def _find(self, query: Query) -> Selected:
        if query not in self._found:
            statement = self._follow(query).statement
            self._found[query] = self._items.query(statement, query.parameters)
        return self._found[query]

    def _follow(self, query: Query) -> Followed:
        """Look at the commits since the last look."""
        followed = self._queries.get(query)
        if followed is None:
            followed = self._queries[query] = Followed(parse(query.sql), self._commits)
        if followed.seen < self._commits:
            changed = self._items.changed(followed.statement, query.parameters, followed.seen)
            followed.add(changed, self._commits)
        return followed
