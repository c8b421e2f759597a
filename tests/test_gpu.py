"""A second device: one of the CPU's where there is no GPU, and a GPU where there is one.

Everything else is run on a GPU by `LAMINA_TEST_DEVICE=cuda python -m pytest tests/ops tests/nn tests/optim`.
"""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina import nn, optim
from lamina.nn import functional as F

PLACES = ["cpu:1", pytest.param("cuda", marks=pytest.mark.gpu)]
at_places = pytest.mark.parametrize("place", PLACES)


def mlp():
    return nn.Sequential(nn.Linear(12, 32), nn.BatchNorm1d(32), nn.GELU(), nn.Linear(32, 4)), (16, 12)


def images():
    body = (nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, 2))
    return nn.Sequential(*body, nn.ConvTranspose2d(8, 4, 2, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten()), (4, 3, 16, 16)


class Last(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rnn, self.head = kind(6, 10, num_layers=2, bidirectional=True), nn.Linear(20, 4)

    def forward(self, x):
        return self.head(self.rnn(x)[0][-1])


def lstm():
    return Last(nn.LSTM), (7, 5, 6)


def gru():
    return Last(nn.GRU), (7, 5, 6)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, 0.1, batch_first=True), 2)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        return self.head(self.body(x, is_causal=True, mask=nn.Transformer.generate_square_subsequent_mask(9)).mean(1))


def transformer():
    return Reader(), (3, 9, 16)


def trained(make, place, steps=5):
    """The losses of a few steps, and what became of the parameters; the data are the same wherever they go."""
    lamina.manual_seed(0)
    net, shape = make()
    random = np.random.default_rng(0)
    x = lamina.tensor(random.standard_normal(shape).astype(np.float32)).to(place)
    y = lamina.tensor(random.integers(0, 4, len(net(x.cpu()).detach()))).to(place)
    lamina.manual_seed(1)
    net.to(place)
    optimizer = optim.AdamW(net.parameters(), lr=0.01)
    losses = []
    with lamina.device(place):
        for _ in range(steps):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            losses.append(loss)
    assert all(parameter.device.type == place.split(":")[0] for parameter in net.parameters())
    return [loss.item() for loss in losses], {name: x.cpu().numpy() for name, x in net.state_dict().items()}


@pytest.fixture
def exact():
    """Convolutions and recurrent networks of GPUs, as exact as those of the CPU."""
    with lamina.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


@at_places
@pytest.mark.parametrize("make", [mlp, images, lstm, gru, transformer], ids=lambda make: make.__name__)
def test_networks_train_as_on_the_cpu(make, place, exact):
    losses, state = trained(make, place)
    expected, beside = trained(make, "cpu")
    # Another processor adds up in another order, and Adam makes a step of full length of the smallest gradient.
    rtol, atol = (0, 0) if place == "cpu:1" else (0.02, 0.02)
    assert losses == pytest.approx(expected, rel=rtol / 10, abs=0)
    assert losses[-1] < losses[0]
    for name, found in state.items():
        np.testing.assert_allclose(found, beside[name], rtol=rtol, atol=atol, err_msg=name)


@at_places
def test_random_numbers_are_the_same_everywhere(place):
    found, normal = [], []
    for where in ("cpu", place):
        lamina.manual_seed(3)
        found.append([
            lamina.randint(0, 1000, (50,), device=where).tolist(), lamina.rand(50, device=where).tolist(),
            lamina.randperm(20, device=where).tolist(), F.dropout(lamina.ones(50, device=where)).tolist(),
        ])  # fmt: skip
        normal.append(lamina.randn(50, device=where).cpu().numpy())
    assert found[0] == found[1]
    np.testing.assert_allclose(*normal, rtol=1e-5, atol=1e-6)


@at_places
def test_training_compiles_in_its_first_steps_and_no_more(place):
    net = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 1)).to(place)
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x, y = lamina.randn(20, 5, device=place), lamina.randn(20, 1, device=place)
    counts = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        loss.item()
        counts.append(lamina.engine.compilations())
    assert counts[2:] == counts[-1:] * 8


@at_places
def test_checkpoints_cross_devices(place, tmp_path):
    net = nn.Linear(3, 2).to(place)
    optimizer = optim.Adam(net.parameters())
    net(lamina.ones(1, 3, device=place)).sum().backward()
    optimizer.step()
    file = tmp_path / "state.pt"
    lamina.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, file)
    saved = lamina.load(file, map_location="cpu")
    assert saved["net"]["weight"].device == lamina.device("cpu")
    other = nn.Linear(3, 2)
    other.load_state_dict(saved["net"])
    again = optim.Adam(other.parameters())
    again.load_state_dict(saved["optimizer"])
    assert lamina.equal(other.weight, net.weight.cpu())
    back = nn.Linear(3, 2).to(place)
    back.load_state_dict(saved["net"])  # numbers go where the parameter is
    assert back.weight.device.type == place.split(":")[0]


