"""Schedules give PyTorch's learning rates, number by number, and say what PyTorch says."""

from __future__ import annotations

import copy
import warnings

import pytest
import torch

import lamina
from lamina import nn, optim
from lamina.optim import lr_scheduler

BOTH = (lamina, torch)


def optimizer(t, kind="SGD", **options):
    """An optimizer with two groups of different learning rates, and momentum to cycle."""
    params = [t.ones(2, requires_grad=True), t.ones(1, requires_grad=True)]
    if kind == "SGD":
        options = {"momentum": 0.9, **options}
    groups = [{"params": [params[0]]}, {"params": [params[1]], "lr": 0.5}]
    return getattr(t.optim, kind)(groups, **{"lr": 0.05, **options})


def module(t):
    return t.optim.lr_scheduler


class Warm:
    """A function of the epoch that is an object: its attributes are saved."""

    def __init__(self, length=7):
        self.length = length

    def __call__(self, epoch):
        return min(1.0, (epoch + 1) / self.length)


def square(t):
    return 1.0 / (1 + t) ** 2


def chain(t, opt):
    s = module(t)
    return s.ChainedScheduler([s.ConstantLR(opt, factor=0.1, total_iters=4), s.ExponentialLR(opt, gamma=0.9)])


def chain_with_optimizer(t, opt):
    s = module(t)
    return s.ChainedScheduler([s.StepLR(opt, 3), s.LinearLR(opt, total_iters=9)], optimizer=opt)


def sequence(t, opt):
    s = module(t)
    parts = [s.LinearLR(opt, 0.1, total_iters=5), s.CosineAnnealingLR(opt, T_max=20), s.ExponentialLR(opt, 0.95)]
    return s.SequentialLR(opt, parts, milestones=[5, 25])


def sequence_of_sequences(t, opt):
    s = module(t)
    inner = s.SequentialLR(opt, [s.ConstantLR(opt, 0.5, 3), s.StepLR(opt, 2, 0.9)], milestones=[4])
    return s.SequentialLR(opt, [inner, s.ExponentialLR(opt, 0.9)], milestones=[9])


def together(t, opt):
    """Two schedules stepped by hand."""
    return [module(t).ExponentialLR(opt, 0.99), module(t).MultiStepLR(opt, [3, 8, 8, 50], gamma=0.5)]


CASES = {
    "LambdaLR": lambda t, o: module(t).LambdaLR(o, lambda e: 0.95**e),
    "LambdaLR each": lambda t, o: module(t).LambdaLR(o, [lambda e: 1 / (1 + e), Warm()]),
    "MultiplicativeLR": lambda t, o: module(t).MultiplicativeLR(o, lambda e: 0.95 + 0.001 * e),
    "StepLR": lambda t, o: module(t).StepLR(o, 7),
    "StepLR gamma": lambda t, o: module(t).StepLR(o, step_size=3, gamma=0.7),
    "MultiStepLR": lambda t, o: module(t).MultiStepLR(o, [2, 5, 5, 60], gamma=0.3),
    "ConstantLR": lambda t, o: module(t).ConstantLR(o),
    "ConstantLR longer": lambda t, o: module(t).ConstantLR(o, factor=0.7, total_iters=30),
    "LinearLR": lambda t, o: module(t).LinearLR(o),
    "LinearLR down": lambda t, o: module(t).LinearLR(o, start_factor=1.0, end_factor=0.01, total_iters=80),
    "ExponentialLR": lambda t, o: module(t).ExponentialLR(o, 0.93),
    "PolynomialLR": lambda t, o: module(t).PolynomialLR(o),
    "PolynomialLR power": lambda t, o: module(t).PolynomialLR(o, total_iters=90, power=1.7),
    "CosineAnnealingLR": lambda t, o: module(t).CosineAnnealingLR(o, 100),
    "CosineAnnealingLR back up": lambda t, o: module(t).CosineAnnealingLR(o, T_max=13, eta_min=0.003),
    "CosineAnnealingWarmRestarts": lambda t, o: module(t).CosineAnnealingWarmRestarts(o, 8),
    "CosineAnnealingWarmRestarts longer": lambda t, o: module(t).CosineAnnealingWarmRestarts(o, 5, 2, eta_min=0.001),
    "CyclicLR": lambda t, o: module(t).CyclicLR(o, 0.01, 0.3, step_size_up=6),
    "CyclicLR lists": lambda t, o: module(t).CyclicLR(
        o, [0.01, 0.02], [0.3, 0.4], 6, 9, mode="triangular2", base_momentum=[0.7, 0.8], max_momentum=[0.9, 0.95]
    ),
    "CyclicLR exp_range": lambda t, o: module(t).CyclicLR(o, 0.01, 0.3, 6, 3, "exp_range", 0.97, cycle_momentum=False),
    "CyclicLR scale_fn": lambda t, o: module(t).CyclicLR(o, 0.01, 0.3, 6, scale_fn=square, scale_mode="iterations"),
    "OneCycleLR": lambda t, o: module(t).OneCycleLR(o, 0.4, total_steps=110),
    "OneCycleLR linear": lambda t, o: module(t).OneCycleLR(
        o, [0.4, 0.8], epochs=11, steps_per_epoch=10, pct_start=0.4, anneal_strategy="linear", div_factor=10.0
    ),
    "OneCycleLR three phases": lambda t, o: module(t).OneCycleLR(
        o, 0.4, 100, three_phase=True, base_momentum=0.8, max_momentum=0.9, final_div_factor=10.0
    ),
    "SWALR": lambda t, o: t.optim.swa_utils.SWALR(o, 0.002),
    "SWALR linear": lambda t, o: t.optim.swa_utils.SWALR(o, [0.002, 0.8], anneal_epochs=30, anneal_strategy="linear"),
    "SWALR at once": lambda t, o: t.optim.swa_utils.SWALR(o, 0.002, anneal_epochs=0),
    "ChainedScheduler": chain,
    "ChainedScheduler with optimizer": chain_with_optimizer,
    "SequentialLR": sequence,
    "SequentialLR nested": sequence_of_sequences,
    "together": together,
}


