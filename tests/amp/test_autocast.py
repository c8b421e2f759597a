"""Mixed precision, beside PyTorch's on the CPU."""

from __future__ import annotations

import threading

import pytest
import torch

import lamina
from lamina import amp
from tests.parity import compare, floats, positives

X, Y = floats(4, 4), floats(4, 4, seed=1)
TYPES = {
    "mm": lambda t, x, y: x @ y,
    "linear": lambda t, x, y: t.nn.functional.linear(x, y, y[0]),
    "bmm": lambda t, x, y: t.bmm(x[None], y[None]),
    "addmm": lambda t, x, y: t.addmm(x, x, y),
    "mv": lambda t, x, y: x.mv(y[0]),
    "einsum": lambda t, x, y: t.einsum("ij,jk->ik", x, y),
    "conv": lambda t, x, y: t.nn.functional.conv1d(x[None], y[:, :, None]),
    "attention": lambda t, x, y: t.nn.functional.scaled_dot_product_attention(x[None], y[None], y[None]),
    "exp": lambda t, x, y: (x @ y).exp(),
    "softmax": lambda t, x, y: (x @ y).softmax(-1),
    "sum": lambda t, x, y: (x @ y).sum(),
    "prod": lambda t, x, y: (x @ y).prod(),
    "cat": lambda t, x, y: t.cat([x @ y, x]),
    "stack": lambda t, x, y: t.stack([x @ y, x]),
    "cat of one type": lambda t, x, y: t.cat([x @ y, y @ x]),
    "add": lambda t, x, y: x + x @ y,
    "mse_loss": lambda t, x, y: t.nn.functional.mse_loss(x @ y, y),
    "cross_entropy": lambda t, x, y: t.nn.functional.cross_entropy(x @ y, t.arange(4)),
    "l1_loss": lambda t, x, y: t.nn.functional.l1_loss(x @ y, (y @ x).float()),
    "layer_norm": lambda t, x, y: t.nn.functional.layer_norm(x, (4,)),
    "double": lambda t, x, y: x.double() @ y.double(),
    "half": lambda t, x, y: x.half() @ y.half(),
    "disabled": lambda t, x, y: t.autocast("cpu", enabled=False)(lambda: x @ y)(),
    "lstm": lambda t, x, y: t.nn.LSTM(4, 2)(x)[0].dtype,
    "gru": lambda t, x, y: t.nn.GRU(4, 2)(x)[0].dtype,
    "lstm cell": lambda t, x, y: t.nn.LSTMCell(4, 2)(x)[0].dtype,
    "inv": lambda t, x, y: t.linalg.inv(t.eye(2).bfloat16()).dtype,
}


@pytest.mark.parametrize("name", TYPES)
def test_types(name):
    def run(t, x, y):
        with t.autocast("cpu"):
            return TYPES[name](t, x, y)

    compare(run, X, Y, rtol=5e-2, atol=8e-2)


def test_a_network_in_half_precision():
    def run(t, x, w, b):
        with t.autocast(device_type="cpu", dtype=t.float16):
            y = t.nn.functional.linear(x, w, b).relu()
            z = t.nn.functional.linear(y, w)
        return y, t.nn.functional.mse_loss(z.float(), x)

    compare(run, X, Y, floats(4), rtol=2e-2, atol=2e-2)


def test_it_ends_and_nests():
    x = lamina.ones(2, 2)
    with lamina.autocast("cpu"):
        assert (x @ x).dtype is lamina.bfloat16
        with lamina.autocast("cpu", dtype=lamina.float16):
            assert (x @ x).dtype is lamina.float16
            lamina.synchronize()
            assert (x @ x).dtype is lamina.float16
        assert (x @ x).dtype is lamina.bfloat16
    assert (x @ x).dtype is lamina.float32
    with pytest.raises(ZeroDivisionError), lamina.autocast("cpu"):
        raise ZeroDivisionError
    assert not lamina.is_autocast_enabled("cpu")


def test_it_belongs_to_a_thread():
    found = []
    with lamina.autocast("cpu"):
        thread = threading.Thread(target=lambda: found.append((lamina.ones(2, 2) @ lamina.ones(2, 2)).dtype))
        thread.start()
        thread.join()
    assert found == [lamina.float32]


