"""NumPy's files: what lamina writes `numpy.load` reads, and the other way."""

from __future__ import annotations

import io

import numpy as np
import pytest

import lamina
from lamina import nn
from lamina.io import FileError, NotDataError, load_npz, save_npz


@pytest.mark.parametrize("compress", [False, True])
def test_what_is_written_numpy_reads(compress, tmp_path):
    path = tmp_path / "x.npz"
    state = {
        dtype.name: lamina.tensor([[0, 1, 2]]).to(dtype) for dtype in lamina.dtypes.ALL if dtype.name != "bfloat16"
    }
    state |= {"a.b/c": lamina.arange(4.0).view(2, 2).t(), "scalar": lamina.tensor(2), "empty": lamina.zeros(0, 3)}
    save_npz({**state, "plain": 3, "array": np.arange(3)}, path, compress=compress)
    found = np.load(path)
    assert list(found) == [*state, "plain", "array"]
    again = load_npz(path)
    for name, x in state.items():
        assert found[name].dtype == x.dtype.numpy
        assert found[name].tolist() == again[name].tolist() == x.tolist()
        assert again[name].dtype is x.dtype


def test_what_numpy_writes_is_read(tmp_path):
    arrays = {
        "order": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "swapped": np.arange(3, dtype=">i4"),
        "text": np.array(["a"]), "wide": np.arange(3, dtype=np.uint16), "flag": np.array([True]),
        "empty": np.zeros((0, 2)),
    }  # fmt: skip
    np.savez_compressed(tmp_path / "x.npz", **arrays)
    for source in (tmp_path / "x.npz", io.BytesIO((tmp_path / "x.npz").read_bytes())):
        found = load_npz(source)
        assert {name: x.tolist() for name, x in found.items()} == {name: x.tolist() for name, x in arrays.items()}
        assert [type(x) for x in found.values()] == [
            lamina.Tensor, lamina.Tensor, np.ndarray, np.ndarray, lamina.Tensor, lamina.Tensor,
        ]  # fmt: skip
    for array in (arrays["order"], np.float64(3), arrays["swapped"]):
        np.save(tmp_path / "x.npy", array)
        assert (
            load_npz(tmp_path / "x.npy").tolist() == lamina.load(tmp_path / "x.npy", "cpu:1").tolist() == array.tolist()
        )


@pytest.mark.parametrize(("given", "message"), [
    ([1], "tensors by name are needed, got list. Save {'name': tensor}."),
    ({3: lamina.ones(1)}, "a name must be a str that could be a file's, got 3."),
    ({"../x": lamina.ones(1)}, "a name must be a str that could be a file's, got '../x'."),
    ({"a": lamina.ones(1).bfloat16()}, "obj['a'] is of bfloat16, which NumPy has not. Save its float()."),
    ({"a": nn.Linear}, "obj['a'] is a class, Linear, not data. Save its name as a string."),
    ({"a": np.array([{}])}, "obj['a'] is an array of object, not data. Save arrays of numbers or strings; lists hold "
                            "anything."),
])  # fmt: skip
def test_what_is_no_array_is_refused(given, message):
    file = io.BytesIO()
    with pytest.raises(NotDataError) as caught:
        save_npz(given, file)
    assert str(caught.value) == f"save_npz: BytesIO: {message}"
    assert file.getvalue() == b""


def test_another_archive_is_refused(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", b"")
        archive.writestr("readme.txt", b"")
    with pytest.raises(FileError) as caught:
        load_npz(tmp_path / "x.npz")
    assert str(caught.value) == ("load_npz: x.npz: it is a zip archive with 'readme.txt' in it, which is no array.")
