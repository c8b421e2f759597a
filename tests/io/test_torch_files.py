"""PyTorch's files: what `torch.save` writes is read as `torch.load` reads it, and nothing in a file is run."""

from __future__ import annotations

import io
import os
import pickle
import random
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict

import ml_dtypes
import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from lamina.io import EmptyFileError, FileError, UnsafeFileError, load_torch

ZIP, OLD = "zip", "old"
FORMATS = pytest.mark.parametrize("form", [ZIP, OLD])
TYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128,
]  # fmt: skip


def saved(value, form=ZIP, protocol=2):
    """The bytes that `torch.save` writes."""
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=form == ZIP, pickle_protocol=protocol)
    return file.getvalue()


def loaded(data, **more):
    return load_torch(io.BytesIO(data), **more)


def through(value, form=ZIP, protocol=2):
    return loaded(saved(value, form, protocol))


def raised(data):
    """The class and message for a file called weights.pt."""
    file = io.BytesIO(data)
    file.name = "/some/where/weights.pt"
    with pytest.raises((pickle.UnpicklingError, RuntimeError, EOFError)) as caught:
        load_torch(file)
    return caught.type, str(caught.value)


def archive(pickled, members=None, root="archive/", **options):
    """A zip archive like PyTorch's, with a pickle of our own."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as zipped:
        zipped.writestr(root + "data.pkl", pickled)
        for name, data in (members or {}).items():
            zipped.writestr(root + name, data)
    return file.getvalue()


def assert_same(actual, expected):
    """A lamina tensor and a PyTorch tensor agree in all that is saved of one."""
    assert isinstance(actual, lamina.Tensor)
    assert actual.dtype.name == str(expected.dtype).removeprefix("torch.")
    assert tuple(actual.shape) == tuple(expected.shape)
    assert actual.requires_grad == expected.requires_grad
    assert actual.is_leaf
    wanted = expected.detach().resolve_conj().resolve_neg().contiguous()
    wanted = wanted.view(torch.int16) if wanted.dtype == torch.bfloat16 else wanted  # bits that NumPy knows
    assert actual.detach().numpy().tobytes() == wanted.numpy().tobytes()


def matrix(dtype=torch.float32, rows=4, columns=6):
    values = torch.randn(rows, columns, dtype=torch.complex64 if dtype.is_complex else torch.float32)
    return (values * 50).to(dtype) if dtype != torch.bool else values.real > 0


# Tensors


@FORMATS
@pytest.mark.parametrize("protocol", [2, 5])
def test_all_types(form, protocol):
    tensors = {str(dtype): matrix(dtype) for dtype in TYPES}
    found = through(tensors, form, protocol)
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert_same(found[name], tensor)
    assert set(map(str, TYPES)) == {f"torch.{dtype.name}" for dtype in lamina.dtypes.ALL}


@FORMATS
def test_special_numbers_keep_their_bits(form):
    odd = torch.tensor([0.0, -0.0, float("inf"), -float("inf"), float("nan"), 1e-45, 3.4e38])
    for tensor in (odd, odd.bfloat16(), odd.half(), odd.double()):
        assert_same(through(tensor, form), tensor)


CUTS = {
    "whole": lambda x: x,
    "a row": lambda x: x[2],
    "rows": lambda x: x[1:3],
    "an element": lambda x: x[2, 3],
    "a column": lambda x: x[:, 2],
    "gaps": lambda x: x[::2, 1::2],
    "transposed": lambda x: x.t(),
    "permuted": lambda x: x.view(2, 2, 6).permute(2, 0, 1),
    "expanded": lambda x: x[:1, :].expand(3, 6),
    "windows": lambda x: x.view(-1).unfold(0, 5, 2),
    "channels last": lambda x: x.reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
    "size one": lambda x: x[:, None, :, None],
    "no rows": lambda x: x[4:],
    "no elements at all": lambda x: torch.empty(0),
    "no elements, some sizes": lambda x: torch.empty(2, 0, 3),
}


@FORMATS
@pytest.mark.parametrize("cut", CUTS)
def test_strides(cut, form):
    for dtype in (torch.float32, torch.bfloat16, torch.bool):
        tensor = CUTS[cut](matrix(dtype))
        assert_same(through(tensor, form), tensor)


@FORMATS
def test_conjugates_and_negatives(form):
    x = matrix(torch.complex64)
    for tensor in (x.conj(), x.conj().imag, x.conj().t(), x.imag, x.real):
        assert_same(through(tensor, form), tensor)
    found = through([x, x.conj()], form)
    assert_same(found[0], x)
    assert_same(found[1], x.conj())


@FORMATS
def test_gradients_and_parameters(form):
    plain, wanted = torch.ones(2, requires_grad=True), torch.nn.Parameter(torch.ones(3))
    frozen = torch.nn.Parameter(torch.ones(3, dtype=torch.int64), requires_grad=False)
    marked = torch.nn.Parameter(torch.ones(1))
    marked.role, wanted_buffer = "bias", torch.nn.Buffer(torch.zeros(2), persistent=False)
    found = through([plain, wanted, frozen, marked, wanted_buffer, wanted], form)
    for actual, expected in zip(found, [plain, wanted, frozen, marked, wanted_buffer, wanted], strict=True):
        assert_same(actual, expected)
        assert isinstance(actual, nn.Parameter) == isinstance(expected, torch.nn.Parameter)
    assert found[3].role == "bias"
    assert not found[4].persistent
    assert found[5] is found[1]
    (found[0].sum() * 2).backward()
    assert found[0].grad.tolist() == [2, 2]


# Shared memory


@FORMATS
def test_the_same_numbers_twice_are_one_tensor_twice(form):
    weight = torch.randn(3, 4)
    found = through(OrderedDict(embedding=weight, head=weight.detach()), form)
    found["head"][1, 2] = 7
    assert found["embedding"][1, 2].item() == 7
    found["embedding"].zero_()
    assert found["head"].abs().sum().item() == 0


@FORMATS
@pytest.mark.parametrize("first", ["whole", "part"])
def test_views_write_through(form, first):
    x = torch.randn(4, 6)
    views = {"whole": x, "row": x[1], "rows": x[1:3], "transposed": x.t(), "thin": x[2:3, None], "one": x[3, 5]}
    if first == "part":
        views = dict(reversed(views.items()))
    found = through(views, form)
    for name, view in views.items():
        assert_same(found[name], view)
    for number, name in enumerate(views):
        for written in (views, found):
            written[name].fill_(number) if written[name].ndim < 2 else written[name][0, 0].fill_(number)
        for other, view in views.items():
            assert_same(found[other], view)


@FORMATS
def test_parts_that_do_not_overlap_need_no_whole(form):
    flat = torch.randn(10)
    found = through([flat[2:5], flat[5:9].view(2, 2)], form)
    assert_same(found[0], flat[2:5])
    assert_same(found[1], flat[5:9].view(2, 2))
    assert [x.storage_offset() for x in found] == [0, 0]  # each has memory of its own


def test_one_storage_read_as_two_types():
    tensors = [
        _tensor_pickle(*cut)[2:-1]
        for cut in (("Float", 4, (4,), (1,)), ("Int", 4, (4,), (1,)), ("Float", 4, (2,), (1,), 2))
    ]
    x = torch.randn(4)
    found = loaded(archive(b"\x80\x02](%s%s%se." % tuple(tensors), {"data/0": x.numpy().tobytes()}))
    assert_same(found[0], x)
    assert_same(found[1], x.view(torch.int32))
    found[2].zero_()
    assert found[0][2:].tolist() == [0, 0]


# Other objects


@FORMATS
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_other_data(form, protocol):
    data = {
        "epoch": 3, "loss": 0.5, "name": "é", "none": None, "flags": (True, False), "set": {1, 2}, "bytes": b"a\xff",
        "array": bytearray(b"xy"), "complex": 1 + 2j, "large": 10**30, 7: [[], {}, ()], "frozen": frozenset([3]),
    }  # fmt: skip
    assert through(data, form, protocol) == data


@FORMATS
def test_types_sizes_and_devices(form):
    found = through([torch.float16, torch.Size([2, 3]), torch.device("cpu"), torch.device("cuda", 1)], form)
    assert found == [lamina.float16, (2, 3), lamina.device("cpu"), lamina.device("cuda:1")]
    assert isinstance(found[1], lamina.Size)


@FORMATS
def test_states_of_modules_load(form):
    def build(nn):
        return nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.Flatten(), nn.Linear(8, 3), nn.LSTM(3, 2, 2))

    theirs, ours = build(torch.nn), build(nn)
    theirs(torch.randn(5, 2, 4))
    state = through(theirs.state_dict(), form)
    assert isinstance(state, OrderedDict)
    assert state._metadata == theirs.state_dict()._metadata
    assert repr(ours.load_state_dict(state)) == "<All keys matched successfully>"
    for name, tensor in theirs.state_dict().items():
        assert_same(ours.state_dict()[name], tensor)


@FORMATS
def test_states_of_optimizers(form):
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    found = through(state, form)
    assert found["param_groups"] == state["param_groups"]
    for number, entries in state["state"].items():
        for name, tensor in entries.items():
            assert_same(found["state"][number][name], tensor)


# Files


@FORMATS
def test_paths_files_and_devices(form, tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(saved({"x": torch.arange(6.0)}, form))
    for file in (path, str(path)):
        assert load_torch(file)["x"].tolist() == [0, 1, 2, 3, 4, 5]
    with open(path, "rb") as opened:
        assert load_torch(opened, device="cpu:1")["x"].device == lamina.device("cpu:1")
    with pytest.raises(FileNotFoundError):
        load_torch(tmp_path / "nowhere.pt")


@FORMATS
def test_the_file_is_free_to_change_afterwards(form, tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(saved([torch.ones(4096), torch.ones(64, 64).t()], form))
    found = load_torch(path)
    with open(path, "r+b") as opened:
        opened.write(b"\0" * os.path.getsize(path))
    os.truncate(path, 0)
    assert all((x == 1).all().item() for x in found)


def test_files_of_machines_with_the_other_byte_order():
    numbers = {"Float": ">f4", "Short": ">i2", "Long": ">i8", "ComplexFloat": ">c8", "Char": ">i1", "Bool": "?"}
    for kind, written in numbers.items():
        array = np.array([1, -2, 300]).astype(written.replace(">", "")).astype(written)
        pickled = _tensor_pickle(kind, 3, (3,), (1,))
        found = loaded(archive(pickled, {"byteorder": b"big", "data/0": array.tobytes()}))
        assert found.numpy().tolist() == array.tolist(), kind
    raw = np.array([1, -2, 300]).astype(ml_dtypes.bfloat16).view(np.uint16).astype(">u2").tobytes()
    found = loaded(archive(_tensor_pickle("BFloat16", 3, (3,), (1,)), {"byteorder": b"big", "data/0": raw}))
    assert found.tolist() == [1, -2, 300]


def test_a_cuda_storage_of_an_old_file_comes_to_the_cpu():
    pickled = _tensor_pickle("Float", 2, (2,), (1,)).replace(b"ctorch\nFloat", b"ctorch.cuda\nFloat")
    assert loaded(archive(pickled, {"data/0": np.ones(2, np.float32).tobytes()})).tolist() == [1, 1]


def test_a_storage_that_is_part_of_another_in_an_old_file():
    data = saved(torch.arange(10.0), OLD)
    whole, part = b"K\nNtq\x05Q", b"K\n(X\x01\x00\x00\x00vK\x04K\x05ttq\x05Q"  # five elements from the fourth on
    cut, smaller = b"K\x00K\n\x85", b"K\x01K\x04\x85"  # of these, four from the first on
    assert data.count(whole) == data.count(cut) == 1
    found = loaded(data.replace(whole, part).replace(cut, smaller))
    assert found.tolist() == [5, 6, 7, 8]


def _tensor_pickle(kind, numel, size, stride, offset=0):
    """The pickle of one tensor, with numbers of our own."""

    def numbers(values):
        return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"

    storage = b"(X\x07\x00\x00\x00storagectorch\n%sStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ%stQ" % (
        kind.encode(), struct.pack("<i", numel),
    )  # fmt: skip
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(%sJ%s%s%s\x89NtR." % (
        storage, struct.pack("<i", offset), numbers(size), numbers(stride),
    )  # fmt: skip


def test_pytorch_reads_the_hand_made_archive_too():
    data = archive(
        _tensor_pickle("Float", 4, (2,), (2,), 1), {"data/0": np.arange(4, dtype="f4").tobytes(), "version": "3"}
    )
    assert loaded(data).tolist() == torch.load(io.BytesIO(data), weights_only=True).tolist() == [1, 3]


# What is refused


class Malice:
    """Pickled as a call of a function."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@FORMATS
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_call_in_a_file_is_refused_and_not_made(form, protocol, tmp_path):
    mark = tmp_path / "mark"
    data = saved({"weight": torch.ones(2), "more": [Malice(mark)]}, form, protocol)
    assert raised(data) == (
        UnsafeFileError,
        f"load_torch: weights.pt: it asks for {os.mkdir.__module__}.mkdir, which is not one of the names that stand "
        "for data here. Nothing of it has been run. Save data only, such as a state_dict().",
    )
    assert not mark.exists()
    torch.load(io.BytesIO(data), weights_only=False)
    assert mark.exists()  # it was no empty threat


