"""Tensor: a name for a value that the engine has, or will have.

Operations are one line each: `binding.py` makes them from the table of `ops/`. Here is what is left: names and values,
views and writing in place, gradients, and reading.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from numbers import Number
from typing import Any

import jax
import numpy as np

from lamina import devices, dtypes, engine
from lamina.engine import Leaf, Value, record
from lamina.layouts import strided
from lamina.methods import Methods
from lamina.ops import layout
from lamina.ops.op import TABLE
from lamina.ops.optim_blocks import Blocks
from lamina.views import OVERWRITE, Alias, Storage, kept, layout_of, put_of

_new = object.__new__
_NUMBERS = engine.NUMBERS
_state = engine.state


class Size(tuple[int, ...]):
    """A shape: a tuple of ints that prints as `lamina.Size([2, 3])`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"lamina.Size([{', '.join(map(str, self))}])"

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        count = 1
        for size in self:
            count *= size
        return count

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found


class Tensor(engine.Handle, Methods):
    """A multi-dimensional array with PyTorch's methods, computed by XLA when it is read.

    Make one with `lamina.tensor(data)`, `lamina.zeros(2, 3)` and so on.

    >>> import lamina
    >>> x = lamina.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([[2., 4.],
            [6., 8.]])
    """

    __slots__ = ("__dict__", "__weakref__", "_grads", "_writes")
    __array_priority__ = 1000
    __hash__ = object.__hash__

    _alias: Alias | Storage | None
    _grads: Leaf | None
    _writes: int

    def __new__(cls, *data: Any, **options: Any) -> Any:
        from lamina import creation

        if len(data) == 1 and isinstance(data[0], Tensor):
            return wrap(alias_value(data[0].current()), cls)
        if data and all(isinstance(size, int) for size in data):
            return wrap(creation.empty(*data, **options)._value, cls)
        return wrap(creation.tensor(data[0] if data else [], dtype=dtypes.get_default_dtype(), **options)._value, cls)

    # --- values ---

    def current(self) -> Value:
        """The value; a view of something that was written to is cut again first."""
        alias = self._alias
        if alias.__class__ is Alias and alias.seen != alias.storage.version:
            self._recut(alias)
        return self._value

    def _recut(self, alias: Alias) -> None:
        whole = alias.storage.value()
        if whole is not None and _state.trace.inner and whole.home is not _state.trace:
            with engine.outside(whole):
                if not _state.trace.inner or whole.home is _state.trace:
                    self._recut(alias)
                    return
        alias.seen = alias.storage.version
        if whole is None:
            return
        with grad_mode(alias.grad):
            for cut in alias.cuts:
                whole = detached(whole) if cut is None else record(cut[0], (whole, *cut[1]), cut[2])
        assert whole is not None
        if self._value.leaf is None:
            self._value = kept(self._value, whole) if None in alias.cuts else whole
        else:
            self._bind(alias_value(whole))

    def _bind(self, value: Value) -> None:
        """Let this name mean another value; a leaf stays a leaf, and what gradients pass through lets them pass."""
        if _state.trace.inner:
            _note_writing(self)
        old = self._value
        if old.leaf is not None:
            value.leaf = old.leaf
            value.need = True
            if value.array is None:
                value.home = value.home.leaf_home
        elif old.need and not value.need:
            value = kept(old, value)
        self._value = value

    def restore(self, value: Value) -> None:
        """Name a value again that it named before it was written to; its views are then outdated."""
        self._value = value
        if isinstance(self._alias, Storage):
            self._alias.restore(value)

    def _write(self, value: Tensor | Value) -> Tensor:
        """Write in place: this tensor, what it is a view of, and their other views then have the new value."""
        new = value.current() if isinstance(value, Tensor) else value
        alias = self._alias
        if _state.trace.grad:
            self._refuse_leaf()
            if self._value.need and not new.need:
                new = record(OVERWRITE, (self.current(), new))
        if alias is None:
            self._bind(new)
            count_write(self)
        elif alias.__class__ is Storage:
            alias.write(new)
        else:
            self._write_through(alias, new)  # type: ignore[arg-type]
        return self

    def _refuse_leaf(self) -> None:
        if self._value.leaf is not None:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        if self._is_view() and self._value.need and self._alias.is_of_leaf():  # type: ignore[union-attr]
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")

    def _write_through(self, alias: Alias, new: Value) -> None:
        if any(stride == 0 and size > 1 for stride, size in zip(self.stride(), new.spec.shape, strict=True)):
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers to a single memory "
                "location. Please clone() the tensor before performing the operation."
            )
        storage = alias.storage
        whole = storage.value()
        if whole is None:
            self._bind(new)
            storage.version = alias.seen = storage.version + 1
            if self._layout() == (layout.contiguous_strides(new.spec.shape), 0):
                self._writes, self._alias = storage.version, None
            return
        plain = None in alias.cuts or not alias.grad
        if new.need and _state.trace.grad and plain and None not in alias.cuts:
            raise RuntimeError(
                "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Write to it "
                "under no_grad() too, or cut it where gradients are recorded."
            )
        wholes = [detached(whole) if plain else whole]
        cuts = [cut for cut in alias.cuts if cut is not None]
        for cut in cuts[:-1]:
            wholes.append(record(cut[0], (wholes[-1], *cut[1]), cut[2]))
        part = detached(new) if plain else new
        for cut, base in zip(reversed(cuts), reversed(wholes[: len(cuts)]), strict=True):
            part = record(put_of(cut[0]), (base, part, *cut[1]), cut[2])
        storage.write(alias_value(part) if part is new else part)
        need = self._value.need
        if self._value.leaf is not None or (new.need or not need if plain else not (need or part.need)):
            self._bind(new)
            alias.seen = storage.version
        else:
            alias.seen = -1  # gradients pass through it to the whole: it is cut again

    @property
    def _version(self) -> int:
        """How often this tensor, or what it shares its memory with, was written to."""
        alias = self._alias
        return getattr(self, "_writes", 0) if alias is None else alias.storage.version

    @property
    def _base(self) -> Tensor | None:
        """The tensor that this one is a view of, if that is still there; a detached tensor is no view in this sense."""
        return self._alias.storage.owner() if self._is_view() else None  # type: ignore[union-attr]

    def _is_view(self) -> bool:
        """Whether this is a view of another tensor that gradients pass through."""
        alias = self._alias
        return isinstance(alias, Alias) and not alias.own and None not in alias.cuts

    # --- what it is ---

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return Size(self._value.spec.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        if dim is None:
            return Size(self._value.spec.shape)
        from lamina.ops import check

        shape = self._value.spec.shape
        return shape[check.dim(dim, len(shape))]

    @property
    def dtype(self) -> dtypes.DType:
        """The number type."""
        return dtypes.of(self._value.spec.dtype)

    @property
    def device(self) -> devices.device:
        """Where it lives."""
        return devices.of_jax(self._value.spec.device)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._value.spec.shape)

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self._value.spec.shape)

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return Size(self._value.spec.shape).numel()

    nelement = numel

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return int(self._value.spec.dtype.itemsize)

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.itemsize * self.numel()

    def is_floating_point(self) -> bool:
        """Whether the type is a floating one."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the type is a complex one."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the type has negative numbers."""
        return self.dtype.is_signed

    @property
    def is_cuda(self) -> bool:
        """Whether it lives on a GPU."""
        return self.device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        """Whether it lives on the CPU."""
        return self.device.type == "cpu"

    is_sparse = False
    is_quantized = False
    is_nested = False
    is_meta = False
    layout = strided

    def __len__(self) -> int:
        if not self._value.spec.shape:
            raise TypeError("len() of a 0-d tensor")
        return int(self._value.spec.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self._value.spec.shape:
            raise TypeError("iteration over a 0-d tensor")
        from lamina.functions_shape import element

        # One by one: whoever stops early, or looks at each, has no program with a result for every one of them.
        return (element(self, place) for place in range(len(self)))

    # --- strides: arrays are row-major; a view's strides follow from how it was cut ---

    def _layout(self) -> tuple[tuple[int, ...], int]:
        alias = self._alias
        if isinstance(alias, Alias):
            return layout_of(alias)[1:]
        if alias is not None and alias.layout is not None:
            return alias.layout[1:]
        return layout.contiguous_strides(self._value.spec.shape), 0

    def stride(self, dim: int | None = None) -> Any:
        """How many elements apart neighbours are in memory, as PyTorch would lay this tensor out."""
        strides, _ = self._layout()
        if dim is None:
            return strides
        from lamina.ops import check

        if not strides:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        return strides[check.dim(dim, len(strides))]

    def storage_offset(self) -> int:
        """Where this view begins in what it was cut from, in elements."""
        return self._layout()[1]

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements lie in row-major order without gaps."""
        return self._alias is None or bool(layout.is_contiguous(self._value.spec.shape, self._layout()[0]))

    # --- gradients ---

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed with respect to it or pass through it."""
        return self.current().need

    @requires_grad.setter
    def requires_grad(self, mode: bool) -> None:
        self.requires_grad_(mode)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Say whether gradients should be computed for this tensor; returns it.

        Raises:
            RuntimeError: for a tensor that is the result of others, or of a type that has no gradients.
        """
        value = self.current()
        if bool(requires_grad) == value.need:
            return self
        if value.need and value.leaf is None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if requires_grad and not (self.dtype.is_floating_point or self.dtype.is_complex):
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        if value.leaf is not None:
            self._grads = value.leaf.closed()
        value = self._value = _fresh(value)
        if requires_grad:
            self._grads = Leaf() if self._grads is None else self._grads.opened()
            value.leaf = self._grads
            value.need = True
            if value.array is None:
                value.home = value.home.leaf_home
        return self

    @property
    def retains_grad(self) -> bool:
        """Whether the gradient of this computed tensor is kept, as `retain_grad` asks."""
        return self._grads is not None and self._grads.retain is not None and not self.is_leaf

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user rather than computed from what requires a gradient."""
        value = self.current()
        return not value.need or value.leaf is not None

    @property
    def grad(self) -> Any:
        """The gradient that `backward` has accumulated, or None."""
        return None if self._grads is None else self._grads.grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value.shape != self.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: expected {list(self.shape)}, got {list(value.shape)}"
                )
            if value.dtype != self.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type: expected {self.dtype}, got {value.dtype}"
                )
        if self._grads is None:
            if value is None:
                return
            self._grads = Leaf()
        self._grads.grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    @property
    def grad_fn(self) -> Any:
        """The step that computed it, for a tensor that gradients pass through; None for a leaf."""
        value = self.current()
        if not value.need or value.leaf is not None or value.node is None:
            return None
        from lamina.autograd import GradFn

        return GradFn(value)

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Accumulate the gradient of this tensor into the `grad` of the leaves it was computed from.

        Args:
            gradient: the gradient of something with respect to this tensor; may be left out for a single number.
            retain_graph: whether backward may be called again through the same steps; default: `create_graph`.
            create_graph: whether the gradients can be differentiated themselves.
            inputs: the tensors to give gradients to; default: all leaves.
        """
        autograd = sys.modules["lamina.autograd"]  # stands on this file; an import statement here would take longer
        if gradient is None and inputs is None and not create_graph:
            again = engine.backward_again(self.current(), bool(retain_graph))
            if again is not None:
                autograd.collect(again)
                return
        autograd.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def detach(self) -> Tensor:
        """The same memory without gradients: writing to one shows in the other."""
        return share(self, detached(self.current()), None)

    def detach_(self) -> Tensor:
        """Cut this tensor off from what computed it; returns it."""
        if self._is_view():
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        value = self.current()
        if value.leaf is not None:
            self._grads = value.leaf.closed()
        self._value = detached(value)
        return self

    @property
    def data(self) -> Tensor:
        """The same memory without gradients; assigning lets this tensor name another value."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if self._is_itself(value):
            return  # `x.data -= y` has written through, and gives back what it got
        if isinstance(self._alias, Storage):
            self._alias.leave()
        shared = value.detach()
        self._alias = shared._alias
        self._bind(shared._value)

    def _is_itself(self, other: Tensor) -> bool:
        """Whether another tensor is this one, perhaps without gradients: the same part of the same memory."""
        if other is self:
            return True
        own, alias = self._alias, other._alias
        if own is None or not isinstance(alias, Alias) or alias.storage is not own.storage:
            return False
        cuts = own.cuts if isinstance(own, Alias) else ()
        return [cut for cut in alias.cuts if cut is not None] == [cut for cut in cuts if cut is not None]

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Any:
        """Call `hook(grad)` whenever the gradient of this tensor is computed; what it returns replaces it.

        Returns:
            a handle with `remove()`.
        """
        from lamina import autograd

        return autograd.register_hook(self, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Any:
        """Call `hook(tensor)` after a gradient was accumulated into this leaf's `grad`; returns a handle."""
        from lamina import autograd

        return autograd.register_post_accumulate_grad_hook(self, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor in `grad` although it is no leaf."""
        from lamina import autograd

        autograd.retain_grad(self)

    # --- reading ---

    def array(self) -> Any:
        """The jax.Array (or JAX tracer) of this tensor, without a copy; runs what is pending."""
        return engine.read(self.current())

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """A NumPy array with the same numbers: a copy, which is the caller's to change.

        Args:
            force: also for a tensor that requires a gradient.
        """
        if not force and self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return np.array(engine.numbers(self.current()))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = self.numpy()
        return found if dtype is None else found.astype(dtype, copy=False)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
        from lamina import creation

        found = np.asarray(array)
        return creation.from_numpy(found.astype(np.uint8) if found.dtype == np.bool_ else found)

    def __jax_array__(self) -> Any:
        return self.array()

    def __dlpack__(self, **options: Any) -> Any:
        return self.array().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array().__dlpack_device__()

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self.numel() != 1:
            raise RuntimeError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar")
        value = self.current()
        if may_be_traced(value):
            array = self.array()
            if isinstance(array, jax.core.Tracer):
                raise jax.errors.ConcretizationTypeError(
                    array, "item() needs the value, which is not known inside a JAX transform."
                )
        return _python(engine.numbers(value).reshape(()))

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; one number for a 0-dim tensor."""
        found = engine.numbers(self.current())
        return found.astype(np.float32).tolist() if found.dtype.kind == "V" else found.tolist()

    def __bool__(self) -> bool:
        if self.numel() != 1:
            few = "no values" if self.numel() == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {few} is ambiguous")
        return bool(self.item())

    def _number(self, kind: str) -> Any:
        """The only element, to be converted to a Python number that is not complex."""
        if self.numel() != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        found = self.item()
        if kind and isinstance(found, complex):
            if found.imag:
                raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
            return found.real
        return found

    def __int__(self) -> int:
        return int(self._number("int64_t"))

    def __index__(self) -> int:
        value = self.current()
        spec = value.spec
        if not spec.shape and spec.dtype.kind in "iu" and not may_be_traced(value):
            return int(engine.numbers(value))
        if self.numel() != 1 or self.dtype.is_floating_point or self.dtype.is_complex:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __float__(self) -> float:
        return float(self._number("double"))

    def __complex__(self) -> complex:
        return complex(self._number(""))

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (Tensor, Number)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool((self == element).any())

    def __repr__(self) -> str:
        return self._text()

    def __str__(self) -> str:
        return self._text()

    def __format__(self, spec: str) -> str:
        if self.ndim == 0 and type(self) is Tensor and not isinstance(self.array(), jax.core.Tracer):
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def _text(self) -> str:
        from lamina.inspect import tensor_repr

        value = self.current()
        if may_be_traced(value):
            array = engine.read(value)
            if isinstance(array, jax.core.Tracer):
                return f"tensor({array})"
        grad_fn = self.grad_fn
        place = self.device
        return tensor_repr(
            engine.numbers(value),
            self.dtype.name,
            "" if place.type == "cpu" and not place.index else str(place),
            value.leaf is not None,
            None if grad_fn is None else grad_fn.name(),
            default_dtype=dtypes.get_default_dtype().name,
            kind="tensor" if type(self).__module__.startswith("lamina.") else type(self).__name__,
        )

    # --- copies and conversions ---

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment. Use tensor.detach().clone() to copy a computed one."
            )
        if id(self) in memo:
            return memo[id(self)]
        shared = shared_with(self)
        if shared is None:
            new = wrap(alias_value(self.current()), type(self))
        else:
            from copy import deepcopy

            new = cut_from(deepcopy(shared[0], memo), shared[1], type(self))
        if self.requires_grad:
            new.requires_grad_()
        if self.grad is not None:
            from copy import deepcopy

            new.grad = deepcopy(self.grad, memo)
        new.__dict__.update(self.__dict__)
        memo[id(self)] = new
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        shared = shared_with(self)
        if shared is not None:
            return (_unpickle_view, (*shared, self.requires_grad, type(self), dict(self.__dict__)))
        state = (np.asarray(self.array()), self.dtype.name, self.requires_grad, type(self), dict(self.__dict__))
        return (_unpickle, state)

    def __copy__(self) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError("Only leaf tensors can be copied. Use tensor.detach() for a computed one.")
        new = self.detach()
        new.__class__ = type(self)
        if self.requires_grad:
            new.requires_grad_()
        new.__dict__.update(self.__dict__)
        return new

    def to(self, *args: Any, **options: Any) -> Tensor:
        """This tensor with another dtype, on another device, or like another tensor; itself if nothing changes.

        Args:
            args: a dtype, a device, `device, dtype` or a tensor; then `non_blocking`, `copy`.
            options: `device, dtype, non_blocking, copy, memory_format`.
        """
        dtype, where, copy = parse_to(*args, **options)
        result = self
        if where is not None and devices.jax_device(where) is not self._value.spec.device:
            result = moved(result, devices.jax_device(where))
        if dtype is not None and dtypes.of(dtype) is not result.dtype:
            result = result.to_dtype(dtype)
        return result.clone() if copy and result is self else result

    def type(self, dtype: Any = None, **options: Any) -> Any:
        """The type's name, such as `lamina.FloatTensor`, or this tensor with another type."""
        if dtype is None:
            return f"lamina.{self.dtype.tensor_name}Tensor"
        if isinstance(dtype, str) and dtype.endswith("Tensor"):
            name = dtype.rpartition(".")[2].removesuffix("Tensor")
            dtype = next(d for d in dtypes.ALL if d.tensor_name == name)
        return self.to(getattr(dtype, "dtype", dtype))

    def type_as(self, other: Tensor) -> Tensor:
        """This tensor with the type of another."""
        return self.to(other.dtype)

    def cpu(self, memory_format: Any = None) -> Tensor:
        """This tensor on the CPU."""
        return self.to("cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Tensor:
        """This tensor on a GPU."""
        return self.to("cuda" if device is None else devices.device(device))

    def pin_memory(self, device: Any = None) -> Tensor:
        """This tensor: memory is pinned by JAX where it helps."""
        return self

    def is_pinned(self) -> bool:
        """False: memory is pinned by JAX where it helps."""
        return False

    def share_memory_(self) -> Tensor:
        """This tensor."""
        return self

    def data_ptr(self) -> int:
        """The address of the first element; runs what is pending. A view's is in what it was cut from."""
        alias = self._alias
        whole = alias.storage.value() if isinstance(alias, Alias) else None
        if whole is None:
            return int(self.array().unsafe_buffer_pointer())
        return int(engine.read(whole).unsafe_buffer_pointer()) + self.storage_offset() * self.itemsize

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
        """A tensor of this data, with this tensor's type and device unless given."""
        from lamina import creation

        return creation.tensor(
            data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad
        )

    def __getitem__(self, index: Any) -> Tensor:
        return indexing.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        indexing.setitem(self, index, value)

    def __delitem__(self, index: Any) -> None:
        raise TypeError("Tensor does not support deleting items")

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self)})


