"""PyTorch's format as lamina writes it: the real `torch.load` reads it, with `weights_only=True` and mapped."""

from __future__ import annotations

import io
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from lamina.io import NotDataError, load_torch, save_torch
from lamina.io.torch_writer import ALIGNMENT


def written(obj):
    file = io.BytesIO()
    save_torch(obj, file)
    return file.getvalue()


def through(obj):
    return torch.load(io.BytesIO(written(obj)), weights_only=True)


def assert_same(actual, expected):
    """A PyTorch tensor and a lamina tensor agree in all that is saved of one."""
    assert str(actual.dtype).removeprefix("torch.") == expected.dtype.name
    assert tuple(actual.shape) == tuple(expected.shape)
    assert actual.requires_grad == expected.requires_grad
    assert isinstance(actual, torch.nn.Parameter) == isinstance(expected, nn.Parameter)
    bits = actual.detach().contiguous()
    bits = bits.view(torch.int16) if bits.dtype == torch.bfloat16 else bits
    assert bits.numpy().tobytes() == expected.detach().numpy().tobytes()


def test_all_types_and_shapes():
    tensors = {
        f"{dtype.name}{shape}": lamina.tensor([0, 1, 2, 3, 4, 5]).to(dtype).view(shape)
        for dtype in lamina.dtypes.ALL
        for shape in ((6,), (2, 3))
    }
    tensors |= {"scalar": lamina.tensor(2.5), "empty": lamina.zeros(2, 0), "odd": lamina.tensor([float("nan"), -0.0])}
    found = through(tensors)
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert_same(found[name], tensor)


def test_parameters_buffers_and_attributes():
    marked, frozen = nn.Parameter(lamina.ones(2)), nn.Parameter(lamina.zeros(2), requires_grad=False)
    marked.role, marked.other = "bias", lamina.ones(3)
    plain, leaf, buffer = (
        lamina.ones(1),
        lamina.ones(2, requires_grad=True),
        nn.Buffer(lamina.ones(2), persistent=False),
    )
    plain.note = [1, {"a": (2,)}]
    given = [marked, frozen, plain, leaf, buffer, marked]
    found = through(given)
    for actual, expected in zip(found, given, strict=True):
        assert_same(actual, expected)
    assert found[0] is found[5]
    assert found[0].role == "bias"
    assert_same(found[0].other, marked.other)
    assert found[2].note == [1, {"a": (2,)}]
    assert found[4].persistent is False


def test_other_data():
    data = {
        "none": None, "flags": (True, False), "numbers": [0, 255, 256, -1, 2**31, -(2**31), 2**40, 10**300, 0.5],
        "complex": 1 - 2j,
        "text": "é\U0001f600", "bytes": b"a\xff", "array": bytearray(b"xy"), "set": {1, 2}, 7: [[], {}, (), set()],
        (1, "x"): OrderedDict(b=1, a=2), "long": list(range(2000)),
    }  # fmt: skip
    assert through(data) == data
    assert type(through(data)[(1, "x")]) is OrderedDict
    found = through([lamina.bfloat16, lamina.Size([2, 3]), lamina.device("cpu"), lamina.device("cuda:1")])
    assert found == [torch.bfloat16, torch.Size([2, 3]), torch.device("cpu"), torch.device("cuda:1")]


def test_shared_memory_is_shared():
    whole = lamina.arange(12.0).view(3, 4)
    tied = nn.Parameter(lamina.ones(2))
    found = through({"whole": whole, "row": whole[1], "turned": whole.t(), "a": tied.detach(), "b": tied.detach()})
    found["row"].fill_(7)
    assert found["whole"][1].tolist() == found["turned"][:, 1].tolist() == [7] * 4
    found["a"].zero_()
    assert found["b"].tolist() == [0, 0]
    assert len(written([lamina.zeros(100_000)[5:8]])) < 3000  # not with the whole it was cut from


def test_states_of_modules_and_optimizers():
    net, theirs = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), torch.nn.Sequential(
        torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)
    )  # fmt: skip
    optimizer, other = lamina.optim.Adam(net.parameters(), lr=0.5), torch.optim.Adam(theirs.parameters())
    net(lamina.randn(4, 3)).sum().backward()
    optimizer.step()
    found = through({"net": net.state_dict(), "optimizer": optimizer.state_dict()})
    assert found["net"]._metadata == theirs.state_dict()._metadata
    assert repr(theirs.load_state_dict(found["net"])) == "<All keys matched successfully>"
    other.load_state_dict(found["optimizer"])
    assert other.param_groups[0]["lr"] == 0.5
    for mine, its in zip(net.parameters(), theirs.parameters(), strict=True):
        assert_same(its, mine)
        assert_same(other.state[its]["exp_avg"], optimizer.state[mine]["exp_avg"])


def test_the_archive_is_like_pytorchs(tmp_path):
    state = {"a": lamina.arange(5.0), "b": lamina.arange(3)}
    path = tmp_path / "x.pt"
    save_torch(state, path)
    assert written(state) == path.read_bytes()  # no dates, no random names
    found = torch.load(path, weights_only=True, mmap=True)
    assert_same(found["a"], state["a"])
    with zipfile.ZipFile(path) as ours:
        assert ours.testzip() is None
        names = set(ours.namelist())
        for member in ours.infolist():
            header = path.read_bytes()[member.header_offset : member.header_offset + 30]
            start = member.header_offset + 30 + int.from_bytes(header[26:28], "little")
            assert (start + int.from_bytes(header[28:30], "little")) % ALIGNMENT == 0
    theirs = io.BytesIO()
    torch.save({"a": torch.arange(5.0), "b": torch.arange(3)}, theirs)
    with zipfile.ZipFile(theirs) as other:
        assert set(other.namelist()) - names == {"archive/.data/serialization_id"}
    assert load_torch(path)["b"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(("value", "message"), [
    (np.ones(2), "obj['x'] is of type numpy.ndarray, which torch.load(weights_only=True) does not read. Make it a "
                 "tensor or a Python number."),
    (frozenset([1]), "obj['x'] is of type frozenset, which torch.load(weights_only=True) does not read. Make it a "
                     "set."),
    (1 << 3000, "a number of 376 bytes is too large. Save it as a string."),
])  # fmt: skip
def test_what_pytorch_would_not_read_is_refused(value, message):
    with pytest.raises(NotDataError) as caught:
        written({"x": value})
    assert str(caught.value) == f"save_torch: BytesIO: {message}"
