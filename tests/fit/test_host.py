"""Copies on the host: the same numbers, no programs."""

from __future__ import annotations

import numpy as np

import lamina
from lamina import nn
from lamina.fit.host import Hosted, on_host


def test_states_of_an_optimizer_are_cut_without_programs():
    lamina.engine.reset()
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), lamina.ones(5, 3)
    optimizer = lamina.optim.Adam(net.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        net(x).sum().backward()
        optimizer.step()
    before = len(lamina.engine.explain())
    copy = Hosted()(optimizer.state_dict())
    assert len(lamina.engine.explain()) == before
    optimizer.zero_grad()
    for i, p in enumerate(net.parameters()):
        for name, value in optimizer.state[p].items():
            np.testing.assert_array_equal(copy["state"][i][name].numpy(), value.numpy(), err_msg=f"{i} {name}")
            assert copy["state"][i][name].dtype is value.dtype
    assert copy["state"][0]["step"] is copy["state"][1]["step"]
    assert copy["param_groups"] == optimizer.state_dict()["param_groups"]


def test_a_copy_does_not_change():
    x = lamina.zeros(3, dtype=lamina.bfloat16)
    copy, view = on_host(x), Hosted()([x[1:]])[0]
    x.add_(1)
    assert copy.tolist() == [0, 0, 0] and view.tolist() == [0, 0]
    assert copy.dtype is lamina.bfloat16 and view.dtype is lamina.bfloat16
    assert on_host(3) == 3
