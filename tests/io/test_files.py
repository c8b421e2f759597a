"""`save` and `load`: what is saved comes back, in every format, and what is no data is refused by name."""

from __future__ import annotations

import io
import os
from collections import Counter, OrderedDict, namedtuple

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from lamina.io import FileError, NotDataError
from lamina.io.source import open_source


def through(obj):
    file = io.BytesIO()
    lamina.save(obj, file)
    file.seek(0)
    return lamina.load(file)


def same(a, b):
    """Whether two pieces of data agree in all that is saved of them."""
    if type(a) is not type(b):
        return False
    if isinstance(a, lamina.Tensor):
        bits = [x.detach().numpy().tobytes() for x in (a, b)]
        return (a.dtype, a.shape, a.requires_grad, *bits[:1]) == (b.dtype, b.shape, b.requires_grad, *bits[1:])
    if isinstance(a, (np.ndarray, np.generic)):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, dict):
        attributes = same(vars(a), vars(b)) if isinstance(a, OrderedDict) else True
        return (
            attributes and list(a) == list(b) and all(same(x, y) for x, y in zip(a.values(), b.values(), strict=True))
        )
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


SCALARS = [
    None, True, False, 0, -1, 2**53, -(2**70), 10**400, 0.1, -0.0, float("inf"), float("nan"), 1 - 2j,
    complex(float("nan"), float("-inf")), "", "é\u20ac\U0001f600", "\ud800", b"", b"a\xff", bytearray(b"xy"),
    bytearray(),
    lamina.float16, lamina.bool, lamina.Size([2, 3]), lamina.Size([]), lamina.device("cpu"), lamina.device("cuda:1"),
]  # fmt: skip
CONTAINERS = [
    [], (), {}, set(), frozenset(), [1, [2, (3, {4})]], {"a": {"b": [None]}}, {1: 2, (1, "x"): 3, None: 4},
    OrderedDict(b=1, a=2), frozenset([1, "x"]), {"dict": 1, "tuple": 2},
    [{"tensor": 0}, {"attributes": 1}],
]  # fmt: skip
ARRAYS = [
    np.arange(6).reshape(2, 3), np.float32(1.5), np.array(3, ">i2"), np.zeros((0, 3)), np.array(["a", "bcd"]),
    np.array([b"x"]), np.array(["2020-01-01"], "M8[D]"), np.arange(6).reshape(2, 3).T, np.uint64(2**63), np.bool_(True),
    np.ones(2, ml_dtypes.bfloat16), np.array([1 + 2j]),
]  # fmt: skip


def test_data_comes_back():
    assert same(found := through(SCALARS), SCALARS), found
    assert same(found := through(CONTAINERS), CONTAINERS), found
    assert same(found := through(ARRAYS), ARRAYS), found
    for value in (*SCALARS[:5], CONTAINERS[5], ARRAYS[0]):
        assert same(through(value), value)


def test_all_types_and_shapes_of_tensors():
    values = [0, 1, 2, 3, 4, 5]
    tensors = {
        dtype.name: [lamina.tensor(values).to(dtype).view(shape) for shape in ((6,), (2, 3))]
        for dtype in lamina.dtypes.ALL
    }
    tensors["odd"] = [lamina.tensor(3.5), lamina.zeros(2, 0, 3), lamina.tensor([float("nan"), -0.0, float("inf")])]
    assert same(through(tensors), tensors)
    assert same(through(tensors["odd"][0]), tensors["odd"][0])


def test_parameters_attributes_and_gradients():
    tied, frozen = nn.Parameter(lamina.ones(2)), nn.Parameter(lamina.ones(2, dtype=lamina.int64), requires_grad=False)
    tied.role, tied.partner = "weight", lamina.zeros(3)
    buffer, leaf = nn.Buffer(lamina.zeros(2), persistent=False), lamina.ones(2, requires_grad=True)
    found = through({"a": tied, "b": tied, "frozen": frozen, "buffer": buffer, "leaf": leaf, "computed": leaf * 2})
    assert found["a"] is found["b"]
    assert isinstance(found["a"], nn.Parameter)
    assert found["a"].role == "weight"
    assert same(found["a"].partner, tied.partner)
    assert same(found["frozen"], frozen)
    assert not found["buffer"].persistent
    assert found["leaf"].is_leaf
    assert found["computed"].requires_grad
    assert found["computed"].is_leaf


