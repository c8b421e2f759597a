"""The chapter "Modules" of the torch for R book, statement by statement, in its own names.

What R writes as `l$weight` is `l.weight` here. Where the chapter prints random numbers, their shape is looked at.
"""

from __future__ import annotations

import numpy as np
import pytest

from lamina import rtorch
from lamina.rtorch import (
    nn_linear,
    nn_module,
    nn_parameter,
    nn_relu,
    nn_sequential,
    nnf_mse_loss,
    nnf_relu,
    optim_adam,
    optim_sgd,
    torch_manual_seed,
    torch_randn,
    torch_zeros,
    with_no_grad,
)

RULE = "── Parameters " + "─" * 66

# 7.1 Built-in nn_module()s


def test_a_linear_layer_informs_about_its_parameters():
    layer = nn_linear(in_features=5, out_features=16)
    assert str(layer).split("\n") == [
        "An `nn_module` containing 96 parameters.",
        "",
        RULE,
        "● weight: Float [1:16, 1:5]",
        "● bias: Float [1:16]",
    ]
    assert layer.weight.size() == (16, 5)
    assert layer.bias.size() == (16,)


def test_a_linear_layer_is_called_like_a_function():
    layer = nn_linear(in_features=5, out_features=16)
    x = torch_randn(50, 5)
    output = layer(x)
    assert output.size() == (50, 16)
    assert output.grad_fn.name() == "AddmmBackward0"