def _python(array: np.ndarray) -> Any:
    return float(array) if array.dtype.kind == "V" else array.item()


def _unpickle(array: np.ndarray, dtype: str, requires_grad: bool, kind: Any, extra: dict[str, Any]) -> Any:
    from lamina import creation

    new = wrap(creation.tensor(array, dtype=dtypes.of(dtype))._value, kind)
    if requires_grad:
        new.requires_grad_()
    new.__dict__.update(extra)
    return new


def _unpickle_view(base: Tensor, cuts: Any, requires_grad: bool, kind: Any, extra: dict[str, Any]) -> Any:
    new = cut_from(base, cuts, kind)
    if requires_grad:
        new.requires_grad_()
    new.__dict__.update(extra)
    return new


def shared_with(tensor: Tensor) -> tuple[Tensor, Any] | None:
    """What a view was cut from, if that is there and can be copied with it, and how: names of operations, arguments."""
    alias = tensor._alias
    if not isinstance(alias, Alias):
        return None
    base = alias.storage.owner()
    if base is None or not base.is_leaf or type(base) is not Tensor:
        return None
    return base, tuple(cut if cut is None else (cut[0].name, cut[1], cut[2]) for cut in alias.cuts)


def cut_from(base: Tensor, cuts: Any, kind: Any) -> Any:
    """The view that these cuts make of a base, as a tensor without gradients."""
    with grad_mode(False):
        new = base.detach()
        for cut in cuts:
            if cut is not None:
                new = call_view(TABLE[cut[0]], (new, *cut[1]), cut[2])
    new.__class__ = kind
    return new


