"""Makes the files in `corpus/`: small good ones to damage, and hostile ones that must be refused.

python -m tests.io.make_corpus
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch

import lamina
from lamina.io import native, safetensors_layout

CORPUS = Path(__file__).parent / "corpus"
GOOD, HOSTILE = CORPUS / "good", CORPUS / "hostile"
MARK = "LAMINA_WAS_RUN"
"""A hostile file that is run makes a file of this name."""

STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"


class Call:
    """Pickled as a call."""

    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


# Good files


def good():
    """Names and bytes of one file of each format."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 4, generator=generator)
    state = OrderedDict(weight=weight, tied=weight.detach(), half=weight[0].half(), count=torch.tensor(3))
    arrays = {"weight": weight.numpy(), "count": np.array(3)}
    ours = {"state": {name: lamina.tensor(x.numpy()) for name, x in state.items()}, "epoch": 3, "of": (1.5, "é", b"x")}
    view = lamina.arange(6.0)
    ours["views"] = [view, view[2:4]]
    yield "state.lamina", written(lambda file: lamina.save(ours, file))
    yield "state.pt", written(lambda file: torch.save({"state": state, "epoch": 3}, file))
    yield "old.pth", written(lambda file: torch.save(state, file, _use_new_zipfile_serialization=False))
    yield "ours.pt", written(lambda file: lamina.io.save_torch(ours, file))
    yield "plain.safetensors", safetensors.numpy.save(arrays, {"format": "pt"})
    yield "arrays.npz", written(lambda file: np.savez(file, **arrays))
    yield "packed.npz", written(lambda file: np.savez_compressed(file, **arrays))
    yield "array.npy", written(lambda file: np.save(file, arrays["weight"]))


def written(write):
    file = io.BytesIO()
    write(file)
    return file.getvalue()


# Hostile files


def archive(members, kind=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as zipped:
        for name, data in members:
            zipped.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, kind)
    return file.getvalue()


def torch_archive(pickled, *more):
    return archive([("archive/data.pkl", pickled), ("archive/data/0", bytes(16)), *more])


