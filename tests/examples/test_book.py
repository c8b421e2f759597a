"""The book's programs compute what PyTorch computes: the same files are run by both, their imports apart."""

from __future__ import annotations

import re
import runpy
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

import lamina

BOOK = Path(__file__).parents[2] / "examples" / "book"
PROGRAMS = ["regression_from_scratch", "regression_with_modules", "rosenbrock", "custom_module"]


@pytest.fixture(autouse=True)
def _no_compilations_noted():
    """The tests run one line with many types and options; what is compiled for each is looked at on its own."""
    lamina.engine.reset()


def load(name):
    """The program as a module, not yet run."""
    return types.SimpleNamespace(**runpy.run_path(str(BOOK / f"{name}.py"), run_name=name))


def load_in_torch(name):
    """The same file with PyTorch imported in lamina's place."""
    source = (BOOK / f"{name}.py").read_text()
    source = re.sub(r"^import lamina$", "import torch as lamina", source, flags=re.MULTILINE)
    source = re.sub(r"^from lamina import", "from torch import", source, flags=re.MULTILINE)
    source = re.sub(r"^from lamina.rtorch import .*$", "", source, flags=re.MULTILINE)
    assert "import torch as lamina" in source
    module = types.ModuleType(name)
    module.nn_module = lambda name, initialize, forward: None  # torch for R's own; a class stands beside it
    exec(compile(source, f"{name}.py, run by PyTorch", "exec"), module.__dict__)
    return module


def floats(*shape):
    return np.random.default_rng(len(shape) + sum(shape)).standard_normal(shape).astype(np.float32)


def leaf(t, array):
    return t.tensor(array, requires_grad=True)


# All of them


@pytest.mark.parametrize("name", PROGRAMS)
def test_runs_as_a_script(name, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name])
    runpy.run_path(str(BOOK / f"{name}.py"), run_name="__main__")
    printed = capsys.readouterr()
    assert printed.out
    assert not printed.err


