"""`as_torch`: what `import torch` finds, what it does not, and that everything is put back."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
import torch as real

import lamina


def torch_modules():
    return {name: module for name, module in sys.modules.items() if name == "torch" or name.startswith("torch.")}


def test_imports_find_lamina_and_the_real_torch_comes_back():
    before, finders = torch_modules(), list(sys.meta_path)
    with lamina.as_torch(swap=True) as given:
        import torch
        import torch.nn as nn
        import torch.nn.functional as F
        from torch import optim
        from torch.nn.modules.batchnorm import _BatchNorm
        from torch.optim.lr_scheduler import StepLR

        assert torch is given
        assert (nn, F, optim) == (lamina.nn, lamina.nn.functional, lamina.optim)
        assert StepLR is lamina.optim.lr_scheduler.StepLR
        assert isinstance(nn.BatchNorm2d(3), _BatchNorm)
        assert not isinstance(nn.InstanceNorm2d(3), _BatchNorm)
        assert isinstance(torch.ones(2), torch.Tensor)
        assert torch.tensor is lamina.tensor
        assert isinstance(torch.float32, torch.dtype)
        assert lamina.nn.__spec__.name == "lamina.nn"
    assert torch_modules() == before
    assert sys.meta_path == finders
    assert sys.modules["torch"] is real


@pytest.mark.parametrize(
    "name",
    """torch.nn.functional torch.nn.init torch.nn.utils.rnn torch.nn.parameter torch.nn.modules.utils torch.optim.adam
    torch.optim.optimizer torch.autograd torch.cuda torch.cuda.amp torch.backends torch.backends.cudnn torch.amp
    torch.backends.mps torch.utils.checkpoint torch.random torch.hub torch.jit torch.linalg torch.fft torch.special
    torch.func torch.testing torch.version torch.types torch.multiprocessing torch.profiler torch.accelerator
    torch.nn.attention torch.nn.parallel torch.distributed torch.compiler torch.utils.tensorboard torch.functional
    torch.serialization torch.onnx""".split(),
)
def test_rooms_that_are_here(name):
    with lamina.as_torch(swap=True):
        module = importlib.import_module(name)
        assert module.__name__.partition(".")[0] == "lamina"
        if "." not in name.removeprefix("torch.") and name != "torch.serialization":
            assert importlib.import_module("torch").__dict__.get(name.removeprefix("torch."), module) is module


@pytest.mark.parametrize("name", ["torch.fx", "torch.ops", "torch.engine", "torch._C", "torch.nn.quantized"])
def test_what_is_not_here_says_so(name):
    with lamina.as_torch(swap=True):
        with pytest.raises(ModuleNotFoundError) as caught:
            importlib.import_module(name)
        assert str(caught.value) == f"lamina has no {name}"


def test_names_that_are_not_here_say_so():
    with lamina.as_torch(swap=True):
        import torch

        assert not hasattr(torch, "fx")
        assert not hasattr(torch, "engine")
        with pytest.raises(AttributeError, match="^module 'torch' has no attribute 'fx': lamina has no torch.fx$"):
            torch.fx
        with pytest.raises(ImportError, match="^lamina has no torch.fx$"):
            from torch import fx  # noqa: F401


def test_blocks_nest():
    with lamina.as_torch(swap=True) as outer:
        with lamina.as_torch() as inner:
            assert inner is outer
        assert sys.modules["torch"] is outer
    assert sys.modules["torch"] is real


def test_the_real_torch_is_not_mixed_in():
    with pytest.raises(ImportError) as caught:
        lamina.as_torch()
    assert str(caught.value).startswith("as_torch: the real torch has been imported already (by ")
    assert "with lamina.as_torch(swap=True)" in str(caught.value)
    assert sys.modules["torch"] is real


def test_for_the_rest_of_a_process():
    code = """
import lamina
lamina.as_torch()
import torch, torch.utils.checkpoint
lamina.as_torch()
from torch import nn
print(torch.__version__, nn is lamina.nn, torch.cuda.is_available(), torch.backends.mps.is_available())
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("2.13.0 True False False\n", "")


@pytest.mark.parametrize(
    "other", ["1.10", "2.2", "2.13", "2.13.0", "2.13.0a1", "2.13.1", "3", (2, 2), (2, 13), (2, 13, 1)]
)
def test_versions_compare_as_pytorchs(other):
    from torch.torch_version import TorchVersion

    ours, theirs = lamina.version.__version__, TorchVersion("2.13.0")
    for name in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__"):
        assert getattr(ours, name)(other) == getattr(theirs, name)(other), (name, other)