def count_write(tensor: Tensor) -> None:
    """Note that a tensor which shares its memory with no other was written to."""
    try:
        tensor._writes += 1
    except AttributeError:
        tensor._writes = 1


def wrap(value: Value, kind: Any = Tensor) -> Any:
    """A Tensor for a value."""
    tensor = _new(kind)
    tensor._value = value
    tensor._alias = None
    tensor._grads = None
    return tensor


def _fresh(value: Value) -> Value:
    """A value of one's own with the same array and no gradient, to be changed in place by the caller."""
    if value.array is None:
        with grad_mode(False):
            return record(engine.DETACH, (value,))
    new = Value(value.spec, None, 0, None, False)
    new.array = value.array
    return new


def _note_writing(tensor: Tensor) -> None:
    """Let a function that is being transformed know that it writes to this tensor."""
    trace: Any = _state.trace
    trace.written.setdefault(id(tensor), (weakref.ref(tensor), tensor._value))


def detached(value: Value) -> Value:
    """The same value without gradients."""
    return value if not value.need and value.leaf is None else _fresh(value)


def may_be_traced(value: Value) -> bool:
    """Whether a value may stand for a number of a JAX transform, which nobody can look at."""
    return value.spec.device is engine.TRACED or bool(_state.trace.inner)


def host_numbers(tensor: Tensor) -> np.ndarray:
    """The numbers of a tensor, on the host, not to be written to; runs what is pending."""
    return engine.numbers(tensor.current())


