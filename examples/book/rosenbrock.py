"""The minimum of Rosenbrock's function, a curved and narrow valley, by gradient steps and by L-BFGS.

What trains a network minimises any function: it needs a value, its gradient, and a way to step. A gradient step goes a
fraction of the gradient downhill. L-BFGS also uses how the gradient changes, and can search along its direction for
how far to go. All start at (-1, 1); the minimum is at (1, 1).

    python examples/book/rosenbrock.py
"""

import lamina

START = (-1.0, 1.0)


def rosenbrock(x, a=1, b=5):
    x1, x2 = x[0], x[1]
    return (a - x1) ** 2 + b * (x2 - x1**2) ** 2


def by_gradient_steps(steps=1000, learning_rate=0.01, dtype=lamina.float32):
    """A row (x1, x2, value) for each step: the value before it, the point after it."""
    x = lamina.tensor(START, dtype=dtype, requires_grad=True)
    rows = []
    for _ in range(steps):
        value = rosenbrock(x)
        value.backward()
        with lamina.no_grad():
            x.sub_(learning_rate * x.grad)
            x.grad.zero_()
        rows.append([*x.tolist(), value.item()])
    return rows


def by_lbfgs(steps=2, line_search_fn=None, dtype=lamina.float32):
    """A row (x1, x2, value) for each time L-BFGS looks at the function, one list of rows a step; and the last point."""
    x = lamina.tensor(START, dtype=dtype, requires_grad=True)
    optimizer = lamina.optim.LBFGS([x], line_search_fn=line_search_fn)
    looks = []

    def closure():
        optimizer.zero_grad()
        value = rosenbrock(x)
        value.backward()
        looks[-1].append([*x.tolist(), value.item()])
        return value

    for _ in range(steps):
        looks.append([])
        optimizer.step(closure)
    return looks, x.tolist()


def show(row):
    x1, x2, value = row
    return f"x = ({x1:9.6f}, {x2:9.6f})   value = {value:#.4g}"


def main():
    print("Gradient steps, learning rate 0.01")
    rows = by_gradient_steps()
    for step, row in enumerate(rows, start=1):
        if step % 100 == 0:
            print(f"  step {step:4}   {show(row)}")
    figures = {"gradient steps": rows}

    for title, line_search_fn in (("L-BFGS", None), ("L-BFGS with line search", "strong_wolfe")):
        print(f"\n{title}")
        steps, end = by_lbfgs(line_search_fn=line_search_fn)
        for step, looks in enumerate(steps, start=1):
            for look, row in enumerate(looks, start=1):
                print(f"  step {step}, look {look:2}   {show(row)}")
        print(f"  ends at x = ({end[0]:.6f}, {end[1]:.6f}) after {sum(map(len, steps))} looks at the function")
        figures[title] = (steps, end)
    return figures


if __name__ == "__main__":
    main()
