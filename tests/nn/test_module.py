"""Module: its three tables, walks over them, state in and out, hooks, errors."""

from __future__ import annotations

import builtins
import copy
import pickle
import traceback

import numpy as np
import pytest
import torch

import lamina
from lamina import nn
from lamina.nn.parameter import UninitializedParameter

ROOMS = pytest.mark.parametrize("t", [torch, lamina], ids=["torch", "lamina"])
"""A test marked so holds for PyTorch too: it is the judge."""


def block(t):
    class Block(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = t.nn.Linear(3, 3)
            self.norm = t.nn.BatchNorm1d(3)
            self.scale = t.nn.Parameter(t.ones(3))
            self.register_buffer("seen", t.zeros(1), persistent=False)
            self.register_parameter("nothing", None)

        def forward(self, x):
            return self.norm(self.fc(x)) * self.scale

    return Block()


def model(t):
    return t.nn.Sequential(block(t), t.nn.Identity(), block(t))


class Small(nn.Module):
    """At the top of the file, so that it can be pickled."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.tied = nn.Linear(2, 2)
        self.tied.weight = self.fc.weight
        self.norm = nn.BatchNorm1d(2)

    def forward(self, x):
        return self.norm(self.tied(self.fc(x)))


# --- tables and attributes ---


def names(module):
    return {
        "parameters": [name for name, _ in module.named_parameters()],
        "all parameters": [name for name, _ in module.named_parameters("p", remove_duplicate=False)],
        "own parameters": [name for name, _ in module.named_parameters(recurse=False)],
        "buffers": [name for name, _ in module.named_buffers()],
        "modules": [name for name, _ in module.named_modules()],
        "all modules": [name for name, _ in module.named_modules(prefix="m", remove_duplicate=False)],
        "children": [name for name, _ in module.named_children()],
        "state": list(module.state_dict()),
    }


def test_walks_give_the_names_of_pytorch_in_its_order():
    def build(t):
        net = model(t)
        net.append(net[0])
        net[2].fc.weight = net[0].fc.weight
        net[2].extra = t.nn.ModuleDict({"b": t.nn.Linear(1, 1), "a": t.nn.Identity()})
        return net

    assert names(build(lamina)) == names(build(torch))


@ROOMS
def test_assigning_files_a_value_under_its_kind(t):
    module = t.nn.Module()
    module.x = 5
    module.x = t.nn.Parameter(t.ones(2))
    assert list(module._parameters) == ["x"]
    module.x = None
    assert module._parameters == {"x": None} and module.x is None
    del module.x
    module.x = t.nn.Linear(1, 1)
    assert list(module._modules) == ["x"] and not module._parameters
    del module.x
    module.x = t.nn.Buffer(t.ones(2), persistent=False)
    assert list(module._buffers) == ["x"] and not module._modules and not module.state_dict()
    module.x = t.zeros(2)
    assert list(module._buffers) == ["x"] and not module.state_dict()
    del module.x
    assert not hasattr(module, "x")
    module.x = t.zeros(2)
    assert not module._buffers and module.x.shape == (2,)


@ROOMS
def test_the_tables_are_the_truth(t):
    module = t.nn.Linear(2, 2)
    new = t.nn.Parameter(t.zeros(2, 2))
    module._parameters["weight"] = new
    assert module.weight is new
    module._parameters.update(weight=None)
    assert module.weight is None
    module._parameters.pop("weight")
    assert not hasattr(module, "weight")
    module._parameters["other"] = new
    assert module.other is new and "other" in dir(module)
    module._parameters = {"third": new}
    assert module.third is new and not hasattr(module, "other") and not hasattr(module, "bias")
    module._parameters.clear()
    assert not hasattr(module, "third")
    module._modules.setdefault("child", t.nn.Identity())
    assert isinstance(module.child, t.nn.Identity)
    module._modules.popitem()
    assert not hasattr(module, "child")


@ROOMS
def test_tables_that_are_replaced_take_their_attributes_along(t):
    module = t.nn.Linear(2, 2)
    replica = module.__new__(type(module))
    replica.__dict__ = module.__dict__.copy()
    replica._parameters = {}
    assert not hasattr(replica, "weight") and module.weight is not None
    t.nn.Module.__init__(module)
    assert not hasattr(module, "weight") and not module._parameters


def test_a_module_is_freed_when_its_last_name_goes():
    import gc
    import weakref

    module = Small()
    gone = weakref.ref(module.fc)
    gc.disable()
    try:
        del module
        assert gone() is None
    finally:
        gc.enable()


MISTAKES = {
    "parameter twice": lambda t, m: m.register_parameter("training", t.nn.Parameter(t.ones(1))),
    "parameter with a dot": lambda t, m: m.register_parameter("a.b", None),
    "parameter without a name": lambda t, m: m.register_parameter("", None),
    "parameter of another type": lambda t, m: m.register_parameter("p", 3),
    "parameter name of another type": lambda t, m: m.register_parameter(3, None),
    "parameter not a leaf": lambda t, m: m.register_parameter("p", t.nn.Parameter(t.ones(1)) * 2),
    "tensor as parameter": lambda t, m: setattr(m, "weight", t.ones(2, 2)),
    "number as parameter": lambda t, m: setattr(m, "weight", 3),
    "buffer with a dot": lambda t, m: m.register_buffer("a.b", None),
    "buffer twice": lambda t, m: m.register_buffer("weight", None),
    "buffer of another type": lambda t, m: m.register_buffer("b", "text"),
    "buffer without a name": lambda t, m: m.register_buffer("", None),
    "module with a dot": lambda t, m: m.add_module("a.b", None),
    "module of another type": lambda t, m: m.add_module("m", 3),
    "module twice": lambda t, m: m.register_module("weight", None),
    "number as child": lambda t, m: setattr(t.nn.Sequential(m), "0", 3),
    "no such attribute": lambda t, m: m.nonsense,
    "no such submodule": lambda t, m: m.get_submodule("a.b"),
    "a submodule that is none": lambda t, m: m.get_submodule("weight"),
    "no such parameter": lambda t, m: m.get_parameter("nonsense"),
    "a parameter that is none": lambda t, m: m.get_parameter("training"),
    "no such buffer": lambda t, m: m.get_buffer("nonsense"),
    "a buffer that is none": lambda t, m: m.get_buffer("weight"),
    "set without a name": lambda t, m: m.set_submodule("", m),
    "set what is no module": lambda t, m: m.set_submodule("a", 3),
    "set in place of a parameter": lambda t, m: m.set_submodule("weight", m),
    "set where none is": lambda t, m: m.set_submodule("a", m, strict=True),
    "no forward": lambda t, m: t.nn.Module()(1),
    "not a mode": lambda t, m: m.train(1),
    "to an integer type": lambda t, m: m.to(t.int64),
    "arguments": lambda t, m: t.nn.Module(3),
    "keyword arguments": lambda t, m: t.nn.Module(three=3),
    "state of another type": lambda t, m: m.load_state_dict([1]),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=list(MISTAKES))
def test_errors_are_those_of_pytorch(mistake):
    errors = []
    for t in (torch, lamina):
        with pytest.raises(Exception) as caught:
            mistake(t, t.nn.Linear(2, 2))
        message = str(caught.value).replace("torch Tensor", "torch.Tensor").replace("torch", "lamina")
        message = message.replace("modules.linear", "linear").replace("__init__() missing", "")
        errors.append((next(kind for kind in caught.type.__mro__ if hasattr(builtins, kind.__name__)), message))
    assert errors[1][0] is errors[0][0]
    assert errors[1][1].split(". Did you mean")[0] == errors[0][1]


def test_a_misspelt_attribute_names_the_class_and_the_nearest_name():
    with pytest.raises(AttributeError) as caught:
        nn.Linear(2, 2).weigth
    assert str(caught.value) == "'Linear' object has no attribute 'weigth'. Did you mean: 'weight'?"
    shown = "".join(traceback.format_exception_only(caught.value))
    assert shown == f"AttributeError: {caught.value}\n"


def test_a_property_that_fails_shows_its_own_error():
    class Broken(nn.Module):
        @property
        def half(self):
            return self.missing / 2

    with pytest.raises(AttributeError, match="'Broken' object has no attribute 'missing'"):
        Broken().half


@ROOMS
@pytest.mark.parametrize("what", ["parameters", "module", "buffer"])
def test_forgetting_to_call_init_is_told(t, what):
    class Forgot(t.nn.Module):
        def __init__(self):
            if what == "parameters":
                self.x = t.nn.Parameter(t.ones(1))
            elif what == "module":
                self.x = t.nn.Identity()
            else:
                self.register_buffer("x", t.ones(1))

    with pytest.raises(AttributeError) as caught:
        Forgot()
    assert str(caught.value) == f"cannot assign {what} before Module.__init__() call"


@ROOMS
def test_descendants_are_found_by_path(t):
    net = model(t)
    assert net.get_submodule("") is net
    assert net.get_submodule("2.fc") is net[2].fc
    assert net.get_parameter("2.fc.weight") is net[2].fc.weight
    assert net.get_buffer("0.norm.running_mean") is net[0].norm.running_mean
    net.set_submodule("2.fc", t.nn.Identity(), strict=True)
    assert isinstance(net[2].fc, t.nn.Identity)


# --- copies ---


def test_a_deep_copy_is_another_module_with_its_sharing_kept():
    module = Small()
    copied = copy.deepcopy(module)
    assert copied.fc.weight is copied.tied.weight is not module.fc.weight
    assert isinstance(copied.fc.weight, nn.Parameter)
    with lamina.no_grad():
        copied.fc.weight.zero_()
    assert module.fc.weight.abs().sum().item() > 0
    copied.fc.weight = None
    assert module.fc.weight is not None and copied._parameters == {}


def test_a_pickled_module_comes_back():
    module = Small().eval()
    back = pickle.loads(pickle.dumps(module))
    assert back.fc.weight is back.tied.weight
    assert not back.training
    x = lamina.ones(3, 2)
    np.testing.assert_array_equal(back(x).detach().numpy(), module(x).detach().numpy())
    back._modules["fc"] = nn.Identity()
    assert isinstance(back.fc, nn.Identity)


def test_a_shallow_copy_has_tables_of_its_own():
    module = Small()
    copied = copy.copy(module)
    assert copied.fc is module.fc
    copied.fc = nn.Identity()
    assert isinstance(module.fc, nn.Linear) and isinstance(copied.fc, nn.Identity)


# --- all of it at once ---


@ROOMS
def test_types_change_where_they_are_floating(t):
    net = model(t)
    weight = net[0].fc.weight
    assert {p.dtype for p in net.double().parameters()} == {t.float64}
    assert net[0].norm.num_batches_tracked.dtype == t.int64
    assert net[0].fc.weight is weight and weight.requires_grad
    for convert, dtype in (
        (lambda: net.float(), t.float32),
        (lambda: net.half(), t.float16),
        (lambda: net.bfloat16(), t.bfloat16),
        (lambda: net.to(t.float64), t.float64),
        (lambda: net.to("cpu", t.float32), t.float32),
        (lambda: net.to(dtype=t.float64), t.float64),
        (lambda: net.to(t.ones(1)), t.float32),
        (lambda: net.type(t.float64), t.float64),
        (lambda: net.cpu(), t.float64),
    ):
        assert convert() is net
        assert net[2].norm.running_mean.dtype == dtype
        assert weight.dtype == dtype


@ROOMS
def test_gradients_follow_their_parameters_type(t):
    layer = t.nn.Linear(2, 1)
    layer(t.ones(3, 2)).sum().backward()
    layer.double()
    assert layer.weight.grad.dtype == t.float64
    assert layer.weight.grad.tolist() == [[3.0, 3.0]]


@ROOMS
def test_apply_visits_children_first(t):
    seen = []
    t.nn.Sequential(t.nn.Identity(), t.nn.Sequential(t.nn.Flatten())).apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Identity", "Flatten", "Sequential", "Sequential"]


@ROOMS
def test_modes_and_gradients_are_set_everywhere(t):
    net = model(t)
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert all(module.training for module in net.train().modules())
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    net.requires_grad_()
    net(t.rand(4, 3)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(p.grad.abs().sum().item() == 0 for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_compile_does_nothing():
    assert nn.Identity().compile(mode="max") is None


# --- state in and out ---


def arrays(net):
    return {name: value.detach().numpy() for name, value in net.state_dict().items()}


def test_state_goes_from_pytorch_to_lamina_and_back():
    source, target = model(torch), model(lamina)
    result = target.load_state_dict(arrays(source))
    assert repr(result) == "<All keys matched successfully>"
    source.eval(), target.eval()
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(
        target(lamina.tensor(x)).detach().numpy(), source(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )
    other = model(torch)
    other.load_state_dict({name: torch.tensor(value) for name, value in arrays(target).items()})
    assert all(np.array_equal(value, arrays(source)[name]) for name, value in arrays(other).items())


def test_state_may_be_tensors_numpy_or_jax_arrays_of_another_type():
    import jax.numpy as jnp

    layer = nn.Linear(2, 1)
    weight = layer.weight
    layer.load_state_dict({"weight": np.array([[1, 2]]), "bias": jnp.ones(1)})
    assert layer.weight is weight and weight.dtype == lamina.float32 and weight.requires_grad
    assert weight.tolist() == [[1.0, 2.0]] and layer.bias.tolist() == [1.0]
    layer.load_state_dict({"weight": lamina.zeros(1, 2), "bias": lamina.zeros(1)})
    assert weight.tolist() == [[0.0, 0.0]]


def test_training_leaves_the_state_it_was_loaded_from_as_it_was():
    import jax.numpy as jnp

    for make in (lamina.ones, np.ones, jnp.ones):
        state = {"weight": make((1, 2)), "bias": make((1,))}
        layer = nn.Linear(2, 1)
        view = layer.weight[0]
        layer.load_state_dict(state)
        assert view.tolist() == [1.0, 1.0]
        optimizer = lamina.optim.SGD(layer.parameters(), lr=1.0)
        for _ in range(3):
            optimizer.zero_grad()
            layer(lamina.ones(3, 2)).sum().backward()
            optimizer.step()
        assert layer.weight.tolist() == [[-8.0, -8.0]]
        assert state["weight"].tolist() == [[1.0, 1.0]]


def test_assigning_a_state_takes_its_tensors_and_types():
    for t in (torch, lamina):
        layer = t.nn.Linear(2, 1)
        layer.bias.requires_grad_(False)
        layer.load_state_dict({"weight": t.ones(1, 2, dtype=t.float64), "bias": t.ones(1)}, assign=True)
        assert layer.weight.dtype == t.float64 and layer.weight.requires_grad and not layer.bias.requires_grad
        assert isinstance(layer.weight, t.nn.Parameter)


def test_all_that_does_not_fit_is_told_at_once_and_nothing_is_changed():
    def state(t):
        state = model(t).state_dict()
        del state["0.fc.weight"], state["2.norm.running_mean"]
        state["2.fc.weight"] = t.ones(4, 3)
        state["0.scale"] = "text"
        state["2.nonsense"] = state["deep.nonsense"] = t.ones(1)
        return state

    messages = []
    for t in (torch, lamina):
        net = model(t)
        before = arrays(net)
        with pytest.raises(RuntimeError) as caught:
            net.load_state_dict(state(t))
        messages.append(str(caught.value).replace("torch", "lamina"))
        if t is lamina:
            assert all(np.array_equal(value, before[name]) for name, value in arrays(net).items())
    assert messages[1] == messages[0]
    assert messages[1].count("\n\t") == 4


@ROOMS
def test_what_does_not_fit_is_returned_when_not_strict(t):
    layer = t.nn.Linear(2, 1)
    result = layer.load_state_dict({"weight": t.ones(1, 2), "more": t.ones(1)}, strict=False)
    assert result.missing_keys == ["bias"] and result.unexpected_keys == ["more"]
    assert repr(result) == "_IncompatibleKeys(missing_keys=['bias'], unexpected_keys=['more'])"
    assert layer.weight.tolist() == [[1.0, 1.0]]


@ROOMS
def test_state_dict_shares_memory_and_may_keep_the_parameters(t):
    layer = t.nn.Linear(2, 1)
    state = layer.state_dict(prefix="a.")
    with t.no_grad():
        layer.weight.fill_(7)
    assert state["a.weight"].tolist() == [[7.0, 7.0]] and not state["a.weight"].requires_grad
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight
    destination = {"kept": 1}
    assert layer.state_dict(destination=destination) is destination
    assert list(destination) == ["kept", "weight", "bias"]


@ROOMS
def test_extra_state_travels_along(t):
    class Counting(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    source, target = t.nn.Sequential(Counting()), t.nn.Sequential(Counting())
    source[0].count = 3
    assert list(source.state_dict()) == ["0._extra_state"]
    target.load_state_dict(source.state_dict())
    assert target[0].count == 3
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "0._extra_state"'):
        target.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "0._extra_state"'):
        t.nn.Sequential(t.nn.Identity()).load_state_dict(source.state_dict())


@ROOMS
def test_state_hooks_are_called(t):
    net = t.nn.Sequential(t.nn.Linear(1, 1))
    calls = []
    net[0].register_state_dict_pre_hook(lambda module, prefix, keep_vars: calls.append(("read", prefix)))
    net[0].register_state_dict_post_hook(lambda module, state, prefix, metadata: state.update({prefix + "more": 1}))
    net[0].register_load_state_dict_pre_hook(lambda module, state, prefix, *rest: state.pop(prefix + "more"))
    handle = net.register_load_state_dict_post_hook(lambda module, keys: calls.append(("loaded", list(keys))))
    state = net.state_dict()
    assert list(state) == ["0.weight", "0.bias", "0.more"]
    net.load_state_dict(state)
    assert calls == [("read", "0."), ("loaded", [[], []])]
    handle.remove()
    net.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    del state["0.bias"]
    net.load_state_dict(state)
    assert len(calls) == 2


# --- hooks ---


@ROOMS
def test_forward_hooks_see_and_change_arguments_and_results(t):
    calls = []

    class Scale(t.nn.Module):
        def forward(self, x, by=1.0):
            return x * by

    module = Scale()
    module.register_forward_pre_hook(lambda m, args: calls.append("second"))
    module.register_forward_pre_hook(lambda m, args: calls.append("first"), prepend=True)
    module.register_forward_pre_hook(lambda m, args: args[0] + 1)
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"by": kwargs["by"] * 2}), with_kwargs=True)
    module.register_forward_hook(lambda m, args, result: result + 100)
    with module.register_forward_hook(lambda m, args, kwargs, result: calls.append(kwargs), with_kwargs=True):
        assert module(t.ones(1), by=3.0).item() == 112.0
    assert calls == ["first", "second", {"by": 6.0}]
    module(t.ones(1), by=3.0)
    assert len(calls) == 5
    module.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"forward pre-hook must return None or a tuple of \(new_args, new_kwargs\)"):
        module(t.ones(1), by=3.0)


@ROOMS
def test_an_always_called_hook_is_called_after_an_error(t):
    class Failing(t.nn.Module):
        def forward(self, x):
            raise ValueError("no")

    calls = []
    module = Failing()
    module.register_forward_hook(lambda m, args, result: calls.append(result), always_call=True)
    module.register_forward_hook(lambda m, args, result: calls.append("never"))
    with pytest.raises(ValueError, match="no"):
        module(1)
    assert calls == [None]


def seen_by_backward_hooks(t, build, change=None):
    calls = []

    def note(name):
        def hook(module, *gradients):
            shown = [[None if g is None else g.tolist() for g in side] for side in gradients]
            calls.append((name, shown))
            return change(name, gradients) if change else None

        return hook

    module, inputs = build(t)
    module.register_full_backward_hook(note("hook"))
    module.register_full_backward_pre_hook(note("pre hook"))
    output = module(*inputs)
    outputs = output if isinstance(output, tuple) else (output,)
    sum((i + 2) * x.sum() for i, x in enumerate(outputs)).backward()
    return calls, [x.grad.tolist() for x in inputs if isinstance(x, t.Tensor) and x.requires_grad]


def linear(t, requires_grad=True):
    layer = t.nn.Linear(2, 1)
    with t.no_grad():
        layer.weight.fill_(3)
    return layer, (t.ones(2, 2, requires_grad=requires_grad),)


def several(t):
    class Several(t.nn.Module):
        def forward(self, x, y, number):
            return x * y, x + number * y

    return Several(), (t.full((2,), 5.0, requires_grad=True), t.full((1,), 7.0, requires_grad=True), 10.0)


def double_input(name, gradients):
    return tuple(None if g is None else g * 2 for g in gradients[0])


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
def test_backward_hooks_see_the_gradients_pytorch_shows():
    for build in (linear, lambda t: linear(t, requires_grad=False), several):
        assert seen_by_backward_hooks(lamina, build) == seen_by_backward_hooks(torch, build)
    for build in (linear, several):
        assert seen_by_backward_hooks(lamina, build, double_input) == seen_by_backward_hooks(torch, build, double_input)


def test_hooks_of_all_modules_are_called_before_a_modules_own():
    from lamina.nn import hooks, module

    calls = []
    layer = nn.Identity()
    layer.register_forward_hook(lambda m, args, result: calls.append("own"))
    handle = module.register_module_forward_hook(lambda m, args, result: calls.append(type(m).__name__))
    try:
        nn.Sequential(layer)(lamina.ones(1))
        assert calls == ["Identity", "own", "Sequential"]
    finally:
        handle.remove()
        nn.Module._hooks = None
    nn.Sequential(layer)(lamina.ones(1))
    assert calls[3:] == ["own"]
    assert not hooks.EVERYWHERE.forward


# --- calling ---


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Identity(), nn.Linear(3, 4))

    def forward(self, x):
        return self.encoder(x)


def test_an_error_says_which_module_it_came_from():
    with pytest.raises(RuntimeError) as caught:
        Outer()(lamina.ones(2, 7))
    assert caught.value.__notes__ == [
        "in Linear 'encoder.1' (in_features=3, out_features=4, bias=True)",
        "Linear 'encoder.1' takes inputs whose last axis is 3 (in_features), got [2, 7].",
        "in Sequential 'encoder'",
        "in Outer",
    ]
    with pytest.raises(RuntimeError) as caught:
        nn.Linear(3, 4)(lamina.ones(2, 7))
    assert caught.value.__notes__ == [
        "in Linear(in_features=3, out_features=4, bias=True)",
        "Linear takes inputs whose last axis is 3 (in_features), got [2, 7].",
    ]


def test_an_error_names_each_module_once():
    class Again(nn.Module):
        def forward(self, depth):
            if depth == 0:
                raise ValueError("bottom")
            return self(depth - 1)

    with pytest.raises(ValueError, match="bottom") as caught:
        Again()(3)
    assert caught.value.__notes__ == ["in Again()"]


def test_an_outermost_call_without_gradients_runs_what_is_pending():
    layer = Outer()
    with lamina.no_grad():
        result = layer(lamina.ones(2, 3))
    assert result._value.array is not None
    assert layer(lamina.ones(2, 3))._value.array is None


def test_a_module_works_inside_jax_transforms():
    import jax

    layer = nn.Linear(3, 1)
    gradient = jax.grad(lambda x: layer(lamina.as_tensor(x)).sum().array())(np.ones((2, 3), np.float32))
    np.testing.assert_allclose(gradient, np.repeat(layer.weight.detach().numpy(), 2, axis=0), rtol=1e-6)


@pytest.mark.parametrize("bad", [np.array(["a", "b"]), np.array([{}, []], dtype=object)])
@pytest.mark.parametrize("lazy", [False, True])
def test_a_state_that_cannot_be_converted_leaves_the_module_as_it_was(bad, lazy):
    module = nn.LazyLinear(2) if lazy else nn.Linear(2, 2)
    before = None if lazy else module.weight.tolist()
    with pytest.raises(RuntimeError) as caught:
        module.load_state_dict({"weight": np.ones((2, 2), np.float32), "bias": bad})
    assert str(caught.value).startswith(
        f"Error(s) in loading state_dict for {type(module).__name__}:\n\t"
        'While copying the parameter named "bias", whose dimensions in '
        "the model are lamina.Size([2]) and whose dimensions in the checkpoint are lamina.Size([2]), an exception "
        "occurred : "
    )
    assert isinstance(module.weight, UninitializedParameter) if lazy else module.weight.tolist() == before


def test_an_extra_state_that_fails_leaves_the_tensors_as_they_were():
    class Fussy(nn.Module):
        def get_extra_state(self):
            return 1

        def set_extra_state(self, state):
            raise ValueError("not this one")

    def build():
        return nn.Sequential(nn.Linear(2, 2), Fussy())

    module = build()
    before = module[0].weight.tolist()
    with pytest.raises(ValueError, match="not this one"):
        module.load_state_dict(build().state_dict())
    assert module[0].weight.tolist() == before
