"""Which of the names that torch for R exports are there: all but those listed here."""

from __future__ import annotations

from pathlib import Path

from lamina import nn, optim, rtorch

NAMES = [
    line
    for line in (Path(__file__).parent / "torch_for_r_names.txt").read_text().splitlines()
    if not line.startswith("#")
]

MISSING = set(
    """
    lr_cosine_annealing lr_lambda lr_multiplicative lr_one_cycle lr_reduce_on_plateau lr_scheduler lr_step

    optim_adadelta optim_adagrad optim_asgd optim_ignite_adagrad optim_ignite_rmsprop optim_rmsprop optim_rprop
    """.split()
)
"""Names that nothing stands behind yet. Whoever adds what they mean strikes them off here."""


def test_the_list_is_one_of_names():
    assert len(NAMES) == len(set(NAMES)) == 254
    assert all(name.isidentifier() and name.split("_")[0] in ("nn", "nnf", "optim", "lr") for name in NAMES)


def test_all_but_the_listed_names_are_there():
    missing = {name for name in NAMES if not hasattr(rtorch, name)}
    assert missing - MISSING == set(), "these were there, or are exported by torch for R since"
    assert MISSING - missing == set(), "these are there now: strike them off MISSING"


def test_what_some_of_them_mean():
    assert rtorch.nn_utils_clip_grad_norm_ is nn.utils.clip_grad_norm_
    assert rtorch.nn_utils_rnn_pack_padded_sequence is nn.utils.rnn.pack_padded_sequence
    assert rtorch.nn_utils_weight_norm is nn.utils.weight_norm
    assert rtorch.nn_prune_head is nn.utils.prune_head
    assert rtorch.optim_ignite_adam is rtorch.optim_adam is optim.Adam
    assert "nn_prune_head" in dir(rtorch) and not hasattr(rtorch, "nn_utils_rnn_rounded")


def test_an_option_may_be_required():
    required = rtorch.optim_required()
    assert required is rtorch.optim_required() and required is not None