def rates(opt):
    """All options of the groups that schedules change."""
    names = ("lr", "initial_lr", "momentum", "betas", "max_lr", "min_lr", "base_momentum", "max_momentum", "swa_lr")
    return [{name: group[name] for name in names if name in group} for group in opt.param_groups]


def walk(opt, schedules, epochs):
    found = []
    for _ in range(epochs):
        opt.step()
        for schedule in schedules:
            schedule.step()
        found.append((rates(opt), [schedule.get_last_lr() for schedule in schedules]))
    return found


def made(t, name, kind="SGD"):
    opt = optimizer(t, kind)
    schedules = CASES[name](t, opt)
    return opt, schedules if isinstance(schedules, list) else [schedules]


@pytest.mark.filterwarnings("ignore:Detected call of")  # PyTorch warns of a sequence in a sequence too
@pytest.mark.parametrize("name", CASES)
def test_a_hundred_epochs_are_pytorchs(name):
    ours, theirs = (made(t, name) for t in BOTH)
    assert rates(ours[0]) == rates(theirs[0])
    assert walk(*ours, 100) == walk(*theirs, 100)


@pytest.mark.parametrize("name", ["CyclicLR", "OneCycleLR"])
def test_beta1_takes_the_place_of_momentum(name):
    ours, theirs = (made(t, name, "Adam") for t in BOTH)
    assert walk(*ours, 30) == walk(*theirs, 30)


@pytest.mark.filterwarnings("ignore:Detected call of")  # PyTorch warns of a sequence in a sequence too
@pytest.mark.parametrize("name", [name for name in CASES if name != "together"])
def test_states_go_to_pytorch_and_back(name):
    """After 10 epochs each takes over the other's state."""
    ours, theirs = (made(t, name) for t in BOTH)
    walk(*ours, 10), walk(*theirs, 10)
    state, expected = (copy.deepcopy(schedules[0].state_dict()) for _, schedules in (ours, theirs))
    assert set(state) == set(expected)
    new = {t: made(t, name) for t in BOTH}
    for t, old, given in ((lamina, ours, expected), (torch, theirs, state)):
        opt, (schedule,) = new[t]
        schedule.load_state_dict(given)
        for group, before in zip(opt.param_groups, old[0].param_groups, strict=True):
            group.update({key: value for key, value in before.items() if key != "params"})
    after = [walk(*new[t], 20) for t in BOTH]
    assert after[0] == after[1] == walk(*theirs, 20)


