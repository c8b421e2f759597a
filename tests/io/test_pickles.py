"""Pickles read as data: what Python pickles comes back, and nothing else is imported or called."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import struct
from collections import Counter, OrderedDict

import pytest

from lamina.io import pickles
from lamina.io.pickles import Call

WHO = "reader: x.pkl"


def read(data, names=None, persistent=None):
    stream = io.BytesIO(data)
    program = pickles.instructions(WHO, stream)
    assert stream.tell() == len(data)  # so that another pickle may follow
    return pickles.run(WHO, program, names or {}, persistent)


def refused(data, **more):
    with pytest.raises(pickle.UnpicklingError) as caught:
        read(data, **more)
    return str(caught.value)


SHARED = [1]
DATA = [
    None, True, False, 0, 255, 256, 65536, -1, -(2**31), 10**30, -(10**400), 1.5, float("inf"), 1 - 2j,
    "", "text", "é\u20ac\U0001f600", "long " * 100, b"", b"bytes\xff\x00", b"b" * 300, bytearray(b"xyz"), bytearray(),
    (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], list(range(2000)), {}, {"a": 1},
    {i: str(i) for i in range(1100)}, set(), {1, 2}, frozenset(), frozenset("ab"),
    OrderedDict(), OrderedDict(b=1, a=2), [SHARED, SHARED],
    {"nested": [({"deep": (None, [{1: {2: 3}}])},)]},
]  # fmt: skip


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_python_pickles_comes_back(protocol):
    for value in DATA:
        found = read(pickle.dumps(value, protocol))
        assert found == value
        assert type(found) is type(value)
    assert read(pickle.dumps(float("nan"), protocol)) != 0
    shared = read(pickle.dumps([SHARED, SHARED], protocol))
    assert shared[0] is shared[1]


@pytest.mark.parametrize("protocol", [2, 4])
def test_cycles_come_back(protocol):
    cycle = [1]
    cycle.append({"self": cycle})
    found = read(pickle.dumps(cycle, protocol))
    assert found[1]["self"] is found


def test_an_ordered_dict_keeps_its_attributes():
    state = OrderedDict(a=1)
    state._metadata = {"": {"version": 1}}
    assert read(pickle.dumps(state, 2))._metadata == {"": {"version": 1}}
    assert refused(b"ccollections\nOrderedDict\n)R}\x8c\x05itemsNsb.") == (
        "reader: x.pkl: its pickle is damaged: BUILD at byte 37 fails with ValueError: items of OrderedDict cannot be "
        "replaced. Get the file anew."
    )


def test_names_and_persistent_ids_are_the_callers():
    names = {"some.where.Point": Call(lambda x, y: ("point", x, y)), "some.where.unit": 7}
    assert read(b"csome.where\nPoint\n(K\x01K\x02tR.", names) == ("point", 1, 2)
    assert read(b"csome.where\nPoint\n(K\x01K\x02t\x81.", names) == ("point", 1, 2)
    assert read(b"\x8c\x0asome.where\x8c\x04unit\x93.", names) == 7
    assert read(b"K\x05Q.", persistent=lambda number: number * 2) == 10
    assert "it refers to something outside it, and there is nothing" in refused(b"K\x05Q.")


# What must not happen.


class Reduces:
    """Pickled as a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(("function", "arguments", "name"), [
    (os.system, ("touch {}",), f"{os.system.__module__}.system"),
    (os.mkdir, ("{}",), f"{os.mkdir.__module__}.mkdir"),
    (eval, ("__import__('os').mkdir('{}')",), "eval"),
    (exec, ("__import__('os').mkdir('{}')",), "exec"),
    (__import__, ("antigravity",), "__import__"),
    (getattr, ("", "format"), "getattr"),
])  # fmt: skip
def test_a_call_is_refused_by_name_and_not_made(function, arguments, name, protocol, tmp_path):
    mark = tmp_path / "mark"
    data = pickle.dumps({"weight": [Reduces(function, *(x.format(mark) for x in arguments))]}, protocol)
    message = refused(data)
    assert name in message
    assert message.endswith(
        "which is not one of the names that stand for data here. Nothing of it has been run. Save data "
        "only, such as a state_dict()."
    )
    assert not mark.exists()
    if function is not __import__ and function is not getattr:
        pickle.loads(data)  # and Python's own reader would have
        assert mark.exists()


