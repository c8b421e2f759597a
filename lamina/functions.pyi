"""Every operation as a function of Tensors. Written by tools/stubs.py."""

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import str as _str
from builtins import tuple as _tuple
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from lamina.dtypes import DType
from lamina.ops.optim_blocks import Blocks
from lamina.random import Generator
from lamina.tensor import Tensor

Number: TypeAlias = _bool | _int | _float | _complex

class CholeskyInfoResult(NamedTuple):
    L: Tensor
    info: Tensor

class AminmaxResult(NamedTuple):
    min: Tensor
    max: Tensor

class MaxDimResult(NamedTuple):
    values: Tensor
    indices: Tensor

class MinDimResult(NamedTuple):
    values: Tensor
    indices: Tensor

class MedianDimResult(NamedTuple):
    values: Tensor
    indices: Tensor

class NanmedianDimResult(NamedTuple):
    values: Tensor
    indices: Tensor

class EighResult(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor

class EigResult(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor

class FrexpResult(NamedTuple):
    mantissa: Tensor
    exponent: Tensor

class LuFactorResult(NamedTuple):
    LU: Tensor
    pivots: Tensor

class LuInfoResult(NamedTuple):
    LU: Tensor
    pivots: Tensor
    info: Tensor

class LuTrianglesResult(NamedTuple):
    L: Tensor
    U: Tensor

class SlogdetResult(NamedTuple):
    sign: Tensor
    logabsdet: Tensor

class QrResult(NamedTuple):
    Q: Tensor
    R: Tensor

class GeqrfResult(NamedTuple):
    a: Tensor
    tau: Tensor

class SvdResult(NamedTuple):
    U: Tensor
    S: Tensor
    Vh: Tensor

class InvInfoResult(NamedTuple):
    inverse: Tensor
    info: Tensor

class SolveInfoResult(NamedTuple):
    result: Tensor
    info: Tensor

class LstsqResult(NamedTuple):
    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor

class BatchNormTrainResult(NamedTuple):
    output: Tensor
    running_mean: Tensor
    running_var: Tensor

class InstanceNormTrainResult(NamedTuple):
    output: Tensor
    running_mean: Tensor
    running_var: Tensor

class ModeResult(NamedTuple):
    values: Tensor
    indices: Tensor

class SortResult(NamedTuple):
    values: Tensor
    indices: Tensor

class TopkResult(NamedTuple):
    values: Tensor
    indices: Tensor

class KthvalueResult(NamedTuple):
    values: Tensor
    indices: Tensor

class CummaxResult(NamedTuple):
    values: Tensor
    indices: Tensor

class CumminResult(NamedTuple):
    values: Tensor
    indices: Tensor

def abs(input: Tensor, *, out: Any = None) -> Tensor: ...
def acos(input: Tensor, *, out: Any = None) -> Tensor: ...
def acosh(input: Tensor, *, out: Any = None) -> Tensor: ...
def adadelta_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    square_avgs: Sequence[Tensor],
    acc_deltas: Sequence[Tensor],
    lr: Tensor | Number,
    rho: Tensor | Number,
    eps: Tensor | Number,
    weight_decay: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def adafactor_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    row_vars: Sequence[Tensor] | None,
    col_vars: Sequence[Tensor] | None,
    variances: Sequence[Tensor] | None,
    lr: Tensor | Number,
    beta2_decay: Tensor | Number,
    eps1: Tensor | Number,
    eps2: Tensor | Number,
    d: Tensor | Number,
    weight_decay: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def adagrad_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    sums: Sequence[Tensor],
    lr: Tensor | Number,
    lr_decay: Tensor | Number,
    weight_decay: Tensor | Number,
    eps: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def adam_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor] | None,
    lr: Tensor | Number,
    beta1: Tensor | Number,
    beta2: Tensor | Number,
    eps: Tensor | Number,
    weight_decay: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    decoupled: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def adamax_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    exp_avgs: Sequence[Tensor],
    exp_infs: Sequence[Tensor],
    lr: Tensor | Number,
    beta1: Tensor | Number,
    beta2: Tensor | Number,
    eps: Tensor | Number,
    weight_decay: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def adaptive_avg_pool1d(input: Tensor, output_size: _int | Sequence[_int | None], *, out: Any = None) -> Tensor: ...
def adaptive_avg_pool2d(input: Tensor, output_size: _int | Sequence[_int | None], *, out: Any = None) -> Tensor: ...
def adaptive_avg_pool3d(input: Tensor, output_size: _int | Sequence[_int | None], *, out: Any = None) -> Tensor: ...
def adaptive_log_prob(head: Tensor, tails: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def adaptive_log_softmax(head: Tensor, target: Tensor, tails: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def adaptive_max_pool1d(
    input: Tensor, output_size: _int | Sequence[_int | None], *, out: Any = None
) -> _tuple[Tensor, Tensor]: ...
def adaptive_max_pool2d(
    input: Tensor, output_size: _int | Sequence[_int | None], *, out: Any = None
) -> _tuple[Tensor, Tensor]: ...
def adaptive_max_pool3d(
    input: Tensor, output_size: _int | Sequence[_int | None], *, out: Any = None
) -> _tuple[Tensor, Tensor]: ...
def adaptive_predict(head: Tensor, tails: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Any = None) -> Tensor: ...
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Any = None
) -> Tensor: ...
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Any = None) -> Tensor: ...
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Any = None) -> Tensor: ...
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Any = None
) -> Tensor: ...
def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Any = None
) -> Tensor: ...
def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Any = None
) -> Tensor: ...
def advanced_index(input: Tensor, indices: Sequence[Tensor], plan: Sequence[_int], *, out: Any = None) -> Tensor: ...
def affine_grid_generator(theta: Tensor, size: Sequence[_int], align_corners: _bool, *, out: Any = None) -> Tensor: ...
def airy_ai(input: Tensor, *, out: Any = None) -> Tensor: ...
def alias(input: Tensor, *, out: Any = None) -> Tensor: ...
def all(
    input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, out: Any = None
) -> Tensor: ...
def alpha_dropout(
    input: Tensor, p: Number = 0.5, training: _bool = True, *, generator: Generator | None = None
) -> Tensor: ...
def amax(
    input: Tensor, dim: _int | Sequence[_int] | None = (), keepdim: _bool = False, *, out: Any = None
) -> Tensor: ...
def amin(
    input: Tensor, dim: _int | Sequence[_int] | None = (), keepdim: _bool = False, *, out: Any = None
) -> Tensor: ...
def aminmax(input: Tensor, *, dim: _int | None = None, keepdim: _bool = False, out: Any = None) -> AminmaxResult: ...
def angle(input: Tensor, *, out: Any = None) -> Tensor: ...
def any(
    input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, out: Any = None
) -> Tensor: ...
def area_under_min_fpr_fnr(input: Tensor, target: Tensor, *, out: Any = None) -> Tensor: ...
def argmax(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Any = None) -> Tensor: ...
def argmin(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Any = None) -> Tensor: ...
def argsort(
    input: Tensor, dim: _int = -1, descending: _bool = False, stable: _bool = False, *, out: Any = None
) -> Tensor: ...
def asgd_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    eta: Tensor,
    mu: Tensor,
    axs: Sequence[Tensor],
    lr: Tensor | Number,
    lambd: Tensor | Number,
    alpha: Tensor | Number,
    t0: Tensor | Number,
    weight_decay: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def asin(input: Tensor, *, out: Any = None) -> Tensor: ...
