"""The rooms that programs ask about machine and compiler: answers beside PyTorch's on a machine without a GPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lamina

BOTH = pytest.mark.parametrize("t", [torch, lamina], ids=["torch", "lamina"])


@BOTH
def test_without_a_gpu(t):
    assert not t.cuda.is_available()
    assert t.cuda.device_count() == 0
    assert t.cuda.memory_allocated() == t.cuda.max_memory_allocated() == 0
    assert t.cuda.get_rng_state_all() == []
    assert t.accelerator.current_accelerator() is None
    assert not t.backends.mps.is_available()
    assert not t.backends.cuda.is_built()
    assert not t.xpu.is_available()
    assert t.device("cuda", 1) == t.device("cuda:1")
    t.cuda.empty_cache()
    t.cuda.manual_seed_all(1)
    with pytest.raises((RuntimeError, AssertionError)):
        t.ones(2).to("cuda")
    with t.device("cpu"), t.cuda.device(-1):
        assert t.ones(2).device == t.device("cpu")


@BOTH
def test_flags(t):
    t.backends.cudnn.benchmark, t.backends.cudnn.deterministic = True, True
    with t.backends.cudnn.flags(enabled=False, benchmark=False, deterministic=False):
        assert (t.backends.cudnn.enabled, t.backends.cudnn.benchmark) == (False, False)
    assert (t.backends.cudnn.enabled, t.backends.cudnn.benchmark, t.backends.cudnn.deterministic) == (True,) * 3
    t.backends.cudnn.benchmark, t.backends.cudnn.deterministic = False, False
    t.backends.cuda.matmul.allow_tf32 = False
    assert t.backends.cuda.matmul.allow_tf32 is False
    assert t.backends.cuda.flash_sdp_enabled()
    with t.nn.attention.sdpa_kernel([t.nn.attention.SDPBackend.MATH]):
        assert t.backends.cuda.math_sdp_enabled()
        assert not t.backends.cuda.flash_sdp_enabled()
    assert t.backends.cuda.flash_sdp_enabled()
    assert isinstance(t.backends.cpu.get_cpu_capability(), str)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@BOTH
def test_compilers_give_the_function_or_its_like(t):
    def double(x):
        return x * 2

    three = t.full((2,), 3.0)
    for made in (t.jit.script(double), t.jit.trace(double, (t.ones(2),)), t.compiler.disable(double)):
        assert made(three).tolist() == [6.0, 6.0]
    assert t.jit.annotate(int, 3) == 3
    assert not t.jit.is_scripting()
    assert not t.jit.is_tracing()
    assert not t.compiler.is_compiling()
    assert t.jit.unused(double)(three).tolist() == [6.0, 6.0]
    assert not isinstance(t.nn.Linear(1, 1), t.jit.ScriptModule)


def test_compile_is_a_decorator_too():
    @lamina.compile
    def plain(x):
        return x + 1

    @lamina.compile(mode="max-autotune")
    def with_options(x):
        return x + 1

    net = lamina.nn.Linear(2, 1)
    assert plain(1) == with_options(1) == 2
    assert lamina.compile(net) is net


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lamina.jit.save(None, "f"), "jit.save: lamina writes no TorchScript"),
        (lambda: lamina.jit.load("f"), "jit.load: lamina runs no TorchScript"),
        (lambda: lamina.profiler.profile(), "profiler.profile: operations of a step run as one program"),
        (lambda: lamina.onnx.export(None), "onnx.export: lamina writes no ONNX files"),
        (lambda: lamina.distributed.init_process_group("nccl"), "distributed.init_process_group: lamina has no groups"),
        (lambda: lamina.hub.load("owner/repo", "net"), "hub: lamina downloads no code"),
        (lambda: lamina.nn.parallel.DistributedDataParallel(lamina.nn.Identity()), "DistributedDataParallel: lamina"),
    ],
)
def test_what_cannot_be_says_so(call, message):
    with pytest.raises(NotImplementedError) as caught:
        call()
    assert str(caught.value).startswith(message)


@BOTH
def test_hub_reads_a_folder(t, tmp_path):
    (tmp_path / "hubconf.py").write_text(
        "dependencies = ['math']\ndef size(n, scale=1):\n    'A number.'\n    return n * scale\n"
    )
    assert t.hub.load(str(tmp_path), "size", 3, scale=2, source="local") == 6
    with pytest.raises(RuntimeError, match="Cannot find callable nothing in hubconf"):
        t.hub.load(str(tmp_path), "nothing", source="local")
    with pytest.raises(ValueError, match="Unknown source"):
        t.hub.load(str(tmp_path), "size", source="elsewhere")


def test_hub_lists_and_finds_weights(tmp_path):
    (tmp_path / "hubconf.py").write_text("def size():\n    'A number.'\n")
    assert lamina.hub.list(str(tmp_path), source="local") == ["size"]
    assert lamina.hub.help(str(tmp_path), "size", source="local") == "A number."
    torch.save({"w": torch.arange(3.0)}, tmp_path / "net.pth")
    found = lamina.hub.load_state_dict_from_url("https://nowhere.invalid/net.pth", model_dir=str(tmp_path))
    assert found["w"].tolist() == [0.0, 1.0, 2.0]


@BOTH
def test_fork_rng_puts_the_generator_back(t):
    t.manual_seed(3)
    with t.random.fork_rng():
        first = t.rand(2)
    assert t.rand(2).tolist() == first.tolist()


CLOSE = [
    ([1.0, 2.0], [1.0, 2.0], {}),
    ([1.0, 2.0], [1.0, 2.1], {}),
    ([1.0, 2.0], [1.0, 2.1], {"rtol": 0.1, "atol": 0.0}),
    ([1.0, float("nan")], [1.0, float("nan")], {}),
    ([1.0, float("nan")], [1.0, float("nan")], {"equal_nan": True}),
    ([1.0], [1.0, 2.0], {}),
    ([1, 2], [1, 3], {}),
    ([1, 2], [1.0, 2.0], {}),
    ([1, 2], [1.0, 2.0], {"check_dtype": False}),
]


@pytest.mark.parametrize(("a", "b", "options"), CLOSE)
def test_assert_close_judges_as_pytorchs(a, b, options):
    def message(t):
        try:
            t.testing.assert_close(t.tensor(a), t.tensor(b), **options)
        except AssertionError as error:
            return str(error).partition("\n")[0].replace("torch.", "lamina.")
        return None

    assert message(lamina) == message(torch)


@BOTH
def test_assert_close_looks_at_the_layout(t):
    sparse = t.eye(2).to_sparse()
    t.testing.assert_close(sparse, sparse)
    t.testing.assert_close(sparse, t.eye(2), check_layout=False)
    text = "^The values for attribute 'layout' do not match: (torch|lamina).sparse_coo != (torch|lamina).strided.$"
    with pytest.raises(AssertionError, match=text):
        t.testing.assert_close(sparse, t.eye(2))


@BOTH
def test_assert_close_goes_into_containers(t):
    t.testing.assert_close({"a": [t.ones(2), 3.0]}, {"a": [t.ones(2), 3.0]})
    with pytest.raises(AssertionError, match=r"The failure occurred for item \['a'\]\[1\]"):
        t.testing.assert_close({"a": [t.ones(2), 3.0]}, {"a": [t.ones(2), 4.0]})
    with pytest.raises(AssertionError, match="^yes$"):
        t.testing.assert_close(1, 2, msg="yes")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool", "complex64", "bfloat16"])
def test_make_tensor(dtype):
    made = lamina.testing.make_tensor(40, 3, dtype=getattr(lamina, dtype), device="cpu", exclude_zero=dtype != "bool")
    assert made.shape == (40, 3)
    assert made.dtype == getattr(lamina, dtype)
    if dtype not in ("bool", "complex64"):
        values = made.double().numpy()
        low, high = (0, 10) if dtype == "uint8" else (-9, 9 if "float" in dtype else 10)
        assert values.min() >= low
        assert values.max() <= high
        assert np.all(values != 0)


def test_events_take_the_time():
    """PyTorch has events on GPUs only."""
    start, end = lamina.cuda.Event(enable_timing=True), lamina.cuda.Event(enable_timing=True)
    with pytest.raises(RuntimeError, match="Both events must be recorded"):
        start.elapsed_time(end)
    start.record()
    end.record()
    assert start.elapsed_time(end) >= 0


def fails(i, text):
    raise ValueError(f"{text} {i}")


@pytest.mark.slow
def test_spawn_tells_what_a_process_raised():
    with pytest.raises(lamina.multiprocessing.ProcessRaisedException, match=r"-- Process 0 raised:\n(.|\n)*oh 0"):
        lamina.multiprocessing.spawn(fails, args=("oh",), nprocs=1)


@BOTH
def test_spawn_warns_of_another_start_method(t):
    with pytest.warns(FutureWarning, match=r"^This method only supports start_method=spawn \(got: fork\)"):
        t.multiprocessing.spawn(fails, nprocs=0, start_method="fork")


@BOTH
@pytest.mark.parametrize(
    ("arguments", "options"),
    [((5, (2, 3)), {}), ((1, 5, (2,)), {}), ((5,), {"size": (2,)}), ((), {"high": 5, "size": (2,)}),
     ((1, 5), {"size": (2,)}), ((1,), {"high": 5, "size": (2,)})],
)  # fmt: skip
def test_randint_takes_its_arguments_in_every_form(t, arguments, options):
    found = t.randint(*arguments, **options)
    assert found.max() < 5
    assert tuple(found.shape) == tuple(options.get("size", arguments[-1] if arguments else ()))
