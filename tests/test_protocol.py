"""What Python asks of a tensor: conversions, containers, operators, copies, and what it says of itself.

Every line is run by PyTorch and by lamina, which must give the same value, or raise the same class of exception.
"""

from __future__ import annotations

import copy
import math
import operator
import pickle
import re
import warnings

import numpy as np
import pytest
import torch

import lamina
from tests.against_torch.programs import interpreted

SETUP = """
x = t.tensor([[1.5, -2.0, 3.0], [0.5, 4.0, -1.0]])
i, s, k, b, e = t.tensor([3, 1, 2]), t.tensor(2.5), t.tensor(3), t.tensor([True, False]), t.zeros(0, 3)
z, one, c3 = t.tensor([1 + 2j, 3 - 1j]), t.tensor([7.0]), t.zeros(2, 3, 4)
g = t.tensor([1.0, 2.0], requires_grad=True)
h = g * 2
"""

EXPRESSIONS = """
len(x); len(s); len(e); list(i); list(s); [r.tolist() for r in x]; 3 in i; None in i; "a" in i; i[0] in i; 5.0 in x
bool(s); bool(x); bool(e); bool(one); bool(z[0]); int(s); int(x); int(one); int(z[0]); int(t.tensor(float("nan")))
float(s); float(k); float(z[0]); float(x); complex(s); complex(z[0]); complex(x); operator.index(k); operator.index(s)
operator.index(b[0]); operator.index(i); [10, 20, 30, 40][k]; range(k); divmod(x, 2); divmod(i, 2); round(x)
round(s, 1)
math.floor(s); math.ceil(s); math.trunc(s); math.sqrt(s); sum(i); max(i); min(x[0]); sorted(i); all(b); any(b)
np.array(x); np.asarray(x, dtype=np.float64); np.array(x, dtype="int32"); np.array(g); np.asarray(b)
np.sum(x.numpy())
x.__array__(np.float16); np.array(z); np.array(x, copy=True); np.sqrt(t.tensor([4.0])); np.greater(s, 1)
copy.deepcopy(x); copy.deepcopy(g); copy.deepcopy(h); copy.copy(x); copy.copy(g); pickle.loads(pickle.dumps(x))
pickle.loads(pickle.dumps(g)); pickle.loads(pickle.dumps(h)); pickle.loads(pickle.dumps(b))
pickle.loads(pickle.dumps(z))
list(reversed(i)); reversed(i); reversed(s); reversed(x)
x == None; x != None; x < None; x == "a"; x != "a"; i == [3, 1, 2]; x == i; x == (1, 2, 3); x > "a"; x in {x}
s == 2.5
x + None; None + x; x + "a"; x + [1, 2, 3]; [1, 2, 3] + x; np.float32(2) * x; np.int64(2) * i; np.float64(2) - x
x * np.float64(2); 2 ** x; 2 ** i; 2 // i; 7 % i; 2 / i; 2 - b; 2.5 // x; 1 << i; 64 >> i; i << 1; i >> 1; i & 1
1 & i
i ^ 1; 1 ^ i; True & b; ~i; ~b; ~x; ~z; -b; +x; +b; abs(x); abs(z); x % 2; x // 2; i // 2; i / 2; i ** 2; 2 @ x; x @ 2
x @ x; x.T @ x; pow(x, 2); i | 4; 6 | b
c3.mT.shape; c3.H; c3.mH.shape; i.mT; i.H; i.mH; x.T; x.H; x.mH; z.real; z.imag; x.real; x.imag; x.real is x
x.itemsize; x.nbytes; x.element_size(); x[1].storage_offset(); x.t().stride(); x.stride(0); x.stride(-1); x.stride(2)
x.stride(dim=1); s.stride(); s.stride(0); x.t().is_contiguous(); x.is_cuda; x.is_cpu; x.is_meta; x.is_sparse
x.is_quantized; x.is_mkldnn; x.is_nested; x.is_xla; x.is_xpu; x.is_mps; x.is_ipu; x.is_vulkan; x.is_mtia; x.is_maia
x.is_sparse_csr; x.get_device(); t.get_device(x) if t.__name__ != "torch" else -1; x.is_inference(); x.is_shared()
x.is_conj(); x.is_neg(); x.is_complex(); z.is_complex(); b.is_signed(); x.is_distributed(); x.is_coalesced()
x.is_nonzero(); s.is_nonzero(); e.is_nonzero(); x.is_same_size(x); x.is_same_size(i); x.is_set_to(x)
x.is_set_to(x.clone()); x.is_set_to(x.view(2, 3)); x[0].is_set_to(x); x.dim_order(); x.t().dim_order(); x.name
x.output_nr; x.sparse_dim(); x.dense_dim(); x._version; x.add_(1)._version; x[0].add_(1)._version; g.retains_grad
x._base; x[0]._base is x; x[0][0]._base is x; x._is_view(); x[0]._is_view(); x.detach()._is_view(); z.real.stride()
z.imag.storage_offset(); x.resolve_conj() is x; x.resolve_neg() is x; x.data_ptr() == x.view(-1).data_ptr()
x[1].data_ptr() - x.data_ptr(); x.const_data_ptr() == x.data_ptr(); x.item(); one.item(); e.item(); b[0].item()
z[0].item(); g.numpy(); g.numpy(force=True); x.new([1, 2]); x.new(2, 3).shape; x.as_subclass(t.Tensor) is x
x[k - 2]; x[k - 3 : k]; x[:, k - 1]; x[k - 2] + 0; x.take_along_dim(t.tensor([[3]]), 1)
x.take_along_dim(t.tensor([[-1]]), 1)
t.nn.functional.one_hot(t.tensor([5]), 3); t.nn.functional.one_hot(t.tensor([-5]), 3)
"""

