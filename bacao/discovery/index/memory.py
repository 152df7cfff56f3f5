"""Two things that Numba has no words for, in LLVM's: copying a few bytes at once, and fetching ahead of time."""

from typing import TYPE_CHECKING

from bacao.kit.compiling import HAS_NUMBA

if TYPE_CHECKING:
    import numpy as np

    def copy_bytes(out: np.ndarray, at: int, text: np.ndarray, start: int, count: int) -> None: ...
    def fetch(array: np.ndarray, i: int) -> None: ...

elif not HAS_NUMBA:

    def copy_bytes(out, at, text, start, count):
        """Copy text[start:start + count] to `out`, from `at` on. A loop takes twice as long for so few."""
        out[at : at + count] = text[start : start + count]

    def fetch(array, i):
        """Have the memory bring an entry nearer that is wanted soon; nothing else changes."""

else:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    INT32 = ir.IntType(32)
    FOR_READING, KEEP, DATA = ir.Constant(INT32, 0), ir.Constant(INT32, 3), ir.Constant(INT32, 1)

    def address(context, builder, array_type, array, i):
        """Return where entry i of an array lies."""
        return builder.gep(context.make_array(array_type)(context, builder, array).data, [i])

    @intrinsic
    def copy_bytes(_, out, at, text, start, count):
        """Copy by `memcpy`."""

        def write(context, builder, signature, given):
            to = address(context, builder, signature.args[0], given[0], given[1])
            source = address(context, builder, signature.args[2], given[2], given[3])
            cgutils.raw_memcpy(builder, to, source, given[4], 1)
            return context.get_dummy_value()

        return types.void(out, types.intp, text, types.intp, types.intp), write

    @intrinsic
    def fetch(_, array, i):
        """Give the processor's hint."""

        def write(context, builder, signature, given):
            place = builder.bitcast(address(context, builder, signature.args[0], *given), cgutils.voidptr_t)
            kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, INT32, INT32, INT32])
            hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
            builder.call(hint, [place, FOR_READING, KEEP, DATA])
            return context.get_dummy_value()

        return types.void(array, types.intp), write
