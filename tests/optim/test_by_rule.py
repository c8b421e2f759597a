"""The optimizers that are one rule each take PyTorch's steps, and their states go to PyTorch and back."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import lamina
from tests.optim.steps import assert_same_trajectory, trajectory

pytestmark = pytest.mark.filterwarnings("ignore:lamina compiled")  # many optimizers share the line in steps.py

STEPS = 22
OPTIONS = {
    "Adamax": [{}, {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}],
    "NAdam": [
        {},
        {"lr": 0.1, "weight_decay": 0.1, "momentum_decay": 0.05, "maximize": True},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1, "maximize": True},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "RMSprop": [
        {},
        {"lr": 0.05, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.5},
        {"eps": 1e-2, "centered": True, "maximize": True},
        {"alpha": 0.9, "eps": 1e-2, "momentum": 0.5, "centered": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-3},
        {"lr": 0.1, "maximize": True, "foreach": True},
    ],
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}],
    "Rprop": [{}, {"lr": 0.1, "etas": (0.6, 1.5), "step_sizes": (0.01, 0.3), "maximize": True}],
    "ASGD": [{}, {"lr": 0.1, "lambd": 0.1, "alpha": 0.6, "t0": 4, "weight_decay": 0.1, "maximize": True}],
    "Adafactor": [
        {},
        {"lr": 0.3, "beta2_decay": -0.5, "eps": (1e-3, 1e-2), "d": 1.5, "weight_decay": 0.1, "maximize": True},
    ],
}
CASES = [(kind, options) for kind, found in OPTIONS.items() for options in found]
NO_COMPLEX = {"Adafactor"}


def build(kind, **options):
    return lambda t, params: getattr(t.optim, kind)(params, **options)


@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_steps_agree(kind, options):
    assert_same_trajectory(build(kind, **options), "float64", steps=STEPS, complex_too=kind not in NO_COMPLEX)


@pytest.mark.parametrize("kind", OPTIONS)
def test_steps_agree_in_float32(kind):
    eps = {"eps": 1e-3} if kind == "RMSprop" else {}  # without, noise of tiny gradients is divided by itself
    assert_same_trajectory(build(kind, **eps), "float32", steps=STEPS)


@pytest.mark.parametrize("kind", OPTIONS)
def test_each_parameter_counts_its_own_steps_while_options_change(kind):
    def change(step, optimizer):
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + step)
        if "weight_decay" in optimizer.param_groups[0]:
            optimizer.param_groups[0]["weight_decay"] = 0.01 * (step % 2)

    assert_same_trajectory(
        build(kind, lr=0.1), "float64", steps=4, between=change, skip=lambda step, number: number == 1 and step < 2
    )


def converted(t, x):
    """A state dict with tensors of the other library."""
    if isinstance(x, (lamina.Tensor, torch.Tensor)):
        return t.tensor(x.detach().numpy().copy())
    if isinstance(x, dict):
        return {key: converted(t, value) for key, value in x.items()}
    return type(x)(converted(t, value) for value in x) if isinstance(x, (list, tuple)) else copy.deepcopy(x)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *((kind, {"maximize": True}) for kind in OPTIONS if kind != "RMSprop"),
        ("RMSprop", {"momentum": 0.5, "centered": True}),
        ("Adam", {"amsgrad": True}),
        ("AdamW", {}),
        ("SGD", {"momentum": 0.9}),
        ("Muon", {}),
    ],
    ids=str,
)
def test_states_go_to_pytorch_and_back_in_the_middle_of_training(kind, options):
    def start(t, kept=None):
        params = [t.tensor(np.full(s, 0.5, "float32"), requires_grad=True) for s in ((3, 2), (2, 4), (2,), ())]
        params = params[:2] if kind == "Muon" else params
        for p, value in zip(params, kept or (), strict=False):
            with t.no_grad():
                p.copy_(t.tensor(value))
        return params, getattr(t.optim, kind)([{"params": params[:1]}, {"params": params[1:], "lr": 0.02}], **options)

    def walk(t, params, optimizer, seed):
        rng = np.random.default_rng(seed)
        for _ in range(4):
            for p in params:
                p.grad = t.tensor(rng.standard_normal(tuple(p.shape)).astype("float32"))
            optimizer.step()
        return [p.detach().numpy().copy() for p in params]

    old = {t: start(t) for t in (lamina, torch)}
    middle = {t: walk(t, *old[t], 0) for t in old}
    end = walk(torch, *old[torch], 1)
    saved = {t: old[t][1].state_dict() for t in old}
    tolerance = {"rtol": 1e-5, "atol": 1e-6}
    # The state of `torch` was saved after the end: start anew for the middle.
    again = start(torch)
    walk(torch, *again, 0)
    saved[torch] = again[1].state_dict()
    assert saved[lamina]["param_groups"] == saved[torch]["param_groups"]
    for number, state in saved[torch]["state"].items():
        assert list(saved[lamina]["state"][number]) == list(state)
        for name, value in state.items():
            found = saved[lamina]["state"][number][name]
            assert str(found.dtype) == str(value.dtype).replace("torch", "lamina")
            np.testing.assert_allclose(found.numpy(), value, **tolerance)
    for t, other in ((lamina, torch), (torch, lamina)):
        params, optimizer = start(t, middle[other])
        optimizer.load_state_dict(converted(t, saved[other]))
        for a, b in zip(walk(t, params, optimizer, 1), end, strict=True):
            np.testing.assert_allclose(a, b, **tolerance)


BAD = {
    "Adamax": [{"lr": -1.0}, {"eps": -1.0}, {"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)}, {"weight_decay": -1}],
    "NAdam": [{"lr": -1.0}, {"eps": -1.0}, {"betas": (1.0, 0.9)}, {"weight_decay": -1}, {"momentum_decay": -2}],
    "RAdam": [{"lr": -1.0}, {"eps": -1.0}, {"betas": (0.9, 1.0)}, {"weight_decay": -1}],
    "RMSprop": [{"lr": -1.0}, {"eps": -1.0}, {"momentum": -1}, {"weight_decay": -1}, {"alpha": -0.5}],
    "Adagrad": [
        {"lr": -1.0},
        {"eps": -1.0},
        {"lr_decay": -1},
        {"weight_decay": -1},
        {"initial_accumulator_value": -1},
        {"fused": True, "foreach": True},
        {"fused": True, "differentiable": True},
    ],
    "Adadelta": [{"lr": -1.0}, {"eps": -1.0}, {"rho": 1.5}, {"weight_decay": -1}],
    "Rprop": [{"lr": -1.0}, {"etas": (0.5, 0.9)}],
    "ASGD": [{"lr": -1.0}, {"weight_decay": -1}],
    "Adafactor": [
        {"lr": -1.0},
        {"beta2_decay": 0.5},
        {"eps": (-1, 0.1)},
        {"eps": (None, -0.1)},
        {"d": 0.5},
        {"weight_decay": -1},
    ],
    "Muon": [{"lr": -1.0}, {"momentum": -1}, {"weight_decay": -1}, {"adjust_lr_fn": "best"}],
    "SparseAdam": [{"lr": 0.0}, {"eps": 0.0}, {"betas": (1.0, 0.9)}, {"betas": (0.9, 1.0)}],
}


@pytest.mark.parametrize(("kind", "options"), [(kind, o) for kind, found in BAD.items() for o in found], ids=str)
def test_options_that_pytorch_refuses(kind, options):
    with pytest.raises((ValueError, RuntimeError)) as wanted:
        getattr(torch.optim, kind)([torch.ones(2, 2, requires_grad=True)], **options)
    with pytest.raises(type(wanted.value)) as caught:
        getattr(lamina.optim, kind)([lamina.ones(2, 2, requires_grad=True)], **options)
    assert str(caught.value) == str(wanted.value)


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind != "SparseAdam"])
def test_a_rate_is_one_number_and_defaults_are_pytorchs(kind):
    def made(t, **options):
        return getattr(t.optim, kind)([t.ones(2, 2, requires_grad=True)], **options)

    assert made(lamina).defaults == made(torch).defaults
    assert repr(made(lamina)) == repr(made(torch))
    for t in (lamina, torch):
        with pytest.raises(ValueError, match="^Tensor lr must be 1-element$"):
            made(t, lr=t.ones(2))


@pytest.mark.parametrize("kind", [kind for kind in OPTIONS if kind != "Adafactor"])
def test_gradients_through_a_step_are_refused(kind):
    with pytest.raises(
        NotImplementedError, match=f"^{kind}: differentiable=True, gradients through the step, is not supported.$"
    ):
        getattr(lamina.optim, kind)([lamina.ones(2, requires_grad=True)], differentiable=True)


@pytest.mark.parametrize("kind", ["Adafactor", "Muon", "SparseAdam"])
def test_complex_parameters_that_pytorch_refuses(kind):
    def refuse(t):
        p = t.ones(2, 2, dtype=t.complex64, requires_grad=True)
        with pytest.raises((RuntimeError, ValueError)) as caught:
            optimizer = getattr(t.optim, kind)([p])
            p.grad = t.ones(2, 2, dtype=t.complex64)
            optimizer.step()
        return type(caught.value), str(caught.value)

    assert refuse(lamina) == refuse(torch)


def test_sparse_adam_refuses_dense_gradients():
    p = lamina.ones(2, requires_grad=True)
    optimizer = lamina.optim.SparseAdam([p], maximize=True)
    assert optimizer.step(lambda: 3) == 3
    p.grad = lamina.ones(2)
    with pytest.raises(
        RuntimeError, match="^SparseAdam does not support dense gradients, please consider Adam instead$"
    ):
        optimizer.step()


def test_adagrads_state_is_there_before_the_first_step():
    p = lamina.ones(2, requires_grad=True)
    optimizer = lamina.optim.Adagrad([p], initial_accumulator_value=0.5)
    assert optimizer.state[p]["sum"].tolist() == [0.5, 0.5] and optimizer.state[p]["step"].item() == 0
    q = lamina.ones(1, requires_grad=True)
    optimizer.add_param_group({"params": [q]})
    q.grad = lamina.ones(1)
    optimizer.step()
    assert optimizer.state[q]["sum"].tolist() == [1.5] and optimizer.state[q]["step"].item() == 1


MUON = [
    {"lr": 0.1},
    {"lr": 0.1, "nesterov": False, "momentum": 0.8, "weight_decay": 0.0, "ns_steps": 3},
    {"lr": 0.1, "adjust_lr_fn": "match_rms_adamw", "ns_coefficients": (2.0, -1.5, 0.5), "eps": 1e-3},
    {"lr": 0.1, "adjust_lr_fn": "original"},
]


@pytest.mark.parametrize("options", MUON, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_muon(options, dtype):
    """Its inside is bfloat16: every rounding must be PyTorch's, or the matrices soon are others."""

    def walk(t):
        rng = np.random.default_rng(0)
        params = [t.tensor(rng.standard_normal(s).astype(dtype), requires_grad=True) for s in ((4, 4), (3, 8), (9, 2))]
        optimizer = t.optim.Muon(params, **options)
        for _ in range(STEPS):
            for p in params:
                p.grad = t.tensor(rng.standard_normal(tuple(p.shape)).astype(dtype))
            optimizer.step()
        return [p.detach().numpy() for p in params], [optimizer.state[p]["momentum_buffer"].numpy() for p in params]

    (ours, buffers), (theirs, wanted) = walk(lamina), walk(torch)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
        assert a.dtype == b.dtype
    for a, b in zip(buffers, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_muon_takes_matrices():
    with pytest.raises(ValueError) as caught:
        lamina.optim.Muon([lamina.ones(2, requires_grad=True)])
    assert str(caught.value) == (
        "Muon only supports 2D parameters whereas we found a parameter with size: lamina.Size([2])"
    )
    for options, message in (
        ({"ns_steps": 100}, "Number of steps must be less than 100 for computational efficiency"),
        ({"ns_coefficients": (1.0, 2.0)}, "Coefficients must be a tuple of exactly 3 values"),
    ):
        p = lamina.ones(2, 2, requires_grad=True)
        p.grad = lamina.ones(2, 2)
        with pytest.raises(ValueError) as caught:
            lamina.optim.Muon([p], **options).step()
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize("kind", OPTIONS)
def test_half_precision_parameters_stay_so(kind):
    def walk(t):
        p = t.ones(3, dtype=t.bfloat16, requires_grad=True)
        optimizer = getattr(t.optim, kind)([p], lr=0.1)
        for _ in range(3):
            p.grad = t.tensor([1.0, -2.0, 0.5], dtype=t.bfloat16)
            optimizer.step()
        return p, [(name, str(value.dtype).split(".")[-1]) for name, value in optimizer.state[p].items()]

    (p, state), (q, wanted) = walk(lamina), walk(torch)
    assert p.dtype is lamina.bfloat16 and state == wanted
    np.testing.assert_allclose(p.float().detach().numpy(), q.float().detach().numpy(), rtol=2e-2, atol=1e-2)


@pytest.mark.parametrize("kind", ["NAdam", "ASGD", "Adafactor"])
def test_a_step_is_one_program(kind):
    optimizers = [trajectory(lamina, build(kind), "float32", steps=2)[1] for _ in range(2)]
    before = lamina.engine.compilations()
    trajectory(lamina, build(kind), "float32", steps=4)
    assert lamina.engine.compilations() == before
    step = [state["step"] for state in optimizers[0].state.values()]
    assert len({id(x) for x in step}) == (2 if kind == "Adafactor" else 1)


def test_wide_defaults_make_wide_counters():
    lamina.set_default_dtype(lamina.float64)
    torch.set_default_dtype(torch.float64)
    try:
        assert_same_trajectory(build("NAdam"), "float64", steps=3)
        _, optimizer = trajectory(lamina, build("NAdam"), "float64", steps=1)
        assert all(state["mu_product"].dtype is lamina.float64 for state in optimizer.state.values())
    finally:
        lamina.set_default_dtype(lamina.float32)
        torch.set_default_dtype(torch.float32)


def test_numbers_saved_by_old_versions_become_tensors():
    p = lamina.ones(2, requires_grad=True)
    optimizer = lamina.optim.RMSprop([p])
    p.grad = lamina.ones(2)
    optimizer.step()
    saved = optimizer.state_dict()
    saved["state"][0]["step"] = 5
    for group in saved["param_groups"]:
        for name in ("momentum", "centered", "foreach", "maximize", "differentiable", "capturable"):
            del group[name]
    optimizer.load_state_dict(saved)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 6 and optimizer.param_groups[0]["centered"] is False
