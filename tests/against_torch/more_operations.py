"""Cases for functions that PyTorch's table of operators does not list, and where those without a case are tested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.parity import bools, floats, integers, positives

X, Y, P = floats(3, 4), floats(3, 4, seed=1), positives(3, 4)
LINE, IMAGE, VOLUME = floats(2, 4, 6), floats(2, 4, 6, 5), floats(1, 2, 4, 4, 4)
VECTOR, MATRIX, SQUARE = floats(4), floats(4, 5), floats(3, 3)
WHOLE, SIGNS = integers(3, 4), np.sign(floats(3, seed=2))

_TYPES = ("float64", "complex64", "int64", "bfloat16", "bool")

UNORDERED = {"topk", "kthvalue", "mode", "sort", "argsort", "msort", "median", "nanmedian", "min", "max", "unique"}
UNORDERED |= {"linalg.eig", "linalg.eigh", "linalg.svd", "svd", "geqrf"}
"""Which of several equal elements is found, and the sign of vectors, is not said: the first result is compared."""

INEXACT = {"logcumsumexp"}
"""Where PyTorch's float32 gradient is off by a hundredth: float64 is compared."""

DIFFERENT = {
    "linalg.lstsq": "its empty results say that they need a gradient",
    "nextafter": "PyTorch's result requires a gradient that it cannot compute",
    "as_strided_scatter": "PyTorch's gradient is that of another place: elements that src covers get one",
    "linalg.eig": "vectors are given up to a factor, which a gradient sees",
    "linalg.eigh": "vectors are given up to a sign, which a gradient sees",
    "linalg.svd": "vectors are given up to a sign, which a gradient sees",
    "svd": "vectors are given up to a sign, which a gradient sees",
}
"""Operators of which gradients are not compared here."""

EXCUSED = {
    **dict.fromkeys(
        (("sort", "bfloat16"), ("msort", "bfloat16"), ("argsort", "bfloat16"), ("argsort", "bool")),
        "which of equal numbers comes first is not said",
    ),
    **dict.fromkeys(
        (("linalg.householder_product", "float64"), ("linalg.householder_product", "complex64")),
        "where there is no reflection, PyTorch's gradient is None",
    ),
    **dict.fromkeys(
        (("pow", "bfloat16"), ("kron", "bfloat16"), ("grid_sampler_2d", "bfloat16"), ("grid_sampler_3d", "bfloat16")),
        "PyTorch rounds between its steps",
    ),
    **dict.fromkeys((("special.i1", "bfloat16"), ("special.i1e", "bfloat16")), "PyTorch has no gradient"),
    ("matrix_exp", "bfloat16"): "PyTorch's is nan",
    ("renorm", "complex64"): "PyTorch's gradient is nan",
    ("logsumexp", "complex64"): "PyTorch's gradient is off by a hundredth",
    **dict.fromkeys(
        (("logcumsumexp", "complex64"), ("logcumsumexp", "bfloat16")), "PyTorch adds up phases beyond pi, and rounds"
    ),
    **dict.fromkeys(
        (("double", "float64"), ("cfloat", "complex64"), ("bfloat16", "bfloat16")),
        "with memory_format PyTorch copies what has the type already",
    ),
    ("norm", "float64"): "the gradient of the number of nonzero elements is 0, PyTorch's None",
    ("norm", "complex64"): "the gradient of the number of nonzero elements is 0, PyTorch's None",
    ("norm", "bfloat16"): "the gradient of the number of nonzero elements is 0, PyTorch's None",
    ("lu", "float64"): "the method's results have names, as the function's",
    ("lu", "complex64"): "the method's results have names, as the function's",
    ("ormqr", "float64"): "of nothing, PyTorch's gradient is None",
    ("ormqr", "complex64"): "of nothing, PyTorch's gradient is None",
    **{("addbmm", dtype): "PyTorch lets a single number become a matrix in place" for dtype in _TYPES},
}
"""Operators and types of which one of many samples differs, and why."""

