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

    nn_adaptive_avg_pool1d nn_adaptive_avg_pool2d nn_adaptive_avg_pool3d nn_adaptive_log_softmax_with_loss
    nn_adaptive_max_pool1d nn_adaptive_max_pool2d nn_adaptive_max_pool3d nn_aum_loss nn_contrib_sparsemax
    nn_conv_transpose1d nn_conv_transpose2d nn_conv_transpose3d nn_cosine_embedding_loss nn_ctc_loss
    nn_embedding_bag nn_fractional_max_pool2d nn_fractional_max_pool3d nn_hinge_embedding_loss nn_lp_pool1d
    nn_lp_pool2d nn_margin_ranking_loss nn_max_unpool1d nn_max_unpool2d nn_max_unpool3d nn_multi_margin_loss
    nn_multihead_attention nn_multilabel_margin_loss nn_multilabel_soft_margin_loss nn_pairwise_distance
    nn_poisson_nll_loss nn_rrelu nn_soft_margin_loss nn_transformer_encoder nn_transformer_encoder_layer
    nn_triplet_margin_loss nn_triplet_margin_with_distance_loss nn_upsample

    nnf_adaptive_avg_pool1d nnf_adaptive_avg_pool2d nnf_adaptive_avg_pool3d nnf_adaptive_max_pool1d
    nnf_adaptive_max_pool2d nnf_adaptive_max_pool3d nnf_affine_grid nnf_area_under_min_fpr_fnr
    nnf_contrib_sparsemax nnf_conv_tbc nnf_conv_transpose1d nnf_conv_transpose2d nnf_conv_transpose3d
    nnf_cosine_embedding_loss nnf_cosine_similarity nnf_ctc_loss nnf_embedding_bag nnf_fold
    nnf_fractional_max_pool2d nnf_fractional_max_pool3d nnf_grid_sample nnf_gumbel_softmax
    nnf_hinge_embedding_loss nnf_interpolate nnf_local_response_norm nnf_lp_pool1d nnf_lp_pool2d
    nnf_margin_ranking_loss nnf_max_unpool1d nnf_max_unpool2d nnf_max_unpool3d nnf_multi_head_attention_forward
    nnf_multi_margin_loss nnf_multilabel_margin_loss nnf_multilabel_soft_margin_loss nnf_normalize
    nnf_pairwise_distance nnf_pdist nnf_pixel_shuffle nnf_poisson_nll_loss nnf_rrelu nnf_rrelu_
    nnf_soft_margin_loss nnf_triplet_margin_loss nnf_triplet_margin_with_distance_loss nnf_unfold

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
