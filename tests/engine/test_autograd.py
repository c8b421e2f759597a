"""Autograd as PyTorch has it: every test is one program, run by both."""

from __future__ import annotations

import pytest

import lamina
from tests.engine.both import both


def leaf(t, values, **options):
    return t.tensor(values, requires_grad=True, **options)


def test_backward_fills_the_leaves():
    def program(t):
        x, y = leaf(t, [1.0, 2.0]), leaf(t, [[3.0], [4.0]])
        loss = (x * y + y.exp()).sum()
        loss.backward()
        return loss, x.grad, y.grad

    both(program)


def test_gradients_accumulate_over_several_backwards():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        first = x.grad
        for k in range(4):
            (x * x * k).sum().backward()
        return first, x.grad

    both(program)


def test_the_grad_tensor_stays_the_same_object():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        x.sum().backward()
        held = x.grad
        (x * 3).sum().backward()
        return held is x.grad, held

    both(program)


def test_two_losses_share_a_trunk():
    def program(t):
        x = leaf(t, [1.0, 2.0, 3.0])
        trunk = (x * 2).exp()
        a, b = trunk.sum(), (trunk**2).mean()
        a.backward(retain_graph=True)
        b.backward()
        return x.grad

    both(program)


def test_retain_graph_allows_a_second_backward():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        return x.grad

    both(program)


@pytest.mark.parametrize("read", [False, True])
def test_backward_twice_raises(read):
    def program(t):
        x = leaf(t, [1.0, 2.0])
        y = (x * x).sum()
        if read:
            y.item()
        y.backward()
        if read:
            x.grad.tolist()
        y.backward()

    both(program, message=True)


def test_backward_twice_through_a_shared_trunk_raises():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        trunk = x.exp()
        (trunk * 2).sum().backward()
        (trunk * 3).sum().backward()

    both(program, message=True)


def test_steps_that_save_nothing_may_be_walked_twice():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        y = (x + 1).sum()
        y.backward()
        y.backward()
        return x.grad

    both(program)


def test_disjoint_losses_read_together_are_freed_apart():
    def program(t):
        x, y = leaf(t, [1.0, 2.0]), leaf(t, [3.0])
        a, b = (x * x).sum(), (y * y).sum()
        read = [a.item(), b.item()]
        a.backward()
        b.backward()
        return read, x.grad, y.grad

    both(program)


@pytest.mark.parametrize("read", ["loss", "trunk", "both", "none"])
def test_backward_through_what_was_read(read):
    def program(t):
        x, w = leaf(t, [[1.0, 2.0]]), leaf(t, [[0.5], [0.25]])
        trunk = (x @ w).tanh()
        if read in ("trunk", "both"):
            trunk.tolist()
        loss = (trunk * trunk).sum()
        if read in ("loss", "both"):
            loss.item()
        loss.backward()
        return loss, trunk, x.grad, w.grad

    both(program)


def test_backward_through_three_programs():
    def program(t):
        x = leaf(t, [0.3, 0.6])
        a = x.sin()
        a.tolist()
        b = a.exp() * x
        b.tolist()
        c = (b * a).sum()
        c.item()
        c.backward()
        return x.grad

    both(program)


def test_backward_needs_a_gradient_for_more_than_one_number():
    both(lambda t: (leaf(t, [1.0, 2.0]) * 2).backward(), message=True)


def test_backward_without_anything_that_requires_grad():
    both(lambda t: (t.tensor([1.0, 2.0]) * 2).sum().backward(), message=True)


def test_backward_with_a_gradient():
    def program(t):
        x = leaf(t, [[1.0, 2.0], [3.0, 4.0]])
        (x**2).backward(gradient=t.tensor([[1.0, 0.0], [0.5, 2.0]]))
        return x.grad

    both(program)


def test_gradient_of_the_wrong_shape_raises():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        (x * 2).backward(t.tensor([1.0]))

    both(program)


def test_backward_of_a_leaf_itself():
    def program(t):
        x = leaf(t, 3.0)
        x.backward()
        return x.grad

    both(program)


def test_backward_for_some_inputs():
    def program(t):
        x, y = leaf(t, [1.0]), leaf(t, [2.0])
        (x * y).sum().backward(inputs=[x])
        return x.grad, y.grad

    both(program)


def test_autograd_grad_of_leaves_and_of_steps_between():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        y = x.exp()
        z = (y * x).sum()
        return t.autograd.grad(z, [x, y]), x.grad

    both(program)