STATEMENTS = """
z.real = t.tensor([5.0, 6.0]); z.imag = t.tensor([5.0, 6.0]); z.real[0] = 7.0; z.imag.mul_(2); x.real = x * 2
x.imag = x
x += 1; x *= i; x /= 2; x //= 2; x **= 2; x %= 2; i <<= 1; i >>= 1; i &= 1; i |= 4; i ^= 3; x @= t.ones(3, 3)
x @= t.ones(3, 2); i //= 2; i /= 2; i += 0.5; i **= 2; b &= True; b += 1; b ^= True; x[0] *= x[1]; x.t()[0] -= 5
g += 1
h += 1; k += 1; k += i; x += None; x += "a"; x <<= 1; x &= 1; x += z[0]; x @= x
del x[0]; x[0] = None; x[0] = "a"; x[0] = [1, 2, 3]; x[0] = (1, 2, 3); x[0] = np.float64(2); x[1.0] = 2
x[0] = t.tensor([1, 2]); x[0, 0] = x[1, 1]; x[:, 0] = x[:, 1]; x[None] = 5; x[...] = i; x[()] = 2; x[True] = 3
x[False] = 3
x[[True, False]] = 3; i[0] = 2.7; b[0] = 2; x[0] = 1j; z[0] = 1j; x[x > 100] = x[0, 0]; x[0] = t.tensor([1, 2, 3])
x[[0]] = t.tensor([1, 2, 3]); x[x > 0] = t.tensor(1); x[x > 0] = t.tensor([1.0, 2.0]); i[i > 1] = t.tensor(2.5)
x[0, [0, 1]] = t.tensor([9.0, 8.0]); x[5:] = 1; x[0, 0, 0] = 1; x[::-1] = 1; x[t.tensor(True)] = 4; x[t.tensor(0)] = 4
x[t.tensor([], dtype=t.int64)] = 4; x[[]] = 4; s[()] = 1; s[...] = 1; s[None] = 1; s[0] = 1; s[True] = 1; e[0] = 1
x[:, i > 1] = 3; x[t.tensor([0.5])] = 1; x[range(2)] = 1; x[{}] = 1; x[np.int64(1), np.int64(0)] = 3; x[0, 1:k] = 8
x[k - 2].add_(5); x[k - 3, k - 1].fill_(5); x[t.tensor([1, 0], dtype=t.uint8)] = 3
x.requires_grad = True; i.requires_grad = True; h.requires_grad = False; x.grad = x; x.grad = s; x.grad = 1
del x.grad
x.data = s; x.data = 3; x.foo = 1; g.data = t.zeros(3); h.data = t.zeros(3); y = x[0]; x.data = t.zeros(2, 3)
y.add_(1)
q = t.zeros(2, 3); x.data = q; q.add_(1); v = x[0]; x.data = t.ones(2, 3); x.add_(1)
x.resize_(3, 2); x.resize_(2, 2); x.set_(i); x.set_(t.zeros(2)); x.squeeze_(); x.unsqueeze_(0); x.t_(); x.t_().add_(1)
x.t().t_().mul_(2); v = x[0]; x.t_(); v.add_(1); w = x[:, 0]; x.unsqueeze_(1); x.transpose_(0, 1); g.t_()
g.unsqueeze_(0)
x.detach_(); h.detach_(); h[0].detach_(); h.requires_grad_(); x.fill_(s); x.fill_(i); x.fill_(1j); i.fill_(2.5)
x.fill_diagonal_(5); c3.fill_diagonal_(1); x.t().fill_diagonal_(2, wrap=True); x.apply_(lambda v: v + 1)
g.apply_(abs)
x.map_(x, lambda v, w: v * w); x.map2_(x, x, lambda u, v, w: u + v + w); x.swapaxes_(0, 1); x.swapdims_(0, 1)
d = g.detach(); d.requires_grad_(); h.add_(d); g.detach().add_(1)
w = t.zeros(4)[:2]; w.requires_grad_(); (w * 2).sum().backward(); w.data.add_(1)
m = copy.copy(x); m.add_(1); y, v = copy.deepcopy([x, x[0]]); v.add_(1); y, v = pickle.loads(pickle.dumps([x, x[0]]))
v.add_(1)
"""


