"""Here and now from memory: shops in columns, sorted by place, searched by a compiled kernel (discovery.md).

Only who searches or builds imports this room: it brings Numba with it.
"""
