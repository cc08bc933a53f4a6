"""One statement at the top of a student's file or cell: what it binds, what it changes, which names it uses and when.

"At once" is what runs when the statement runs; "later" is what stands in the bodies of functions, which run when they
are called. Nothing here runs the code.
"""

import ast
import symtable
from functools import cached_property

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
BINDERS = (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)

# methods that change what they are called on
CHANGING = """
    add append appendleft clear discard extend extendleft insert move_to_end pop popitem popleft remove reverse rotate
    setdefault sort update
"""
# functions that change their first argument
CHANGING_FIRST = """
    setattr delattr heapify heappush heappop heapreplace heappushpop insort insort_left insort_right shuffle
"""


class Statement:
    """One statement of a cell."""

    def __init__(self, node, cell, lines):
        self.node, self.cell = node, cell
        heads = [mark.lineno for mark in getattr(node, "decorator_list", ())]
        self.first, self.last = min([node.lineno, *heads]), node.end_lineno
        self.text = _segment(node, self.first, lines)
        self.binds, self.changes, self.calls, self.is_star = set(), set(), [], False
        for part in at_load(node, into_classes=False):
            self.binds.update(bound(part))
            self.is_star |= isinstance(part, ast.alias) and part.name == "*"
        for part in at_load(node, into_classes=True):
            self.changes.update(changed(part))
            self.calls += called(part)

    @property
    def is_whole(self):
        """Whether it binds its names whatever happened before."""
        node = self.node
        is_bare = isinstance(node, ast.AnnAssign) and node.value is None
        adds = isinstance(node, ast.Import) and any(
            "." in a.name and not a.asname for a in node.names
        )
        return isinstance(node, BINDERS) and not (self.is_star or is_bare or adds)

    @property
    def is_silent(self):
        """Whether nobody misses it when it does not run."""
        node = self.node
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        return is_text or is_future or isinstance(node, ast.Pass)

    @property
    def is_main(self):
        """Whether it is `if __name__ == "__main__":`."""
        return isinstance(self.node, ast.If) and any(
            isinstance(part, ast.Name) and part.id == "__name__"
            for part in ast.walk(self.node.test)
        )

    @cached_property
    def names(self):
        """The names that it takes from outside itself: those used at once, those used later."""
        now, later = set(), set()
        try:
            _sort(symtable.symtable(self.text, "", "exec"), False, now, later)
        except (SyntaxError, ValueError):  # an `await` at the top
            now = {part.id for part in ast.walk(self.node) if isinstance(part, ast.Name)}
        return now, later

    @cached_property
    def effects(self):
        """What calling it does, if it is a function.

        The outer names that it changes, the functions that it calls, and whether it changes an argument.
        """
        parts = [part for child in self.node.body for part in ast.walk(child)]
        arguments = {part.arg for part in ast.walk(self.node.args) if isinstance(part, ast.arg)}
        names = {name for part in parts for name, _ in changed(part)}
        names |= {n for part in parts if isinstance(part, ast.Global) for n in part.names}
        outer = names & self.names[1]
        calls = {
            part.func.id
            for part in parts
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
        }
        return outer, calls & self.names[1], bool(names & arguments)

    def fills_itself(self, method):
        """Return whether it is a class with such a class method: calling it may fill the class."""
        return isinstance(self.node, ast.ClassDef) and any(
            isinstance(part, FUNCTIONS) and part.name == method and part.decorator_list
            for part in self.node.body
        )


def _segment(node, first, lines):
    """Return the source of a statement: whole lines, but for what stands beside it on the first and the last."""
    found = lines[first - 1 : node.end_lineno]
    found[-1] = found[-1].encode()[: node.end_col_offset].decode()
    if first == node.lineno:
        found[0] = found[0].encode()[node.col_offset :].decode()
    return "\n".join(found)


def _sort(table, is_later, now, later):
    """Note the names that a scope takes from outside, and those of the scopes in it."""
    is_top = table.get_type() == "module"
    for name in table.get_symbols():
        if is_top and name.is_referenced():
            now.add(name.get_name())
        elif not is_top and name.is_global() and (name.is_referenced() or name.is_assigned()):
            (later if is_later else now).add(name.get_name())
    for child in table.get_children():
        waits = str(child.get_type()) in ("function", "annotation")
        _sort(child, is_later or (waits and child.get_name() not in COMPREHENSIONS), now, later)


# --- what one node does


def at_load(node, into_classes):
    """Yield the nodes that are run with a statement; not the bodies of functions, nor what a comprehension binds."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            waiting += [*getattr(node, "decorator_list", ()), *node.args.defaults]
            waiting += [value for value in node.args.kw_defaults if value is not None]
        elif isinstance(node, ast.comprehension):
            waiting += [node.iter, *node.ifs]
        elif isinstance(node, ast.ClassDef) and not into_classes:
            waiting += [*node.decorator_list, *node.bases, *node.keywords]
        else:
            waiting += ast.iter_child_nodes(node)


def bound(node):
    """Return the names that a node binds."""
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            return [node.id]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.alias():
            return [node.asname or node.name.partition(".")[0]]
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name:
            return [node.name]
        case ast.MatchMapping() if node.rest:
            return [node.rest]
    return []


def changed(node):
    """Return what a node changes, as pairs of a name and the method that is called, None for a store."""
    match node:
        case (
            ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del())
        ):
            return [(root(node), None)]
        case ast.Expr(value=ast.Call(func=ast.Attribute() as function)):
            return [(root(function), function.attr)]
        case ast.Call(func=ast.Attribute() as function) if function.attr in CHANGING.split():
            return [(root(function), function.attr)]
        case ast.Call(args=[first, *_]) if _last_name(node.func) in CHANGING_FIRST.split():
            return [(root(first), None)]
    return []


def root(node):
    """Return the name at the root of `name[key].field.method(...)`, "" if there is none."""
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func
        else:
            return ""
    return node.id


def _last_name(node):
    return getattr(node, "id", getattr(node, "attr", ""))


def called(node):
    """Return the functions that a node calls for what they do, each with the names that it is given."""
    marks = getattr(node, "decorator_list", [])
    values = [node.value] if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) else []
    found = [(mark.id, [node.name]) for mark in marks if isinstance(mark, ast.Name)]
    calls = [call for call in (*marks, *values) if isinstance(call, ast.Call)]
    return found + [
        (call.func.id, [root(argument) for argument in call.args])
        for call in calls
        if isinstance(call.func, ast.Name)
    ]
