"""Files that mean harm, and files that came to harm: each is refused in one line, and nothing in it is run."""

from __future__ import annotations

import io
import os
import random

import pytest

import lamina
from lamina.io import FileError
from lamina.io.source import Source
from tests.io import make_corpus
from tests.io.make_corpus import GOOD, HOSTILE, MARK

GOOD_FILES = sorted(GOOD.iterdir())


def outcome(data, name):
    """What becomes of a file with these bytes: the error, or None if it is accepted."""
    file = io.BytesIO(data)
    file.name = f"/some/where/{name}"
    try:
        lamina.load(file)
    except FileError as error:
        text = str(error)
        assert text.startswith(f"load: {name}: "), text
        assert "\n" not in text
        return text
    return None


@pytest.mark.parametrize("path", sorted(HOSTILE.iterdir()), ids=lambda path: path.name)
def test_a_hostile_file_is_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError) as caught:
        lamina.load(path)
    text = str(caught.value)
    assert text.startswith("load: ")
    assert "\n" not in text
    assert len(text) < 500
    assert os.listdir(tmp_path) == []


def test_the_threat_is_real(tmp_path, monkeypatch):
    import pickle
    import zipfile

    monkeypatch.chdir(tmp_path)
    pickle.loads(zipfile.ZipFile(HOSTILE / "system2.pt").read("archive/data.pkl"))
    assert os.path.exists(MARK)


def test_the_corpus_is_small_and_whole():
    assert {path.name for path in GOOD_FILES} == {name for name, _ in make_corpus.good()}
    assert {path.name for path in HOSTILE.iterdir()} == {name for name, _ in make_corpus.hostile()}
    assert sum(path.stat().st_size for folder in (GOOD, HOSTILE) for path in folder.iterdir()) < 200_000


@pytest.mark.parametrize("path", GOOD_FILES, ids=lambda path: path.name)
def test_a_file_cut_short_anywhere_is_refused(path):
    data = path.read_bytes()
    assert outcome(data, path.name) is None
    step = 1 if path.suffix == ".lamina" else 7
    accepted = [length for length in range(0, len(data), step) if outcome(data[:length], path.name) is None]
    assert accepted == []


def test_any_changed_bit_of_a_file_of_laminas_is_noticed():
    data = (GOOD / "state.lamina").read_bytes()
    draw = random.Random(0)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << draw.randrange(8)
        assert outcome(bytes(changed), "x.lamina") is not None, place


def test_changed_numbers_in_an_archive_are_noticed():
    for name in ("state.pt", "ours.pt", "arrays.npz", "packed.npz"):
        data = (GOOD / name).read_bytes()
        archive = lamina.io.zips.Archive(Source("t", data))
        for member in archive.members:
            if member.endswith(("byteorder", "version", "_alignment", "_id")):
                continue  # what is not read is not checked
            header = archive.members[member].header_offset
            length = int.from_bytes(data[header + 26 : header + 28], "little")
            extra = int.from_bytes(data[header + 28 : header + 30], "little")
            changed = bytearray(data)
            changed[header + 30 + length + extra] ^= 4
            text = outcome(bytes(changed), name)
            assert text is not None, (name, member)
            assert "damaged" in text


@pytest.mark.parametrize("path", GOOD_FILES, ids=lambda path: path.name)
def test_random_damage_is_refused_or_harmless(path):
    data, draw = path.read_bytes(), random.Random(path.name)
    outcomes = set()
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(draw.choice([1, 1, 2, 5, 20])):
            place = draw.randrange(len(changed))
            what = draw.randrange(4)
            if what == 0:
                changed[place] ^= 1 << draw.randrange(8)
            elif what == 1:
                changed[place] = draw.choice([0, 255, draw.randrange(256)])
            elif what == 2:
                del changed[place : place + draw.randrange(1, 9)]
            else:
                other = draw.randrange(len(data))
                changed[place:place] = data[other : other + draw.randrange(1, 30)]
            changed = changed or bytearray(b"x")
        outcomes.add(outcome(bytes(changed), path.name) is None)
    assert False in outcomes  # most of it is refused


def test_pickles_put_together_at_random():
    """Instructions in an order that no writer has; whatever they do, it is data or a FileError."""
    draw = random.Random(1)
    pieces = [
        b"N", b"\x88", b"]", b"}", b")", b"(", b"0", b"1", b"2", b"t", b"\x85", b"\x86", b"\x87", b"R", b"b", b"Q",
        b"e", b"u", b"s", b"a", b"d", b"l", b"\x81", b"\x8f", b"\x90", b"\x91", b"\x94", b"q\x00", b"h\x00",
        b"K\x05", b"\x8a\x01\xff", b"X\x01\x00\x00\x00a", b"X\x07\x00\x00\x00storage", b"ctorch\nFloatStorage\n",
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ctorch\nSize\n", b"ctorch\ndevice\n", b"ccollections\nOrderedDict\n", b"c_codecs\nencode\n",
        b"c__builtin__\nset\n",
        b"c__builtin__\nbytearray\n", b"c__builtin__\ncomplex\n", b"ctorch._tensor\n_rebuild_from_type_v2\n",
        b"ctorch._utils\n_rebuild_parameter\n", b"ctorch._utils\n_rebuild_parameter_with_state\n",
        make_corpus.STORAGE,
        make_corpus.tensor((4,), (1,))[2:-1],
    ]  # fmt: skip
    accepted = 0
    for _ in range(400):
        pickled = b"\x80\x02" + b"".join(draw.choice(pieces) for _ in range(draw.randrange(1, 12))) + b"."
        accepted += outcome(make_corpus.torch_archive(pickled), "x.pt") is None
    assert 0 < accepted < 400
