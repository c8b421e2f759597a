"""Containers: the same code is run with PyTorch's and with lamina's, and what it shows must be equal."""

from __future__ import annotations

import builtins
from collections import OrderedDict

import pytest
import torch

import lamina
from tests.parity import compare


def layers(t, *sizes):
    return [t.nn.Linear(size, size + 1) for size in sizes]


def shape(module):
    return [(name, tuple(p.shape)) for name, p in module.named_parameters()]


def sequential(t, *sizes):
    return t.nn.Sequential(*layers(t, *sizes))


def named(t):
    return t.nn.Sequential(OrderedDict(first=t.nn.Linear(1, 2), second=t.nn.Linear(2, 3)))


def changed(container, change):
    change(container)
    return shape(container)


SEQUENTIAL = {
    "from layers": lambda t: shape(sequential(t, 1, 2, 3)),
    "by name": lambda t: shape(named(t)),
    "result": lambda t: tuple(sequential(t, 1, 2, 3)(t.ones(5, 1)).shape),
    "empty": lambda t: t.nn.Sequential()(3),
    "item": lambda t: shape(sequential(t, 1, 2, 3)[1]),
    "item from the end": lambda t: shape(sequential(t, 1, 2, 3)[-1]),
    "item too far": lambda t: sequential(t, 1, 2)[2],
    "slice": lambda t: shape(sequential(t, 1, 2, 3)[1:]),
    "slice by name": lambda t: shape(named(t)[:1]),
    "set": lambda t: changed(sequential(t, 1, 2), lambda s: s.__setitem__(0, t.nn.Linear(7, 7))),
    "set too far": lambda t: changed(sequential(t, 1, 2), lambda s: s.__setitem__(2, t.nn.Linear(7, 7))),
    "delete": lambda t: changed(sequential(t, 1, 2, 3), lambda s: s.__delitem__(0)),
    "delete a slice": lambda t: changed(sequential(t, 1, 2, 3), lambda s: s.__delitem__(slice(0, 2))),
    "append": lambda t: changed(sequential(t, 1), lambda s: s.append(t.nn.Linear(5, 5)).append(t.nn.Linear(6, 6))),
    "append to names": lambda t: changed(named(t), lambda s: s.append(t.nn.Linear(5, 5))),
    "extend": lambda t: changed(sequential(t, 1), lambda s: s.extend(layers(t, 2, 3))),
    "extend by itself": lambda t: changed(sequential(t, 1, 2), lambda s: s.extend(sequential(t, 3))),
    "insert": lambda t: changed(sequential(t, 1, 2), lambda s: s.insert(1, t.nn.Linear(5, 5))),
    "insert at the end": lambda t: changed(sequential(t, 1, 2), lambda s: s.insert(2, t.nn.Linear(5, 5))),
    "insert from the end": lambda t: changed(sequential(t, 1, 2), lambda s: s.insert(-1, t.nn.Linear(5, 5))),
    "insert too far": lambda t: changed(sequential(t, 1, 2), lambda s: s.insert(3, t.nn.Linear(5, 5))),
    "insert something else": lambda t: changed(sequential(t, 1, 2), lambda s: s.insert(0, 5)),
    "pop": lambda t: changed(sequential(t, 1, 2, 3), lambda s: s.pop(1)),
    "popped": lambda t: shape(sequential(t, 1, 2, 3).pop(-1)),
    "pop a slice": lambda t: changed(sequential(t, 1, 2, 3), lambda s: s.pop(slice(1, None))),
    "add": lambda t: shape(sequential(t, 1) + sequential(t, 2, 3)),
    "add a list": lambda t: sequential(t, 1) + layers(t, 2),
    "add in place": lambda t: changed(sequential(t, 1), lambda s: s.__iadd__(sequential(t, 2))),
    "add a list in place": lambda t: changed(sequential(t, 1), lambda s: s.__iadd__(layers(t, 2))),
    "times": lambda t: shape(sequential(t, 1, 2) * 3),
    "times from the left": lambda t: [n for n, _ in (2 * sequential(t, 1)).named_parameters(remove_duplicate=False)],
    "times in place": lambda t: changed(sequential(t, 1, 2), lambda s: s.__imul__(2)),
    "times nothing": lambda t: sequential(t, 1) * 0,
    "times a half": lambda t: sequential(t, 1) * 0.5,
    "length": lambda t: (len(sequential(t, 1, 2)), [type(m).__name__ for m in sequential(t, 1, 2)]),
    "dir": lambda t: [name for name in dir(sequential(t, 1, 2)) if name.isdigit()],
    "not a module": lambda t: t.nn.Sequential(3),
}


