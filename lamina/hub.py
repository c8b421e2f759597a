"""`torch.hub`: models from a folder with a `hubconf.py`, and weights by their address."""

from __future__ import annotations

import builtins
import hashlib
import importlib.util
import os
import re
import sys
import tempfile
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir"]

_HASH = re.compile(r"-([a-f0-9]*)\.")
_chosen: dict[str, str] = {}


def get_dir() -> str:
    """The folder for downloads: as `set_dir` says, else `$TORCH_HOME/hub`, else `~/.cache/torch/hub`."""
    if "dir" in _chosen:
        return _chosen["dir"]
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or os.path.join(cache, "torch")
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Choose the folder for downloads."""
    _chosen["dir"] = os.path.expanduser(d)


def _hubconf(repo_or_dir: Any, source: str) -> ModuleType:
    if source not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    if source == "github":
        raise NotImplementedError(
            f"hub: lamina downloads no code. Get {repo_or_dir} yourself, look at it, and say "
            "hub.load(folder, ..., source='local')."
        )
    folder = os.path.expanduser(repo_or_dir)
    spec = importlib.util.spec_from_file_location("hubconf", os.path.join(folder, "hubconf.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    needs = builtins.list(getattr(module, "dependencies", ()))
    missing = [name for name in needs if importlib.util.find_spec(name) is None]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    return module


def _entry(module: ModuleType, model: str) -> Any:
    found = getattr(module, model, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found


def load(
    repo_or_dir: str | os.PathLike[str],
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: Any = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """Call an entry of a folder's `hubconf.py`, within `lamina.as_torch` if that imports torch.

    Args:
        repo_or_dir: the folder. A repository of GitHub's raises NotImplementedError: lamina downloads no code.
        model: the name of the entry.
        args, kwargs: what it is given.
        source: "local".
        trust_repo, force_reload, verbose, skip_validation: for downloads.
    """
    return _entry(_hubconf(repo_or_dir, source), model)(*args, **kwargs)


def list(
    github: str, force_reload: bool = False, skip_validation: bool = False, trust_repo: Any = "check",
    verbose: bool = True, *, source: str = "github",
) -> builtins.list[str]:  # fmt: skip
    """The entries of a folder's `hubconf.py`, with `source="local"`."""
    names = vars(_hubconf(github, source))
    return [name for name, x in names.items() if callable(x) and not name.startswith("_")]


def help(
    github: str, model: str, force_reload: bool = False, skip_validation: bool = False, trust_repo: Any = "check",
    *, source: str = "github",
) -> str | None:  # fmt: skip
    """The docstring of an entry of a folder's `hubconf.py`, with `source="local"`."""
    return _entry(_hubconf(github, source), model).__doc__


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Download a file. It appears under its name when it is complete and its hash agrees.

    Args:
        url: the address.
        dst: the file to write.
        hash_prefix: how its SHA-256 must begin.
        progress: accepted.
    """
    digest = hashlib.sha256()
    target = Path(dst).expanduser()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=target.name, suffix=".partial", delete=False) as file:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers={"User-Agent": "lamina.hub"})) as answer:
                while block := answer.read(1 << 17):
                    file.write(block)
                    digest.update(block)
            file.close()
            if hash_prefix and not digest.hexdigest().startswith(hash_prefix):
                raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest.hexdigest()}")')
            os.replace(file.name, target)
        finally:
            Path(file.name).unlink(missing_ok=True)


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> Any:
    """The weights at an address, from the folder for downloads if they are there already.

    Args:
        url: the address.
        model_dir: the folder; default: `checkpoints` in `get_dir()`.
        map_location: where the tensors go.
        progress: accepted.
        check_hash: whether the file's name ends in the beginning of its SHA-256, which must agree.
        file_name: the name in the folder; default: the last part of the address.
        weights_only: accepted; no code of a file ever runs.
    """
    from lamina import io

    folder = Path(model_dir or os.path.join(get_dir(), "checkpoints")).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / (file_name or os.path.basename(urlparse(url).path))
    if not file.exists():
        hashed = _HASH.search(file.name) if check_hash else None
        download_url_to_file(url, str(file), hashed[1] if hashed else None, progress)
    return io.load(file, map_location=map_location)


load_url = load_state_dict_from_url