def test_states_keep_order_metadata_and_tied_weights():
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    net[2].weight = net[0].weight
    optimizer = lamina.optim.Adam(net.parameters(), lr=0.1)
    net(lamina.randn(4, 3)).sum().backward()
    optimizer.step()
    checkpoint = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "random": lamina.get_rng_state()}
    found = through(checkpoint)
    assert same(found, checkpoint)
    assert found["net"]._metadata == net.state_dict()._metadata
    found["net"]["0.weight"].zero_()
    assert found["net"]["2.weight"].abs().sum().item() == 0
    expected = net[0].bias.tolist()
    net[0].bias.detach().zero_()
    assert repr(net.load_state_dict(through(checkpoint["net"] | {"0.bias": lamina.tensor(expected)}))) == (
        "<All keys matched successfully>"
    )
    optimizer.load_state_dict(found["optimizer"])
    lamina.set_rng_state(found["random"])


def test_views_share_memory_again():
    whole = lamina.arange(12.0).view(3, 4)
    views = {"whole": whole, "row": whole[1], "turned": whole.t(), "expanded": whole[:1].expand(2, 4)}
    found = through(views)
    assert same({**found, "expanded": None}, {**views, "expanded": None})
    assert found["expanded"].tolist() == views["expanded"].tolist()
    found["row"].fill_(7)
    assert found["whole"][1].tolist() == found["turned"][:, 1].tolist() == [7] * 4


def test_a_view_is_written_without_its_whole():
    whole = lamina.zeros(100_000)
    for views in ([whole[5:8]], [whole[:2], whole[50:52]]):
        file = io.BytesIO()
        lamina.save(views, file)
        assert len(file.getvalue()) < 1000
        assert same(lamina.load(io.BytesIO(file.getvalue())), views)


# Formats


FLAT = {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor([True, False])}


def ours(tensors):
    return {name: lamina.tensor(x.numpy()) for name, x in tensors.items()}


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".ckpt", ".PT", ".safetensors", ".npz", ".lamina", ""])
def test_the_suffix_says_how_to_write_and_the_content_how_to_read(suffix, tmp_path):
    path, other = tmp_path / f"x{suffix}", tmp_path / "renamed.xyz"
    lamina.save(ours(FLAT), path)
    forms = {".safetensors": "safetensors", ".npz": "npz", ".lamina": "lamina", "": "lamina"}
    assert lamina.io.files.format_of(open_source("t", path)) == forms.get(suffix, "PyTorch")
    os.rename(path, other)
    for file in (other, str(other)):
        assert same(dict(lamina.load(file)), ours(FLAT))
    with open(other, "rb") as opened:
        assert same(dict(lamina.load(opened)), ours(FLAT))


def test_pytorch_reads_pt_files_and_its_files_are_read(tmp_path):
    path = tmp_path / "x.pt"
    lamina.save(ours(FLAT), path)
    found = torch.load(path, weights_only=True)
    assert all(torch.equal(found[name], x) for name, x in FLAT.items())
    for old in (False, True):
        torch.save(FLAT, path, _use_new_zipfile_serialization=not old)
        assert same(lamina.load(path, weights_only=False), ours(FLAT))


def test_where_tensors_go(tmp_path):
    path = tmp_path / "x.pt"
    torch.save(FLAT["a"], path)
    native = tmp_path / "x.lamina"
    lamina.save(lamina.ones(2, device="cpu:2"), native)
    one = lamina.device("cpu:1")
    for where in ("cpu:1", one, {"cpu": "cpu:1"}, {lamina.device("cpu"): one}, lambda storage, place: "cpu:1"):
        assert lamina.load(path, where).device == one
    assert lamina.load(native, {"cpu:2": "cpu:1"}).device == one
    assert lamina.load(native, {"cpu": "cpu:1"}).device == lamina.get_default_device()
    assert lamina.load(native, lambda storage, place: storage).device == lamina.device("cpu")
    places = []
    lamina.load(native, lambda storage, place: places.append(place))
    assert places == ["cpu:2"]
    with pytest.raises(TypeError) as caught:
        lamina.load(native, 3.5)
    assert str(caught.value) == (
        "load: x.lamina: map_location must be a device, a dict of devices by place, a function or None, got float."
    )


