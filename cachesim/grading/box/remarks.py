"""What is said about an answer: which of two definitions counts, what was not run, what is missing."""

import ast

MOST = 8  # places that one sentence lists


def about(answer):
    """Return the notes on an answer."""
    return [*_twice(answer), *_left_out(answer), *_other_reasons(answer), *_missing(answer)]


def _twice(answer):
    for name in answer.task.entry_points:
        found = [answer.slice.statements[at] for at in answer.slice.own(name)]
        if answer.replaced.intersection(map(id, found)):
            places = _and([_place(one.cell, one.first) for one in found])
            yield f"{name} is defined in {places}: the last one counts"


def _left_out(answer):
    """Say which cells and lines were not run although they are Python."""
    cells, lines = [], []
    for cell in answer.cells:
        groups = list(_groups(answer, cell))
        if (
            groups
            and cell.piece.where
            and not any(id(one) in answer.kept for one in cell.statements)
        ):
            cells.append(cell.piece.where)
        else:
            lines += [_lines(cell, group[0].first, group[-1].last) for group in groups]
    if len(cells) > 1:
        cells = [f"cells {cells[0]}", *cells[1:]]
        cells = [
            cells[0].replace("cells cell ", "cells "),
            *(c.removeprefix("cell ") for c in cells[1:]),
        ]
    for places in filter(None, (cells, lines)):
        is_one = len(places) == 1 and not places[0].startswith("lines")
        what = "was not run: it is" if is_one else "were not run: they are"
        yield f"{_and(places)} {what} not part of the answer"


def _groups(answer, cell):
    """Yield runs of statements that were left out, without what nobody misses or what is said elsewhere."""
    is_ours = cell.piece.id in answer.task.own
    group = []
    for one in cell.statements:
        asks = isinstance(one.node, ast.Expr) and any(
            name in answer.desk for name, _ in one.changes
        )
        is_said = id(one) in answer.kept or id(one) in answer.given or id(one) in answer.replaced
        if is_ours or asks or is_said or one.is_silent:
            yield from [group] if group else []
            group = []
        else:
            group.append(one)
    yield from [group] if group else []


def _other_reasons(answer):
    for cell in answer.cells:
        if cell.why and cell.number not in answer.meant.values():
            last = cell.source.rstrip("\n").count("\n") + 1
            place = cell.piece.where or _lines(cell, 1, last)
            yield f"{place} {'were' if place.startswith('lines') else 'was'} not run: {cell.why}"


def _missing(answer):
    absent = [name for name in answer.task.entry_points if name not in answer.defined]
    if absent:
        yield f"nothing defines {_and(absent)}"


def _place(cell, line):
    return cell.piece.where or f"line {cell.piece.first + line - 1}"


def _lines(cell, first, last):
    first, last = first + cell.piece.first - 1, last + cell.piece.first - 1
    place = f" of {cell.piece.where}" if cell.piece.where else ""
    return f"line {first}{place}" if first == last else f"lines {first} to {last}{place}"


def _and(places):
    """Return places as one phrase, and how many more there are.

    >>> _and(["a", "b", "c"])
    'a, b and c'
    """
    more = [f"{len(places) - MOST} more"] if len(places) > MOST else []
    *first, last = [*places[:MOST], *more]
    return f"{', '.join(first)} and {last}" if first else last
