"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat

import pytest

from lamina.io import atomic


def test_the_old_file_is_there_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with atomic.replacing(path, "w") as file:
        file.write("new\n")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_bytes() == b"new\n"
    assert os.listdir(tmp_path) == ["x.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, error):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic.replacing(path) as file:
        file.write(b"half of")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.bin"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic.write_bytes(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.bin"]


def test_file_and_folder_are_pushed_to_the_disk_around_the_renaming(tmp_path, monkeypatch):
    done = []
    sync, rename = os.fsync, os.replace

    def note_sync(handle):
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def note_rename(*names):
        done.append("rename")
        rename(*names)

    monkeypatch.setattr(atomic.os, "fsync", note_sync)
    monkeypatch.setattr(atomic.os, "replace", note_rename)
    atomic.write_bytes(tmp_path / "x", b"1")
    assert done == ["file", "rename", "folder"]


def test_the_mode_is_that_of_the_old_file_or_of_new_files(tmp_path):
    old, new, plain = tmp_path / "old", tmp_path / "new", tmp_path / "plain"
    old.write_text("")
    old.chmod(0o640)
    plain.write_text("")
    for path in (old, new):
        atomic.write_text(path, "é")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert new.read_bytes() == "é".encode()


def test_a_link_is_followed(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    atomic.write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_what_may_not_be_replaced_is_not(tmp_path):
    path = tmp_path / "x"
    atomic.write_text(path, "first", overwrite=False)
    with pytest.raises(FileExistsError) as caught:
        atomic.write_text(path, "second", overwrite=False)
    assert str(caught.value) == f"replacing: {path} is there already."
    assert path.read_text() == "first"
    assert os.listdir(tmp_path) == ["x"]
    with pytest.raises(IsADirectoryError):
        atomic.write_text(tmp_path, "x")
    with pytest.raises(ValueError, match="got 'a'"), atomic.replacing(path, "a"):
        pass


def test_a_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "run"
    for content in ("first", "second"):
        with atomic.replacing_folder(path) as new:
            (new / "inner").mkdir()
            (new / "inner" / content).write_text(content)
    assert os.listdir(path / "inner") == ["second"]
    with pytest.raises(ValueError, match="stop"), atomic.replacing_folder(path) as new:
        (new / "half").write_text("")
        raise ValueError("stop")
    assert os.listdir(path / "inner") == ["second"]
    assert os.listdir(tmp_path) == ["run"]
    with pytest.raises(FileExistsError), atomic.replacing_folder(path, overwrite=False):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError), atomic.replacing_folder(tmp_path / "file"):
        pass
