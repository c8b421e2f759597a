"""All names that torch for R exports are there."""

from __future__ import annotations

from pathlib import Path

from lamina import nn, optim, rtorch

NAMES = [
    line
    for line in (Path(__file__).parent / "torch_for_r_names.txt").read_text().splitlines()
    if not line.startswith("#")
]


def test_the_list_is_one_of_names():
    assert len(NAMES) == len(set(NAMES)) == 254
    assert all(name.isidentifier() and name.split("_")[0] in ("nn", "nnf", "optim", "lr") for name in NAMES)


def test_all_names_are_there():
    assert not {name for name in NAMES if not hasattr(rtorch, name)}


def test_what_some_of_them_mean():
    assert rtorch.nn_utils_clip_grad_norm_ is nn.utils.clip_grad_norm_
    assert rtorch.nn_utils_rnn_pack_padded_sequence is nn.utils.rnn.pack_padded_sequence
    assert rtorch.nn_utils_weight_norm is nn.utils.weight_norm
    assert rtorch.nn_prune_head is nn.utils.prune_head
    assert rtorch.optim_ignite_adam is rtorch.optim_adam is optim.Adam
    assert rtorch.optim_ignite_rmsprop is rtorch.optim_rmsprop is optim.RMSprop
    assert rtorch.lr_step is optim.lr_scheduler.StepLR and rtorch.lr_scheduler is optim.lr_scheduler.LRScheduler
    assert rtorch.lr_reduce_on_plateau is optim.lr_scheduler.ReduceLROnPlateau
    assert "nn_prune_head" in dir(rtorch) and not hasattr(rtorch, "nn_utils_rnn_rounded")


def test_an_option_may_be_required():
    required = rtorch.optim_required()
    assert required is rtorch.optim_required() and required is not None
