"""Here and now from memory: shops in columns, sorted by place, searched by a compiled kernel (discovery.md).

It brings Numba with it, so nobody imports this room before somebody asks: `queries.live`, `services.builder`.
"""