def asinh(input: Tensor, *, out: Any = None) -> Tensor: ...
def atan(input: Tensor, *, out: Any = None) -> Tensor: ...
def atan2(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def atanh(input: Tensor, *, out: Any = None) -> Tensor: ...
def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: _bool = False,
    scale: Number | None = None,
    enable_gqa: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def attention_dropout(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None,
    dropout_p: Number,
    is_causal: _bool = False,
    scale: Number | None = None,
    enable_gqa: _bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor: ...
def avg_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    *,
    out: Any = None,
) -> Tensor: ...
def avg_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    divisor_override: _int | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def avg_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    divisor_override: _int | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Any = None
) -> Tensor: ...
def bag_facts(
    indices: Tensor,
    weight: Tensor,
    offsets: Tensor,
    mode: _str,
    include_last_offset: _bool,
    padding_idx: _int | None,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def basic_index(input: Tensor, starts: Sequence[Number], plan: Any) -> Tensor: ...
def basic_index_put(
    base: Tensor, value: Tensor | Number, starts: Sequence[Number], plan: Any, *, out: Any = None
) -> Tensor: ...
def batch_norm_eval(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    *,
    out: Any = None,
) -> Tensor: ...
def batch_norm_train(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    momentum: Tensor | Number,
    eps: _float = 1e-05,
    *,
    out: Any = None,
) -> BatchNormTrainResult: ...
def bernoulli(input: Tensor, p: Number | None = None, *, generator: Generator | None = None) -> Tensor: ...
def bessel_j0(input: Tensor, *, out: Any = None) -> Tensor: ...
def bessel_j1(input: Tensor, *, out: Any = None) -> Tensor: ...
def bessel_y0(input: Tensor, *, out: Any = None) -> Tensor: ...
def bessel_y1(input: Tensor, *, out: Any = None) -> Tensor: ...
def bilinear(
    input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None, *, out: Any = None
) -> Tensor: ...
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: _int = 1, *, out: Any = None
) -> Tensor: ...
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: _int = 0,
    *,
    out: Any = None,
) -> Tensor: ...
def bincount_to(input: Tensor, weights: Tensor | None = None, size: _int = 0, *, out: Any = None) -> Tensor: ...
def binomial(count: Tensor, prob: Tensor, *, generator: Generator | None = None) -> Tensor: ...
def bitwise_and(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def bitwise_not(input: Tensor, *, out: Any = None) -> Tensor: ...
def bitwise_or(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def bitwise_xor(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def block_diag(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def bmm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor: ...
def broadcast_to(input: Tensor, *size: _int | Sequence[_int]) -> Tensor: ...
def bucketize(
    input: Tensor | Number, boundaries: Tensor, *, out_int32: _bool = False, right: _bool = False, out: Any = None
) -> Tensor: ...
def cat(tensors: Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor: ...
def cdist(
    x1: Tensor,
    x2: Tensor,
    p: _float = 2.0,
    compute_mode: _str = "use_mm_for_euclid_dist_if_necessary",
    *,
    out: Any = None,
) -> Tensor: ...
def ceil(input: Tensor, *, out: Any = None) -> Tensor: ...
def celu(input: Tensor, alpha: Number = 1.0, *, out: Any = None) -> Tensor: ...
def channel_shuffle(input: Tensor, groups: _int, *, out: Any = None) -> Tensor: ...
def chebyshev_polynomial_t(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def chebyshev_polynomial_u(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def chebyshev_polynomial_v(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def chebyshev_polynomial_w(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def cholesky(A: Tensor, *, upper: _bool = False, out: Any = None) -> Tensor: ...
def cholesky_info(A: Tensor, upper: _bool = False, *, out: Any = None) -> CholeskyInfoResult: ...
def cholesky_inverse(L: Tensor, upper: _bool = False, *, out: Any = None) -> Tensor: ...
def cholesky_of(input: Tensor, upper: _bool = False, *, out: Any = None) -> Tensor: ...
def cholesky_solve(B: Tensor, L: Tensor, upper: _bool = False, *, out: Any = None) -> Tensor: ...
def clamp(
    input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None, *, out: Any = None
) -> Tensor: ...
def clamp_all(arrays: Sequence[Tensor], limit: Number, *, out: Any = None) -> _tuple[Tensor, ...]: ...
def clamp_max(input: Tensor, max: Tensor | Number, *, out: Any = None) -> Tensor: ...
def clamp_min(input: Tensor, min: Tensor | Number, *, out: Any = None) -> Tensor: ...
def clone(input: Tensor, *, out: Any = None) -> Tensor: ...
def column_stack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def cond(A: Tensor, p: _float | _str | None = None, *, out: Any = None) -> Tensor: ...
def conj(input: Tensor, *, out: Any = None) -> Tensor: ...
def conj_physical(input: Tensor, *, out: Any = None) -> Tensor: ...
def contiguous_copy(input: Tensor, *, out: Any = None) -> Tensor: ...
def contrib_sparsemax(input: Tensor, dim: _int = -1, *, out: Any = None) -> Tensor: ...
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] | _str = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] | _str = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] | _str = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: _int = 0, *, out: Any = None) -> Tensor: ...
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def coo_gather(input: Tensor, indices: Tensor, *, out: Any = None) -> Tensor: ...
def coo_matmul(
    rows: Tensor, columns: Tensor, values: Tensor, dense: Tensor, count: _int, *, out: Any = None
) -> Tensor: ...
def coo_softmax(
    values: Tensor, groups: Tensor, count: _int, logarithm: _bool = False, *, out: Any = None
) -> Tensor: ...
def coo_sums(values: Tensor, places: Tensor, count: _int, *, out: Any = None) -> Tensor: ...
def coo_to_dense(indices: Tensor, values: Tensor, size: Sequence[_int], *, out: Any = None) -> Tensor: ...
def coo_values(values: Tensor, *, out: Any = None) -> Tensor: ...
def copysign(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def corrcoef(input: Tensor, *, out: Any = None) -> Tensor: ...
def cos(input: Tensor, *, out: Any = None) -> Tensor: ...
def cosh(input: Tensor, *, out: Any = None) -> Tensor: ...
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: Number = 0.0, reduction: _int = 0, *, out: Any = None
) -> Tensor: ...
def cosine_similarity(x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-08, *, out: Any = None) -> Tensor: ...
def count_nonzero(input: Tensor, dim: _int | Sequence[_int] | None = None, *, out: Any = None) -> Tensor: ...
def cov(
    input: Tensor,
    *,
    correction: _int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
    out: Any = None,
) -> Tensor: ...
def cross(input: Tensor, other: Tensor, dim: _int | None = None, *, out: Any = None) -> Tensor: ...
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: _int = -100,
    reduction: _int = 1,
    label_smoothing: _float = 0.0,
    *,
    out: Any = None,
) -> Tensor: ...
def cross_map_lrn2d(
    input: Tensor, size: _int, alpha: _float = 0.0001, beta: _float = 0.75, k: _float = 1, *, out: Any = None
) -> Tensor: ...
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor,
    target_lengths: Tensor,
    blank: _int = 0,
    reduction: _int = 1,
    zero_infinity: _bool = False,
    longest: _int = 0,
    *,
    out: Any = None,
) -> Tensor: ...
def cummax(input: Tensor, dim: _int, *, out: Any = None) -> CummaxResult: ...
def cummin(input: Tensor, dim: _int, *, out: Any = None) -> CumminResult: ...
def cumprod(input: Tensor, dim: _int, *, dtype: DType | None = None, out: Any = None) -> Tensor: ...
def cumsum(input: Tensor, dim: _int, *, dtype: DType | None = None, out: Any = None) -> Tensor: ...
def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: _int = -1, out: Any = None
) -> Tensor: ...
def deg2rad(input: Tensor, *, out: Any = None) -> Tensor: ...
def det(A: Tensor, *, out: Any = None) -> Tensor: ...
def diag(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor: ...
def diag_embed(input: Tensor, offset: _int = 0, dim1: _int = -2, dim2: _int = -1, *, out: Any = None) -> Tensor: ...
def diagflat(input: Tensor, offset: _int = 0, *, out: Any = None) -> Tensor: ...
def diagonal(input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor: ...
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: Any = None
) -> Tensor: ...
def diff(
    input: Tensor,
    n: _int = 1,
    dim: _int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def digamma(input: Tensor, *, out: Any = None) -> Tensor: ...
def dist(input: Tensor, other: Tensor, p: _float = 2, *, out: Any = None) -> Tensor: ...
def div(
    input: Tensor | Number, other: Tensor | Number, *, rounding_mode: _str | None = None, out: Any = None
) -> Tensor: ...
def dot(input: Tensor, tensor: Tensor, *, out: Any = None) -> Tensor: ...
def dropout(
    input: Tensor, p: Number = 0.5, training: _bool = True, *, generator: Generator | None = None
) -> Tensor: ...
def dstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def eig(A: Tensor, *, out: Any = None) -> EigResult: ...
def eigh(A: Tensor, UPLO: _str = "L", *, out: Any = None) -> EighResult: ...
def eigvals(A: Tensor, *, out: Any = None) -> Tensor: ...
def eigvalsh(A: Tensor, UPLO: _str = "L", *, out: Any = None) -> Tensor: ...
def einsum_of(equation: _str, operands: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def elu(input: Tensor, alpha: Number = 1.0, *, out: Any = None) -> Tensor: ...
def embedding_bag(
    indices: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    per_sample_weights: Tensor | None = None,
    mode: _str = "mean",
    scale_grad_by_freq: _bool = False,
    include_last_offset: _bool = False,
    padding_idx: _int | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def embedding_lookup(
    indices: Tensor,
    weight: Tensor,
    padding_idx: _int | None = None,
    scale_grad_by_freq: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def embedding_renorm(
    weight: Tensor, indices: Tensor, max_norm: Number, norm_type: Number = 2.0, *, out: Any = None
) -> Tensor: ...
def entr(input: Tensor, *, out: Any = None) -> Tensor: ...
def eq(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def erf(input: Tensor, *, out: Any = None) -> Tensor: ...
def erfc(input: Tensor, *, out: Any = None) -> Tensor: ...
def erfcx(input: Tensor, *, out: Any = None) -> Tensor: ...
def erfinv(input: Tensor, *, out: Any = None) -> Tensor: ...
def even_edges(
    input: Tensor, bins: _int, low: Number | None = None, high: Number | None = None, *, out: Any = None
) -> Tensor: ...
def exp(input: Tensor, *, out: Any = None) -> Tensor: ...
def exp2(input: Tensor, *, out: Any = None) -> Tensor: ...
def expand(input: Tensor, *size: _int | Sequence[_int]) -> Tensor: ...
def expit(input: Tensor, *, out: Any = None) -> Tensor: ...
def expm1(input: Tensor, *, out: Any = None) -> Tensor: ...
def feature_alpha_dropout(
    input: Tensor, p: Number = 0.5, training: _bool = True, *, generator: Generator | None = None
) -> Tensor: ...
def feature_dropout(
    input: Tensor, p: Number = 0.5, training: _bool = True, *, generator: Generator | None = None
) -> Tensor: ...
def fft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Any = None
) -> Tensor: ...
def fft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] = ...,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def fftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] | None = None,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def fftshift(input: Tensor, dim: _int | Sequence[_int] | None = None, *, out: Any = None) -> Tensor: ...
def fill_diagonal(input: Tensor, fill_value: Tensor | Number, wrap: _bool = False, *, out: Any = None) -> Tensor: ...
def flat_part(input: Tensor, start: _int, shape: Sequence[_int]) -> Tensor: ...
def flip(input: Tensor, *dims: _int | Sequence[_int], out: Any = None) -> Tensor: ...
def fliplr(input: Tensor, *, out: Any = None) -> Tensor: ...
def flipud(input: Tensor, *, out: Any = None) -> Tensor: ...
def float_power(input: Tensor | Number, exponent: Tensor | Number, *, out: Any = None) -> Tensor: ...
def floor(input: Tensor, *, out: Any = None) -> Tensor: ...
def floor_divide(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def fmax(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def fmin(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def fmod(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def fold(
    input: Tensor,
    output_size: _int | Sequence[_int],
    kernel_size: _int | Sequence[_int],
    dilation: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    stride: _int | Sequence[_int] = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def frac(input: Tensor, *, out: Any = None) -> Tensor: ...
def fractional_max_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    output_size: _int | Sequence[_int],
    random_samples: Tensor,
    *,
    out: Any = None,
) -> _tuple[Tensor, Tensor]: ...
def fractional_max_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    output_size: _int | Sequence[_int],
    random_samples: Tensor,
    *,
    out: Any = None,
) -> _tuple[Tensor, Tensor]: ...
def frexp(input: Tensor, *, out: Any = None) -> FrexpResult: ...
def gammainc(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def gammaincc(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def gammaln(input: Tensor, *, out: Any = None) -> Tensor: ...
def gather(input: Tensor, dim: _int, index: Tensor, *, sparse_grad: _bool = False, out: Any = None) -> Tensor: ...
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | Number,
    full: _bool = False,
    eps: Number = 1e-06,
    reduction: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def gcd(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def ge(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def gelu(input: Tensor, approximate: _str = "none", *, out: Any = None) -> Tensor: ...
def geqrf(input: Tensor, *, out: Any = None) -> GeqrfResult: ...
def glu(input: Tensor, dim: _int = -1, *, out: Any = None) -> Tensor: ...
def gradient_along(
    input: Tensor, spacing: Tensor | Number, dim: _int, edge_order: _int = 1, *, out: Any = None
) -> Tensor: ...
def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: _int, padding_mode: _int, align_corners: _bool, *, out: Any = None
) -> Tensor: ...
def group_norm(
    input: Tensor,
    num_groups: _int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    *,
    out: Any = None,
) -> Tensor: ...
def grouped_mm(
    mat_a: Tensor,
    mat_b: Tensor,
    *,
    offs: Tensor | None = None,
    bias: Tensor | None = None,
    out_dtype: Any = None,
    out: Any = None,
) -> Tensor: ...
def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def gt(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def gumbel_softmax(
    logits: Tensor, tau: Number = 1.0, hard: _bool = False, dim: _int = -1, *, generator: Generator | None = None
) -> Tensor: ...
def hardshrink(input: Tensor, lambd: Number = 0.5, *, out: Any = None) -> Tensor: ...
def hardsigmoid(input: Tensor, *, out: Any = None) -> Tensor: ...
def hardswish(input: Tensor, *, out: Any = None) -> Tensor: ...
def hardtanh(input: Tensor, min_val: Number = -1.0, max_val: Number = 1.0, *, out: Any = None) -> Tensor: ...
def heaviside(input: Tensor, values: Tensor, *, out: Any = None) -> Tensor: ...
def hermite_polynomial_h(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def hermite_polynomial_he(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def hfft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Any = None
) -> Tensor: ...
def hfft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] = ...,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def hfftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] | None = None,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: Number = 1.0, reduction: _int = 0, *, out: Any = None
) -> Tensor: ...
def histc(input: Tensor, bins: _int = 100, min: Number = 0, max: Number = 0, *, out: Any = None) -> Tensor: ...
def histogram_in(
    input: Tensor, edges: Sequence[Tensor], weight: Tensor | None = None, density: _bool = False, *, out: Any = None
) -> Tensor: ...
def householder_product(A: Tensor, tau: Tensor, *, out: Any = None) -> Tensor: ...
def hstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: _int = 1,
    delta: _float = 1.0,
    weight: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def hypot(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def i0(input: Tensor, *, out: Any = None) -> Tensor: ...
def i0e(input: Tensor, *, out: Any = None) -> Tensor: ...
def i1(input: Tensor, *, out: Any = None) -> Tensor: ...
def i1e(input: Tensor, *, out: Any = None) -> Tensor: ...
def ifft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Any = None
) -> Tensor: ...
def ifft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] = ...,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def ifftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] | None = None,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def ifftshift(input: Tensor, dim: _int | Sequence[_int] | None = None, *, out: Any = None) -> Tensor: ...
def igamma(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def igammac(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def ihfft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Any = None
) -> Tensor: ...
def ihfft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] = ...,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def ihfftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] | None = None,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def imag(input: Tensor) -> Tensor: ...
def index_add(
    input: Tensor, dim: _int, index: Tensor, source: Tensor, *, alpha: Number = 1, out: Any = None
) -> Tensor: ...
def index_copy(input: Tensor, dim: _int, index: Tensor, source: Tensor, *, out: Any = None) -> Tensor: ...
def index_fill(input: Tensor, dim: _int, index: Tensor, value: Tensor | Number, *, out: Any = None) -> Tensor: ...
def index_put_at(
    base: Tensor,
    value: Tensor | Number,
    indices: Sequence[Tensor],
    plan: Sequence[_int],
    accumulate: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def index_reduce(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    reduce: _str,
    *,
    include_self: _bool = True,
    out: Any = None,
) -> Tensor: ...
def index_select(input: Tensor, dim: _int, index: Tensor, *, out: Any = None) -> Tensor: ...
def inner(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def instance_norm_train(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    momentum: Tensor | Number,
    eps: _float = 1e-05,
    *,
    out: Any = None,
) -> InstanceNormTrainResult: ...
def interpolate(
    input: Tensor,
    sizes: Sequence[_int],
    scales: Sequence[_float] | None,
    mode: _str,
    align_corners: _bool,
    antialias: _bool,
    *,
    out: Any = None,
) -> Tensor: ...
def inv(A: Tensor, *, out: Any = None) -> Tensor: ...
def inv_info(A: Tensor, *, out: Any = None) -> InvInfoResult: ...
def irfft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Any = None
) -> Tensor: ...
def irfft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] = ...,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def irfftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] | None = None,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def isclose(
    input: Tensor,
    other: Tensor,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def isfinite(input: Tensor, *, out: Any = None) -> Tensor: ...
def isin(
    elements: Tensor | Number,
    test_elements: Tensor | Number,
    *,
    assume_unique: _bool = False,
    invert: _bool = False,
    out: Any = None,
) -> Tensor: ...
def isinf(input: Tensor, *, out: Any = None) -> Tensor: ...
def isnan(input: Tensor, *, out: Any = None) -> Tensor: ...
def isneginf(input: Tensor, *, out: Any = None) -> Tensor: ...
def isposinf(input: Tensor, *, out: Any = None) -> Tensor: ...
def isreal(input: Tensor, *, out: Any = None) -> Tensor: ...
def istft_of(
    input: Tensor,
    window: Tensor | None,
    n_fft: _int,
    hop_length: _int,
    win_length: _int,
    center: _bool,
    normalized: _bool,
    length: _int | None,
    return_complex: _bool,
    *,
    out: Any = None,
) -> Tensor: ...
def kl_div(
    input: Tensor, target: Tensor, reduction: _int = 0, *, log_target: _bool = False, out: Any = None
) -> Tensor: ...
def kron(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def kthvalue(input: Tensor, k: _int, dim: _int = -1, keepdim: _bool = False, *, out: Any = None) -> KthvalueResult: ...
def l1_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: _int = 1, *, out: Any = None
) -> Tensor: ...
def laguerre_polynomial_l(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[_int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    *,
    out: Any = None,
) -> Tensor: ...
def lbfgs_direction(
    grad: Tensor,
    prev_grad: Tensor,
    direction: Tensor,
    old_dirs: Tensor,
    old_stps: Tensor,
    ro: Tensor,
    h_diag: Tensor,
    count: Tensor,
    step_size: Number,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def lbfgs_move(
    params: Sequence[Tensor], direction: Tensor, step_size: Number, *, out: Any = None
) -> _tuple[Tensor, ...]: ...
def lbfgs_probe(
    loss: Tensor | Number, grads: Sequence[Tensor], direction: Tensor | None = None, *, out: Any = None
) -> _tuple[Tensor, Tensor]: ...
def lbfgs_start(grad: Tensor, *, out: Any = None) -> _tuple[Tensor, Tensor]: ...
def lcm(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def ldexp(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def le(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def leaky_relu(input: Tensor, negative_slope: Number = 0.01, *, out: Any = None) -> Tensor: ...
def legendre_polynomial_p(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number, *, out: Any = None) -> Tensor: ...
def lerp_each(
    starts: Sequence[Tensor], ends: Sequence[Tensor], weight: Tensor | Number, *, out: Any = None
) -> _tuple[Tensor, ...]: ...
def lgamma(input: Tensor, *, out: Any = None) -> Tensor: ...
def linalg_cross(input: Tensor, other: Tensor, *, dim: _int = -1, out: Any = None) -> Tensor: ...
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, out: Any = None) -> Tensor: ...
def linear_cross_entropy_chunked(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: _int = 1,
    ignore_index: _int = -100,
    rows: _int = 1,
    dtype: DType | None = None,
    narrow: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def local_response_norm(
    input: Tensor, size: _int, alpha: _float = 0.0001, beta: _float = 0.75, k: _float = 1.0, *, out: Any = None
) -> Tensor: ...
def log(input: Tensor, *, out: Any = None) -> Tensor: ...
def log10(input: Tensor, *, out: Any = None) -> Tensor: ...
def log1p(input: Tensor, *, out: Any = None) -> Tensor: ...
def log2(input: Tensor, *, out: Any = None) -> Tensor: ...
def log_ndtr(input: Tensor, *, out: Any = None) -> Tensor: ...
def log_softmax(input: Tensor, dim: _int, dtype: DType | None = None, *, out: Any = None) -> Tensor: ...
def logaddexp(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logaddexp2(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logcumsumexp(input: Tensor, dim: _int, *, out: Any = None) -> Tensor: ...
def logdet(input: Tensor, *, out: Any = None) -> Tensor: ...
def logical_and(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logical_not(input: Tensor, *, out: Any = None) -> Tensor: ...
def logical_or(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logical_xor(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logit(input: Tensor, eps: _float | None = None, *, out: Any = None) -> Tensor: ...
def logsigmoid(input: Tensor, *, out: Any = None) -> Tensor: ...
def logsumexp(input: Tensor, dim: _int | Sequence[_int], keepdim: _bool = False, *, out: Any = None) -> Tensor: ...
def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> _tuple[Tensor, Tensor]: ...
def lstsq(
    A: Tensor, B: Tensor, rcond: _float | None = None, *, driver: _str | None = None, out: Any = None
) -> LstsqResult: ...
def lt(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def lu_factor(A: Tensor, *, pivot: _bool = True, out: Any = None) -> LuFactorResult: ...
def lu_info(A: Tensor, pivot: _bool = True, *, out: Any = None) -> LuInfoResult: ...
def lu_permutation(LU_pivots: Tensor, rows: _int, dtype: Any, *, out: Any = None) -> Tensor: ...
def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: _bool = True, adjoint: _bool = False, out: Any = None
) -> Tensor: ...
def lu_triangles(LU_data: Tensor, *, out: Any = None) -> LuTrianglesResult: ...
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: Number = 0.0, reduction: _int = 0, *, out: Any = None
) -> Tensor: ...
def mask_put(base: Tensor, mask: Tensor, value: Tensor | Number, dim: _int = 0, *, out: Any = None) -> Tensor: ...
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number, *, out: Any = None) -> Tensor: ...
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor, *, out: Any = None) -> Tensor: ...
def masked_select_at(input: Tensor, indices: Sequence[Tensor], plan: Sequence[_int], *, out: Any = None) -> Tensor: ...
def matmul(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def matrix_exp(A: Tensor, *, out: Any = None) -> Tensor: ...
def matrix_norm(
    A: Tensor,
    ord: _float | _str = "fro",
    dim: Sequence[_int] = ...,
    keepdim: _bool = False,
    *,
    dtype: Any = None,
    out: Any = None,
) -> Tensor: ...
def matrix_power(A: Tensor, n: _int, *, out: Any = None) -> Tensor: ...
def matrix_rank_of(
    A: Tensor, atol: Tensor | Number | None, rtol: Tensor | Number | None, hermitian: _bool, *, out: Any = None
) -> Tensor: ...
def max_all(input: Tensor, *, out: Any = None) -> Tensor: ...
def max_dim(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None) -> MaxDimResult: ...
def max_pool1d_values(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, Tensor]: ...
def max_pool2d_values(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, Tensor]: ...
def max_pool3d_values(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, Tensor]: ...
def max_unpool1d(input: Tensor, indices: Tensor, output_size: Sequence[_int], *, out: Any = None) -> Tensor: ...
def max_unpool2d(input: Tensor, indices: Tensor, output_size: Sequence[_int], *, out: Any = None) -> Tensor: ...
def max_unpool3d(input: Tensor, indices: Tensor, output_size: Sequence[_int], *, out: Any = None) -> Tensor: ...
def maximum(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: DType | None = None,
    out: Any = None,
) -> Tensor: ...
def mean_each(
    means: Sequence[Tensor], values: Sequence[Tensor], count: Tensor | Number, *, out: Any = None
) -> _tuple[Tensor, ...]: ...
def median_all(input: Tensor, *, out: Any = None) -> Tensor: ...
def median_dim(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None) -> MedianDimResult: ...
def min_all(input: Tensor, *, out: Any = None) -> Tensor: ...
def min_dim(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None) -> MinDimResult: ...
def minimum(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def mish(input: Tensor, *, out: Any = None) -> Tensor: ...
def mm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor: ...
def mode(input: Tensor, dim: _int = -1, keepdim: _bool = False, *, out: Any = None) -> ModeResult: ...
def modified_bessel_i0(input: Tensor, *, out: Any = None) -> Tensor: ...
def modified_bessel_i1(input: Tensor, *, out: Any = None) -> Tensor: ...
def modified_bessel_k0(input: Tensor, *, out: Any = None) -> Tensor: ...
def modified_bessel_k1(input: Tensor, *, out: Any = None) -> Tensor: ...
def movedim(input: Tensor, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor: ...
def mse_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: _int = 1, *, out: Any = None
) -> Tensor: ...
def msort(input: Tensor, *, out: Any = None) -> Tensor: ...
def mul(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: _int = 1,
    margin: Number = 1.0,
    weight: Tensor | None = None,
    reduction: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def multigammaln(input: Tensor, p: _int, *, out: Any = None) -> Tensor: ...
def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: _int = 1, *, out: Any = None) -> Tensor: ...
def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: _int = 1, *, out: Any = None
) -> Tensor: ...
def multinomial(
    input: Tensor, num_samples: _int, replacement: _bool = False, *, generator: Generator | None = None
) -> Tensor: ...
def muon_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    buffers: Sequence[Tensor],
    lr: Tensor | Number,
    weight_decay: Tensor | Number,
    momentum: Tensor | Number,
    eps: Tensor | Number,
    blocks: Blocks,
    nesterov: _bool = True,
    ns_coefficients: Sequence[_float] = ...,
    ns_steps: _int = 5,
    adjust_lr_fn: _str | None = None,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def mv(input: Tensor, vec: Tensor, *, out: Any = None) -> Tensor: ...
def mvlgamma(input: Tensor, p: _int, *, out: Any = None) -> Tensor: ...
def nadam_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    mu_product: Tensor,
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    lr: Tensor | Number,
    beta1: Tensor | Number,
    beta2: Tensor | Number,
    eps: Tensor | Number,
    weight_decay: Tensor | Number,
    momentum_decay: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    decoupled: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def nan_to_num(
    input: Tensor,
    nan: Number | None = None,
    posinf: Number | None = None,
    neginf: Number | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def nanmean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: DType | None = None,
    out: Any = None,
) -> Tensor: ...
def nanmedian_all(input: Tensor, *, out: Any = None) -> Tensor: ...
def nanmedian_dim(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None) -> NanmedianDimResult: ...
def nanquantile_of(
    input: Tensor,
    q: Tensor | Number,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: _str = "linear",
    out: Any = None,
) -> Tensor: ...
def nansum(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: DType | None = None,
    out: Any = None,
) -> Tensor: ...
def native_channel_shuffle(input: Tensor, groups: _int, *, out: Any = None) -> Tensor: ...
def ndtr(input: Tensor, *, out: Any = None) -> Tensor: ...
def ndtri(input: Tensor, *, out: Any = None) -> Tensor: ...
def ne(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def neg(input: Tensor, *, out: Any = None) -> Tensor: ...
def nextafter(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: _int = -100,
    reduction: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def nonzero_of_size(input: Tensor, size: _int, fill_value: _int = -1, *, out: Any = None) -> Tensor: ...
def norm(
    input: Tensor,
    p: _float | _str | None = "fro",
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: DType | None = None,
    out: Any = None,
) -> Tensor: ...
def norm_except_dim(v: Tensor, pow: _int = 2, dim: _int = 0, *, out: Any = None) -> Tensor: ...
def norm_of_all(arrays: Sequence[Tensor], ord: _float, *, out: Any = None) -> Tensor: ...
def normalize(
    input: Tensor, p: _float = 2.0, dim: _int | Sequence[_int] | None = 1, eps: _float = 1e-12, *, out: Any = None
) -> Tensor: ...
def one_hot_of(input: Tensor, num_classes: _int, *, out: Any = None) -> Tensor: ...
def ormqr(
    input: Tensor, tau: Tensor, other: Tensor, left: _bool = True, transpose: _bool = False, *, out: Any = None
) -> Tensor: ...
def outer(input: Tensor, vec2: Tensor, *, out: Any = None) -> Tensor: ...
def pad(
    input: Tensor, pad: Sequence[_int], mode: _str = "constant", value: Number | None = None, *, out: Any = None
) -> Tensor: ...
def pad_stack(
    sequences: Sequence[Tensor], fill: Number, steps: _int, batch_first: _bool, left: _bool, *, out: Any = None
) -> Tensor: ...
def pad_steps(
    input: Tensor,
    lengths: Tensor,
    fill: Number,
    steps: _int,
    batch_first: _bool,
    to_batch_first: _bool,
    *,
    out: Any = None,
) -> Tensor: ...
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: _float = 2, eps: _float = 1e-06, keepdim: _bool = False, *, out: Any = None
) -> Tensor: ...
def pdist(input: Tensor, p: _float = 2, *, out: Any = None) -> Tensor: ...
def permute(input: Tensor, *dims: _int | Sequence[_int]) -> Tensor: ...
def pinv(
    A: Tensor,
    atol: Tensor | Number | None = None,
    rtol: Tensor | Number | None = None,
    hermitian: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def pixel_shuffle(input: Tensor, upscale_factor: _int, *, out: Any = None) -> Tensor: ...
def pixel_unshuffle(input: Tensor, downscale_factor: _int, *, out: Any = None) -> Tensor: ...
def poisson(input: Tensor, *, generator: Generator | None = None) -> Tensor: ...
def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: _bool, full: _bool, eps: Number, reduction: _int, *, out: Any = None
) -> Tensor: ...
def polar(abs: Tensor, angle: Tensor, *, out: Any = None) -> Tensor: ...
def polygamma(input: Tensor, n: _int, *, out: Any = None) -> Tensor: ...
def positive(input: Tensor, *, out: Any = None) -> Tensor: ...
def pow(input: Tensor | Number, exponent: Tensor | Number, *, out: Any = None) -> Tensor: ...
def prelu(input: Tensor, weight: Tensor, *, out: Any = None) -> Tensor: ...
def prod(
    input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, dtype: DType | None = None, out: Any = None
) -> Tensor: ...
def psi(input: Tensor, *, out: Any = None) -> Tensor: ...
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False, *, out: Any = None) -> Tensor: ...
def qr(A: Tensor, mode: _str = "reduced", *, out: Any = None) -> QrResult: ...
def quantile_of(
    input: Tensor,
    q: Tensor | Number,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: _str = "linear",
    out: Any = None,
) -> Tensor: ...
def rad2deg(input: Tensor, *, out: Any = None) -> Tensor: ...
def radam_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    lr: Tensor | Number,
    beta1: Tensor | Number,
    beta2: Tensor | Number,
    eps: Tensor | Number,
    weight_decay: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    decoupled: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def random_bits(shape: Sequence[_int], width: _int = 32, *, generator: Generator | None = None) -> Tensor: ...
def random_normal(shape: Sequence[_int], dtype: Any = None, *, generator: Generator | None = None) -> Tensor: ...
def random_uniform(shape: Sequence[_int], dtype: Any = None, *, generator: Generator | None = None) -> Tensor: ...
def real(input: Tensor) -> Tensor: ...
def reciprocal(input: Tensor, *, out: Any = None) -> Tensor: ...
def recurrent(
    input: Tensor,
    hx: Sequence[Tensor] | None,
    weights: Sequence[Tensor],
    mode: _str,
    bias: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    lengths: Tensor | None = None,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def recurrent_dropout(
    input: Tensor,
    hx: Sequence[Tensor] | None,
    weights: Sequence[Tensor],
    p: Number,
    mode: _str,
    bias: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    lengths: Tensor | None = None,
    *,
    generator: Generator | None = None,
) -> _tuple[Tensor, ...]: ...
def relu(input: Tensor, *, out: Any = None) -> Tensor: ...
def relu6(input: Tensor, *, out: Any = None) -> Tensor: ...
def remainder(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def renorm(input: Tensor, p: _float, dim: _int, maxnorm: Number, *, out: Any = None) -> Tensor: ...
def repeat(input: Tensor, *repeats: _int | Sequence[_int], out: Any = None) -> Tensor: ...
def repeat_each(input: Tensor, repeats: _int, dim: _int | None = None, *, out: Any = None) -> Tensor: ...
def reshape_copy(input: Tensor, *shape: _int | Sequence[_int], out: Any = None) -> Tensor: ...
def rfft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Any = None
) -> Tensor: ...
def rfft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] = ...,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def rfftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: Sequence[_int] | None = None,
    norm: _str | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[_int],
    weight: Tensor | None = None,
    eps: _float | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def rmsprop_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    square_avgs: Sequence[Tensor],
    buffers: Sequence[Tensor] | None,
    grad_avgs: Sequence[Tensor] | None,
    lr: Tensor | Number,
    alpha: Tensor | Number,
    eps: Tensor | Number,
    weight_decay: Tensor | Number,
    momentum: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def roll(
    input: Tensor, shifts: _int | Sequence[_int], dims: _int | Sequence[_int] | None = None, *, out: Any = None
) -> Tensor: ...
def rot90(input: Tensor, k: _int = 1, dims: Sequence[_int] = ..., *, out: Any = None) -> Tensor: ...
def round(input: Tensor, *, decimals: _int = 0, out: Any = None) -> Tensor: ...
def rpow(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def rprop_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    step: Tensor,
    prevs: Sequence[Tensor],
    step_sizes: Sequence[Tensor],
    etaminus: Tensor | Number,
    etaplus: Tensor | Number,
    step_size_min: Tensor | Number,
    step_size_max: Tensor | Number,
    blocks: Blocks,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def rrelu(
    input: Tensor,
    lower: Number = 0.125,
    upper: Number = 0.3333333333333333,
    training: _bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor: ...
def rsqrt(input: Tensor, *, out: Any = None) -> Tensor: ...
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1, out: Any = None) -> Tensor: ...
def scale_to_norm(
    arrays: Sequence[Tensor], total: Tensor, limit: Number, *, out: Any = None
) -> _tuple[Tensor, ...]: ...
def scaled_modified_bessel_k0(input: Tensor, *, out: Any = None) -> Tensor: ...
def scaled_modified_bessel_k1(input: Tensor, *, out: Any = None) -> Tensor: ...
def scatter_add(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, out: Any = None) -> Tensor: ...
def scatter_reduce(
    input: Tensor, dim: _int, index: Tensor, src: Tensor, reduce: _str, *, include_self: _bool = True, out: Any = None
) -> Tensor: ...
def scatter_src(
    input: Tensor, dim: _int, index: Tensor, src: Tensor | Number, reduce: _str | None = None, *, out: Any = None
) -> Tensor: ...
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | Number,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    side: _str | None = None,
    sorter: Tensor | None = None,
    out: Any = None,
) -> Tensor: ...
def segments_reduced(
    data: Tensor,
    starts: Tensor,
    ends: Tensor,
    reduce: _str,
    axis: _int = 0,
    initial: _float | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def select_at(input: Tensor, index: Number, dim: _int, made_by: _str = "Select") -> Tensor: ...
def select_scatter(input: Tensor, src: Tensor, dim: _int, index: _int, *, out: Any = None) -> Tensor: ...
def selu(input: Tensor, *, out: Any = None) -> Tensor: ...
def sgd_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    buffers: Sequence[Tensor] | None,
    lr: Tensor | Number,
    momentum: Tensor | Number,
    dampening: Tensor | Number,
    weight_decay: Tensor | Number,
    blocks: Blocks,
    decay: _bool = False,
    nesterov: _bool = False,
    maximize: _bool = False,
    *,
    out: Any = None,
) -> _tuple[Tensor, ...]: ...
def sgn(input: Tensor, *, out: Any = None) -> Tensor: ...
def shifted_chebyshev_polynomial_t(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def shifted_chebyshev_polynomial_u(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def shifted_chebyshev_polynomial_v(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def shifted_chebyshev_polynomial_w(input: Tensor | Number, n: Tensor | Number, *, out: Any = None) -> Tensor: ...
def sigmoid(input: Tensor, *, out: Any = None) -> Tensor: ...
def sign(input: Tensor, *, out: Any = None) -> Tensor: ...
def signbit(input: Tensor, *, out: Any = None) -> Tensor: ...
def silu(input: Tensor, *, out: Any = None) -> Tensor: ...
def sin(input: Tensor, *, out: Any = None) -> Tensor: ...
def sinc(input: Tensor, *, out: Any = None) -> Tensor: ...
def sinh(input: Tensor, *, out: Any = None) -> Tensor: ...
def slice_at(
    input: Tensor, start: Number, dim: _int, size: _int, step: _int = 1, made_by: _str = "Slice"
) -> Tensor: ...
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: _int = 0,
    start: _int | None = None,
    end: _int | None = None,
    step: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def slogdet(A: Tensor, *, out: Any = None) -> SlogdetResult: ...
def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: _int = 1, beta: _float = 1.0, *, out: Any = None
) -> Tensor: ...
def soft_margin_loss(input: Tensor, target: Tensor, reduction: _int = 1, *, out: Any = None) -> Tensor: ...
def softmax(input: Tensor, dim: _int, dtype: DType | None = None, *, out: Any = None) -> Tensor: ...
def softmin(input: Tensor, dim: _int, dtype: DType | None = None, *, out: Any = None) -> Tensor: ...
def softplus(input: Tensor, beta: Number = 1, threshold: Number = 20, *, out: Any = None) -> Tensor: ...
def softshrink(input: Tensor, lambd: Number = 0.5, *, out: Any = None) -> Tensor: ...
def softsign(input: Tensor, *, out: Any = None) -> Tensor: ...
def solve(A: Tensor, B: Tensor, *, left: _bool = True, out: Any = None) -> Tensor: ...
def solve_info(A: Tensor, B: Tensor, left: _bool = True, *, out: Any = None) -> SolveInfoResult: ...
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: _bool, left: _bool = True, unitriangular: _bool = False, out: Any = None
) -> Tensor: ...
def sort(
    input: Tensor, dim: _int = -1, descending: _bool = False, stable: _bool = False, *, out: Any = None
) -> SortResult: ...
def spherical_bessel_j0(input: Tensor, *, out: Any = None) -> Tensor: ...
def sqrt(input: Tensor, *, out: Any = None) -> Tensor: ...
def square(input: Tensor, *, out: Any = None) -> Tensor: ...
def squeeze(input: Tensor, dim: _int | Sequence[_int] | None = None) -> Tensor: ...
def stack(tensors: Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor: ...
def standard_dirichlet(concentration: Tensor, *, generator: Generator | None = None) -> Tensor: ...
def standard_gamma(concentration: Tensor, *, generator: Generator | None = None) -> Tensor: ...
def std_correction(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    *,
    correction: _float = 1,
    keepdim: _bool = False,
    out: Any = None,
) -> Tensor: ...
def std_mean_correction(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    *,
    correction: _float = 1,
    keepdim: _bool = False,
    out: Any = None,
) -> _tuple[Tensor, Tensor]: ...
def stft_of(
    input: Tensor,
    window: Tensor | None,
    n_fft: _int,
    hop_length: _int,
    win_length: _int,
    normalized: _bool,
    onesided: _bool,
    *,
    out: Any = None,
) -> Tensor: ...
def strided(
    input: Tensor, size: Sequence[_int], stride: Sequence[_int], start: _int, storage_offset: _int
) -> Tensor: ...
def strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[_int], stride: Sequence[_int], start: _int, *, out: Any = None
) -> Tensor: ...
def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Any = None) -> Tensor: ...
def sum(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: DType | None = None,
    out: Any = None,
) -> Tensor: ...
def svd(A: Tensor, full_matrices: _bool = True, *, driver: _str | None = None, out: Any = None) -> SvdResult: ...
def svdvals(A: Tensor, *, driver: _str | None = None, out: Any = None) -> Tensor: ...
def t(input: Tensor) -> Tensor: ...
def take(input: Tensor, index: Tensor, *, out: Any = None) -> Tensor: ...
def take_along_dim(input: Tensor, indices: Tensor, dim: _int | None = None, *, out: Any = None) -> Tensor: ...
def take_rows(input: Tensor, index: Tensor, back: Tensor, fill: Number = 0, *, out: Any = None) -> Tensor: ...
def tan(input: Tensor, *, out: Any = None) -> Tensor: ...
def tanh(input: Tensor, *, out: Any = None) -> Tensor: ...
def tanhshrink(input: Tensor, *, out: Any = None) -> Tensor: ...
def tensordot_at(
    input: Tensor, other: Tensor, dims_self: Sequence[_int], dims_other: Sequence[_int], *, out: Any = None
) -> Tensor: ...
def tensorinv(A: Tensor, ind: _int = 2, *, out: Any = None) -> Tensor: ...
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[_int] | None = None, *, out: Any = None) -> Tensor: ...
def threshold(input: Tensor, threshold: Number, value: Number, *, out: Any = None) -> Tensor: ...
def tile(input: Tensor, *dims: _int | Sequence[_int], out: Any = None) -> Tensor: ...
def to_dtype(input: Tensor, dtype: DType, *, out: Any = None) -> Tensor: ...
def topk(
    input: Tensor, k: _int, dim: _int = -1, largest: _bool = True, sorted: _bool = True, *, out: Any = None
) -> TopkResult: ...
def trace(input: Tensor, *, out: Any = None) -> Tensor: ...
def transpose(input: Tensor, dim0: _int, dim1: _int) -> Tensor: ...
def trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: _int = -1, out: Any = None
) -> Tensor: ...
def tril(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor: ...
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: Number = 1.0,
    p: _float = 2,
    eps: _float = 1e-06,
    swap: _bool = False,
    reduction: _int = 0,
    *,
    out: Any = None,
) -> Tensor: ...
def triu(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor: ...
def true_divide(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def trunc(input: Tensor, *, out: Any = None) -> Tensor: ...
def unfold(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    dilation: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    stride: _int | Sequence[_int] = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def unfold_windows(input: Tensor, dimension: _int, size: _int, step: _int) -> Tensor: ...
def unsqueeze(input: Tensor, dim: _int) -> Tensor: ...
def vander(x: Tensor, *, N: _int | None = None, out: Any = None) -> Tensor: ...
def var_correction(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    *,
    correction: _float = 1,
    keepdim: _bool = False,
    out: Any = None,
) -> Tensor: ...
def var_mean_correction(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    *,
    correction: _float = 1,
    keepdim: _bool = False,
    out: Any = None,
) -> _tuple[Tensor, Tensor]: ...
def vdot(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def vector_norm(
    x: Tensor,
    ord: _float = 2,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: Any = None,
    out: Any = None,
) -> Tensor: ...
def view(input: Tensor, *shape: _int | Sequence[_int]) -> Tensor: ...
def view_as_complex(input: Tensor) -> Tensor: ...
def view_as_real(input: Tensor) -> Tensor: ...
def view_dtype(input: Tensor, dtype: Any) -> Tensor: ...
def von_mises(loc: Tensor, concentration: Tensor, *, generator: Generator | None = None) -> Tensor: ...
def vstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def weight_norm(v: Tensor, g: Tensor, dim: _int = 0, *, out: Any = None) -> Tensor: ...
def where(condition: Tensor, input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def xlog1py(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def xlogy(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def zeta(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
