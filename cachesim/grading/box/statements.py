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
# functions whose result leads into their arguments
LEADING = "enumerate filter iter list max min next reversed set sorted tuple zip"


class Statement:
    """One statement of a cell."""

    def __init__(self, node, cell, lines):
        self.node, self.cell = node, cell
        heads = [mark.lineno for mark in getattr(node, "decorator_list", ())]
        self.first, self.last = min([node.lineno, *heads]), node.end_lineno
        self.text = _segment(node, self.first, lines)
        self.binds, self.changes, self.calls, self.is_star = set(), set(), [], False
        self.aliases = set()  # pairs of a name and another through which it was reached
        for part, is_in_class in at_load(node):
            if not is_in_class:
                self.binds.update(bound(part))
            self.is_star |= isinstance(part, ast.alias) and part.name == "*"
            self.changes.update(changed(part))
            self.aliases.update(aliased(part))
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
        return now | {name for name, _ in self.changes}, later  # `x += 1` uses x

    @cached_property
    def effects(self):
        """What calling it does, if it is a function.

        The outer names that it changes, the functions that it calls, and whether it changes an argument.
        """
        parts = [part for child in self.node.body for part in ast.walk(child)]
        arguments = {part.arg for part in ast.walk(self.node.args) if isinstance(part, ast.arg)}
        names = {name for part in parts for name, _ in changed(part)}
        names = led_back(names, {pair for part in parts for pair in aliased(part)})
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
    """Return the source of a statement, without what stands beside it; lines are bytes, as columns count those."""
    start = node.col_offset if first == node.lineno else 0
    if first == node.end_lineno:
        return lines[first - 1][start : node.end_col_offset].decode()
    head, *between = lines[first - 1 : node.end_lineno - 1]
    tail = lines[node.end_lineno - 1][: node.end_col_offset]
    return b"\n".join([head[start:], *between, tail]).decode()


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


def at_load(node):
    """Yield the nodes that are run with a statement, each with whether it is in the body of a class.

    Left out are the bodies of functions, and what a comprehension binds.
    """
    waiting = [(node, False)]
    while waiting:
        node, is_in_class = waiting.pop()
        yield node, is_in_class
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            inner = [
                *getattr(node, "decorator_list", ()),
                *node.args.defaults,
                *node.args.kw_defaults,
            ]
        elif isinstance(node, ast.comprehension):
            inner = [node.iter, *node.ifs]
        elif isinstance(node, ast.ClassDef):
            inner = [*node.decorator_list, *node.bases, *node.keywords]
            waiting += [(child, True) for child in node.body]
        elif isinstance(node, ast.Name | ast.Constant):
            continue
        else:
            inner = ast.iter_child_nodes(node)
        waiting += [(child, is_in_class) for child in inner if isinstance(child, ast.AST)]


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
    """Return the names that a node changes, each with the method that is called (None for a store)."""
    match node:
        case (
            ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del())
        ):
            return [(root(node), None)]
        case ast.AugAssign(target=ast.Name() as target):
            return [(target.id, None)]
        case ast.Expr(value=ast.Call(func=ast.Attribute() as function)):
            return [(root(function), function.attr)]
        case ast.Call(func=ast.Attribute() as function) if function.attr in CHANGING.split():
            return [(root(function), function.attr)]
        case ast.Call(args=[first, *_]) if _last_name(node.func) in CHANGING_FIRST.split():
            return [(root(first), None)]
    return []


def aliased(node):
    """Return the names that a node binds to something in another thing, each with the name of that."""
    match node:
        case ast.Assign():
            targets, value = node.targets, node.value
        case ast.AnnAssign(value=ast.expr()) | ast.NamedExpr():
            targets, value = [node.target], node.value
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            targets, value = [node.target], node.iter
        case ast.withitem(optional_vars=ast.expr()):
            targets, value = [node.optional_vars], node.context_expr
        case _:
            return []
    names = [
        part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)
    ]
    return [(name, source) for name in names for source in _led_to(value)]


def _led_to(value):
    """Return the names of the things that an expression leads into."""
    found, waiting = set(), [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Call) and _last_name(one.func) in LEADING.split():
            waiting += one.args
        elif isinstance(one, ast.Tuple | ast.List | ast.Set):
            waiting += one.elts
        elif isinstance(one, ast.Dict):
            waiting += one.values
        elif isinstance(one, ast.IfExp):
            waiting += [one.body, one.orelse]
        elif isinstance(one, ast.BoolOp):
            waiting += one.values
        else:
            found.add(root(one))
    return found - {""}


def led_back(names, aliases):
    """Return names, and those of the things through which they were reached."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [source for alias, source in aliases if alias == name]
    return found


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
    """Return the functions that a node calls by their names, each with the names that it is given."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return [(node.func.id, [root(argument) for argument in node.args])]
    marks = getattr(node, "decorator_list", ())
    return [(mark.id, [node.name]) for mark in marks if isinstance(mark, ast.Name)]