def known_numbers(tensor: Tensor) -> np.ndarray | None:
    """The numbers of a tensor on the CPU, not to be written to, if they are computed and no gradient passes."""
    value = tensor.current()
    if value.array is None or value.need or may_be_traced(value):
        return None
    return engine.numbers(value) if value.spec.device.platform == "cpu" else None


def alias_value(value: Value) -> Value:
    """A second holder of the same value, so that binding one name changes nothing for another; no gradient passes."""
    return _fresh(value)


def share(tensor: Tensor, value: Value, cut: Any) -> Tensor:
    """A view of a tensor: `value` is what the cut `(op, operands, static)` (None: detach) of it gives now."""
    view = wrap(_fresh(value) if value is tensor._value else value)
    alias = tensor._alias
    if alias is None:
        alias = tensor._alias = Storage(tensor)
    elif alias.__class__ is Alias and alias.storage.value() is None:
        alias = tensor._alias = Storage(tensor, alias)
    if alias.__class__ is Storage:
        storage, cuts = alias, (cut,)
        shape = tensor._value.spec.shape
        of_leaf = tensor._value.leaf is not None
    else:
        storage, cuts = alias.storage, (*alias.cuts, cut)  # type: ignore[union-attr]
        of_leaf = alias.of_leaf
        shape = alias.shape  # type: ignore[union-attr]
    if storage.views and storage.held is None:
        storage.held = storage.value()
    view._alias = Alias(storage, shape, cuts, _state.trace.grad, of_leaf and cut is not None and _state.trace.grad)
    return view