@pytest.mark.parametrize("place", range(5))
def test_a_call_in_any_pickle_of_an_old_file_is_not_made(place, tmp_path):
    mark, data = tmp_path / "mark", saved(torch.ones(2), OLD)
    stream, ends = io.BytesIO(data), [0]
    for _ in range(5):
        lamina.io.pickles.instructions("", stream)
        ends.append(stream.tell())
    evil = data[: ends[place]] + pickle.dumps(Malice(mark), 2) + data[ends[place + 1] :]
    assert "it asks for posix.mkdir" in raised(evil)[1].replace("nt.mkdir", "posix.mkdir")
    assert not mark.exists()


@FORMATS
@pytest.mark.parametrize(("value", "name"), [
    (lambda: torch.nn.Linear(2, 3), "torch.nn.modules.linear.Linear"),
    (lambda: torch.eye(2).to_sparse(), "torch._utils._rebuild_sparse_tensor"),
    (lambda: torch.ones(2).to(torch.float8_e4m3fn), "torch.float8_e4m3fn"),
    (lambda: torch.ones(2, dtype=torch.uint16), "torch.uint16"),
    (lambda: torch.ones(2, device="meta"), "torch._utils._rebuild_meta_tensor_no_storage"),
    (lambda: np.float32(1), "numpy._core.multiarray.scalar"),
    (lambda: random.Random, "random.Random"),
])  # fmt: skip
def test_what_is_not_data_is_refused_by_name(value, name, form):
    kind, message = raised(saved(value(), form))
    assert kind is UnsafeFileError
    assert message == (
        f"load_torch: weights.pt: it asks for {name}, which is not one of the names that stand for data here. "
        "Nothing of it has been run. Save data only, such as a state_dict()."
    )