def module_list(t, *sizes):
    return t.nn.ModuleList(layers(t, *sizes))


MODULE_LIST = {
    "empty": lambda t: len(t.nn.ModuleList()),
    "from layers": lambda t: shape(module_list(t, 1, 2)),
    "item": lambda t: shape(module_list(t, 1, 2, 3)[-2]),
    "item too far": lambda t: module_list(t, 1)[1],
    "slice": lambda t: (type(module_list(t, 1)[:]).__name__, shape(module_list(t, 1, 2, 3)[::2])),
    "set": lambda t: changed(module_list(t, 1, 2), lambda m: m.__setitem__(-1, t.nn.Linear(7, 7))),
    "delete": lambda t: changed(module_list(t, 1, 2, 3), lambda m: m.__delitem__(0)),
    "delete a slice": lambda t: changed(module_list(t, 1, 2, 3), lambda m: m.__delitem__(slice(None, None, 2))),
    "append": lambda t: changed(module_list(t, 1), lambda m: m.append(t.nn.Linear(5, 5))),
    "extend": lambda t: changed(module_list(t, 1), lambda m: m.extend(x for x in layers(t, 2, 3))),
    "extend by a number": lambda t: module_list(t, 1).extend(5),
    "insert": lambda t: changed(module_list(t, 1, 2), lambda m: m.insert(1, t.nn.Linear(5, 5))),
    "pop": lambda t: changed(module_list(t, 1, 2, 3), lambda m: m.pop(1)),
    "add": lambda t: shape(module_list(t, 1) + layers(t, 2)),
    "add in place": lambda t: changed(module_list(t, 1), lambda m: m.__iadd__(layers(t, 2))),
    "iterate": lambda t: [type(m).__name__ for m in module_list(t, 1, 2)],
    "call": lambda t: module_list(t, 1)(5),
}


def module_dict(t):
    return t.nn.ModuleDict({"b": t.nn.Linear(1, 2), "a": t.nn.Linear(2, 3)})


MODULE_DICT = {
    "order": lambda t: shape(module_dict(t)),
    "from pairs": lambda t: shape(t.nn.ModuleDict([["x", t.nn.Linear(1, 1)]])),
    "item": lambda t: shape(module_dict(t)["a"]),
    "no such item": lambda t: module_dict(t)["c"],
    "set": lambda t: changed(module_dict(t), lambda m: m.__setitem__("b", t.nn.Linear(7, 7))),
    "set a method's name": lambda t: changed(module_dict(t), lambda m: m.__setitem__("keys", t.nn.Linear(7, 7))),
    "delete": lambda t: changed(module_dict(t), lambda m: m.__delitem__("b")),
    "pop": lambda t: changed(module_dict(t), lambda m: m.pop("a")),
    "pop what is not there": lambda t: module_dict(t).pop("c"),
    "clear": lambda t: changed(module_dict(t), lambda m: m.clear()),
    "update": lambda t: changed(module_dict(t), lambda m: m.update(OrderedDict(z=t.nn.Linear(3, 3)))),
    "update by another": lambda t: changed(module_dict(t), lambda m: m.update(t.nn.ModuleDict({"z": t.nn.Identity()}))),
    "update by a number": lambda t: module_dict(t).update(3),
    "update by numbers": lambda t: module_dict(t).update([3]),
    "update by triples": lambda t: module_dict(t).update([(1, 2, 3)]),
    "views": lambda t: (list(module_dict(t)), list(module_dict(t).keys()), len(list(module_dict(t).values()))),
    "contains": lambda t: ("a" in module_dict(t), "c" in module_dict(t), len(module_dict(t))),
    "attribute": lambda t: shape(module_dict(t).a),
}


def parameter_list(t):
    return t.nn.ParameterList([t.nn.Parameter(t.ones(1)), t.ones(2), "text"])


PARAMETER_LIST = {
    "from values": lambda t: shape(parameter_list(t)),
    "other values": lambda t: parameter_list(t)[2],
    "tensors become parameters": lambda t: (type(parameter_list(t)[1]).__name__, parameter_list(t)[1].requires_grad),
    "slice": lambda t: shape(parameter_list(t)[1:]),
    "item too far": lambda t: parameter_list(t)[3],
    "set": lambda t: changed(parameter_list(t), lambda p: p.__setitem__(-2, t.ones(5))),
    "append": lambda t: changed(parameter_list(t), lambda p: p.append(t.ones(5))),
    "extend": lambda t: changed(parameter_list(t), lambda p: p.extend([t.ones(5), t.ones(6)])),
    "extend by a tensor": lambda t: parameter_list(t).extend(t.ones(3)),
    "add in place": lambda t: changed(parameter_list(t), lambda p: p.__iadd__([t.ones(5)])),
    "iterate": lambda t: [type(x).__name__ for x in parameter_list(t)],
    "length": lambda t: len(parameter_list(t)),
    "call": lambda t: parameter_list(t)(3),
    "extra_repr": lambda t: parameter_list(t).extra_repr().replace("torch.", "lamina."),
}