@pytest.mark.parametrize("name", PROGRAMS)
def test_repeats_itself_and_compiles_nothing_the_second_time(name, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    program = load(name)

    def printed():
        program.main()
        return [line for line in capsys.readouterr().out.split("\n") if "rograms" not in line]  # what it cost

    first = printed()
    before = lamina.engine.compilations()
    assert printed() == first
    assert lamina.engine.compilations() == before


def test_the_folder_holds_these_programs_only():
    assert sorted(path.stem for path in BOOK.glob("*.py")) == sorted(PROGRAMS)


# The regression network, from tensors


def test_from_scratch_follows_pytorch_for_200_epochs():
    x, noise = floats(100, 3), floats(100, 1)
    y = x @ np.float32([[0.2], [-1.3], [-0.5]]) + noise
    start = [floats(3, 32), np.zeros((1, 32), np.float32), floats(32, 1), np.zeros((1, 1), np.float32)]
    ran = {}
    for t, program in (
        (lamina, load("regression_from_scratch")),
        (torch, load_in_torch("regression_from_scratch")),
    ):
        weights = [leaf(t, array) for array in start]
        losses = program.train(t.tensor(x), t.tensor(y), *weights)
        ran[t] = [np.array(losses), *(w.detach().numpy() for w in weights)]
    assert len(ran[lamina][0]) == 200
    assert ran[lamina][0][-1] < ran[lamina][0][0] / 5
    for ours, theirs in zip(ran[lamina], ran[torch], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_from_scratch_is_what_modules_and_sgd_do():
    program = load("regression_from_scratch")
    x, y = program.data()
    w1, b1, w2, b2 = program.initial_weights()
    net = torch.nn.Sequential(torch.nn.Linear(3, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
    with torch.no_grad():
        for parameter, w in zip(net.parameters(), (w1.t(), b1[0], w2.t(), b2[0]), strict=True):
            parameter.copy_(torch.tensor(w.detach().numpy()))
    optimizer = torch.optim.SGD(net.parameters(), lr=program.LEARNING_RATE)
    expected = []
    for _ in range(50):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(net(torch.tensor(x.numpy())), torch.tensor(y.numpy()))
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    np.testing.assert_allclose(program.train(x, y, w1, b1, w2, b2, epochs=50), expected, rtol=1e-4)


def test_from_scratch_compiles_as_many_programs_for_200_epochs_as_for_20():
    program = load("regression_from_scratch")
    counts = []
    for epochs in (20, 200):
        x, y = program.data(n=37 + epochs)  # a size of its own: nothing is compiled yet
        weights = program.initial_weights()
        before = lamina.engine.compilations()
        program.train(x, y, *weights, epochs=epochs)
        counts.append(lamina.engine.compilations() - before)
    assert counts[0] == counts[1]
    assert 1 <= counts[0] <= 3


def test_data_are_the_books():
    for name in ("regression_from_scratch", "regression_with_modules", "custom_module"):
        x, y = load(name).data(n=4000)
        assert x.shape == (4000, 3) and y.shape == (4000, 1)
        solution, squares, *_ = np.linalg.lstsq(x.numpy(), y.numpy(), rcond=None)
        np.testing.assert_allclose(solution[:, 0], [0.2, -1.3, -0.5], atol=0.08)
        assert squares.item() / 4000 == pytest.approx(1, abs=0.1)


# The regression network, from modules


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What the demo returns, what it prints, and the file it draws."""
    import contextlib
    import io

    plot = tmp_path_factory.mktemp("demo") / "new folder" / "loss.png"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        figures = load("regression_with_modules").main(plot)
    return figures, printed.getvalue(), plot


def test_the_demo_prints_the_module(demo):
    _, printed, _ = demo
    assert printed.startswith(
        "Sequential(\n"
        "  (0): Linear(in_features=3, out_features=32, bias=True)\n"
        "  (1): ReLU()\n"
        "  (2): Linear(in_features=32, out_features=1, bias=True)\n"
        ")\n"
        "161 parameters\n"
    )


def test_the_demo_prints_the_loss_every_ten_epochs(demo):
    figures, printed, _ = demo
    lines = re.findall(r"^epoch +(\d+)   loss (\d+\.\d{4})$", printed, flags=re.MULTILINE)
    assert [int(epoch) for epoch, _ in lines] == list(range(10, 201, 10))
    assert [float(loss) for _, loss in lines] == [round(loss, 4) for loss in figures["losses"][9::10]]
    assert figures["losses"][-1] < 1 < 2 < figures["losses"][0]


def test_the_demo_prints_coefficients_beside_those_of_least_squares(demo):
    figures, printed, _ = demo
    for name, row in figures["coefficients"].items():
        assert f"{name:15}" + "".join(f"{number:8.3f}" for number in row) in printed.split("\n")
    learnt, least, true = (figures["coefficients"][name] for name in ("network", "least squares", "made with"))
    np.testing.assert_allclose(learnt, least, atol=0.15)
    np.testing.assert_allclose(least, true, atol=0.3)


def test_the_demo_prints_what_it_cost(demo):
    figures, printed, _ = demo
    microseconds = round(figures["seconds per step"] * 1e6)
    assert f"Programs compiled: {figures['programs']}, for 200 steps. Time per step: {microseconds} us." in printed
    assert figures["programs"] <= 3
    assert 0 < microseconds < 100_000


def test_the_demo_draws_a_png(demo):
    from matplotlib import image

    _, printed, plot = demo
    assert f"The loss is drawn in {plot}.\n" in printed
    assert plot.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    pixels = image.imread(plot)
    assert pixels.shape == (630, 1050, 4)
    dark_blue = np.isclose(pixels[..., :3], np.array([0x2A, 0x6F, 0xB0]) / 255, atol=0.02).all(-1)
    assert dark_blue.any(axis=0).sum() > 800  # the curve goes from left to right


def test_the_demo_follows_pytorch():
    ours, theirs = load("regression_with_modules"), load_in_torch("regression_with_modules")
    x, y = floats(100, 3), floats(100, 1)
    net, reference = ours.network(), theirs.network()
    assert list(net.state_dict()) == list(reference.state_dict())
    net.load_state_dict({name: lamina.tensor(value.numpy()) for name, value in reference.state_dict().items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "synchronize", lambda: None, raising=False)  # lamina's; PyTorch has it for each device
        expected, _ = theirs.train(reference, torch.tensor(x), torch.tensor(y), epochs=100)
    losses, _ = ours.train(net, lamina.tensor(x), lamina.tensor(y), epochs=100)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    np.testing.assert_allclose(
        ours.learnt_coefficients(net, lamina.tensor(x)),
        theirs.learnt_coefficients(reference, torch.tensor(x)),
        rtol=1e-3,
        atol=1e-4,
    )


# Rosenbrock's function


@pytest.fixture(scope="module")
def rosenbrock():
    return load("rosenbrock"), load_in_torch("rosenbrock")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradient_steps_follow_pytorch(rosenbrock, dtype):
    ours, theirs = rosenbrock
    actual = np.array(ours.by_gradient_steps(dtype=getattr(lamina, dtype)))
    expected = np.array(theirs.by_gradient_steps(dtype=getattr(torch, dtype)))
    assert actual.shape == (1000, 3)
    rtol, atol = (1e-5, 1e-6) if dtype == "float32" else (1e-12, 1e-14)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


# What PyTorch finds in 27 and 23 looks, through values up to 318, magnifies each rounding on the way.
@pytest.mark.parametrize(("dtype", "rtol", "atol"), [("float32", 1e-3, 1e-5), ("float64", 1e-9, 1e-12)])
@pytest.mark.parametrize("line_search_fn", [None, "strong_wolfe"])
def test_lbfgs_follows_pytorch_look_by_look(rosenbrock, dtype, rtol, atol, line_search_fn):
    ours, theirs = rosenbrock
    steps, end = ours.by_lbfgs(3, line_search_fn, getattr(lamina, dtype))
    expected, expected_end = theirs.by_lbfgs(3, line_search_fn, getattr(torch, dtype))
    assert [len(looks) for looks in steps] == [len(looks) for looks in expected]
    for looks, expected_looks in zip(steps, expected):
        np.testing.assert_allclose(looks, expected_looks, rtol=rtol, atol=atol)
    np.testing.assert_allclose(end, expected_end, rtol=rtol, atol=atol)
    np.testing.assert_allclose(end, [1, 1], atol=1e-5)


def test_gradient_steps_compile_a_constant_number_of_programs(rosenbrock):
    ours, _ = rosenbrock
    ours.by_gradient_steps(20)
    before = lamina.engine.compilations()
    ours.by_gradient_steps(200)
    assert lamina.engine.compilations() == before


def test_rosenbrock_prints_point_and_value(rosenbrock, capsys):
    ours, _ = rosenbrock
    figures = ours.main()
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == "Gradient steps, learning rate 0.01"
    assert lines[1] == "  step  100   x = ( 0.429062,  0.126468)   value = 0.3503"
    assert "  step 1, look  3   x = ( 2.923077,  0.615385)   value = 318.0" in lines
    assert lines[-2] == "  ends at x = (0.999998, 0.999997) after 23 looks at the function"
    assert len(figures["gradient steps"]) == 1000
    assert len(lines) == 1 + 10 + (2 + 27 + 1) + (2 + 23 + 1) + 1


# A module of our own


def test_custom_modules_train_alike_however_written_and_by_hand_as_by_sgd(capsys):
    figures = load("custom_module").main()
    for trained in ("by hand", "by SGD", "by Adam"):
        assert figures["nn_module()", trained] == figures["class", trained]
    np.testing.assert_allclose(figures["class", "by hand"], figures["class", "by SGD"], rtol=1e-4)
    assert all(losses[-1] < 1 < 10 < losses[0] for losses in figures.values())
    printed = capsys.readouterr().out
    assert "An `nn_module` containing 8 parameters." in printed
    assert "MyLinear()\n8 parameters\n● w: Float [7, 1]\n● b: Float [1]\n" in printed


@pytest.mark.parametrize("step_of", ["by_hand", "by_sgd", "by_adam"])
def test_a_custom_module_follows_pytorch(step_of):
    ours, theirs = load("custom_module"), load_in_torch("custom_module")
    x, y = floats(100, 3), floats(100, 1)
    net, reference = ours.network(ours.MyLinear), theirs.network(theirs.MyLinear)
    net.load_state_dict({name: lamina.tensor(value.numpy()) for name, value in reference.state_dict().items()})
    losses = ours.train(net, getattr(ours, step_of)(net), lamina.tensor(x), lamina.tensor(y))
    expected = theirs.train(reference, getattr(theirs, step_of)(reference), torch.tensor(x), torch.tensor(y))
    np.testing.assert_allclose(losses, expected, rtol=1e-3)