@FORMATS
def test_a_storage_by_itself_is_refused(form):
    kind, message = raised(saved(torch.ones(2).untyped_storage(), form))
    assert kind is FileError
    assert message == ("load_torch: weights.pt: it has a storage that is not a tensor's. Save the tensor in its place.")


def test_a_torchscript_program_is_refused():
    file = io.BytesIO()
    with pytest.warns(DeprecationWarning, match="is deprecated"):
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 3)), file)
    assert raised(file.getvalue()) == (
        FileError,
        "load_torch: weights.pt: it is a TorchScript program. What can be read is its state_dict(), by torch.save.",
    )


@pytest.mark.parametrize(("size", "stride", "offset"), [
    ((5,), (1,), 0), ((2, 2), (3, 1), 0), ((4,), (1,), 1), ((2,), (4,), 0), ((-1,), (1,), 0), ((2,), (-1,), 1),
    ((2,), (1,), -1), ((2, 2), (1,), 0), ((1 << 30, 1 << 30), (1, 1), 0),
])  # fmt: skip
def test_a_tensor_stays_inside_its_storage(size, stride, offset):
    data = archive(_tensor_pickle("Float", 4, size, stride, offset), {"data/0": bytes(16), "secret": bytes(100)})
    assert raised(data) == (
        FileError,
        f"load_torch: weights.pt: a tensor of size {size}, stride {stride} and offset {offset} does not fit into its "
        "storage 0 of 4 elements.",
    )