RESUMED = {
    "LambdaLR": lambda t, o: module(t).LambdaLR(o, lambda e: 0.9**e, last_epoch=4),
    "MultiplicativeLR": lambda t, o: module(t).MultiplicativeLR(o, lambda e: 0.9, last_epoch=4),
    "StepLR": lambda t, o: module(t).StepLR(o, 5, last_epoch=4),
    "MultiStepLR": lambda t, o: module(t).MultiStepLR(o, [5, 9], last_epoch=4),
    "ConstantLR": lambda t, o: module(t).ConstantLR(o, last_epoch=4),
    "LinearLR": lambda t, o: module(t).LinearLR(o, last_epoch=2),
    "ExponentialLR": lambda t, o: module(t).ExponentialLR(o, 0.9, last_epoch=2),
    "PolynomialLR": lambda t, o: module(t).PolynomialLR(o, 9, last_epoch=3),
    "CosineAnnealingLR": lambda t, o: module(t).CosineAnnealingLR(o, 10, last_epoch=6),
    "CosineAnnealingWarmRestarts": lambda t, o: module(t).CosineAnnealingWarmRestarts(o, 4, 2, last_epoch=6),
    "CyclicLR": lambda t, o: module(t).CyclicLR(o, 0.1, 0.3, 8, last_epoch=3),
    "OneCycleLR": lambda t, o: module(t).OneCycleLR(o, 0.3, 40, last_epoch=11),
}


@pytest.mark.parametrize("name", RESUMED)
def test_training_resumes_at_an_epoch(name):
    """`last_epoch=` says where; the groups bring what the schedule before noted in them."""

    def resume(t):
        opt, _ = made(t, name)
        return walk(opt, [RESUMED[name](t, opt)], 15)

    assert resume(lamina) == resume(torch)


@pytest.mark.parametrize(
    "name", ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR"]
)
def test_an_epoch_that_is_given_is_deprecated_and_gives_the_closed_form(name):
    def jump(t):
        opt, (schedule,) = made(t, name)
        opt.step()
        found = []
        for epoch in (1, 7, 3, 30):
            with pytest.warns(UserWarning, match="^The epoch parameter in `scheduler.step") as caught:
                schedule.step(epoch)
            found.append((rates(opt), str(caught[0].message)))
        return found

    assert jump(lamina) == jump(torch)


def test_warm_restarts_take_fractions_of_epochs():
    def restart(t):
        opt = optimizer(t)
        schedule = module(t).CosineAnnealingWarmRestarts(opt, 3, 2)
        found = []
        for epoch in (0, 0.5, 2.9, 3.0, 8.25, 30, None, None):
            schedule.step(epoch)
            found.append((rates(opt), schedule.T_cur, schedule.T_i, schedule.last_epoch))
        with pytest.raises(ValueError, match="^Expected non-negative epoch, but got -1$"):
            schedule.step(-1)
        return found

    assert restart(lamina) == restart(torch)


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 2},
        {"mode": "max", "patience": 1, "factor": 0.5, "cooldown": 2},
        {"patience": 0, "threshold_mode": "abs", "threshold": 0.3, "min_lr": [0.001, 0.2]},
        {"mode": "max", "patience": 0, "threshold_mode": "abs", "threshold": 0.05, "min_lr": 0.004, "eps": 0.01},
    ],
    ids=str,
)
def test_plateaus(options):
    values = [1.0, 0.9, 0.91, 0.9, 0.92, 0.8, 0.8, 0.8, 0.81, 0.82, 0.79, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.7, 0.7, 0.7]

    def flat(t):
        opt = optimizer(t)
        schedule = module(t).ReduceLROnPlateau(opt, **options)
        found = []
        for i, value in enumerate(values):
            schedule.step(t.tensor(value) if i % 2 else value)
            found.append((rates(opt), schedule.get_last_lr(), schedule.num_bad_epochs, schedule.in_cooldown))
        other = module(t).ReduceLROnPlateau(opt)
        other.load_state_dict(schedule.state_dict())
        other.step(0.3)
        found.append(dict(other.state_dict()))
        return found

    assert flat(lamina) == flat(torch)


def test_a_plateau_sees_new_groups():
    opt = optimizer(lamina)
    schedule, fixed = (lr_scheduler.ReduceLROnPlateau(opt, patience=0, min_lr=lr) for lr in (0, [0, 0]))
    opt.add_param_group({"params": [lamina.ones(1, requires_grad=True)], "lr": 1.0})
    schedule.step(1.0), schedule.step(1.0)
    assert [group["lr"] for group in opt.param_groups] == [0.05 * 0.1, 0.05, 0.1]
    fixed.step(1.0)
    with pytest.raises(RuntimeError, match=r"^The number of param groups in the `optimizer` \(3\) differs from when"):
        fixed.step(1.0)


