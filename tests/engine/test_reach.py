"""What a gradient with respect to some tensors walks through, and what it leaves alone: each test run by both."""

from __future__ import annotations

import pytest

from tests.engine.both import both


def leaf(t):
    return t.tensor([0.5, -1.0, 1.5], requires_grad=True)


def square(t):
    a = leaf(t)
    return a, a * a


def written_after_its_use(t):
    a = leaf(t)
    y = (a * 2).sum()
    with t.no_grad():
        a.add_(1)
    return t.autograd.grad(y, a)


def written_between_two_uses(t):
    a = leaf(t)
    y = (a * 2).sum()
    with t.no_grad():
        a.add_(1)
    return t.autograd.grad((a * 3).sum() + y, a)


def written_between_two_uses_that_were_read(t):
    a = leaf(t)
    y = (a * 2).sum()
    y.tolist()
    with t.no_grad():
        a.add_(1)
    z = (a * 3).sum() + y
    z.tolist()
    return t.autograd.grad(z, a)


def second_derivative_of_one_that_was_written(t):
    a = leaf(t)
    y = (a * 2).sum()
    with t.no_grad():
        a.add_(1)
    first = t.autograd.grad(y + (a * a).sum(), a, create_graph=True)
    return first + t.autograd.grad(first[0].sum(), a)


def above_what_was_freed(t):
    _, b = square(t)
    b.sum().backward()
    return t.autograd.grad((b * b).sum(), b)


def above_what_was_freed_and_run(t):
    _, b = square(t)
    b.sum().backward()
    b.tolist()
    return t.autograd.grad((b * b).sum(), b)


def through_what_was_freed(t):
    a, b = square(t)
    b.sum().backward()
    return t.autograd.grad((b * b).sum(), a)


def through_what_was_freed_and_run(t):
    a, b = square(t)
    b.sum().backward()
    b.tolist()
    return t.autograd.grad((b * b).sum(), a)


def above_what_was_freed_after_it_was_run(t):
    _, b = square(t)
    y = (b * b).sum()
    y.tolist()
    b.sum().backward()
    return t.autograd.grad(y, b)


def through_what_was_freed_after_it_was_run(t):
    a, b = square(t)
    y = (b * b).sum()
    y.tolist()
    b.sum().backward()
    return t.autograd.grad(y, a)


def all_leaves_after_a_part(t):
    _, b = square(t)
    y = (b * b).sum()
    y.tolist()
    b.sum().backward()
    first = t.autograd.grad(y, b, retain_graph=True)
    y.backward()
    return first


def only_a_part_is_freed(t):
    a, b = square(t)
    c = b * b
    first = t.autograd.grad(c.tanh().sum(), c)
    c.sum().backward()
    return first, a.grad


def only_a_part_is_freed_of_what_was_run(t):
    a, b = square(t)
    c = b * b
    c.tolist()
    y = c.tanh()
    y.tolist()
    first = t.autograd.grad(y.sum(), c)
    c.sum().backward()
    return first, a.grad


def a_part_is_freed_once(t):
    _, b = square(t)
    y = b.tanh()
    t.autograd.grad(y.sum(), b)
    y.sum().backward()


def of_two_programs_that_have_run(t):
    a = leaf(t)
    b = a * 2
    y = b * 3
    y.tolist()
    b.tolist()
    return t.autograd.grad((y * b).sum(), b)


def of_a_result_and_what_it_was_computed_from(t):
    a, b = square(t)
    y = b * b
    y.tolist()
    b.tolist()
    first = t.autograd.grad((y * b).sum(), b, retain_graph=True)
    return first + t.autograd.grad((y * b).sum(), [a, b])


def hooks_of_what_is_asked_for(t):
    _, b = square(t)
    seen = []
    b.register_hook(lambda g: seen.append(g.clone()) or g * 2)
    return t.autograd.grad((b * b).sum(), b) + tuple(seen)


def of_itself(t):
    _, b = square(t)
    return t.autograd.grad(b, b, t.ones(3))


def into_chosen_inputs(t):
    a, b = square(t)
    (b * b).sum().backward(inputs=[b])
    return b.grad, a.grad


def a_leaf_that_requires_no_gradient_any_more(t):
    a = leaf(t)
    b = a * 2
    grads = []
    for required in (False, True, False, True):
        a.requires_grad_(required)
        b.sum().backward(retain_graph=True)
        grads.append(None if a.grad is None else a.grad.clone())
    return grads


def of_a_whole_that_was_written_through_a_view(t):
    a, b = square(t)
    v = b[1:]
    v *= 3
    return t.autograd.grad((v * v).sum(), [a, b])


def of_a_detached_one_that_took_a_gradient(t):
    a = leaf(t)
    d = t.ones(3).detach()
    d.mul_(a)
    d.mul_(a)
    return d, t.autograd.grad(d.sum(), a)


def of_a_detached_one_whose_memory_was_written(t):
    a = leaf(t)
    c = t.ones(3)
    d = c.detach()
    d.mul_(a)
    with t.no_grad():
        c.add_(1)
    return d, t.autograd.grad((d * d).sum(), a)


PROGRAMS = [
    of_a_detached_one_whose_memory_was_written,
    of_a_whole_that_was_written_through_a_view, of_a_detached_one_that_took_a_gradient,
    written_after_its_use, written_between_two_uses, written_between_two_uses_that_were_read,
    second_derivative_of_one_that_was_written, above_what_was_freed, above_what_was_freed_and_run,
    through_what_was_freed, through_what_was_freed_and_run, above_what_was_freed_after_it_was_run,
    through_what_was_freed_after_it_was_run, all_leaves_after_a_part, only_a_part_is_freed,
    only_a_part_is_freed_of_what_was_run, a_part_is_freed_once, of_two_programs_that_have_run,
    of_a_result_and_what_it_was_computed_from, hooks_of_what_is_asked_for, of_itself, into_chosen_inputs,
    a_leaf_that_requires_no_gradient_any_more,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_program(program):
    both(program)