def test_autograd_grad_of_unused_inputs():
    def program(t, **options):
        x, y = leaf(t, [1.0]), leaf(t, [2.0])
        return t.autograd.grad((x * x).sum(), [x, y], **options)

    both(program)
    both(lambda t: program(t, allow_unused=True))
    both(lambda t: program(t, materialize_grads=True))


def test_second_and_third_derivatives():
    def program(t):
        x = leaf(t, [0.5, 1.5])
        y = (x**4 * x.sin()).sum()
        (first,) = t.autograd.grad(y, x, create_graph=True)
        (second,) = t.autograd.grad(first.sum(), x, create_graph=True)
        (third,) = t.autograd.grad(second.sum(), x)
        return first.detach(), second.detach(), third

    both(program)


def test_second_derivatives_after_reading():
    def program(t):
        x = leaf(t, [0.5, 1.5])
        y = (x**3).sum()
        y.item()
        (first,) = t.autograd.grad(y, x, create_graph=True)
        first.tolist()
        (second,) = t.autograd.grad(first.sum(), x)
        return second

    both(program)


def test_a_gradient_penalty_trains():
    def program(t):
        w = leaf(t, [[0.3, -0.2], [0.1, 0.4]])
        x = leaf(t, [[1.0, 2.0], [0.5, -1.0]])
        out = (x @ w).tanh().sum()
        (g,) = t.autograd.grad(out, x, create_graph=True)
        penalty = ((g.norm(dim=1) - 1) ** 2).mean()
        penalty.backward()
        return penalty, w.grad

    both(program)


def test_hooks_see_and_change_gradients():
    def program(t):
        seen = []
        x = leaf(t, [1.0, 2.0])
        y = x * 3
        y.register_hook(lambda g: seen.append(g) or g * 10)
        handle = y.register_hook(lambda g: seen.append(g))
        x.register_hook(lambda g: g + 1)
        (y * y).sum().backward()
        handle.remove()
        first = [s.clone() for s in seen], x.grad.clone()
        (x * 3).sum().backward()
        return first, x.grad

    both(program)


def test_a_hook_may_read_the_gradient():
    def program(t):
        seen = []
        x = leaf(t, [1.0, 2.0])
        y = x.exp()
        z = y.sin()
        z.register_hook(lambda g: seen.extend(g.tolist()))
        y.register_hook(lambda g: g * g.sum().item())
        (z * y).sum().backward()
        return seen, x.grad

    both(program)


def test_hooks_fire_after_the_forward_pass_was_read():
    def program(t):
        seen = []
        x = leaf(t, [1.0, 2.0])
        y = x.exp()
        y.register_hook(lambda g: seen.append(g * 1))
        loss = (y * y).sum()
        loss.item()
        loss.backward()
        return seen, x.grad

    both(program)


def test_retain_grad():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        y = x * x
        y.retain_grad()
        z = y.exp()
        z.sum().backward()
        return y.grad, x.grad, y.is_leaf, y.requires_grad

    both(program)


def test_post_accumulate_hooks():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        seen = []
        x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
        (x * x).sum().backward()
        x.sum().backward()
        return seen

    both(program)


def make_function(t):
    class Scaled(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight, factor):
            ctx.save_for_backward(x, weight)
            ctx.factor = factor
            return x * weight * factor

        @staticmethod
        def backward(ctx, grad):
            x, weight = ctx.saved_tensors
            return grad * weight * ctx.factor * 2, (grad * x).sum() * ctx.factor, None

    return Scaled


@pytest.mark.parametrize("read", [False, True])
def test_a_function_of_the_users_own(read):
    def program(t):
        x, w = leaf(t, [1.0, 2.0]), leaf(t, 3.0)
        y = make_function(t).apply(x.exp(), w, 5.0)
        if read:
            y.tolist()
        (y * y).sum().backward()
        return y, x.grad, w.grad

    both(program)