def test_arguments_that_do_not_fit(tmp_path):
    path = tmp_path / "x"
    lamina.save([1], path)
    assert lamina.load(path, mmap=False) == lamina.load(path, mmap=True) == [1]
    with open(path, "rb") as opened, pytest.raises(ValueError) as caught:
        lamina.load(opened, mmap=True)
    assert str(caught.value) == "load: x: only a path can be mapped into memory. Give one, or mmap=None."
    with pytest.raises(NotImplementedError) as unknown:
        lamina.load(path, pickle_module=os)
    assert str(unknown.value) == "load: pickle_module must be None: lamina reads pickles as data, by itself."
    for options in ({"pickle_module": os}, {"_use_new_zipfile_serialization": False}):
        with pytest.raises(NotImplementedError) as unknown:
            lamina.save([1], path, **options)
        assert str(unknown.value) == (
            "save: pickle_module must be None, and the format before PyTorch 1.6 is not written."
        )
    lamina.save([1], path, pickle_protocol=4)
    with open(path, encoding="latin1") as opened, pytest.raises(TypeError) as text:
        lamina.load(opened)
    assert str(text.value) == "load: x: it must be open in binary mode; read() gives str."
    with pytest.raises(TypeError), open(tmp_path / "y", "w") as opened:
        lamina.save([1], opened)
    for wrong in (lambda: lamina.load(3), lambda: lamina.save(1, 3)):
        with pytest.raises(AttributeError):
            wrong()
    with pytest.raises(FileNotFoundError):
        lamina.load(tmp_path / "nowhere")


# What is no data

Point = namedtuple("Point", "x y")


class Named(dict):
    pass


REFUSED = {
    "module": (lambda: nn.Linear(2, 3), "a module, Linear, not data. Save its state_dict(), and load it with "
               "load_state_dict() of a new one."),
    "optimizer": (lambda: lamina.optim.SGD([lamina.ones(1, requires_grad=True)], 0.1),
                  "of type lamina.optim.sgd.SGD, not data. Save its state_dict(), and load it with load_state_dict() "
                  "of a new one."),
    "class": (lambda: nn.Linear, "a class, Linear, not data. Save its name as a string."),
    "function": (lambda: len, "a function, len, not data. Save its name as a string, or the numbers it works with."),
    "lambda": (lambda: lambda: 1,
               "a function, <lambda>, not data. Save its name as a string, or the numbers it works with."),
    "generator": (lambda: lamina.Generator(), "a Generator, not data. Save its get_state(), and give it to set_state() "
                  "of a new one."),
    "namedtuple": (lambda: Point(1, 2), "a named tuple, Point, not data. Save its _asdict()."),
    "dict": (lambda: Named(), "of type tests.io.test_files.Named, not data. Save dict(it) instead."),
    "counter": (lambda: Counter("a"), "of type collections.Counter, not data. Save dict(it) instead."),
    "array": (lambda: np.array([{}]), "an array of object, not data. Save arrays of numbers or strings; lists hold "
              "anything."),
    "object": (lambda: object(), "of type object, not data. Save tensors, arrays, numbers, strings, and lists and "
               "dicts of them."),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("name", ["x.lamina", "x.pt"])
def test_what_is_no_data_is_refused_and_the_old_file_kept(case, name, tmp_path):
    make, message = REFUSED[case]
    path = tmp_path / name
    path.write_bytes(b"old")
    with pytest.raises(NotDataError) as caught:
        lamina.save({"a": [1, make()]}, path)
    assert str(caught.value) == f"save: {name}: obj['a'][1] is {message}"
    assert isinstance(caught.value, (TypeError, FileError))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["x.lamina", "x.pt"])
def test_cycles_depth_and_tensors_without_value(name, tmp_path):
    cycle, deep = [1], [1]
    cycle.append({"self": cycle})
    for _ in range(150):
        deep = [deep]
    lazy = nn.LazyLinear(3).weight
    for value, message in (
        (cycle, "obj[1]['self'] contains itself. Save data without cycles."),
        (
            [lazy],
            "obj[0] is an uninitialized tensor, which has no value. Call the module once before its state is saved.",
        ),
    ):
        with pytest.raises(NotDataError) as caught:
            lamina.save(value, tmp_path / name)
        assert str(caught.value) == f"save: {name}: {message}"
    with pytest.raises(NotDataError) as caught:
        lamina.save(deep, tmp_path / name)
    assert str(caught.value).endswith(" is nested too deeply. Save something flatter, such as a dict by path.")


def test_a_model_is_left_alone_by_a_file_that_does_not_fit(tmp_path):
    net, path = nn.Linear(3, 2), tmp_path / "x.pt"
    before = net.weight.tolist()
    torch.save({"weight": torch.zeros(2, 3), "bias": torch.zeros(5)}, path)
    with pytest.raises(RuntimeError, match="size mismatch for bias"):
        net.load_state_dict(lamina.load(path))
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(FileError):
        net.load_state_dict(lamina.load(path))
    assert net.weight.tolist() == before
