"""How modules print: every text is a snapshot, and the tree is PyTorch's."""

from __future__ import annotations

import textwrap

import pytest
import torch

import lamina
from lamina import nn
from lamina.inspect import module_repr


def text(expected):
    return textwrap.dedent(expected).strip("\n")


def test_a_layer_says_what_it_is_and_what_it_holds():
    assert repr(nn.Linear(5, 16)) == text("""
        Linear(in_features=5, out_features=16, bias=True)
        96 parameters
        ● weight: Float [16, 5]
        ● bias: Float [16]
    """)
    assert str(nn.Linear(1, 1, bias=False)) == text("""
        Linear(in_features=1, out_features=1, bias=False)
        1 parameter
        ● weight: Float [1, 1]
    """)
    assert repr(nn.Identity()) == "Identity()"


def test_buffers_and_frozen_parameters_are_told_apart():
    layer = nn.BatchNorm1d(3).double()
    layer.weight.requires_grad_(False)
    assert repr(layer).split("\n")[1:] == [
        "6 parameters",
        "● weight: Double [3] (frozen)",
        "● bias: Double [3]",
        "● running_mean: Double [3] (buffer)",
        "● running_var: Double [3] (buffer)",
        "● num_batches_tracked: Long [] (buffer)",
    ]


def test_a_model_shows_its_tree_the_count_and_its_own_parameters():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(lamina.ones(1000))
            self.body = nn.Sequential(nn.Linear(10, 32), nn.Identity())
            self.tied = self.body

        def extra_repr(self):
            return "one\ntwo"

    assert repr(Model()) == text("""
        Model(
          one
          two
          (body): Sequential(
            (0): Linear(in_features=10, out_features=32, bias=True)
            (1): Identity()
          )
          (tied): Sequential(
            (0): Linear(in_features=10, out_features=32, bias=True)
            (1): Identity()
          )
        )
        1,352 parameters
        ● scale: Float [1000]
    """)


class Custom:
    """Builds the same model in both libraries."""

    def __new__(cls, t):
        class Reads(t.nn.Module):
            def __repr__(self):
                return "reads,\nas it says itself"

        class Wide(t.nn.Module):
            def __init__(self):
                super().__init__()
                self.reads = Reads()
                self.layers = t.nn.ModuleList([t.nn.Sequential(t.nn.Linear(2, 2)) for _ in range(3)])
                self.layers.append(t.nn.Identity())
                self.empty = t.nn.ModuleList()
                self.heads = t.nn.ModuleDict({"a": t.nn.Linear(1, 1), "b": t.nn.Linear(1, 1)})
                self.row = t.nn.Sequential(*[t.nn.Linear(1, 1) for _ in range(5)])
                self.add_module("nothing", None)
                self.parts = t.nn.ParameterList([t.ones(1, 2)])

        return Wide()


def test_the_tree_is_pytorchs():
    ours = repr(Custom(lamina))
    theirs = repr(Custom(torch)).replace("torch.", "lamina.")
    assert ours == f"{theirs}\n{module_repr.parameter_count(Custom(torch))} parameters"


def test_a_thousand_layers_stay_readable():
    equal = nn.Sequential(*[nn.Linear(4, 4) for _ in range(999)], nn.Linear(4, 1))
    assert repr(equal) == text("""
        Sequential(
          (0-998): 999 x Linear(in_features=4, out_features=4, bias=True)
          (999): Linear(in_features=4, out_features=1, bias=True)
        )
        19,985 parameters
    """)
    different = nn.ModuleDict({f"layer{i}": nn.Linear(i + 1, 1) for i in range(1000)})
    lines = repr(different).split("\n")
    assert len(lines) == 1 + 50 + 1 + 1 + 1
    assert lines[26] == "  ... 950 more ..."
    assert lines[25].startswith("  (layer24)") and lines[27].startswith("  (layer975)")


def test_a_numbered_row_stops_where_a_number_is_missing():
    row = nn.ModuleList([nn.Identity() for _ in range(4)])
    del row._modules["1"]
    assert repr(row) == text("""
        ModuleList(
          (0): Identity()
          (2-3): 2 x Identity()
        )
    """)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "Linear(in_features=3, out_features=4, bias=True)"),
        ("encoder.fc", "Linear 'encoder.fc' (in_features=3, out_features=4, bias=True)"),
    ],
)
def test_one_line(path, expected):
    assert module_repr.one_line(nn.Linear(3, 4), path) == expected
    assert module_repr.one_line(nn.Identity()) == "Identity()"
    assert module_repr.one_line(nn.Identity(), "a") == "Identity 'a'"


def test_sections_as_in_r():
    from lamina import rtorch

    def initialize(self):
        self.linear = rtorch.nn_linear(10, 10)
        self.linear2 = rtorch.nn_linear(10, 1)
        self.x = rtorch.nn_parameter(rtorch.torch_randn(10, 10))
        self.k = rtorch.nn_buffer(rtorch.torch_randn(5, 5))
        self.register_parameter("none", None)

    assert repr(rtorch.nn_module("my_module", initialize)()) == text(f"""
        An `nn_module` containing 221 parameters.

        ── Modules {"─" * 69}
        ● linear: <nn_linear> #110 parameters
        ● linear2: <nn_linear> #11 parameters

        ── Parameters {"─" * 66}
        ● x: Float [1:10, 1:10]

        ── Buffers {"─" * 69}
        ● k: Float [1:5, 1:5]
    """)
    assert repr(rtorch.nn_identity()) == "An `nn_module` containing 0 parameters."