def flat_parts(flat: Tensor, parts: Sequence[Tensor]) -> list[Tensor]:
    """Views of a flat tensor, one after another, with the shapes and the values of parts."""
    op, start, views = TABLE["flat_part"], 0, []
    for part in parts:
        shape = tuple(part.shape)
        views.append(share(flat, _fresh(part.current()), (op, (), (start, shape))))
        start += part.numel()
    return views


class grad_mode:
    """Within it gradients are recorded, or not: `enable_grad`, `no_grad` and `set_grad_enabled` are made of it."""

    __slots__ = ("before", "mode")

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        trace = _state.trace
        self.before = trace.grad
        trace.grad = self.mode

    def __exit__(self, *exc: Any) -> None:
        _state.trace.grad = self.before


_READY = frozenset((*_NUMBERS, type(None), engine.RandomAt))
"""Operands that the engine takes as they are, beside tensors."""


def operand(x: Any, op: Any) -> Any:
    """What an operation takes for an argument that is neither Tensor, number nor None."""
    if x.__class__ is tuple or x.__class__ is list:
        return [y if isinstance(y, Tensor) or y.__class__ in _READY else operand(y, op) for y in x]
    if isinstance(x, np.generic) or (isinstance(x, np.ndarray) and x.ndim == 0):
        return x.item()
    if isinstance(x, (jax.Array, np.ndarray)):
        from lamina import creation

        return creation.as_tensor(x)
    for kind in (bool, int, float, complex):
        if isinstance(x, kind):
            return kind(x)  # type: ignore[arg-type]
    raise TypeError(f"{op.name}(): expected a Tensor or a number, got {type(x).__name__}.")