NOT_COMPARED = {
    **dict.fromkeys(
        "bernoulli cauchy exponential geometric log_normal normal uniform multinomial rand_like randint randint_like "
        "randn randn_like svd_lowrank pca_lowrank".split(),
        "random: tests/ops/test_random.py, test_discrete_random.py",
    ),
    **dict.fromkeys(
        "empty empty_like empty_permuted empty_strided new_empty new_empty_strided".split(), "numbers are whatever"
    ),
    **dict.fromkeys(("resize_", "resize_as_"), "new elements are whatever: tests/test_functions_strided.py"),
    "native_group_norm": "its statistics say they need a gradient and have none: tests/test_functions_native_norm.py",
    **dict.fromkeys(("linalg.ldl_factor", "linalg.ldl_factor_ex", "linalg.ldl_solve"), "NotImplementedError"),
    **dict.fromkeys(("linalg.pinv.singular", "linalg.pinv.hermitian"), "samples need to be made symmetric first"),
    **{
        f"polygamma.polygamma_n_{n}": "its arguments come in another order: tests/ops/test_special.py" for n in range(5)
    },
    **dict.fromkeys(("where", "einsum", "zero_"), "called in another way: they have cases"),
    **{f"special.polygamma.special_polygamma_n_{n}": "called in another way: it has a case" for n in range(5)},
    "normal.in_place": "random",
    "normal.number_mean": "random",
    "chalf": "half-precision complex numbers are not there",
    "to_sparse": "its result is sparse",
}
"""Operators without a comparison here, and why."""


def _of(name: str, *more: Any, **options: Any) -> Callable[..., Any]:
    """A call of a root function."""
    return lambda t, *inputs: getattr(t, name)(*inputs, *more, **options)


def _method(name: str, *more: Any, **options: Any) -> Callable[..., Any]:
    """A call of a method of the first input."""
    return lambda t, x, *inputs: getattr(x, name)(*inputs, *more, **options)


def _in_place(name: str, *more: Any) -> Callable[..., Any]:
    return lambda t, x: getattr(t, name)(x.clone(), *more)


CELL = (floats(2, 3), floats(2, 4), floats(4, 3, seed=1), floats(4, 4, seed=2))
GATES = {
    name: (floats(2, 3), floats(2, 4), floats(n * 4, 3), floats(n * 4, 4)) for name, n in (("gru", 3), ("lstm", 4))
}

