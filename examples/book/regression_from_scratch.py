"""A neural network from tensors alone: no modules, no optimizer, only gradients.

It learns y from three inputs by way of 32 hidden units. Each epoch has the four steps of all training: predict,
compute the loss, compute gradients, change the weights a little against them.

    python examples/book/regression_from_scratch.py
"""

import lamina

EPOCHS = 200
LEARNING_RATE = 1e-3


def data(n=100):
    """Inputs x (n, 3) and targets y (n, 1): a linear function of the inputs, and noise."""
    x = lamina.randn(n, 3)
    y = x[:, 0:1] * 0.2 - x[:, 1:2] * 1.3 - x[:, 2:3] * 0.5 + lamina.randn(n, 1)
    return x, y


def initial_weights(d_in=3, d_hidden=32, d_out=1):
    """The weights and biases of the hidden and the output layer. Their gradients are wanted."""
    w1 = lamina.randn(d_in, d_hidden, requires_grad=True)
    b1 = lamina.zeros(1, d_hidden, requires_grad=True)
    w2 = lamina.randn(d_hidden, d_out, requires_grad=True)
    b2 = lamina.zeros(1, d_out, requires_grad=True)
    return w1, b1, w2, b2


def train(x, y, w1, b1, w2, b2, epochs=EPOCHS, learning_rate=LEARNING_RATE):
    """Change the weights in place, and return the loss before each change."""
    losses = []
    for epoch in range(1, epochs + 1):
        # Predict: n x 3 -> n x 32 -> n x 1.
        y_pred = x.mm(w1).add(b1).relu().mm(w2).add(b2)

        # How wrong is that?
        loss = (y_pred - y).pow(2).mean()

        # Which change of the weights makes it worse?
        loss.backward()

        # Go the other way. This is no part of the prediction, so no gradients of it are wanted.
        with lamina.no_grad():
            for w in (w1, b1, w2, b2):
                w.sub_(learning_rate * w.grad)
                w.grad.zero_()  # backward() adds to what is there

        losses.append(loss)
        if epoch % 10 == 0:
            print(f"epoch {epoch:3}   loss {loss.item():7.4f}")
    return [loss.item() for loss in losses]


def main():
    lamina.manual_seed(777)
    x, y = data()
    weights = initial_weights()
    before = lamina.engine.compilations()
    losses = train(x, y, *weights)
    programs = lamina.engine.compilations() - before
    print(f"\n{EPOCHS} epochs ran as {programs} compiled programs.")
    return {"losses": losses, "programs": programs}


if __name__ == "__main__":
    main()
