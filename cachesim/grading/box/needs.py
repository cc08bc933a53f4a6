"""Which statements of a submission its answer needs: a slice, taken backwards from the names that are asked for.

A name needs the statement that bound it last and what changed it since; a statement needs, in turn, the names that it
uses: those used at once as they were then, those used in the body of a function also as they are in the end.

References
----------
Weiser, "Program Slicing", IEEE Transactions on Software Engineering SE-10(4), 1984.
"""

import ast
import builtins
from bisect import bisect_right
from collections import defaultdict

SETTINGS = {("random", "seed")}  # methods of modules that an answer may count on
EVERYWHERE = "sys.setrecursionlimit("  # ... and a call that changes how all code runs
MOST_BACK = 20  # bindings of one name in which something may have been reached


class Slice:
    """The statements that some names need, found when it is made.

    `statements` are in the order of the file; `given` says which of them the exercise itself brought along.
    """

    def __init__(self, statements, given, wanted):
        self.statements, self.given, self.wanted = statements, given, wanted
        self.binders, self.changers = defaultdict(list), defaultdict(list)
        for at, statement in enumerate(statements):
            for name in statement.binds:
                self.binders[name].append(at)
        for at, statement in enumerate(statements):
            for name in self._changed_by(at, statement):
                self.changers[name].append(at)
        self.needed, self.unknown = set(), set()
        self._follow([(name, len(statements)) for name in wanted])
        self._follow([(name, at) for at in self._extra() for name in statements[at].names[0]])

    # --- what changes a name

    def _changed_by(self, at, statement):
        before = at - statement.is_whole  # it binds when all else is done
        direct = {
            name
            for changed, method in statement.changes
            for name in self._led_back([changed], before)
            if self._may_change(name, method)
        }
        for function, given in statement.calls:
            if function not in self.wanted:
                direct |= self._led_back(self._effect(function, given), before)
        return direct - statement.binds - {""}

    def _led_back(self, names, at):
        """Return names, and those of the things through which they were reached when a statement changed them."""
        found, waiting = set(), [(name, at) for name in names]
        while waiting:
            asked = name, before = waiting.pop()
            if asked in found:
                continue
            found.add(asked)
            binders = self.binders.get(name, ())
            end = bisect_right(binders, before)
            for bound in reversed(binders[max(0, end - MOST_BACK) : end]):
                one = self.statements[bound]
                waiting += [(s, bound - (s == name)) for alias, s in one.aliases if alias == name]
                if one.is_whole:
                    break
        return {name for name, _ in found}

    def _may_change(self, name, method):
        """Return whether a store into a name, or a method called on it, may be part of an answer.

        A method of a module, a function or a class is a try of it, unless a class method fills the class.
        """
        nodes = [self.statements[at] for at in self.binders[name]]
        if any(isinstance(one.node, ast.Import | ast.ImportFrom) for one in nodes):
            return (name, method) in SETTINGS
        if method is None or not any(hasattr(one.node, "decorator_list") for one in nodes):
            return True
        return any(one.fills_itself(method) for one in nodes)

    def _effect(self, function, given):
        """Return the names that a call of a student's function changes: what it fills, or what it is given."""
        found, seen, waiting = set(), set(), [function]
        while waiting:
            name = waiting.pop()
            for at in [] if name in seen else self.binders.get(name, ()):
                statement = self.statements[at]
                if isinstance(statement.node, ast.FunctionDef):
                    outer, calls, changes_argument = statement.effects
                    waiting += calls
                    found |= outer | set(given if changes_argument else ())
            seen.add(name)
        return found

    # --- what a name needs

    def _follow(self, waiting):
        seen = set()
        while waiting:
            asked = waiting.pop()
            if asked in seen:
                continue
            seen.add(asked)
            name, before = asked
            found = list(self._sources(name, before))
            if not found and not self.binders.get(name):
                self.unknown.add(name)
            for at in found:
                self.needed.add(at)
                now, later = self.statements[at].names
                waiting += [(one, at) for one in now]
                pairs = self.statements[at].aliases
                waiting += [(source, before) for alias, source in pairs if alias == name]
                waiting += [(one, end) for one in later for end in (before, len(self.statements))]

    def _sources(self, name, before):
        """Yield what made a name what it is before a statement: backwards, as far as the last whole binding."""
        binders, changers = self.binders.get(name, ()), set(self.changers.get(name, ()))
        own = any(at < before and self._is_own(at) for at in binders)
        for at in sorted({*binders, *changers}, reverse=True):
            if at >= before or (own and self.given[at] and at not in changers):
                continue
            yield at
            if at not in changers and self.statements[at].is_whole:
                return

    def _extra(self):
        """Add the statements that no name leads to: settings, and `from x import *` where a name has no source."""
        has_gap = bool(self.unknown - set(dir(builtins)) - {"__name__"})
        found = [
            at
            for at, one in enumerate(self.statements)
            if (one.is_star and has_gap) or one.text.startswith(EVERYWHERE)
        ]
        self.needed.update(found)
        return found

    def _is_own(self, at):
        """Return whether a statement makes a name by itself, and is the student's."""
        return not self.given[at] and not isinstance(
            self.statements[at].node, ast.AugAssign | ast.Delete
        )

    # --- what is asked of it

    def own(self, name):
        """Return the student's whole bindings of a name, in order; what the exercise gave does not count."""
        found = self.binders.get(name, ())
        return [at for at in found if self._is_own(at) and self.statements[at].is_whole]

    def is_written(self, name):
        """Return whether a student's statement made a name what it is."""
        return any(not self.given[at] for at in self._sources(name, len(self.statements)))