@at_places
def test_batches_come_from_the_host(place):
    rows = lamina.arange(40.0).reshape(20, 2)
    loader = lamina.utils.data.DataLoader(lamina.utils.data.TensorDataset(rows), batch_size=8, pin_memory=True)
    total = lamina.zeros(2, device=place)
    for (batch,) in loader:
        total += batch.to(place, non_blocking=True).sum(0)
    assert total.tolist() == rows.sum(0).tolist()


@at_places
def test_fitting(place):
    lamina.manual_seed(0)
    x = lamina.randn(64, 3)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).to(place)
    data = (x.to(place), (x.sum(1, keepdim=True)).to(place))
    fitted = lamina.fit(net, data, loss="mse", optimizer=optim.Adam(net.parameters(), 0.05), metrics="r2", epochs=20,
                        valid=0.25, progress=False)  # fmt: skip
    assert fitted.history[-1]["valid_r2"] > 0.5


@pytest.mark.gpu
def test_what_cuda_tells():
    assert lamina.cuda.is_available() and lamina.cuda.device_count() >= 1
    assert lamina.cuda.get_device_name() and lamina.cuda.get_device_capability()[0] >= 5
    x = lamina.ones(1 << 20, device="cuda")
    assert (x.is_cuda, x.device.index, str(x.device)) == (True, 0, "cuda:0")
    assert "device='cuda:0'" in repr(x[:2])
    assert x.sum().item() == 1 << 20
    assert lamina.cuda.memory_allocated() >= 4 << 20
    assert lamina.cuda.max_memory_allocated() >= lamina.cuda.memory_allocated()
    start, end = lamina.cuda.Event(enable_timing=True), lamina.cuda.Event(enable_timing=True)
    start.record()
    (x * 2).sum().item()
    end.record()
    lamina.cuda.synchronize()
    assert start.elapsed_time(end) > 0
    lamina.cuda.empty_cache()
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        x[:3] + lamina.ones(3)


@pytest.mark.gpu
def test_mixed_precision():
    lamina.manual_seed(0)
    net = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 1)).cuda()
    optimizer, scaler = optim.Adam(net.parameters(), 0.01), lamina.amp.GradScaler("cuda")
    x = lamina.randn(128, 16, device="cuda")
    y = x.sum(1, keepdim=True)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        with lamina.autocast("cuda", dtype=lamina.float16):
            output = net(x)
            loss = F.mse_loss(output.float(), y)
        assert output.dtype is lamina.float16
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


@pytest.mark.gpu
def test_tf32_is_what_the_flags_say():
    random = np.random.default_rng(0)
    a, b = (lamina.tensor(random.standard_normal((512, 512)).astype(np.float32), device="cuda") for _ in range(2))
    exact = a.cpu().numpy().astype(np.float64) @ b.cpu().numpy().astype(np.float64)

    def error():
        return float(np.abs((a @ b).cpu().numpy() - exact).max() / np.abs(exact).max())

    assert error() < 1e-6
    lamina.set_float32_matmul_precision("high")
    try:
        assert 1e-5 < error() < 1e-2
    finally:
        lamina.set_float32_matmul_precision("highest")
    assert error() < 1e-6


@pytest.mark.gpu
def test_indices_out_of_range_on_a_gpu():
    x = lamina.arange(3.0, device="cuda")
    assert x[lamina.tensor([5], device="cuda")].isnan().all()


@at_places
def test_indices_and_values_may_come_from_the_cpu(place):
    x = lamina.arange(12.0, device=place).reshape(3, 4)
    rows, mask = lamina.tensor([2, 0]), lamina.tensor([True, False, True])
    for found in (x[rows], x[[2, 0]], x[mask], x[x > 3], x.masked_select(x > 3), x[:, 1][rows], x[np.array([1])]):
        assert found.device == x.device
    assert x[rows].tolist() == x.cpu()[rows].tolist()
    x[0] = lamina.zeros(4)
    x[rows, 1] = 7.0
    x[mask] = lamina.tensor(1.0)
    assert x.tolist() == [[1, 1, 1, 1], [4, 5, 6, 7], [1, 1, 1, 1]]
    for found in (x.nonzero(), *lamina.where(x > 2), x.repeat_interleave(lamina.tensor([1, 2, 0]), 0), x.unique()):
        assert found.device == x.device


@at_places
def test_what_comes_back_from_another_device_is_a_copy(place):
    x = lamina.ones(4, device=place)
    kept = x.cpu().to(place)
    x += 1
    x.mul_(kept)
    assert (x.tolist(), kept.tolist()) == ([2.0] * 4, [1.0] * 4)
