"""One object for many arrays: handing each over by itself took Numba longer than the search (0.1 ms for a hundred)."""

from typing import TYPE_CHECKING, NamedTuple

from bacao.kit.compiling import HAS_NUMBA

if TYPE_CHECKING or not HAS_NUMBA:
    import numpy as np

    from bacao.discovery.index.asking import Tables
    from bacao.discovery.index.columns import Part

    class Box(NamedTuple):
        """A base with its tombstones, a delta with none, and the tables of points."""

        base: Part
        gone: np.ndarray
        delta: Part
        none_gone: np.ndarray
        tables: Tables

else:
    from numba import types
    from numba.experimental import structref

    @structref.register
    class BoxType(types.StructRef):
        """Numba's type of a Box: a pointer to the fields, counted."""

    class Box(structref.StructRefProxy):
        """What Python sees of it. Made by `kernel.hold`, for that is compiled once and kept."""

    structref.define_proxy(Box, BoxType, ["base", "gone", "delta", "none_gone", "tables"])