def _other_kind(operands: tuple[Any, ...]) -> Any:
    """What an operation does for a tensor of another kind, such as a sparse one: its class says so."""
    each = (y for x in operands for y in (x if isinstance(x, (list, tuple)) else (x,)))
    found = (getattr(type(x), "__lamina_op__", None) for x in each)
    return next((function for function in found if function is not None), None)


def call(op: Any, operands: tuple[Any, ...], static: tuple[Any, ...] = ()) -> Any:
    """Record an operation on Tensors: the way every operation takes."""
    try:
        result = record(op, operands, static)
    except engine.Unknown:
        other = _other_kind(operands)
        if other is not None:
            return other(op, operands, static)
        known = [x if isinstance(x, Tensor) or x.__class__ in _READY else operand(x, op) for x in operands]
        result = record(op, known, static)
    if result.__class__ is Value:
        tensor = _new(Tensor)
        tensor._value = result
        tensor._alias = None
        tensor._grads = None
        return tensor
    return tuple([wrap(value) for value in result])


def call_view(op: Any, operands: tuple[Any, ...], static: tuple[Any, ...] = ()) -> Any:
    """Record an operation whose result shares memory with its first operand."""
    tensor = operands[0]
    if not isinstance(tensor, Tensor):
        other = _other_kind(operands)
        if other is not None:
            return other(op, operands, static)
        raise TypeError(f"{op.name}(): expected a Tensor, got {type(tensor).__name__}.")
    rest = tuple([x if x.__class__ in _NUMBERS or x is None else operand(x, op) for x in operands[1:]])
    value = record(op, (tensor.current(), *rest), static)
    if value.spec.device is engine.TRACED:
        return wrap(value)
    return share(tensor, value, (op, rest, static))


