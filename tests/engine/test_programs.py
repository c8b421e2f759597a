"""How many programs loops compile, when they run, and what they donate."""

from __future__ import annotations

import gc
import threading
import warnings

import jax
import numpy as np
import pytest

import lamina
from lamina import nn, optim


@pytest.fixture(autouse=True)
def _fresh():
    lamina.synchronize()
    lamina.engine.reset()


def compiled(loop) -> int:
    """How many programs a loop compiles."""
    before = lamina.engine.compilations()
    loop()
    lamina.synchronize()
    return lamina.engine.compilations() - before


def small_net():
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))


def test_a_training_loop_is_one_program():
    net, x, y = small_net(), lamina.randn(20, 3), lamina.randn(20, 1)
    opt = optim.Adam(net.parameters())
    losses = []

    def loop():
        for _ in range(30):
            opt.zero_grad()
            loss = nn.functional.mse_loss(net(x), y)
            loss.backward()
            opt.step()
            losses.append(loss)

    assert compiled(loop) == 1
    assert len({loss.item() for loss in losses}) == 30


def test_a_loop_without_an_optimizer_compiles_a_constant_number():
    w = lamina.randn(3, 1, requires_grad=True)
    x, y = lamina.randn(20, 3), lamina.randn(20, 1)

    def loop(steps):
        for _ in range(steps):
            loss = ((x @ w - y) ** 2).mean()
            loss.backward()
            with lamina.no_grad():
                w.sub_(0.1 * w.grad)
                w.grad.zero_()

    first = compiled(lambda: loop(5))
    assert first <= 3
    assert compiled(lambda: loop(60)) == 0


def test_the_books_loop_with_grad_set_to_none():
    w = lamina.randn(3, 1, requires_grad=True)
    x, y = lamina.randn(20, 3), lamina.randn(20, 1)

    def loop(steps):
        for i in range(steps):
            loss = ((x @ w - y) ** 2).mean()
            if i % 10 == 0:
                loss.item()
            loss.backward()
            with lamina.no_grad():
                w.sub_(0.1 * w.grad)
            w.grad = None

    assert compiled(lambda: loop(105)) <= 8  # a loss that was read 8 times comes with its gradients from then on
    assert compiled(lambda: loop(60)) == 0


def test_an_inference_loop_that_reads_at_the_end():
    net = small_net()
    outputs = []

    def loop():
        with lamina.no_grad():
            for _ in range(50):
                outputs.append(net(lamina.ones(1, 3)))

    assert compiled(loop) <= 2
    assert all(bool(o.isfinite().all()) for o in outputs)


def test_mini_batches_by_slicing_compile_once():
    net, x, y = small_net(), lamina.randn(100, 3), lamina.randn(100, 1)
    opt = optim.SGD(net.parameters(), lr=0.1)

    def loop():
        for _ in range(3):
            for start in range(0, 100, 20):
                opt.zero_grad()
                nn.functional.mse_loss(net(x[start : start + 20]), y[start : start + 20]).backward()
                opt.step()

    assert compiled(loop) <= 3


def test_a_varying_number_compiles_twice():
    x = lamina.ones(4)

    def loop():
        for i in range(50):
            assert np.allclose((x * (0.1 + i)).numpy(), 0.1 + i)

    assert compiled(loop) == 2


def test_a_learning_rate_schedule_compiles_at_most_twice():
    net, x = small_net(), lamina.randn(5, 3)
    opt = optim.SGD(net.parameters(), lr=0.1)

    def loop():
        for i in range(40):
            opt.param_groups[0]["lr"] = 0.1 / (i + 1)
            opt.zero_grad()
            net(x).sum().backward()
            opt.step()

    assert compiled(loop) <= 2


def test_numbers_that_vary_keep_their_kind():
    x = lamina.tensor([1, 2, 3])
    results = [x + number for number in (1, 2, 3, 1.5, 2.5, True, False)]
    expected = [lamina.int64] * 3 + [lamina.float32] * 2 + [lamina.int64] * 2
    assert [r.dtype for r in results] == expected
    assert [r.tolist()[0] for r in results] == [2, 3, 4, 2.5, 3.5, 2, 1]


def test_negative_zero_and_nan_are_numbers_of_their_own():
    x = lamina.ones(1)
    zeros = [(x * number).numpy() for number in (0.0, -0.0, 0.0, -0.0)]
    assert [bool(np.signbit(z[0])) for z in zeros] == [False, True, False, True]
    assert compiled(lambda: [(x + float("nan")).numpy() for _ in range(10)]) <= 2


def test_dropout_draws_new_numbers_from_one_program():
    x = lamina.ones(1000)
    drawn = []

    def loop():
        drawn.extend(nn.functional.dropout(x, 0.5).numpy() for _ in range(10))

    assert compiled(loop) == 1
    assert len({d.tobytes() for d in drawn}) == 10


def test_results_nobody_holds_are_not_computed():
    x = lamina.ones(3)
    for _ in range(10):
        x * 2
    assert compiled(lamina.synchronize) == 0


