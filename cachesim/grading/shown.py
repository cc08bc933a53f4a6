"""Text of students' as it may stand on a terminal, in XML, in HTML and in a table."""


def shown(text: str) -> str:
    r"""Return text in one line, in which nothing is a command: no control signs, no change of direction.

    A terminal would obey escape sequences, and XML has no place for control signs.

    >>> shown("a\x1b[31mb\u202ec"), shown("one\ntwo")
    ('a [31mb c', 'one two')
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)