def parameter_dict(t):
    return t.nn.ParameterDict({"b": t.ones(1), "a": t.nn.Parameter(t.ones(2)), "c": 5})


PARAMETER_DICT = {
    "order": lambda t: shape(parameter_dict(t)),
    "order of pairs": lambda t: shape(t.nn.ParameterDict([("b", t.ones(1)), ("a", t.ones(1))])),
    "item": lambda t: (tuple(parameter_dict(t)["a"].shape), parameter_dict(t)["c"]),
    "no such item": lambda t: parameter_dict(t)["nonsense"],
    "a number as key": lambda t: parameter_dict(t)[3],
    "set": lambda t: changed(parameter_dict(t), lambda p: p.__setitem__("z", t.ones(7))),
    "delete": lambda t: changed(parameter_dict(t), lambda p: p.__delitem__("b")),
    "pop": lambda t: changed(parameter_dict(t), lambda p: p.pop("a")),
    "popitem": lambda t: parameter_dict(t).popitem(),
    "popitem of nothing": lambda t: t.nn.ParameterDict().popitem(),
    "get": lambda t: (parameter_dict(t).get("c"), parameter_dict(t).get("z", 3)),
    "setdefault": lambda t: (parameter_dict(t).setdefault("c", 6), parameter_dict(t).setdefault("z", 6)),
    "clear": lambda t: changed(parameter_dict(t), lambda p: p.clear()),
    "copy": lambda t: shape(parameter_dict(t).copy()),
    "fromkeys": lambda t: list(parameter_dict(t).fromkeys(["x", "y"], 0).items()),
    "or": lambda t: shape(parameter_dict(t) | t.nn.ParameterDict({"z": t.ones(3)})),
    "or in place": lambda t: changed(parameter_dict(t), lambda p: p.__ior__({"z": t.ones(3)})),
    "or from the right": lambda t: shape(parameter_dict(t).__ror__(t.nn.ParameterDict({"z": t.ones(3)}))),
    "views": lambda t: (list(parameter_dict(t)), list(reversed(parameter_dict(t))), list(parameter_dict(t).keys())),
    "values": lambda t: [type(x).__name__ for x in parameter_dict(t).values()],
    "contains": lambda t: ("a" in parameter_dict(t), "z" in parameter_dict(t), len(parameter_dict(t))),
    "update by a number": lambda t: parameter_dict(t).update(3),
    "update by triples": lambda t: parameter_dict(t).update([(1, 2, 3)]),
    "call": lambda t: parameter_dict(t)(3),
}

CASES = {
    f"{container}: {name}": case
    for container, cases in (
        ("Sequential", SEQUENTIAL),
        ("ModuleList", MODULE_LIST),
        ("ModuleDict", MODULE_DICT),
        ("ParameterList", PARAMETER_LIST),
        ("ParameterDict", PARAMETER_DICT),
    )
    for name, case in cases.items()
}


def outcome(case, t):
    try:
        return case(t)
    except Exception as error:
        return next(kind for kind in type(error).__mro__ if hasattr(builtins, kind.__name__))


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_containers_do_what_pytorchs_do(case):
    assert outcome(case, lamina) == outcome(case, torch)


def test_messages():
    for case, text in (
        (SEQUENTIAL["item too far"], "index 2 is out of range"),
        (SEQUENTIAL["insert too far"], "Index out of range: 3"),
        (SEQUENTIAL["not a module"], "int is not a Module subclass"),
        (PARAMETER_LIST["call"], "ParameterList should not be called."),
        (MODULE_DICT["set a method's name"], "attribute 'keys' already exists"),
        (
            PARAMETER_LIST["extend by a tensor"],
            "ParameterList.extend should be called with an iterable, but got Tensor",
        ),
    ):
        for t in (torch, lamina):
            with pytest.raises(Exception) as caught:
                case(t)
            assert caught.value.args[0] == text


def test_what_parameter_containers_print_of_their_entries():
    for build in (
        lambda t: t.nn.ParameterDict({"b": t.ones(2).bfloat16(), "a": t.nn.Parameter(t.ones(3, 1)), "n": 5}),
        lambda t: t.nn.ParameterList([t.ones(2).bfloat16(), t.nn.Parameter(t.ones(3, 1)), 5]),
    ):
        compare(lambda t, build=build: build(t).extra_repr().replace("torch.", "lamina."))
