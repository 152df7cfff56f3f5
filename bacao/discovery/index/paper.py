"""One object for all that is written from, for the same reason as `boxes`."""

from typing import TYPE_CHECKING, NamedTuple

from bacao.discovery.index.forms import Forms
from bacao.discovery.index.fragments import Fragments
from bacao.kit.compiling import HAS_NUMBA, compiled

if TYPE_CHECKING or not HAS_NUMBA:

    class Paper(NamedTuple):
        """What is written from: the texts of base and delta, and the forms."""

        base: Fragments
        delta: Fragments
        forms: Forms

else:
    from numba import types
    from numba.experimental import structref

    @structref.register
    class PaperType(types.StructRef):
        """Numba's type of a Paper: a pointer to the fields, counted."""

    class Paper(structref.StructRefProxy):
        """What Python sees of it. Made by `lay`, for that is compiled once and kept."""

    structref.define_proxy(Paper, PaperType, ["base", "delta", "forms"])


@compiled
def lay(base: Fragments, delta: Fragments, forms: Forms) -> Paper:
    """Return what is written from as one object (see `boxes`)."""
    return Paper(base, delta, forms)