CASES: dict[str, tuple[Any, ...]] = {
    # pooling
    "adaptive_avg_pool1d": (_of("adaptive_avg_pool1d", 3), LINE),
    "adaptive_max_pool1d": (_of("adaptive_max_pool1d", 3), LINE),
    "avg_pool1d": (_of("avg_pool1d", 2, 1), LINE),
    "max_pool1d": (_of("max_pool1d", 2, 1), LINE),
    "max_pool1d_with_indices": (_of("max_pool1d_with_indices", 2, 1), LINE),
    "max_pool2d": (_of("max_pool2d", 2), IMAGE),
    "max_pool3d": (_of("max_pool3d", 2), VOLUME),
    # shapes
    "channel_shuffle": (_of("channel_shuffle", 2), IMAGE),
    "native_channel_shuffle": (_of("native_channel_shuffle", 2), IMAGE),
    "pixel_shuffle": (_of("pixel_shuffle", 2), IMAGE),
    "pixel_unshuffle": (_of("pixel_unshuffle", 2), floats(2, 3, 4, 6)),
    "detach": (_of("detach"), X),
    "detach_copy": (_of("detach_copy"), X),
    "detach_": (lambda t, x: t.detach_(x * 2), X),
    "select_copy": (_of("select_copy", 1, 2), X),
    "slice_copy": (_of("slice_copy", 1, 0, 3, 2), X),
    "split_copy": (_of("split_copy", 2, 1), X),
    "unsafe_split_with_sizes": (_of("unsafe_split_with_sizes", (1, 3), 1), X),
    "Tensor.unsafe_split_with_sizes": (_method("unsafe_split_with_sizes", (1, 3), 1), X),
    "view_as_complex_copy": (_of("view_as_complex_copy"), floats(3, 2)),
    "view_as_real_copy": (_of("view_as_real_copy"), floats(3) + 1j * floats(3, seed=1)),
    "vander": (_of("vander", 3, increasing=True), VECTOR),
    # activations
    **{name: (_of(name), X) for name in ("celu", "relu", "selu", "hardshrink")},
    **{name: (_in_place(name), X) for name in ("celu_", "relu_", "selu_")},
    "threshold": (_of("threshold", 0.1, 2.0), X),
    "threshold_": (_in_place("threshold_", 0.1, 2.0), X),
    "prelu": (_of("prelu"), X, floats(1)),
    "rrelu": (_of("rrelu"), X),
    "rrelu_": (_in_place("rrelu_"), X),
    # dropout that does nothing
    **{
        name: (_of(name, 0.5, False), LINE)
        for name in ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout", "native_dropout")
    },
    **{
        f"{name}_": (_in_place(f"{name}_", 0.5, False), LINE)
        for name in ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")
    },
    # losses and distances
    "binary_cross_entropy_with_logits": (
        _of("binary_cross_entropy_with_logits"), X, bools(3, 4).astype(np.float32)
    ),
    "cosine_embedding_loss": (_of("cosine_embedding_loss"), X, Y, SIGNS),
    "hinge_embedding_loss": (_of("hinge_embedding_loss"), floats(3), SIGNS),
    "kl_div": (_of("kl_div", reduction=1, log_target=True), X, Y),
    "margin_ranking_loss": (_of("margin_ranking_loss", 0.1), floats(3), floats(3, seed=1), SIGNS),
    "poisson_nll_loss": (_of("poisson_nll_loss", True, False, 1e-8, 1), X, P),
    "triplet_margin_loss": (_of("triplet_margin_loss"), X, Y, floats(3, 4, seed=2)),
    "cosine_similarity": (_of("cosine_similarity"), X, Y),
    "pairwise_distance": (_of("pairwise_distance"), X, Y),
    "pdist": (_of("pdist"), X),
    "ctc_loss": (
        lambda t, x: t.ctc_loss(x.log_softmax(2), t.tensor([[1, 2]]), t.tensor([4]), t.tensor([2])), floats(4, 1, 3)
    ),
    # layers
    "batch_norm": (lambda t, x, w: t.batch_norm(x, w, w, None, None, True, 0.1, 1e-5, False), LINE, VECTOR),
    "instance_norm": (lambda t, x, w: t.instance_norm(x, w, w, None, None, True, 0.1, 1e-5, False), LINE, VECTOR),
    "bilinear": (_of("bilinear"), X, floats(3, 2), floats(5, 4, 2), floats(5)),
    "conv_tbc": (_of("conv_tbc", 1), LINE, floats(3, 6, 2), floats(2)),
    "embedding": (_of("embedding"), X, integers(2, 2, low=0, high=3)),
    "affine_grid_generator": (_of("affine_grid_generator", (2, 1, 3, 4), False), floats(2, 2, 3)),
    "grid_sampler": (_of("grid_sampler", 0, 0, False), floats(1, 2, 4, 4), floats(1, 3, 3, 2) / 3),
    "rnn_tanh_cell": (_of("rnn_tanh_cell"), *CELL),
    "rnn_relu_cell": (_of("rnn_relu_cell"), *CELL),
    "gru_cell": (_of("gru_cell"), *GATES["gru"]),
    "lstm_cell": (lambda t, x, h, w, u: t.lstm_cell(x, (h, h), w, u), *GATES["lstm"]),
    # linear algebra
    "chain_matmul": (lambda t, x, y: t.chain_matmul(x, y, x), SQUARE, floats(3, 3, seed=1)),
    "frobenius_norm": (_of("frobenius_norm", (0, 1)), X),
    "nuclear_norm": (_of("nuclear_norm"), SQUARE),
    "norm_except_dim": (_of("norm_except_dim", 2, 1), X),
    "slogdet": (_of("slogdet"), SQUARE),
    "segment_reduce": (lambda t, x: t.segment_reduce(x, "sum", lengths=t.tensor([1, 3])), VECTOR),
    # made of nothing
    **{
        f"{name}_window": (lambda t, name=name: getattr(t, f"{name}_window")(7, periodic=False),)
        for name in ("bartlett", "blackman", "hamming", "hann", "kaiser")
    },
    "range": (lambda t: t.range(0, 5, 2),),
    "fft.fftfreq": (lambda t: t.fft.fftfreq(5, 0.5),),
    "fft.rfftfreq": (lambda t: t.fft.rfftfreq(6, 0.5),),
    "tensor": (lambda t: t.tensor([[1, 2.5]]),),
    "as_tensor": (lambda t: t.as_tensor([1, 2]),),
    "asarray": (lambda t: t.asarray([True, False]),),
    "from_numpy": (lambda t: t.from_numpy(np.arange(3.0)),),
    "frombuffer": (lambda t: t.frombuffer(bytearray(range(8)), dtype=t.int16),),
    # special
    "special.gammainc": (lambda t, x, y: t.special.gammainc(x, y), P, positives(3, 4, seed=1)),
    "special.gammaincc": (lambda t, x, y: t.special.gammaincc(x, y), P, positives(3, 4, seed=1)),
    "polygamma": (lambda t, x: t.polygamma(2, x), P),
    "special.polygamma": (lambda t, x: t.special.polygamma(1, x), X),
    "Tensor.polygamma": (_method("polygamma", 1), X),
    "Tensor.polygamma_": (lambda t, x: x.clone().polygamma_(0), X),
    "where": (lambda t, x, y: t.where(x > 0, x, y), X, Y),
    "Tensor.where": (lambda t, x, y: x.where(x > 0, y), X, Y),
    "einsum": (lambda t, x, y: t.einsum("ij,kj->ik", x, y), X, Y),
    "zero_": (lambda t, x: t.zero_(x.clone()), X),
    "Tensor.zero_": (lambda t, x: x.clone().zero_(), X),
    # facts
    **{
        name: (lambda t, x, name=name: getattr(t, name)(x), X)
        for name in "is_complex is_conj is_floating_point is_inference is_neg is_signed is_tensor numel "
        "is_distributed get_device is_storage".split()
    },
    **{
        f"Tensor.{name}": (lambda t, x, name=name: getattr(x, name)(), X)
        for name in "is_complex is_conj is_floating_point is_inference is_neg is_signed is_contiguous is_distributed "
        "get_device dim ndimension nelement numel element_size storage_offset stride size tolist is_pinned is_shared "
        "dim_order detach cpu".split()
    },
    "is_nonzero": (lambda t, x: t.is_nonzero(x), floats(1)),
    "Tensor.is_nonzero": (lambda t, x: x.is_nonzero(), floats(1)),
    "is_same_size": (_of("is_same_size"), X, Y),
    "Tensor.is_same_size": (_method("is_same_size"), X, Y),
    "Tensor.is_set_to": (lambda t, x: (x.is_set_to(x), x.is_set_to(x.clone())), X),
    "can_cast": (lambda t: t.can_cast(t.float32, t.int64),),
    "promote_types": (lambda t: t.promote_types(t.uint8, t.int8),),
    "result_type": (lambda t, x: t.result_type(x, 1.5), WHOLE),
    **{f"sym_{name}": (lambda t, name=name: getattr(t, f"sym_{name}")(2.5),) for name in ("int", "float", "sqrt")},
    **{f"sym_{name}": (lambda t, name=name: getattr(t, f"sym_{name}")(2, 2.5),) for name in ("max", "min")},
    "sym_not": (lambda t: t.sym_not(True),),
    "sym_sum": (lambda t: t.sym_sum([1, 2]),),
    "sym_ite": (lambda t: t.sym_ite(True, 1, 2),),
    # methods
    "Tensor.apply_": (lambda t, x: x.detach().clone().apply_(lambda v: v * 2), X),
    "Tensor.map_": (lambda t, x, y: x.detach().clone().map_(y, lambda a, b: a - b), X, Y),
    "Tensor.map2_": (lambda t, x, y: x.detach().clone().map2_(y, y, lambda a, b, c: a - b * c), X, Y),
    "Tensor.copy_": (lambda t, x, y: x.clone().copy_(y[0]), X, Y),
    "Tensor.detach_": (lambda t, x: (x * 2).detach_(), X),
    "Tensor.fill_diagonal_": (lambda t, x: x.clone().fill_diagonal_(2.0), X),
    "Tensor.new": (lambda t, x: x.new([1, 2]), X),
    "Tensor.new_tensor": (lambda t, x: x.new_tensor([[1, 2]]), X),
    "Tensor.numpy": (lambda t, x: t.tensor(x.detach().numpy() * 2), X),
    "Tensor.type": (lambda t, x: x.type().partition(".")[2], X),
    "Tensor.type_as": (_method("type_as"), X, floats(2, dtype=np.float64)),
    "Tensor.backward": (lambda t, x: [(x * 3).sum().backward(), x.grad], X),
    "Tensor.requires_grad_": (lambda t, x: x.clone().detach().requires_grad_().requires_grad, X),
    "Tensor.retain_grad": (lambda t, x: [y := x * 3, y.retain_grad(), y.sum().backward(), y.grad][-1], X),
    **{f"Tensor.{name}": (_method(name), X) for name in ("relu", "hardshrink")},
    "Tensor.relu_": (lambda t, x: x.clone().relu_(), X),
    "Tensor.prelu": (_method("prelu"), X, floats(1)),
    "Tensor.slogdet": (_method("slogdet"), SQUARE),
    "Tensor.register_hook": (lambda t, x: [x.register_hook(lambda g: g * 5), (x * 3).sum().backward(), x.grad][-1], X),
}  # fmt: skip
"""Name -> what is called, and its inputs."""

