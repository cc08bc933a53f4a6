"""Loops over whole numbers, each written once for Python and for numba (see compiled.py)."""
