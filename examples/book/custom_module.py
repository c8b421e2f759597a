"""A module of our own, written as in R and as in Python, and trained by hand, by SGD and by Adam.

A module owns its parameters and says what happens when it is called. `nn_module()` makes a constructor from these two
functions, as torch for R does; a class says the same in Python. Both are used like the layers of `nn`.

    python examples/book/custom_module.py
"""

import lamina
from lamina import nn
from lamina.rtorch import nn_module, nn_parameter, torch_randn, torch_zeros

EPOCHS = 200


# As in R: a constructor from two functions.


def initialize(self, in_features, out_features):
    self.w = nn_parameter(torch_randn(in_features, out_features))
    self.b = nn_parameter(torch_zeros(out_features))


my_linear = nn_module(
    "my_linear",
    initialize=initialize,
    forward=lambda self, input: input.mm(self.w) + self.b,
)


# As in Python: a class.


class MyLinear(nn.Module):
    """output = input w + b"""

    def __init__(self, in_features, out_features):
        super().__init__()
        self.w = nn.Parameter(lamina.randn(in_features, out_features))
        self.b = nn.Parameter(lamina.zeros(out_features))

    def forward(self, input):
        return input.mm(self.w) + self.b


def network(linear):
    """The regression network, its linear layers made by `linear`."""
    return nn.Sequential(linear(3, 32), nn.ReLU(), linear(32, 1))


# Three ways to make a step. Each takes a network and returns the function to call after `backward()`.


def by_hand(net, learning_rate=0.005):
    def step():
        with lamina.no_grad():
            for parameter in net.parameters():
                parameter.sub_(learning_rate * parameter.grad)

    return step


def by_sgd(net, learning_rate=0.005):
    return lamina.optim.SGD(net.parameters(), lr=learning_rate).step


def by_adam(net, learning_rate=0.05):
    return lamina.optim.Adam(net.parameters(), lr=learning_rate).step


def data(n=100):
    """Inputs x (n, 3) and targets y (n, 1): a linear function of the inputs, and noise."""
    x = lamina.randn(n, 3)
    y = x[:, 0:1] * 0.2 - x[:, 1:2] * 1.3 - x[:, 2:3] * 0.5 + lamina.randn(n, 1)
    return x, y


def train(net, step, x, y, epochs=EPOCHS):
    """The loss before each step."""
    losses = []
    for _ in range(epochs):
        loss = nn.functional.mse_loss(net(x), y)
        net.zero_grad()
        loss.backward()
        step()
        losses.append(loss)
    return [loss.item() for loss in losses]


def main():
    print(f"The constructor's module:\n{my_linear(7, 1)}\n")
    print(f"The class's module:\n{MyLinear(7, 1)}\n")

    lamina.manual_seed(777)
    x, y = data()
    start = network(MyLinear).state_dict()
    figures = {}
    for written, linear in (("nn_module()", my_linear), ("class", MyLinear)):
        for trained, step_of in (("by hand", by_hand), ("by SGD", by_sgd), ("by Adam", by_adam)):
            net = network(linear)
            net.load_state_dict(start)  # all six begin alike
            losses = figures[written, trained] = train(net, step_of(net), x, y)
            print(f"{written:12} trained {trained:8} loss {losses[0]:.4f} -> {losses[-1]:.4f}")
    return figures


if __name__ == "__main__":
    main()