def test_a_tensor_does_not_replace_methods():
    pickled = _tensor_pickle("Float", 1, (1,), (1,))[2:-1]
    state = b"}X\x04\x00\x00\x00itemK\x01s"
    inner = pickled.removesuffix(b"R").replace(b"ctorch._utils\n_rebuild_tensor_v2\n", b"")
    call = b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n%s%stR."
    data = archive(b"\x80\x02" + call % (inner, state), {"data/0": bytes(4)})
    kind, message = raised(data)
    assert kind is UnsafeFileError
    assert message.endswith(
        "REDUCE at byte 178 fails with ValueError: a tensor's item cannot be replaced. Get the file anew."
    )


# What is damaged


@FORMATS
def test_every_way_to_cut_a_file_short_is_noticed(form, tmp_path):
    data = saved({"a": torch.randn(300, 3), "b": torch.arange(5)}, form)
    path = tmp_path / "weights.pt"
    for length in (0, 1, 3, 4, 20, 60, 120, 300, len(data) // 2, len(data) - 100, len(data) - 23, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises((pickle.UnpicklingError, RuntimeError, EOFError)) as caught:
            load_torch(path)
        assert str(caught.value).startswith("load_torch: weights.pt: "), length
    assert path.read_bytes() == data[:-1]


def test_messages_for_what_is_no_file_of_pytorch():
    data = saved(torch.arange(100.0), OLD)
    zipped = saved(torch.arange(100.0))
    assert raised(b"") == (EmptyFileError, "load_torch: weights.pt: the file is empty. Get it anew, or write it again.")
    assert raised(b"\x89PNG\r\n\x1a\n")[0] is UnsafeFileError
    assert raised(b"\xff\xd8\xff") == (
        UnsafeFileError,
        "load_torch: weights.pt: it is not a whole pickle: at position 0, opcode b'\\xff' unknown. Get the file anew.",
    )
    assert raised(pickle.dumps({"a": 1})) == (
        FileError,
        "load_torch: weights.pt: it is a pickle, but torch.save did not write it: it begins with {'a': 1}.",
    )
    kind, message = raised(data[:-4])
    assert kind is FileError
    assert message.startswith("load_torch: weights.pt: the file is incomplete: it has 396 of 400 bytes of storage ")
    assert raised(zipped[:-30])[0] is FileError
    assert raised(archive(b"", root="a/b/")) == (
        FileError,
        "load_torch: weights.pt: it is a zip archive, but torch.save did not write it: it has no data.pkl.",
    )
    pickled = _tensor_pickle("Float", 4, (4,), (1,))
    assert raised(archive(pickled)) == (
        FileError, "load_torch: weights.pt: the file is incomplete: it has no archive/data/0. Get the file anew.",
    )  # fmt: skip
    assert raised(archive(pickled, {"data/0": bytes(15)})) == (
        FileError, "load_torch: weights.pt: the file is incomplete: it has 15 of 16 bytes of storage 0. Get the "
        "file anew.",
    )  # fmt: skip
    assert raised(archive(pickled, {"data/0": bytes(16)}, compression=zipfile.ZIP_DEFLATED)) == (
        FileError,
        "load_torch: weights.pt: archive/data.pkl is compressed; torch.save stores the bytes as they are.",
    )


@FORMATS
def test_random_damage_raises_one_of_three_errors(form):
    x = torch.arange(24.0).reshape(4, 6)
    state = torch.nn.Linear(2, 2).state_dict()
    whole = saved([x, x.t(), torch.nn.Parameter(torch.ones(2)), {1}, torch.Size([1]), state, x[::2]], form)
    draw, outcomes = random.Random(0), set()
    for attempt in range(400):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 1, 2, 5])):
            data[draw.randrange(min(len(data), 1500 if attempt % 2 else 10**9))] = draw.randrange(256)
        try:
            loaded(bytes(data))
            outcomes.add((None, True))
        except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
            outcomes.add((type(error), str(error).startswith("load_torch: ")))
    assert outcomes == {(None, True), (UnsafeFileError, True), (FileError, True)}


def test_pytorch_is_not_imported(tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(saved(torch.nn.Linear(2, 2).state_dict()))
    code = "import sys; from lamina.io import load_torch; load_torch(sys.argv[1]); print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-W", "error", "-c", code, str(path)], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("False\n", "")
