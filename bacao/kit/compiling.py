"""Integer arithmetic compiled by Numba, or run as it stands where that is missing: more slowly, the same integers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from bacao.kit.paths import compiled_folder

if TYPE_CHECKING:
    F = TypeVar("F", bound=Callable[..., Any])

    HAS_NUMBA: bool

    def compiled(function: F) -> F: ...
    def brief(function: F) -> F: ...
    def leaf(function: F) -> F: ...

else:
    try:
        import numba

        HAS_NUMBA = True
        numba.config.CACHE_DIR = str(compiled_folder())
    except ImportError:
        HAS_NUMBA = False

    def compiled(function):
        """Compile a function at its first call and keep the result, or leave it as it stands where Numba is missing."""
        return numba.njit(function, cache=True, nogil=True, error_model="numpy") if HAS_NUMBA else function

    def brief(function):
        """Compile a function that is over in a moment: it keeps the interpreter's lock, whose way back takes longer."""
        return numba.njit(function, cache=True, nogil=False, error_model="numpy") if HAS_NUMBA else function

    def leaf(function):
        """Compile a function that allocates nothing, without counting references: it takes a hundred arrays."""
        return numba.njit(function, cache=True, nogil=True, error_model="numpy", _nrt=False) if HAS_NUMBA else function