def write(target: Tensor, result: Tensor) -> Tensor:
    """The end of an in-place operation: check that the result fits, cast it, write it; returns the target."""
    new, old = result.current().spec, target.current().spec
    if new.dtype is not old.dtype and new.dtype != old.dtype:
        if not can_cast(new.dtype, old.dtype):
            from lamina.ops.check import type_name

            raise RuntimeError(
                f"result type {type_name(new.dtype)} can't be cast to the desired output type {type_name(old.dtype)}"
            )
        result = result.to_dtype(dtypes.of(old.dtype))
    if new.shape != old.shape:
        raise RuntimeError(f"output with shape {list(old.shape)} doesn't match the broadcast shape {list(new.shape)}")
    return target._write(result)


def can_cast(source: Any, target: Any) -> bool:
    """Whether a result of one type may be written into a tensor of another: never to a lower category."""
    from lamina.ops import promote

    low, high = promote.category(source), promote.category(target)
    return low <= high and not (high == 0 and low > 0)


def values_of(tensors: Sequence[Tensor]) -> list[Value]:
    """What the tensors name."""
    return [tensor._value if tensor._alias is None else tensor.current() for tensor in tensors]


def assign(targets: Sequence[Tensor], values: Sequence[Value]) -> None:
    """Let each target have a new value at once, without autograd: how an optimizer's step ends."""
    if _state.trace.inner:
        for target in targets:
            _note_writing(target)
    for target, new in zip(targets, values, strict=True):
        alias = target._alias
        if alias is None:
            leaf = target._value.leaf
            if leaf is not None:
                new.leaf = leaf
                new.need = True
                if new.array is None:
                    new.home = new.home.leaf_home
            target._value = new
            count_write(target)
        elif alias.__class__ is Storage:
            alias.write(new)
        else:
            with grad_mode(False):
                target._write(new)