def test_a_function_with_two_results_one_unused():
    def program(t):
        class Both(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2, x * 3

            @staticmethod
            def backward(ctx, a, b):
                return a * 2 + b * 3

        x = leaf(t, [1.0, 2.0])
        a, b = Both.apply(x)
        a.sum().backward()
        return x.grad, b

    both(program)


def test_a_function_that_returns_too_few_gradients():
    def program(t):
        class Few(t.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x + y

            @staticmethod
            def backward(ctx, g):
                return g

        x, y = leaf(t, [1.0]), leaf(t, [1.0])
        Few.apply(x, y).sum().backward()

    both(program)


def test_detach_stops_gradients():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        y = x.exp()
        (y.detach() * x + y).sum().backward()
        return x.grad, y.detach().requires_grad

    both(program)


def test_modes():
    def program(t):
        x = leaf(t, [1.0])
        flags = [t.is_grad_enabled()]
        with t.no_grad():
            flags += [t.is_grad_enabled(), (x * 2).requires_grad]
            with t.enable_grad():
                flags += [t.is_grad_enabled(), (x * 2).requires_grad]
        with t.inference_mode():
            flags.append((x * 2).requires_grad)
        with t.set_grad_enabled(False):
            flags.append(t.is_grad_enabled())
        flags.append(t.is_grad_enabled())
        t.set_grad_enabled(False)
        flags.append(t.is_grad_enabled())
        t.set_grad_enabled(True)

        @t.no_grad()
        def f(x):
            return (x * 2).requires_grad

        @t.no_grad
        def g(x):
            return (x * 2).requires_grad

        @t.inference_mode()
        def h(x):
            return (x * 2).requires_grad

        @t.no_grad()
        def walk(x):
            yield (x * 2).requires_grad
            yield t.is_grad_enabled()

        flags += [f(x), g(x), h(x), t.is_grad_enabled()]
        for flag in walk(x):
            flags += [flag, t.is_grad_enabled()]
        return flags

    both(program)


def test_in_place_on_a_leaf_raises():
    both(lambda t: leaf(t, [1.0, 2.0]).add_(1), message=True)
    both(lambda t: leaf(t, [1.0, 2.0])[0].add_(1), message=True)


def test_requires_grad_rules():
    both(lambda t: t.tensor([1, 2], requires_grad=True))
    both(lambda t: t.tensor([1, 2]).requires_grad_())

    def program(t):
        x = leaf(t, [1.0])
        (x * 2).requires_grad_(False)

    both(program)
    both(lambda t: t.tensor([1.0]).requires_grad_())


def test_leaves_and_grad_fn():
    def program(t):
        x = leaf(t, [[1.0, 2.0]])
        y = x * 2
        names = [z.grad_fn.name() for z in (y, y.sum(), y.exp(), y + 1, y.t(), y.mean(), y.relu(), y @ y.t())]
        return x.is_leaf, y.is_leaf, x.grad_fn is None, names

    both(program)


def test_grad_may_be_assigned_and_is_checked():
    def program(t):
        x = leaf(t, [1.0, 2.0])
        x.grad = t.ones(2)
        (x * x).sum().backward()
        return x.grad

    both(program)
    both(lambda t: setattr(leaf(t, [1.0, 2.0]), "grad", t.ones(3)))
    both(lambda t: setattr(leaf(t, [1.0, 2.0]), "grad", 3.0))


def test_a_gan_like_pair_of_optimizers():
    def program(t):
        g, d = leaf(t, [[0.5, -0.3]]), leaf(t, [[0.2], [0.1]])
        opt_g, opt_d = t.optim.SGD([g], lr=0.1), t.optim.SGD([d], lr=0.1)
        noise, real = t.tensor([[1.0], [2.0]]), t.tensor([[1.0, 1.0], [2.0, 0.5]])
        losses = []
        for _ in range(5):
            fake = noise @ g
            opt_d.zero_grad()
            loss_d = ((fake.detach() @ d) ** 2 - real @ d).mean()
            loss_d.backward()
            opt_d.step()
            opt_g.zero_grad()
            loss_g = -(fake @ d).mean()
            loss_g.backward()
            opt_g.step()
            losses += [loss_d.item(), loss_g.item()]
        return losses, g, d

    both(program)


def test_gradient_accumulation_over_mini_batches():
    def program(t):
        w = leaf(t, [[1.0], [2.0]])
        opt = t.optim.SGD([w], lr=0.05, momentum=0.9)
        data = t.arange(24.0).reshape(12, 2) / 10
        for step in range(6):
            loss = ((data[step * 2 : step * 2 + 2] @ w) ** 2).mean() / 3
            loss.backward()
            if step % 3 == 2:
                opt.step()
                opt.zero_grad()
        return w

    both(program)


def test_the_error_inside_jax_transforms_names_the_way_out():
    import jax

    def f(x):
        y = lamina.as_tensor(x)
        (y * y).sum().requires_grad_().backward()

    with pytest.raises(RuntimeError, match="Use jax.grad around"):
        jax.jit(f)(1.0)