def test_a_class_is_refused_by_name():
    assert refused(pickle.dumps(Counter("ab"), 4)) == (
        "reader: x.pkl: it asks for collections.Counter, which is not one of the names that stand for data here. "
        "Nothing of it has been run. Save data only, such as a state_dict()."
    )
    assert "it asks for tests.io.test_pickles.Reduces," in refused(pickle.dumps(Reduces, 2))


@pytest.mark.parametrize(("data", "reason"), [
    (b"csome\nvalue\n(tR.", "int cannot be called with tuple"),
    (b"csome\ncall\n]R.", "Call cannot be called with list"),
    (b"csome\ncall\ncsome\ncall\nR.", "Call cannot be called with Call"),
    (b"csome\ncall\n}b.", "Call takes no state, got dict"),
    (b"csome\nvalue\n}b.", "int takes no state, got dict"),
    (b"]}b.", "list takes no state, got dict"),
    (b"ccollections\nOrderedDict\n)R]b.", "OrderedDict takes no state, got list"),
    (b"csome\ntarget\nK\x01a.", "a list is needed, got Target"),
    (b"csome\ntarget\n(K\x01e.", "a list is needed, got Target"),
    (b"csome\ntarget\n(K\x01\x90.", "a set is needed, got Target"),
    (b"csome\ntarget\nK\x01K\x02s.", "a dict is needed, got Target"),
    (b"csome\ntarget\n(K\x01K\x02u.", "a dict is needed, got Target"),
    (b"}(K\x01u.", "zip() argument 2 is shorter than argument 1"),
    (b"}(]K\x01u.", "unhashable type: 'list'"),
    (b"h\x07.", "KeyError: 7"),
    (b"K\x01\x86.", "2 objects are needed, there are 1"),
    (b"t.", "pop from empty list"),
    (b"R.", "pop from empty list"),
    (b"]]\x93.", "a name must be a str"),
    (b"cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftR.", "a bytearray is made of bytes, got a length"),
    (b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x03\x00\x00\x00zipt" + b"R.", "bytes are written as latin1, got 'zip'"),
    (b"(ios\nsystem\n.", "has the instruction INST, which data does not need"),
    (b"(csome\ncall\no.", "has the instruction OBJ, which data does not need"),
    (b"\x82\x01.", "has the instruction EXT1, which data does not need"),
    (b"csome\ncall\n)}\x92.", "has the instruction NEWOBJ_EX, which data does not need"),
    (b"\x97.", "has the instruction NEXT_BUFFER, which data does not need"),
    (b".", "there is nothing in it"),
    (b"", "it is not a whole pickle: pickle exhausted before seeing STOP"),
    (b"K\x01", "it is not a whole pickle: pickle exhausted before seeing STOP"),
    (b"X\xff\xff\xff\x7fab.", "it is not a whole pickle: expected 2147483647 bytes in a unicodestring4"),
    (b"\xff\xd8\xff", "it is not a whole pickle: at position 0, opcode b'\\xff' unknown"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(data, reason):
    class Target:
        """Has all methods that a pickle could be after."""

        def __getattr__(self, name):
            raise AssertionError(f"{name} was asked for")

    names = {"some.call": Call(lambda: None), "some.value": 1, "some.target": Target()}
    assert reason in refused(data, names=names)


def test_every_instruction_is_followed_or_refused():
    followed = pickles._LITERALS | set(pickles._MAKERS) | pickles._SILENT | set(pickles._STEPS)
    known = {opcode.name for opcode in pickletools.opcodes}
    assert followed < known
    assert known - followed == {"INST", "OBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}


def test_a_large_number_in_the_memo_takes_no_memory():
    assert read(b"K\x05r" + struct.pack("<I", 2**32 - 1) + b".") == 5