def test_the_gradient_of_a_linear_layer_is_the_same_in_every_row():
    layer = nn_linear(in_features=5, out_features=16)
    x = torch_randn(50, 5)
    assert layer.weight.grad is None
    loss = layer(x).mean()
    loss.backward()
    grad = layer.weight.grad.numpy()
    assert grad.shape == (16, 5)
    assert (grad == grad[0]).all()
    np.testing.assert_allclose(grad[0], x.mean(0).numpy() / 16, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(layer.bias.grad.numpy(), np.full(16, 1 / 16), rtol=1e-6)


@pytest.mark.parametrize("name", ["nn_conv1d", "nn_conv2d", "nn_conv3d", "nn_lstm", "nn_gru", "nn_embedding"])
def test_the_other_layers_it_names_are_there(name):
    assert getattr(rtorch, name).__name__ == name


# 7.2.1 Models as sequences of layers: nn_sequential()


def mlp_of_the_chapter():
    return nn_sequential(
        nn_linear(10, 32),
        nn_relu(),
        nn_linear(32, 64),
        nn_relu(),
        nn_linear(64, 1),
    )


def test_a_multi_layer_perceptron():
    mlp = mlp_of_the_chapter()
    output = mlp(torch_randn(5, 10))
    assert output.size() == (5, 1)
    assert str(output).endswith("grad_fn=<AddmmBackward0>)")
    output.mean().backward()
    assert all(parameter.grad is not None for parameter in mlp.parameters())
    assert str(mlp).split("\n") == [
        "An `nn_module` containing 2,529 parameters.",
        "",
        "── Modules " + "─" * 69,
        "● 0: <nn_linear> #352 parameters",
        "● 1: <nn_relu> #0 parameters",
        "● 2: <nn_linear> #2,112 parameters",
        "● 3: <nn_relu> #0 parameters",
        "● 4: <nn_linear> #65 parameters",
    ]


# 7.2.2 Models with custom logic


def initialize_linear(self, in_features, out_features):
    self.w = nn_parameter(torch_randn(in_features, out_features))
    self.b = nn_parameter(torch_zeros(out_features))


my_linear = nn_module(
    initialize=initialize_linear,
    forward=lambda self, input: input.mm(self.w) + self.b,
)


def test_a_linear_layer_of_our_own():
    layer = my_linear(7, 1)
    assert str(layer).split("\n") == [
        "An `nn_module` containing 8 parameters.",
        "",
        RULE,
        "● w: Float [1:7, 1:1]",
        "● b: Float [1:1]",
    ]
    output = layer(torch_randn(3, 7))
    assert output.size() == (3, 1)
    output.sum().backward()
    assert layer.b.grad.tolist() == [3.0]


# "You may feel like you'd like to rewrite last chapter's neural network using modules."


def initialize_net(self, d_in, d_hidden, d_out):
    self.hidden = my_linear(d_in, d_hidden)
    self.output = nn_linear(d_hidden, d_out)


net_class = nn_module(
    "regression_net",
    initialize=initialize_net,
    forward=lambda self, x: self.output(nnf_relu(self.hidden(x))),
)


def data():
    torch_manual_seed(7)
    x = torch_randn(100, 3)
    y = 0.2 * x[:, 0:1] - 1.3 * x[:, 1:2] - 0.5 * x[:, 2:3] + 0.1 * torch_randn(100, 1)
    return x, y


def trained(step_of):
    """The loss before and after 100 steps; `step_of(net)` makes the function that updates after each backward."""
    x, y = data()
    net = net_class(3, 32, 1)
    step = step_of(net)
    losses = []
    for _ in range(100):
        loss = nnf_mse_loss(net(x), y)
        net.zero_grad()
        loss.backward()
        step()
        losses.append(loss.item())
    return losses[0], losses[-1]


def by_hand(net, learning_rate=1e-2):
    def step():
        with with_no_grad():
            for parameter in net.parameters():
                parameter -= learning_rate * parameter.grad

    return step


@pytest.mark.parametrize(
    "step_of",
    [
        by_hand,
        lambda net: optim_sgd(net.parameters(), lr=0.01).step,
        lambda net: optim_adam(net.parameters(), lr=0.01).step,
    ],
    ids=["by hand", "optim_sgd", "optim_adam"],
)
def test_the_regression_network_learns(step_of):
    first, last = trained(step_of)
    assert last < 0.3 < 1.0 < first


# The names


def test_names_follow_from_laminas():
    import lamina
    from lamina import nn

    assert issubclass(rtorch.nn_batch_norm1d, nn.BatchNorm1d)
    assert issubclass(rtorch.nn_module_list, nn.ModuleList)
    assert rtorch.nn_linear is nn_linear and isinstance(nn_linear(1, 1), nn.Linear)
    assert rtorch.nn_init_xavier_normal_ is nn.init.xavier_normal_
    assert rtorch.torch_zeros is lamina.zeros
    assert {"nn_max_pool2d", "nnf_relu", "torch_randn", "optim_adam", "nn_module"} <= set(dir(rtorch))
    with pytest.raises(AttributeError, match=r"module 'lamina.rtorch' has no attribute 'nn_nonsense'"):
        rtorch.nn_nonsense


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Linear", "linear"),
        ("Conv1d", "conv1d"),
        ("ConvTranspose2d", "conv_transpose2d"),
        ("BatchNorm2d", "batch_norm2d"),
        ("MaxPool2d", "max_pool2d"),
        ("LPPool1d", "lp_pool1d"),
        ("LSTM", "lstm"),
        ("GRUCell", "gru_cell"),
        ("ReLU", "relu"),
        ("ReLU6", "relu6"),
        ("PReLU", "prelu"),
        ("RReLU", "rrelu"),
        ("LeakyReLU", "leaky_relu"),
        ("SiLU", "silu"),
        ("GELU", "gelu"),
        ("LogSoftmax", "log_softmax"),
        ("Softmax2d", "softmax2d"),
        ("L1Loss", "l1_loss"),
        ("SmoothL1Loss", "smooth_l1_loss"),
        ("NLLLoss", "nll_loss"),
        ("KLDivLoss", "kl_div_loss"),
        ("BCEWithLogitsLoss", "bce_with_logits_loss"),
        ("CrossEntropyLoss", "cross_entropy_loss"),
        ("MultiheadAttention", "multihead_attention"),
        ("MultiLabelMarginLoss", "multilabel_margin_loss"),
        ("RMSNorm", "rms_norm"),
        ("ModuleDict", "module_dict"),
    ],
)
def test_spelling(name, expected):
    assert rtorch.snake_case(name) == expected


def test_without_gradients_as_a_block_and_around_a_function():
    layer = nn_linear(2, 1)
    x = torch_randn(3, 2)
    with with_no_grad():
        assert not layer(x).requires_grad
    assert not with_no_grad(lambda: layer(x)).requires_grad
    assert with_no_grad(lambda: rtorch.with_enable_grad(lambda: layer(x))).requires_grad


def test_a_constructor_extends_another():
    scaled = nn_module("scaled", inherit=nn_linear, forward=lambda self, x: 2 * super(scaled, self).forward(x))
    layer = scaled(2, 1)
    x = torch_randn(3, 2)
    np.testing.assert_allclose(
        layer(x).detach().numpy(), 2 * (x @ layer.weight.t() + layer.bias).detach().numpy(), rtol=1e-6
    )
    methods = nn_module("methods", double=lambda self, x: 2 * x, forward=lambda self, x: self.double(x))
    assert methods()(4) == 8