REFUSED = {
    "no optimizer": lambda t: module(t).StepLR(3, 1),
    "no optimizer for a plateau": lambda t: module(t).ReduceLROnPlateau(3),
    "no initial_lr": lambda t: module(t).StepLR(optimizer(t), 1, last_epoch=3),
    "functions": lambda t: module(t).LambdaLR(optimizer(t), [abs]),
    "no function": lambda t: module(t).MultiplicativeLR(optimizer(t), 3),
    "constant": lambda t: module(t).ConstantLR(optimizer(t), factor=2),
    "start": lambda t: module(t).LinearLR(optimizer(t), start_factor=0),
    "end": lambda t: module(t).LinearLR(optimizer(t), end_factor=1.5),
    "T_0": lambda t: module(t).CosineAnnealingWarmRestarts(optimizer(t), 0),
    "T_mult": lambda t: module(t).CosineAnnealingWarmRestarts(optimizer(t), 1, 0.5),
    "eta_min": lambda t: module(t).CosineAnnealingWarmRestarts(optimizer(t), 1, eta_min="a"),
    "factor": lambda t: module(t).ReduceLROnPlateau(optimizer(t), factor=1.0),
    "mode": lambda t: module(t).ReduceLROnPlateau(optimizer(t), mode="least"),
    "threshold mode": lambda t: module(t).ReduceLROnPlateau(optimizer(t), threshold_mode="least"),
    "min_lr": lambda t: module(t).ReduceLROnPlateau(optimizer(t), min_lr=[0.1]),
    "cyclic mode": lambda t: module(t).CyclicLR(optimizer(t), 0.1, 0.2, mode="round"),
    "cyclic lists": lambda t: module(t).CyclicLR(optimizer(t), [0.1], 0.2),
    "no momentum": lambda t: module(t).CyclicLR(optimizer(t, "Adagrad"), 0.1, 0.2),
    "one cycle without momentum": lambda t: module(t).OneCycleLR(optimizer(t, "Adagrad"), 0.1, 10),
    "one cycle of no length": lambda t: module(t).OneCycleLR(optimizer(t), 0.1),
    "one cycle of steps": lambda t: module(t).OneCycleLR(optimizer(t), 0.1, total_steps=-1),
    "one cycle of epochs": lambda t: module(t).OneCycleLR(optimizer(t), 0.1, epochs=0, steps_per_epoch=1),
    "one cycle of no steps": lambda t: module(t).OneCycleLR(optimizer(t), 0.1, epochs=1, steps_per_epoch=0),
    "pct_start": lambda t: module(t).OneCycleLR(optimizer(t), 0.1, 10, pct_start=2.0),
    "anneal_strategy": lambda t: module(t).OneCycleLR(optimizer(t), 0.1, 10, anneal_strategy="round"),
    "no chain": lambda t: module(t).ChainedScheduler([]),
    "chain of none": lambda t: module(t).ChainedScheduler([3], optimizer=optimizer(t)),
    "no sequence": lambda t: module(t).SequentialLR(optimizer(t), [], []),
    "swa strategy": lambda t: t.optim.swa_utils.SWALR(optimizer(t), 0.1, anneal_strategy="round"),
    "swa epochs": lambda t: t.optim.swa_utils.SWALR(optimizer(t), 0.1, anneal_epochs=-1),
    "swa lists": lambda t: t.optim.swa_utils.SWALR(optimizer(t), [0.1]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses(name):
    with pytest.raises((ValueError, TypeError, KeyError)) as wanted:
        REFUSED[name](torch)
    with pytest.raises(type(wanted.value)) as caught:
        REFUSED[name](lamina)
    assert str(caught.value) == str(wanted.value)


@pytest.mark.parametrize("kind", ["ChainedScheduler", "SequentialLR"])
def test_schedules_of_schedules_belong_to_one_optimizer(kind):
    def build(t, wrong):
        opt = optimizer(t)
        s = module(t)
        second = s.ReduceLROnPlateau(opt) if wrong == "plateau" else s.StepLR(optimizer(t), 2)
        schedules = [s.StepLR(opt, 2), second]
        if wrong == "milestones":
            schedules[1] = s.StepLR(opt, 3)
            return s.SequentialLR(opt, schedules, [3, 4])
        return s.ChainedScheduler(schedules) if kind == "ChainedScheduler" else s.SequentialLR(opt, schedules, [3])

    for wrong in ("plateau", "other", "milestones"):
        with pytest.raises(ValueError) as wanted:
            build(torch, wrong)
        with pytest.raises(ValueError) as caught:
            build(lamina, wrong)
        assert str(caught.value) == str(wanted.value)


def test_one_cycle_ends():
    opt = optimizer(lamina)
    schedule = lr_scheduler.OneCycleLR(opt, 0.1, total_steps=3)
    walk(opt, [schedule], 3)
    with pytest.raises(ValueError, match="^Tried to step 4 times. The specified number of total steps is 3$"):
        schedule.step()


def messages(t, act):
    opt = optimizer(t)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act(t, opt)
    return [(warning.category, str(warning.message)) for warning in caught]


def wrong_order(t, opt):
    module(t).StepLR(opt, 2).step()


def stepped_before(t, opt):
    opt.step()
    module(t).StepLR(opt, 2).step()


def overridden(t, opt):
    schedule = module(t).StepLR(opt, 2)
    opt.step = lambda closure=None: None
    opt.step()
    schedule.step()


def overridden_first(t, opt):
    opt.step = lambda closure=None: None
    schedule = module(t).StepLR(opt, 2) if t is lamina else None
    if schedule is not None:
        opt.step()
        schedule.step()


def get_lr_outside(t, opt):
    module(t).StepLR(opt, 2).get_lr()


def second_schedule(t, opt):
    first = module(t).StepLR(opt, 2)
    opt.step()
    second = module(t).ExponentialLR(opt, 0.9)
    first.step(), second.step()


@pytest.mark.parametrize(
    "act", [wrong_order, stepped_before, overridden, overridden_first, get_lr_outside, second_schedule]
)
def test_warnings_are_pytorchs(act):
    assert messages(lamina, act) == messages(torch, act)


def test_a_schedule_keeps_no_optimizer_alive_and_a_copy_steps():
    opt = optimizer(lamina)
    lr_scheduler.StepLR(opt, 2)
    twin = copy.deepcopy(opt)
    twin.step()
    assert "step" not in vars(twin)


def test_a_schedule_of_ones_own():
    class Halves(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [lr / 2**self.last_epoch for lr in self.base_lrs]

    opt = optimizer(lamina)
    walk(opt, [Halves(opt)], 3)
    assert [group["lr"] for group in opt.param_groups] == [0.05 / 8, 0.5 / 8]
    with pytest.raises(NotImplementedError):
        lr_scheduler.LRScheduler(opt)


def test_a_learning_rate_that_is_a_tensor_is_written_to():
    def tensors(t):
        rate = t.tensor(0.4)
        p = t.ones(2, requires_grad=True)
        opt = t.optim.SGD([p], lr=rate)
        schedules = [module(t).ExponentialLR(opt, 0.5), module(t).StepLR(opt, 2)]
        for _ in range(3):
            p.grad = t.ones(2)
            opt.step()
            for schedule in schedules:
                schedule.step()
        assert opt.param_groups[0]["lr"] is rate
        return [rate.item(), schedules[0].get_last_lr()[0].item(), *p.tolist()]

    assert tensors(lamina) == pytest.approx(tensors(torch), rel=1e-6)


SCHEDULES = {
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 20),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.1, 40),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2),
}