def test_a_long_trace_is_run_in_pieces():
    limit = lamina.engine.config.limit
    x = lamina.zeros(2) + 0
    for _ in range(limit + 10):
        x = x + 1
    assert x.tolist() == [limit + 10.0] * 2


def test_replaced_parameters_are_donated():
    w = nn.Parameter(lamina.ones(256, 256))
    opt = optim.SGD([w], lr=0.1)
    x = lamina.ones(1, 256)
    for _ in range(3):
        opt.zero_grad()
        (x @ w).sum().backward()
        opt.step()
    address = w.data_ptr()
    opt.zero_grad()
    (x @ w).sum().backward()
    opt.step()
    assert w.data_ptr() == address


def test_what_somebody_holds_is_never_overwritten():
    w = nn.Parameter(lamina.ones(64, 64))
    opt = optim.SGD([w], lr=0.1)
    held = w.detach().clone(), w.detach().array(), w.detach().numpy()
    for _ in range(3):
        opt.zero_grad()
        w.sum().backward()
        opt.step()
    assert all(float(np.asarray(h).sum()) == 64 * 64 for h in held)


def test_warning_when_a_line_compiles_over_and_over():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for n in range(1, 25):
            (lamina.ones(n) * lamina.rand(n)).sum().item()
    messages = [str(w.message) for w in caught if "compiled" in str(w.message)]
    assert len(messages) == 1
    assert "test_programs.py" in messages[0]


def test_explain_names_line_and_reason():
    x = lamina.rand(173, 3)
    (x * 2).sum().item()
    (lamina.rand(178, 3) * 2).sum().item()
    last = lamina.engine.explain()[-1]
    assert "test_programs.py" in last.line
    assert "float32[178, 3]" in last.reason
    assert "programs compiled" in repr(lamina.engine.explain())


def test_an_error_leaves_the_trace_usable():
    x, w = lamina.ones(2, 3), lamina.ones(4, 5)
    y = x * 2
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        x @ w
    assert (y + 1).tolist() == [[3.0] * 3] * 2


def test_same_program_same_bits():
    def train():
        lamina.manual_seed(5)
        net = nn.Sequential(nn.Linear(3, 16), nn.Dropout(0.2), nn.Linear(16, 1))
        opt = optim.Adam(net.parameters(), lr=0.01)
        x, y = lamina.randn(32, 3), lamina.randn(32, 1)
        for _ in range(10):
            opt.zero_grad()
            nn.functional.mse_loss(net(x), y).backward()
            opt.step()
        return b"".join(p.detach().numpy().tobytes() for p in net.parameters())

    assert train() == train()