def test_backward_after_a_read():
    w = lamina.ones(2, 2, requires_grad=True)
    with lamina.autocast("cpu"):
        loss = (w @ w).sum()
    assert loss.item() == 8.0
    loss.backward()
    assert w.grad.dtype is lamina.float32
    assert w.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]


def test_within_transforms():
    with lamina.autocast("cpu"):
        y = lamina.vmap(lamina.matmul)(lamina.ones(3, 2, 2), lamina.ones(3, 2, 2))
    assert y.dtype is lamina.bfloat16


def test_sequential_is_recorded_anew():
    net, x = lamina.nn.Sequential(lamina.nn.Linear(3, 3), lamina.nn.ReLU(), lamina.nn.Linear(3, 3)), lamina.ones(2, 3)
    for _ in range(3):
        assert net(x).dtype is lamina.float32
        with lamina.autocast("cpu"):
            assert net(x).dtype is lamina.bfloat16


def test_settings():
    assert lamina.get_autocast_dtype("cpu") is lamina.bfloat16
    assert lamina.get_autocast_gpu_dtype() is lamina.float16
    with lamina.autocast("cpu", dtype=lamina.float16):
        assert lamina.is_autocast_enabled("cpu")
        assert lamina.is_autocast_cpu_enabled()
        assert not lamina.is_autocast_enabled()
        assert lamina.get_autocast_cpu_dtype() is lamina.float16
    lamina.set_autocast_enabled("cpu", True)
    assert (lamina.ones(1, 1) @ lamina.ones(1, 1)).dtype is lamina.bfloat16
    lamina.set_autocast_cpu_enabled(False)
    assert lamina.is_autocast_cache_enabled()
    assert amp.is_autocast_available("cpu")
    with pytest.raises(RuntimeError) as caught:
        lamina.autocast("toaster")
    assert str(caught.value) == "User specified an unsupported autocast device_type 'toaster'"
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        lamina.autocast(1)
    with pytest.warns(UserWarning, match="target dtype is not supported"):
        lamina.autocast("cpu", dtype=lamina.float32)


def test_custom_functions():
    def run(t, x):
        class Square(t.autograd.Function):
            @staticmethod
            @t.amp.custom_fwd(device_type="cpu", cast_inputs=t.float32)
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x @ x

            @staticmethod
            @t.amp.custom_bwd(device_type="cpu")
            def backward(ctx, grad):
                (x,) = ctx.saved_tensors
                return grad @ x.T + x.T @ grad

        with t.autocast("cpu"):
            return Square.apply(x)

    compare(run, X)


def test_scaler():
    def run(t, x, y):
        w = t.zeros(4, requires_grad=True)
        optimizer = t.optim.Adam([w], lr=0.1)
        scaler = t.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
        seen = []
        for step in range(5):
            optimizer.zero_grad()
            loss = ((x @ w - y[0]) ** 2).mean()
            scaler.scale(loss * (float("inf") if step == 2 else 1.0)).backward()
            if step == 3:
                scaler.unscale_(optimizer)
                seen.append(w.grad.detach().clone())
            scaler.step(optimizer)
            scaler.update()
            seen += [scaler.get_scale(), w.detach().clone()]
        return seen, scaler.state_dict()

    compare(run, positives(4, 4), Y, grad=False, rtol=1e-4)


def test_scaler_off_and_wrong():
    w = lamina.ones(1, requires_grad=True)
    optimizer = lamina.optim.SGD([w], lr=1.0)
    off = amp.GradScaler("cpu", enabled=False)
    assert off.scale(w) is w
    assert off.state_dict() == {}
    scaler = amp.GradScaler("cpu")
    scaler.scale(w.sum()).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match=r"unscale_\(\) has already been called"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called"):
        scaler.step(optimizer)
    scaler.update()
    assert w.item() == 0.0
    again = amp.GradScaler("cpu")
    again.load_state_dict(scaler.state_dict())
    assert again.get_scale() == scaler.get_scale() == 65536.0
    assert torch.amp.GradScaler("cpu").state_dict() == amp.GradScaler("cpu").state_dict()