def gradients(tensors: Sequence[Tensor]) -> list[Any]:
    """The `grad` of each tensor."""
    return [None if t._grads is None else t._grads.grad for t in tensors]


def packed_gradients(tensors: Sequence[Tensor]) -> tuple[Value, tuple[int, ...]] | None:
    """The flat value that the gradients of all these lie in, and where each begins; None if they don't."""
    parts = [None if t._grads is None else t._grads.part for t in tensors]
    if not parts or parts[0] is None:
        return None
    packed, layout = parts[0][0], parts[0][0].layout
    starts = tuple([layout[part[1]][0] for part in parts if part is not None and part[0] is packed])
    return (packed.value, starts) if len(starts) == len(parts) else None


def gradient_blocks(params: tuple[tuple[int, ...], ...], starts: tuple[tuple[int, ...] | None, ...]) -> Blocks:
    """How flat states and gradients lie, as an optimizer's operation is told: see `Blocks`."""
    return Blocks(params, starts)


def have_gradients(tensors: Sequence[Tensor]) -> list[bool]:
    """Whether each tensor has a `grad`."""
    return [(leaf := t._grads) is not None and (leaf.part is not None or leaf._grad is not None) for t in tensors]


def drop_gradients(tensors: Sequence[Tensor]) -> None:
    """Set the `grad` of each tensor to None."""
    for tensor in tensors:
        leaf = tensor._grads
        if leaf is not None:
            leaf._grad = leaf.part = None


def end_of_call() -> None:
    """The end of an outermost module call: without gradients, nothing will follow that its results should wait for."""
    trace = _state.trace
    if not trace.grad:
        engine.flush(trace)


flush = engine.flush
"""Run what this thread has recorded: the end of an optimizer's step, or of an outermost call without gradients."""


def parse_to(*args: Any, **options: Any) -> tuple[Any, Any, bool]:
    """The dtype, device and `copy` that the arguments of `to` mean."""
    dtype, where = options.pop("dtype", None), options.pop("device", None)
    copy = options.pop("copy", False)
    options.pop("non_blocking", None)
    options.pop("memory_format", None)
    other = options.pop("other", None)
    if options:
        raise TypeError(f"to() got an unexpected keyword argument '{next(iter(options))}'")
    flags = []
    for x in args:
        if isinstance(x, Tensor):
            other = x
        elif isinstance(x, dtypes.DType):
            dtype = x
        elif isinstance(x, (str, devices.device)) or (isinstance(x, int) and not isinstance(x, bool)):
            where = x
        elif isinstance(x, bool):
            flags.append(x)
        elif x is not None:
            dtype = dtypes.of(x)
    if len(flags) > 1:
        copy = flags[1]
    if other is not None:
        dtype, where = other.dtype, other.device
    return dtype, where, copy


def moved(tensor: Tensor, device: Any) -> Tensor:
    """The tensor on another device. Its gradient, once it is complete there, goes on to the tensor it came from."""
    with jax.enable_x64(True):
        new: Tensor = wrap(engine.of_array(jax.device_put(tensor.array(), device, may_alias=False), device))
    if tensor.requires_grad and _state.trace.grad:
        new.requires_grad_()

        def pass_on(moved: Tensor) -> None:
            gradient, moved.grad = moved.grad, None
            tensor.backward(gradient.to(tensor.device), retain_graph=True)

        new.register_post_accumulate_grad_hook(pass_on)
    return new


Leaf.represent = staticmethod(wrap)

from lamina import indexing  # noqa: E402  (it needs Tensor)
