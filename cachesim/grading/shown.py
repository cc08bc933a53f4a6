"""Text from students, made safe for a terminal, XML, HTML and tables."""


def shown(text: str) -> str:
    r"""Return text in one line without control characters and without a change of direction.

    A terminal would obey escape sequences, and XML has no place for control signs.

    >>> shown("a\x1b[31mb\u202ec"), shown("one\ntwo")
    ('a [31mb c', 'one two')
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)