def test_two_threads_train_as_one_would():
    def train(results, key, seed):
        generator = np.random.default_rng(seed)
        w = lamina.tensor(generator.standard_normal((3, 1)).astype(np.float32), requires_grad=True)
        x = lamina.tensor(generator.standard_normal((20, 3)).astype(np.float32))
        opt = optim.Adam([w], lr=0.05)
        for _ in range(50):
            opt.zero_grad()
            ((x @ w).tanh() ** 2).mean().backward()
            opt.step()
        results[key] = w.tolist()

    alone, together = {}, {}
    for seed in (1, 2):
        train(alone, seed, seed)
    threads = [threading.Thread(target=train, args=(together, seed, seed)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_threads_share_a_model_whose_values_are_pending_elsewhere():
    net = small_net()
    with lamina.no_grad():
        for p in net.parameters():
            p.mul_(2)
    x = lamina.ones(4, 3) * 3
    found, errors = [], []

    def infer():
        try:
            with lamina.no_grad():
                for _ in range(20):
                    found.append(net(x).tolist())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=infer) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(found) == 60
    assert all(f == found[0] for f in found)


def test_importing_lamina_changes_no_setting_of_jax():
    import subprocess
    import sys

    code = (
        "import jax; before = dict(jax.config.values); import lamina;"
        "x = lamina.ones(3, requires_grad=True); (x * 2.5).sum().backward(); x.grad.tolist();"
        "after = dict(jax.config.values); assert before == after, {k for k in after if before.get(k) != after[k]};"
        "import jax.numpy as jnp; assert jnp.arange(3).dtype == jnp.int32"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_eager_mode_runs_each_operation_at_its_line():
    import os
    import subprocess
    import sys

    code = (
        "import lamina\n"
        "x = lamina.tensor([1.0, 2.0], requires_grad=True)\n"
        "y = x * 3\n"
        "assert y._value.array is not None\n"
        "z = (y.exp() * x).sum()\n"
        "assert z._value.array is not None\n"
        "z.backward()\n"
        "print(x.grad.tolist())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "LAMINA_EAGER": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    x = lamina.tensor([1.0, 2.0], requires_grad=True)
    ((x * 3).exp() * x).sum().backward()
    np.testing.assert_allclose(eval(run.stdout), x.grad.tolist(), rtol=1e-6)


def test_modules_work_inside_jax_transforms():
    net = small_net()
    params = {name: p.detach().array() for name, p in net.named_parameters()}
    x = np.ones((4, 3), np.float32)

    def loss(params, x):
        return (lamina.func.functional_call(net, params, x) ** 2).sum()

    value, grads = jax.jit(jax.value_and_grad(loss))(params, x)
    out = (net(lamina.tensor(x)) ** 2).sum()
    out.backward()
    np.testing.assert_allclose(value, out.item(), rtol=1e-5)
    for name, p in net.named_parameters():
        np.testing.assert_allclose(grads[name], p.grad.numpy(), rtol=1e-4, atol=1e-6)
    each = jax.vmap(lambda row: lamina.func.functional_call(net, params, row))(x)
    np.testing.assert_allclose(each, net(lamina.tensor(x)).detach().numpy(), rtol=1e-5)
    assert all(isinstance(p._value.array, jax.Array) for p in net.parameters())


def test_jax_arrays_go_in_and_out_without_a_copy():
    array = jax.numpy.arange(1000.0)
    x = lamina.as_tensor(array)
    assert x.array() is array
    assert jax.numpy.asarray(x) is array or np.shares_memory(np.asarray(jax.numpy.asarray(x)), np.asarray(array))
    np.testing.assert_array_equal(np.from_dlpack(x), np.asarray(array))
    assert lamina.from_dlpack(np.arange(3.0)).tolist() == [0.0, 1.0, 2.0]


def test_losses_in_a_list_hold_no_growing_memory():
    net, x, y = small_net(), lamina.randn(20, 3), lamina.randn(20, 1)
    opt = optim.Adam(net.parameters())
    losses = []

    def steps(n):
        for _ in range(n):
            opt.zero_grad()
            loss = nn.functional.mse_loss(net(x), y)
            loss.backward()
            opt.step()
            losses.append(loss)
        lamina.synchronize()
        gc.collect()
        return len(jax.live_arrays())

    before = steps(20)
    after = steps(200)
    assert after - before == 200  # one array for each loss, and nothing that hangs on it
    assert not any(loss._value.home for loss in losses)


def test_an_interrupted_program_is_reported_when_read(monkeypatch):
    from lamina.engine import run

    x = lamina.ones(3, 1, 19) * lamina.rand(3, 1, 19)  # a shape of its own: a known program is not looked for

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_find", interrupt)
    with pytest.raises(KeyboardInterrupt):
        x.tolist()
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match="was lost"):
        x.tolist()
    assert (lamina.ones(2) + 1).tolist() == [2.0, 2.0]


def test_the_cache_on_disk_serves_a_fresh_process(tmp_path):
    import os
    import subprocess
    import sys

    code = (
        "import lamina\n"
        "x = lamina.rand(13, 7)\n"
        "(x.sin() * 3).sum().item()\n"
        "print([c.from_disk for c in lamina.engine.explain()])\n"
    )
    env = {**os.environ, "LAMINA_CACHE_DIR": str(tmp_path)}
    outputs = [
        subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout.strip()
        for _ in range(2)
    ]
    assert outputs == ["[False]", "[True]"]
    for file in tmp_path.glob("*.program"):
        file.write_bytes(b"damaged")
    again = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True)
    assert again.stdout.strip() == "[False]"
    off = {**env, "LAMINA_CACHE_DIR": "off"}
    again = subprocess.run([sys.executable, "-c", code], env=off, check=True, capture_output=True, text=True)
    assert again.stdout.strip() == "[False]"


def test_a_line_with_many_lengths_compiles_each_length_once():
    def row(n):
        x = lamina.zeros(12)
        x[:n] = lamina.ones(n)  # the line
        return x

    rng = np.random.default_rng(0)
    w = lamina.ones(12, requires_grad=True)
    compiled = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for _ in range(40):
            lengths = rng.integers(1, 6, size=5)  # 3125 kinds of batches
            loss = (lamina.stack([row(int(n)) for n in lengths]) * w).sum()
            loss.backward()
            assert loss.item() == lengths.sum()
            compiled.append(lamina.engine.compilations())
    assert compiled[-1] == compiled[19]


def test_places_of_views_are_seen_to_vary_by_line():
    """32 pieces at places that vary: one program of them with the first place fixed, and one with none."""
    data = lamina.rand(500) * 2
    lamina.synchronize()
    lamina.engine.reset()
    for seed in range(4):
        places = [(7 * seed + 11 * i) % 400 for i in range(32)]
        pieces = lamina.stack([data[i : i + 8] for i in places])
        np.testing.assert_array_equal(pieces.numpy(), np.stack([data.numpy()[i : i + 8] for i in places]))
    assert lamina.engine.compilations() == 2


def test_views_at_the_same_places_in_each_step_are_one_program():
    data = lamina.rand(6, 4) * 2
    lamina.synchronize()

    def loop():
        for _ in range(4):
            (data[2:4] + data[:, 1:3][2:4].sum()).tolist()

    assert compiled(loop) == 1
