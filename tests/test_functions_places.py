"""Indices, combinations, buffers and storages, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from tests.parity import compare, floats, integers


def test_triangles():
    for row, col, offset in ((3, 3, 0), (2, 4, 1), (4, 2, -1), (0, 3, 0), (3, 0, 0), (3, 3, 5)):
        compare(lambda t, r=row, c=col, o=offset: (t.tril_indices(r, c, o), t.triu_indices(r, c, o)))
    compare(lambda t: t.tril_indices(2, 2, dtype=t.int32))
    compare(lambda t: t.tril_indices(-1, 2))


def test_unravel_index():
    compare(lambda t, x: (t.unravel_index(x, (3, 4)), t.unravel_index(x[0], 12)), integers(2, 3, low=0, high=12))
    compare(lambda t, x: t.unravel_index(x, (3, 4)), floats(2))
    compare(lambda t, x: t.unravel_index(x, (3, -4)), integers(2, low=0))


def test_combinations():
    compare(
        lambda t, x: (t.combinations(x), t.combinations(x, 3, True), t.combinations(x, 0), t.combinations(x, 1)),
        floats(4),
    )
    compare(lambda t, x: t.combinations(x, 3), integers(2))
    compare(lambda t, x: t.combinations(x), floats(2, 2))
    compare(lambda t, x: t.combinations(x, -1), floats(2))


def test_buffers_and_files(tmp_path):
    data = np.arange(6, dtype=np.float32).tobytes()
    compare(
        lambda t: (
            t.frombuffer(bytearray(data), dtype=t.float32),
            t.frombuffer(bytearray(data), dtype=t.uint8, count=3, offset=2),
        )
    )
    for options in ({"offset": 99}, {"count": 0}, {"count": 9}, {"offset": 1}):
        compare(lambda t, o=options: t.frombuffer(bytearray(data), dtype=t.float32, **o))
    (tmp_path / "numbers").write_bytes(data)
    compare(lambda t: t.from_file(str(tmp_path / "numbers"), size=4))
    with pytest.raises(NotImplementedError, match="none can be shared with a file"):
        lamina.from_file(str(tmp_path / "numbers"), shared=True, size=4)


def test_empty_permuted():
    compare(lambda t: (t.empty_permuted((2, 3, 4), (1, 0, 2)).stride(), tuple(t.empty_permuted((2, 3), (1, 0)).shape)))
    compare(lambda t: t.empty_permuted((2, 3), (0, 0)))


def test_storages():
    x = lamina.arange(6.0).reshape(2, 3)
    row, other = x[1], x.clone()
    memory = x.untyped_storage()
    assert memory.data_ptr() == row.untyped_storage().data_ptr() == x.detach().storage().data_ptr()
    assert memory.data_ptr() != other.untyped_storage().data_ptr()
    assert memory.nbytes() == len(memory) == 24 and row.storage().size() == 6 and row.storage().tolist() == [*range(6)]
    assert memory[4:8] == list(np.float32(1).tobytes()) and memory.device == x.device and lamina.is_storage(memory)
    assert repr(row.storage()) == "[lamina.storage.TypedStorage(dtype=lamina.float32, device=cpu) of size 6]"
    assert row.storage().untyped().data_ptr() == memory.data_ptr() and row.storage().dtype is lamina.float32
    for wrong in (lambda: memory.resize_(3), lambda: memory.__setitem__(0, 1)):
        with pytest.raises(NotImplementedError, match="A storage cannot be"):
            wrong()
