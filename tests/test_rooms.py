"""The rooms of the package: no module imports itself in a circle, and each room says what it is for."""

import ast
from collections.abc import Iterator

from tests.test_floors import FILES, FLOORS, SOURCE, imports, is_ours

PAGE = SOURCE.parent / "docs/background/design.md"
BEGIN, END = "<!-- made by python -m tests.test_rooms -->", "<!-- end -->"


def module_of(path: str) -> str:
    """Return the module of a file.

    >>> module_of("cachesim/wire/__init__.py"), module_of("cachesim/rng.py")
    ('cachesim.wire', 'cachesim.rng')
    """
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def circles(sources: dict[str, str]) -> set[str]:
    """Return the modules that import each other in a circle, wherever the imports are.

    A module that imports none of the others is in no circle. A module that none of the others imports
    is in no circle either. Remove all of these, again and again: only circles are left, and the
    modules between two circles.
    """
    modules = {module_of(path): source for path, source in sources.items()}
    uses = {module: set(used_by(source, set(modules))) for module, source in modules.items()}
    while ends := {m for m in uses if not uses[m] & uses.keys() or not used_by_any(m, uses)}:
        uses = {module: used for module, used in uses.items() if module not in ends}
    return set(uses)


def used_by(source: str, modules: set[str]) -> Iterator[str]:
    """Yield the modules that the source imports; `from cachesim.x import y` may name x or x.y."""
    for module, _, _, name in imports(ast.parse(source)):
        part = f"{module}.{name}"
        yield part if part in modules else module


def used_by_any(module: str, uses: dict[str, set[str]]) -> bool:
    """Whether one of the modules imports this one."""
    return any(module in used for used in uses.values())


def test_no_module_imports_itself_in_a_circle():
    """A circle hides what belongs to what."""
    sources = {path: (SOURCE.parent / path).read_text("utf-8") for path in FILES if is_ours(path)}

    assert set() == circles(sources)


def test_a_circle_is_found():
    """Wherever the imports are: at the top, in a function, for the type checker; alone, or in a chain."""
    sources = {
        "cachesim/a.py": "from cachesim import b",
        "cachesim/b.py": "def f():\n    from cachesim.c import x",
        "cachesim/c/__init__.py": "if TYPE_CHECKING:\n    import cachesim.a",
        "cachesim/above.py": "from cachesim.a import x",
        "cachesim/below.py": "import math",
    }

    assert {"cachesim.a", "cachesim.b", "cachesim.c"} == circles(sources)
    assert set() == circles({**sources, "cachesim/b.py": "from cachesim.below import x"})


def rooms_table() -> str:
    """Return the table of rooms, from the highest floor to the ground."""
    rows = ["| floor | room | what it is for |", "|---|---|---|"]
    for number in range(len(FLOORS), 0, -1):
        rooms = FLOORS[number - 1].split()
        rows += [f"| {number} | `{room}` | {said} |" for room in rooms if (said := sentence(room))]
    return "\n".join(rows)


def renewed(page: str) -> str:
    """Return the page with the table of today."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{rooms_table()}\n\n{END}{rest.partition(END)[2]}"


def sentence(room: str) -> str:
    """Return the first line of the docstring of a room; "" for a room that is not built yet."""
    places = (SOURCE / room / "__init__.py", SOURCE / f"{room}.py")
    text = next((place.read_text("utf-8") for place in places if place.exists()), "")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def test_each_room_has_its_sentence():
    """The first line of the docstring says what the room is for."""
    here = {path.stem for path in SOURCE.iterdir() if path.suffix in {"", ".py"}}
    rooms = {room for floor in FLOORS for room in floor.split()} & here

    assert [] == sorted(room for room in rooms if not sentence(room).endswith("."))


def test_the_table_of_rooms_is_made_from_the_floors():
    """The design page shows every room with its floor and its sentence."""
    page = PAGE.read_text("utf-8")

    assert page == renewed(page), "python -m tests.test_rooms writes the table into the page"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