def told(value, t):
    """A value in a form that can be compared."""
    if isinstance(value, t.Tensor):
        kind = str(value.dtype).split(".")[1]
        return value.detach().numpy().tolist(), kind, tuple(value.shape), value.requires_grad, value.is_leaf
    if isinstance(value, np.ndarray):
        return value.tolist(), str(value.dtype), value.shape
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [told(item, t) for item in value]
    return repr(value).replace("lamina", "torch")


def outcome(t, code: str, is_expression: bool):
    """What a line gives, or every tensor after it, or the class of what it raises."""
    scope = {"t": t, "np": np, "copy": copy, "pickle": pickle, "operator": operator, "math": math}
    exec(SETUP, scope)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if is_expression:
                return told(eval(code, scope), t)
            exec(code, scope)
        except Exception as error:
            return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
        return {name: told(value, t) for name, value in scope.items() if isinstance(value, t.Tensor)}


@pytest.mark.parametrize("line", EXPRESSIONS.strip().splitlines(), ids=lambda line: line[:20])
def test_expressions(line):
    with interpreted():
        for code in re.split(r"; ", line):
            lamina.engine.reset()
            assert outcome(lamina, code, True) == outcome(torch, code, True), code


@pytest.mark.parametrize("line", STATEMENTS.strip().splitlines(), ids=lambda line: line[:20])
def test_statements(line):
    """Statements run alone and, since a later one may need the names of those before it, all of a line together."""
    with interpreted():
        for code in [*re.split(r"; ", line), line]:
            lamina.engine.reset()
            found, wanted = outcome(lamina, code, False), outcome(torch, code, False)
            assert found == wanted, code


def test_what_is_deprecated_warns():
    for code in ("t.zeros(2, 3, 4).T", "t.zeros(3).T", "t.arange(3)[t.tensor([1, 0, 1], dtype=t.uint8)]"):
        with pytest.warns(UserWarning, match="deprecated"):
            eval(code, {"t": lamina})


def test_arrays_of_numpy_stand_on_either_side():
    n, x = np.array([1.0, 2.0]), lamina.tensor([3.0, 5.0])
    for result in (n + x, x + n):
        assert isinstance(result, lamina.Tensor)
        assert result.tolist() == [4.0, 7.0]
    assert (n - x).tolist() == [-2.0, -3.0]
    assert (n < x).tolist() == [True, True]


def test_an_iterator_of_views_writes_through():
    x = lamina.zeros(2, 2)
    for number, row in enumerate(x):
        row.fill_(number)
    assert x.tolist() == [[0.0, 0.0], [1.0, 1.0]]
