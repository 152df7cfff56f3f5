"""Where compiled code is kept: a folder of `var/` named after everything it was made from (discovery.md, section 13).

Numba notices changes of a function's own file only, and freezes constants of others into what it keeps. So the
folder's name carries a hash of every compiled source, the price curves of `offers` included.
"""

import platform
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bacao.discovery.rules import figures, score
from bacao.kit.paths import VAR
from bacao.offers.rules import curve, steps
from bacao.offers.rules.combine import kernel

if TYPE_CHECKING:
    import numba

    F = TypeVar("F", bound=Callable[..., Any])

    HAS_NUMBA: bool

    def compiled(function: F) -> F: ...
    def leaf(function: F) -> F: ...

else:
    try:
        import numba

        HAS_NUMBA = True
    except ImportError:  # the twin in NumPy answers, more slowly and with the same integers
        HAS_NUMBA = False

    def leaf(function):
        """Compile a function that allocates nothing, without counting references: it takes a hundred arrays."""
        return numba.njit(function, cache=True, nogil=True, error_model="numpy", _nrt=False) if HAS_NUMBA else function

    def compiled(function):
        """Compile a function, or leave it as it stands where Numba is missing."""
        return numba.njit(function, cache=True, nogil=True, error_model="numpy") if HAS_NUMBA else function


def cache_folder() -> Path:
    """Return the folder of this machine type, this Numba and these sources."""
    ours = sorted(Path(__file__).parent.glob("*.py"))
    sources = [*ours, *(Path(str(m.__file__)) for m in (curve, kernel, steps, figures, score))]
    digest = sha256(f"{platform.machine()} {platform.python_version()} ".encode())
    if HAS_NUMBA:
        digest.update(numba.__version__.encode())
    for path in sources:
        digest.update(path.read_bytes())
    return VAR / "numba" / digest.hexdigest()[:16]


if HAS_NUMBA:
    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]  # set by it from the environment