def old_file(pickled):
    """PyTorch's older format with a pickle in the place of the object."""
    first = [pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    return b"".join(first) + pickled + pickle.dumps([], 2)


def tensor(size, stride, offset=0):
    """The pickle of one tensor of four elements' storage."""

    def numbers(values):
        return b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", value) for value in values) + b"t"

    start = b"\x8a\x08" + struct.pack("<q", offset)
    rest = start + numbers(size) + numbers(stride) + b"\x89NtR."
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + rest


def header(fields, data=b"", length=None):
    """A safetensors file with a header of our own."""
    text = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def manifest(structure, tensors=(), version=native.VERSION, arrays=(), notes=None):
    """A file of lamina's with a manifest of our own, and right checksums."""
    text = json.dumps({"structure": structure, "tensors": list(tensors), "arrays": list(arrays)})
    piece = safetensors_layout.Piece("x", "F32", (2,), lambda: np.zeros(2, np.float32))
    notes = notes or {native.MARK: version, native.MANIFEST: text}
    return written(lambda file: safetensors_layout.write(file, [piece], notes))


def record(**more):
    return {"name": "x", "dtype": "float32", "shape": [2], **more}


def pickles():
    """Pickles that ask for more than data."""
    touch = f"import pathlib; pathlib.Path({MARK!r}).touch()"
    system = f"touch {MARK}"
    for protocol in (0, 2, 4):
        yield f"system{protocol}", pickle.dumps(Call(os.system, system), protocol)
        yield f"exec{protocol}", pickle.dumps({"weight": [Call(exec, touch)]}, protocol)
    yield "getattr", pickle.dumps(Call(getattr, "", "join"), 2)
    yield "instance", b"(S'" + system.encode() + b"'\nios\nsystem\n."
    yield "object", b"(cos\nsystem\nS'" + system.encode() + b"'\no."
    yield "extension", b"\x80\x02\x82\x01."
    yield "new_keywords", b"\x80\x04ccollections\nOrderedDict\n)}\x92."
    yield "dotted", b"\x80\x04\x8c\x08builtins\x8c\x10object.__class__\x93."
    yield "build_class", b"\x80\x02ctorch\nTensor\n}X\x04\x00\x00\x00itemK\x01sb."
    yield "hide_method", b"\x80\x02ccollections\nOrderedDict\n)R}X\x04\x00\x00\x00keysK\x01sb."
    yield "call_type", b"\x80\x02ctorch\nTensor\n(K\x01tR."
    yield "long_memo", b"\x80\x02h\x05."
    yield "hash_bomb", b"\x80\x02}(K\x01" + b"\x85q\x00" + b"h\x00h\x00\x86q\x00" * 60 + b"K\x01u."
    yield "set_bomb", b"\x80\x04\x8f(K\x01\x85q\x00" + b"h\x00h\x00\x86q\x00" * 60 + b"\x90."
    yield "twice", b"\x80\x02}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u."
    yield "deep", b"\x80\x02" + b"]" * 20000 + b"a" * 19999 + b"."
    yield "huge_text", b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"x."
    yield "huge_number", b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"x."
    yield "negative_number", b"\x80\x02\x8b" + struct.pack("<i", -5) + b"x."
    yield "no_storage", b"\x80\x02X\x01\x00\x00\x00xQ."
    yield "nothing", b"\x80\x02."
    yield "marks", b"\x80\x02" + b"(" * 50 + b"."


def hostile():
    """Names and bytes of files that must be refused."""
    for name, pickled in pickles():
        yield f"{name}.pt", torch_archive(pickled)
        if name.startswith(("system", "exec")):
            yield f"{name}_old.pth", old_file(pickled)
    for name, cut in {
        "size": ((5,), (1,)), "stride": ((2,), (9,)), "offset": ((4,), (1,), 1), "negative": ((2,), (-1,), 3),
        "overflow": ((1 << 62, 4), (0, 1)), "expanded": ((1 << 30,), (0,)), "many": ((1 << 31, 1 << 31), (0, 0)),
        "ranks": ((2, 2), (1,)),
    }.items():  # fmt: skip
        yield f"tensor_{name}.pt", torch_archive(tensor(*cut))
    whole = torch_archive(tensor((4,), (1,)))
    yield "zip_twice.pt", archive_twice()
    yield "zip_path.npz", archive([("../evil.npy", npy())])
    yield "zip_absolute.npz", archive([("/etc/evil.npy", npy())])
    yield "zip_backslash.npz", archive([("..\\evil.npy", npy())])
    yield "zip_shared.pt", shared_members()
    bomb = npy((90_000_000,), np.zeros(90_000_000, np.uint8), "|u1")
    yield "zip_bomb.npz", archive([("x.npy", bomb)], zipfile.ZIP_BZIP2)
    yield "zip_declared.npz", declared(archive([("x.npy", npy())], zipfile.ZIP_DEFLATED), 4_000_000_000)
    yield "zip_declared.pt", declared(whole, 4_000_000_000)
    yield "zip_compressed.pt", archive([("archive/data.pkl", tensor((4,), (1,))), ("archive/data/0", bytes(16))], 8)
    yield "zip_checksum.pt", whole.replace(bytes(16), bytes(15) + b"\x01")
    yield "zip_empty.pt", archive([])
    objects = written(lambda file: np.save(file, np.array([{}]), allow_pickle=True))
    yield "npy_objects.npz", archive([("x.npy", objects)])
    yield "npy_size.npy", npy((1 << 40,))
    yield "npy_negative.npy", npy((-2,))
    code = f"__import__('os').system('touch {MARK}')"
    yield "npy_code.npy", npy(text=f"{{'descr': {code}, 'fortran_order': False, 'shape': ()}}")
    for name, data in {
        "length": header({"x": entry()}, bytes(8), 1 << 62), "short": header({"x": entry()}, bytes(8), 5),
        "deep": header(b'{"a":' + b"[" * 20000, bytes(8)), "json": header(b'{"x": {', bytes(8)),
        "list": header(b"[]      ", bytes(8)), "text": header(b'{"\xff": 1}', bytes(8)),
        "twice": header(b'{"x":%b,"x":%b}' % ((json.dumps(entry()).encode(),) * 2), bytes(8)),
        "shared": header({"x": entry(), "y": entry()}, bytes(8)),
        "overlap": header({"x": entry(), "y": entry(offsets=(4, 12))}, bytes(12)),
        "gap": header({"x": entry(), "y": entry(offsets=(12, 20))}, bytes(20)),
        "more": header({"x": entry()}, bytes(9)), "less": header({"x": entry()}, bytes(7)),
        "shape": header({"x": entry(shape=(3,))}, bytes(8)), "negative": header({"x": entry(shape=(-1, -2))}, bytes(8)),
        "huge": header({"x": entry(shape=(1 << 62, 4))}, bytes(8)),
        "flag": header({"x": entry(shape=(True, 2))}, bytes(8)),
        "nan": header(b'{"x":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', bytes(8)),
        "digits": header(b'{"x":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}', bytes(8)),
        "reversed": header({"x": entry(offsets=(8, 0))}, bytes(8)), "type": header({"x": entry("F31")}, bytes(8)),
        "unknown": header({"x": entry("F8_E4M3", (8,))}, bytes(8)),
        "field": header({"x": {**entry(), "y": 1}}, bytes(8)),
        "metadata": header({"__metadata__": {"a": 1}, "x": entry()}, bytes(8)),
        "aliases": manifest(1, notes={"lamina.aliases": '{"y":"z"}'}),
    }.items():  # fmt: skip
        yield f"header_{name}.safetensors", data
    for name, data in {
        "kind": manifest({"call": ["os.system", "x"]}), "two_kinds": manifest({"tuple": [], "list": []}),
        "number": manifest({"tensor": 1}, [record()]), "flag": manifest({"tensor": True}, [record(), record()]),
        "version": manifest(1, version="99"), "deep": manifest(nested(200)),
        "name": manifest({"tensor": 0}, [record(name="y")]),
        "type": manifest({"tensor": 0}, [record(dtype="int64")]), "shape": manifest({"tensor": 0}, [record(shape=[3])]),
        "expanded": manifest({"tensor": 0}, [record(shape=[1 << 40], stride=[0], offset=0)]),
        "attribute": manifest({"tensor": 0}, [record(attributes=[["item", 1]])]),
        "class": manifest({"ordered": [], "attributes": [["__class__", 1]]}),
        "twice": manifest({"dict": [["a", 1], ["a", 2]]}),
        "unhashable": manifest({"dict": [[[1], 1]]}), "objects": manifest({"array": array("|O")}, arrays=["x"]),
        "fields": manifest({"array": array("i4,i4")}, arrays=["x"]),
        "array": manifest({"array": array("<f4", [3])}, arrays=["x"]),
        "device": manifest({"device": "nowhere"}), "size": manifest({"size": ["a"]}), "plain": manifest({}, [{}]),
    }.items():  # fmt: skip
        yield f"manifest_{name}.lamina", data
    yield "header_check.lamina", manifest([1]).replace(b"structure", b"structurE")
    for name, file in {
        "up": "../x.safetensors", "absolute": "/etc/passwd", "missing": "nowhere.safetensors", "dots": "..", "none": "",
        "backslash": "..\\x.safetensors", "null": "x\0.safetensors", "folder": ".",
    }.items():  # fmt: skip
        yield f"index_{name}.safetensors.index.json", json.dumps({"weight_map": {"x": file}}).encode()
    yield "index_list.safetensors.index.json", b'{"weight_map": []}'
    yield "index_number.safetensors.index.json", b'{"weight_map": {"x": 1}}'
    yield "index_deep.safetensors.index.json", b"[" * 20000
    yield "picture.pt", b"\x89PNG\r\n\x1a\n" + bytes(20)
    yield "text.pt", b"<html>Not found</html>"
    yield "empty.pt", b""


def array(dtype, shape=(2,)):
    return {"number": 0, "dtype": dtype, "shape": list(shape)}


def nested(depth):
    return [nested(depth - 1)] if depth else 1


def npy(shape=(2,), data=None, descr="<f4", text=None):
    """An array with a header of our own."""
    text = text or str({"descr": descr, "fortran_order": False, "shape": shape})
    text = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    body = bytes(8) if data is None else data.tobytes()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def archive_twice():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo("archive/data.pkl", (1980, 1, 1, 0, 0, 0)), tensor((4,), (1,)))
        zipped.writestr(zipfile.ZipInfo("archive/data/0", (1980, 1, 1, 0, 0, 0)), bytes(16))
        zipped.writestr(zipfile.ZipInfo("archive/data/1", (1980, 1, 1, 0, 0, 0)), bytes(16))
    return file.getvalue().replace(b"archive/data/1", b"archive/data/0")


def shared_members():
    """An archive whose directory says that two members begin at the same place."""
    data = bytearray(archive([("archive/data.pkl", tensor((4,), (1,))), ("archive/data/0", bytes(16))]))
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 42 : directory + 46] = struct.pack("<I", 0)
    return bytes(data)


def declared(data, size):
    """The same archive; its directory says that the last member becomes so large."""
    changed = bytearray(data)
    directory = changed.rfind(b"PK\x01\x02")
    changed[directory + 24 : directory + 28] = struct.pack("<I", size)
    return bytes(changed)


def main():
    for folder, files in ((GOOD, good()), (HOSTILE, hostile())):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, data in files:
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