@pytest.mark.filterwarnings("ignore:lamina compiled")
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_a_schedule_never_compiles_anew_after_its_second_value(name, kind):
    model = nn.Linear(3, 2)
    opt = getattr(optim, kind)(model.parameters(), lr=0.1, **({"momentum": 0.9} if kind == "SGD" else {}))
    schedule = SCHEDULES[name](opt)
    x = lamina.ones(4, 3)

    def step():
        opt.zero_grad()
        (model(x) ** 2).mean().backward()
        opt.step()
        schedule.step()

    seen = set()
    while len(seen) < 3:
        seen.add(opt.param_groups[0]["lr"])
        step()
    before = lamina.engine.compilations()
    for _ in range(12):
        step()
    assert lamina.engine.compilations() == before


@pytest.mark.parametrize("width", range(11, 15))  # shapes that no other test has, so that all is new here
def test_a_schedule_compiles_nothing_anew(width):
    make = (
        lambda optimizer: lr_scheduler.StepLR(optimizer, 1, 0.5),
        lambda optimizer: lr_scheduler.LinearLR(optimizer, 0.3, total_iters=4),
        lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 5),
        lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=0),
    )[width - 11]
    net, x = lamina.nn.Linear(width, 17), lamina.ones(3, width)
    optimizer = lamina.optim.SGD(net.parameters(), lr=0.07, momentum=0.9)
    schedule = make(optimizer)
    lamina.engine.reset()
    counts, rates = [], set()
    for _ in range(4):
        for _ in range(2):
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()
        rates.add(optimizer.param_groups[0]["lr"])
        schedule.step(*([1.0] if width == 14 else []))
        counts.append(lamina.engine.compilations())
    assert len(rates) > 1
    assert counts[0] > 0
    assert counts == counts[:1] * 4