VALUES_ONLY = {
    **dict.fromkeys(
        "detach_copy view_as_complex_copy native_channel_shuffle vander special.gammainc special.gammaincc "
        "Tensor.map_ Tensor.map2_".split(),
        "PyTorch has no gradient there",
    ),
    **dict.fromkeys(("cosine_embedding_loss", "hinge_embedding_loss"), "PyTorch has no gradient of the signs"),
    "Tensor.copy_": "the old elements have a gradient of zeros, or none",
}
"""Cases without gradients, and why."""

ELSEWHERE = {
    **dict.fromkeys(
        "dsmm hsmm hspmm smm spmm sspaddmm sparse_coo_tensor Tensor.coalesce Tensor.dense_dim Tensor.indices "
        "Tensor.is_coalesced Tensor.sparse_dim Tensor.sparse_mask Tensor.to_dense Tensor.to_sparse_coo "
        "Tensor.values".split(),
        "sparse tensors: tests/sparse",
    ),
    **dict.fromkeys(("load", "save"), "files: tests/io"),
    **dict.fromkeys(("fork", "wait"), "tests/test_torch_rooms.py"),
    **dict.fromkeys(
        "are_deterministic_algorithms_enabled compile compiled_with_cxx11_abi get_deterministic_debug_mode "
        "get_float32_matmul_precision get_num_interop_threads get_num_threads init_num_threads "
        "is_deterministic_algorithms_warn_only_enabled is_vulkan_available is_warn_always_enabled "
        "set_deterministic_debug_mode set_float32_matmul_precision set_flush_denormal set_num_interop_threads "
        "set_num_threads set_warn_always use_deterministic_algorithms".split(),
        "a switch: tests/test_settings.py",
    ),
    **dict.fromkeys(
        "autocast_decrement_nesting autocast_increment_nesting clear_autocast_cache get_autocast_cpu_dtype "
        "get_autocast_dtype get_autocast_gpu_dtype is_autocast_cache_enabled is_autocast_cpu_enabled "
        "is_autocast_enabled set_autocast_cache_enabled set_autocast_cpu_dtype set_autocast_cpu_enabled "
        "set_autocast_dtype set_autocast_enabled set_autocast_gpu_dtype".split(),
        "a switch: tests/amp/test_autocast.py",
    ),
    **dict.fromkeys(
        "get_default_device set_default_device get_default_dtype set_default_dtype set_default_tensor_type "
        "set_printoptions".split(),
        "a switch: tests/test_devices.py, test_promotion.py, inspect/test_tensor_repr.py",
    ),
    **dict.fromkeys(
        "is_anomaly_check_nan_enabled is_anomaly_enabled set_anomaly_enabled is_grad_enabled "
        "is_inference_mode_enabled".split(),
        "a switch: tests/autograd",
    ),
    **dict.fromkeys(
        "get_rng_state set_rng_state initial_seed manual_seed seed rand randperm poisson binomial "
        "Tensor.random_".split(),
        "random: tests/ops/test_random.py, test_discrete_random.py",
    ),
    **dict.fromkeys("cond while_loop vmap".split(), "tests/func"),
    **dict.fromkeys("lstm gru rnn_tanh rnn_relu".split(), "tests/test_functions_recurrent.py"),
    "convolution": "tests/test_functions_convolution.py",
    **dict.fromkeys("embedding_bag embedding_renorm_".split(), "tests/test_functions_native.py"),
    **dict.fromkeys(
        "eig lstsq solve symeig matrix_rank Tensor.symeig Tensor.eig Tensor.lstsq Tensor.solve".split(),
        "raises, as in PyTorch",
    ),
    "lobpcg": "from a random start: tests/ops/test_eigen.py",
    **dict.fromkeys("from_dlpack to_dlpack from_file".split(), "tests/test_creation.py"),
    **dict.fromkeys("sym_constrain_range sym_constrain_range_for_size sym_fresh_size typename".split(),
                    "tests/test_functions_facts.py"),
    **dict.fromkeys(
        "Tensor.storage Tensor.storage_type Tensor.untyped_storage Tensor.data_ptr Tensor.const_data_ptr Tensor.set_ "
        "Tensor.share_memory_ Tensor.pin_memory".split(),
        "about memory: tests/test_functions_strided.py, test_functions_legacy.py",
    ),
    **dict.fromkeys(
        "Tensor.as_subclass Tensor.module_load Tensor.reinforce Tensor.resize Tensor.resize_as".split(),
        "tests/test_functions_legacy.py",
    ),
    "Tensor.cuda": "needs a GPU",
    "Tensor.register_post_accumulate_grad_hook": "tests/engine/test_autograd.py",
}  # fmt: skip
"""Names that have no case here, and where they are tested instead."""
