"""Public names and where they are defined. Written by tools/stubs.py."""

from collections.abc import Callable as _Callable

from lamina import accelerator as accelerator
from lamina import amp as amp
from lamina import autograd as autograd
from lamina import backends as backends
from lamina import compiler as compiler
from lamina import cpu as cpu
from lamina import cuda as cuda
from lamina import data as data
from lamina import distributed as distributed
from lamina import distributions as distributions
from lamina import dtypes as dtypes
from lamina import engine as engine
from lamina import fft as fft
from lamina import fit as fit
from lamina import func as func
from lamina import functions as functions
from lamina import hub as hub
from lamina import io as io
from lamina import jit as jit
from lamina import linalg as linalg
from lamina import mps as mps
from lamina import multiprocessing as multiprocessing
from lamina import nested as nested
from lamina import nn as nn
from lamina import onnx as onnx
from lamina import optim as optim
from lamina import profiler as profiler
from lamina import random as random
from lamina import sparse as sparse
from lamina import special as special
from lamina import testing as testing
from lamina import types as types
from lamina import utils as utils
from lamina import version as version
from lamina import xpu as xpu
from lamina.amp.autocast_mode import autocast as autocast
from lamina.amp.autocast_mode import autocast_decrement_nesting as autocast_decrement_nesting
from lamina.amp.autocast_mode import autocast_increment_nesting as autocast_increment_nesting
from lamina.amp.autocast_mode import clear_autocast_cache as clear_autocast_cache
from lamina.amp.autocast_mode import get_autocast_cpu_dtype as get_autocast_cpu_dtype
from lamina.amp.autocast_mode import get_autocast_dtype as get_autocast_dtype
from lamina.amp.autocast_mode import get_autocast_gpu_dtype as get_autocast_gpu_dtype
from lamina.amp.autocast_mode import is_autocast_cache_enabled as is_autocast_cache_enabled
from lamina.amp.autocast_mode import is_autocast_cpu_enabled as is_autocast_cpu_enabled
from lamina.amp.autocast_mode import is_autocast_enabled as is_autocast_enabled
from lamina.amp.autocast_mode import set_autocast_cache_enabled as set_autocast_cache_enabled
from lamina.amp.autocast_mode import set_autocast_cpu_dtype as set_autocast_cpu_dtype
from lamina.amp.autocast_mode import set_autocast_cpu_enabled as set_autocast_cpu_enabled
from lamina.amp.autocast_mode import set_autocast_dtype as set_autocast_dtype
from lamina.amp.autocast_mode import set_autocast_enabled as set_autocast_enabled
from lamina.amp.autocast_mode import set_autocast_gpu_dtype as set_autocast_gpu_dtype
from lamina.amp.grad_scaler import GradScaler as GradScaler
from lamina.autograd.anomaly_mode import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from lamina.autograd.anomaly_mode import is_anomaly_enabled as is_anomaly_enabled
from lamina.autograd.anomaly_mode import set_anomaly_enabled as set_anomaly_enabled
from lamina.autograd.grad_mode import enable_grad as enable_grad
from lamina.autograd.grad_mode import inference_mode as inference_mode
from lamina.autograd.grad_mode import is_grad_enabled as is_grad_enabled
from lamina.autograd.grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from lamina.autograd.grad_mode import no_grad as no_grad
from lamina.autograd.grad_mode import set_grad_enabled as set_grad_enabled
from lamina.batching import vmap as vmap
from lamina.control import cond as cond
from lamina.control import while_loop as while_loop
from lamina.creation import arange as arange
from lamina.creation import as_tensor as as_tensor
from lamina.creation import asarray as asarray
from lamina.creation import complex as complex
from lamina.creation import empty as empty
from lamina.creation import empty_like as empty_like
from lamina.creation import empty_strided as empty_strided
from lamina.creation import eye as eye
from lamina.creation import from_dlpack as from_dlpack
from lamina.creation import from_numpy as from_numpy
from lamina.creation import full as full
from lamina.creation import full_like as full_like
from lamina.creation import linspace as linspace
from lamina.creation import logspace as logspace
from lamina.creation import normal as normal
from lamina.creation import ones as ones
from lamina.creation import ones_like as ones_like
from lamina.creation import rand as rand
from lamina.creation import rand_like as rand_like
from lamina.creation import randint as randint
from lamina.creation import randint_like as randint_like
from lamina.creation import randn as randn
from lamina.creation import randn_like as randn_like
from lamina.creation import randperm as randperm
from lamina.creation import range as range
from lamina.creation import scalar_tensor as scalar_tensor
from lamina.creation import tensor as tensor
from lamina.creation import to_dlpack as to_dlpack
from lamina.creation import zeros as zeros
from lamina.creation import zeros_like as zeros_like
from lamina.cuda.memory import OutOfMemoryError as OutOfMemoryError
from lamina.cuda.streams import Event as Event
from lamina.cuda.streams import Stream as Stream
from lamina.debugging import debug as debug
from lamina.devices import device as device
from lamina.devices import get_default_device as get_default_device
from lamina.devices import set_default_device as set_default_device
from lamina.dtypes import bfloat16 as bfloat16
from lamina.dtypes import bool as bool
from lamina.dtypes import cdouble as cdouble
from lamina.dtypes import cfloat as cfloat
from lamina.dtypes import complex64 as complex64
from lamina.dtypes import complex128 as complex128
from lamina.dtypes import double as double
from lamina.dtypes import dtype as dtype
from lamina.dtypes import finfo as finfo
from lamina.dtypes import float as float
from lamina.dtypes import float16 as float16
from lamina.dtypes import float32 as float32
from lamina.dtypes import float64 as float64
from lamina.dtypes import get_default_dtype as get_default_dtype
from lamina.dtypes import half as half
from lamina.dtypes import iinfo as iinfo
from lamina.dtypes import int as int
from lamina.dtypes import int8 as int8
from lamina.dtypes import int16 as int16
from lamina.dtypes import int32 as int32
from lamina.dtypes import int64 as int64
from lamina.dtypes import long as long
from lamina.dtypes import set_default_dtype as set_default_dtype
from lamina.dtypes import short as short
from lamina.dtypes import uint8 as uint8
from lamina.engine.run import synchronize as synchronize
from lamina.functions import abs as abs
from lamina.functions import acos as acos
from lamina.functions import acosh as acosh
from lamina.functions import adaptive_avg_pool1d as adaptive_avg_pool1d
from lamina.functions import adaptive_max_pool1d as adaptive_max_pool1d
from lamina.functions import add as add
from lamina.functions import addbmm as addbmm
from lamina.functions import addcdiv as addcdiv
from lamina.functions import addcmul as addcmul
from lamina.functions import addmm as addmm
from lamina.functions import addmv as addmv
from lamina.functions import addr as addr
from lamina.functions import affine_grid_generator as affine_grid_generator
from lamina.functions import all as all
from lamina.functions import amax as amax
from lamina.functions import amin as amin
from lamina.functions import aminmax as aminmax
from lamina.functions import angle as angle
from lamina.functions import any as any
from lamina.functions import argmax as argmax
from lamina.functions import argmin as argmin
from lamina.functions import argsort as argsort
from lamina.functions import asin as asin
from lamina.functions import asinh as asinh
from lamina.functions import atan as atan
from lamina.functions import atan2 as atan2
from lamina.functions import atanh as atanh
from lamina.functions import avg_pool1d as avg_pool1d
from lamina.functions import baddbmm as baddbmm
from lamina.functions import bernoulli as bernoulli
from lamina.functions import bilinear as bilinear
from lamina.functions import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from lamina.functions import binomial as binomial
from lamina.functions import bitwise_and as bitwise_and
from lamina.functions import bitwise_left_shift as bitwise_left_shift
from lamina.functions import bitwise_not as bitwise_not
from lamina.functions import bitwise_or as bitwise_or
from lamina.functions import bitwise_right_shift as bitwise_right_shift
from lamina.functions import bitwise_xor as bitwise_xor
from lamina.functions import bmm as bmm
from lamina.functions import broadcast_to as broadcast_to
from lamina.functions import bucketize as bucketize
from lamina.functions import cat as cat
from lamina.functions import cdist as cdist
from lamina.functions import ceil as ceil
from lamina.functions import celu as celu
from lamina.functions import channel_shuffle as channel_shuffle
from lamina.functions import cholesky_inverse as cholesky_inverse
from lamina.functions import cholesky_solve as cholesky_solve
from lamina.functions import clamp as clamp
from lamina.functions import clamp_max as clamp_max
from lamina.functions import clamp_min as clamp_min
from lamina.functions import clone as clone
from lamina.functions import column_stack as column_stack
from lamina.functions import conv1d as conv1d
from lamina.functions import conv2d as conv2d
from lamina.functions import conv3d as conv3d
from lamina.functions import conv_tbc as conv_tbc
from lamina.functions import conv_transpose1d as conv_transpose1d
from lamina.functions import conv_transpose2d as conv_transpose2d
from lamina.functions import conv_transpose3d as conv_transpose3d
from lamina.functions import copysign as copysign
from lamina.functions import corrcoef as corrcoef
from lamina.functions import cos as cos
from lamina.functions import cosh as cosh
from lamina.functions import cosine_embedding_loss as cosine_embedding_loss
from lamina.functions import cosine_similarity as cosine_similarity
from lamina.functions import count_nonzero as count_nonzero
from lamina.functions import cov as cov
from lamina.functions import cross as cross
from lamina.functions import cummax as cummax
from lamina.functions import cummin as cummin
from lamina.functions import cumprod as cumprod
from lamina.functions import cumsum as cumsum
from lamina.functions import cumulative_trapezoid as cumulative_trapezoid
from lamina.functions import deg2rad as deg2rad
from lamina.functions import det as det
from lamina.functions import diag as diag
from lamina.functions import diag_embed as diag_embed
from lamina.functions import diagflat as diagflat
from lamina.functions import diagonal as diagonal
from lamina.functions import diagonal_scatter as diagonal_scatter
from lamina.functions import diff as diff
from lamina.functions import digamma as digamma
from lamina.functions import dist as dist
from lamina.functions import div as div
from lamina.functions import dot as dot
from lamina.functions import dstack as dstack
from lamina.functions import eq as eq
from lamina.functions import erf as erf
from lamina.functions import erfc as erfc
from lamina.functions import erfinv as erfinv
from lamina.functions import exp as exp
from lamina.functions import exp2 as exp2
from lamina.functions import expm1 as expm1
from lamina.functions import flip as flip
from lamina.functions import fliplr as fliplr
from lamina.functions import flipud as flipud
from lamina.functions import float_power as float_power
from lamina.functions import floor as floor
from lamina.functions import floor_divide as floor_divide
from lamina.functions import fmax as fmax
from lamina.functions import fmin as fmin
from lamina.functions import fmod as fmod
from lamina.functions import frac as frac
from lamina.functions import frexp as frexp
from lamina.functions import gather as gather
from lamina.functions import gcd as gcd
from lamina.functions import ge as ge
from lamina.functions import geqrf as geqrf
from lamina.functions import grid_sampler as grid_sampler
from lamina.functions import gru_cell as gru_cell
from lamina.functions import gt as gt
from lamina.functions import hardshrink as hardshrink
from lamina.functions import heaviside as heaviside
from lamina.functions import hinge_embedding_loss as hinge_embedding_loss
from lamina.functions import histc as histc
from lamina.functions import hstack as hstack
from lamina.functions import hypot as hypot
from lamina.functions import i0 as i0
from lamina.functions import igamma as igamma
from lamina.functions import igammac as igammac
from lamina.functions import imag as imag
from lamina.functions import index_add as index_add
from lamina.functions import index_copy as index_copy
from lamina.functions import index_fill as index_fill
from lamina.functions import index_reduce as index_reduce
from lamina.functions import index_select as index_select
from lamina.functions import inner as inner
from lamina.functions import isclose as isclose
from lamina.functions import isfinite as isfinite
from lamina.functions import isin as isin
from lamina.functions import isinf as isinf
from lamina.functions import isnan as isnan
from lamina.functions import isneginf as isneginf
from lamina.functions import isposinf as isposinf
from lamina.functions import isreal as isreal
from lamina.functions import kl_div as kl_div
from lamina.functions import kron as kron
from lamina.functions import kthvalue as kthvalue
from lamina.functions import lcm as lcm
from lamina.functions import ldexp as ldexp
from lamina.functions import le as le
from lamina.functions import lerp as lerp
from lamina.functions import lgamma as lgamma
from lamina.functions import log as log
from lamina.functions import log1p as log1p
from lamina.functions import log2 as log2
from lamina.functions import log10 as log10
from lamina.functions import log_softmax as log_softmax
from lamina.functions import logaddexp as logaddexp
from lamina.functions import logaddexp2 as logaddexp2
from lamina.functions import logcumsumexp as logcumsumexp
from lamina.functions import logdet as logdet
from lamina.functions import logical_and as logical_and
from lamina.functions import logical_not as logical_not
from lamina.functions import logical_or as logical_or
from lamina.functions import logical_xor as logical_xor
from lamina.functions import logit as logit
from lamina.functions import logsumexp as logsumexp
from lamina.functions import lstm_cell as lstm_cell
from lamina.functions import lt as lt
from lamina.functions import margin_ranking_loss as margin_ranking_loss
from lamina.functions import masked_fill as masked_fill
from lamina.functions import masked_scatter as masked_scatter
from lamina.functions import matmul as matmul
from lamina.functions import matrix_exp as matrix_exp
from lamina.functions import matrix_power as matrix_power
from lamina.functions import max_pool1d_with_indices as max_pool1d_with_indices
from lamina.functions import maximum as maximum
from lamina.functions import mean as mean
from lamina.functions import minimum as minimum
from lamina.functions import mm as mm
from lamina.functions import mode as mode
from lamina.functions import movedim as movedim
from lamina.functions import msort as msort
from lamina.functions import mul as mul
from lamina.functions import multinomial as multinomial
from lamina.functions import mv as mv
from lamina.functions import mvlgamma as mvlgamma
from lamina.functions import nan_to_num as nan_to_num
from lamina.functions import nanmean as nanmean
from lamina.functions import nansum as nansum
from lamina.functions import native_channel_shuffle as native_channel_shuffle
from lamina.functions import ne as ne
from lamina.functions import neg as neg
from lamina.functions import nextafter as nextafter
from lamina.functions import norm as norm
from lamina.functions import norm_except_dim as norm_except_dim
from lamina.functions import ormqr as ormqr
from lamina.functions import outer as outer
from lamina.functions import pairwise_distance as pairwise_distance
from lamina.functions import pdist as pdist
from lamina.functions import permute as permute
from lamina.functions import pixel_shuffle as pixel_shuffle
from lamina.functions import pixel_unshuffle as pixel_unshuffle
from lamina.functions import poisson as poisson
from lamina.functions import poisson_nll_loss as poisson_nll_loss
from lamina.functions import polar as polar
from lamina.functions import pow as pow
from lamina.functions import prelu as prelu
from lamina.functions import prod as prod
from lamina.functions import put as put
from lamina.functions import rad2deg as rad2deg
from lamina.functions import reciprocal as reciprocal
from lamina.functions import relu as relu
from lamina.functions import remainder as remainder
from lamina.functions import renorm as renorm
from lamina.functions import rms_norm as rms_norm
from lamina.functions import rnn_relu_cell as rnn_relu_cell
from lamina.functions import rnn_tanh_cell as rnn_tanh_cell
from lamina.functions import roll as roll
from lamina.functions import rot90 as rot90
from lamina.functions import round as round
from lamina.functions import rsqrt as rsqrt
from lamina.functions import rsub as rsub
from lamina.functions import scatter_add as scatter_add
from lamina.functions import scatter_reduce as scatter_reduce
from lamina.functions import searchsorted as searchsorted
from lamina.functions import select_scatter as select_scatter
from lamina.functions import selu as selu
from lamina.functions import sgn as sgn
from lamina.functions import sigmoid as sigmoid
from lamina.functions import sign as sign
from lamina.functions import signbit as signbit
from lamina.functions import sin as sin
from lamina.functions import sinc as sinc
from lamina.functions import sinh as sinh
from lamina.functions import slice_scatter as slice_scatter
from lamina.functions import slogdet as slogdet
from lamina.functions import softmax as softmax
from lamina.functions import sort as sort
from lamina.functions import sqrt as sqrt
from lamina.functions import square as square
from lamina.functions import squeeze as squeeze
from lamina.functions import stack as stack
from lamina.functions import sub as sub
from lamina.functions import sum as sum
from lamina.functions import t as t
from lamina.functions import take as take
from lamina.functions import take_along_dim as take_along_dim
from lamina.functions import tan as tan
from lamina.functions import tanh as tanh
from lamina.functions import threshold as threshold
from lamina.functions import tile as tile
from lamina.functions import topk as topk
from lamina.functions import trace as trace
from lamina.functions import transpose as transpose
from lamina.functions import trapezoid as trapezoid
from lamina.functions import tril as tril
from lamina.functions import triplet_margin_loss as triplet_margin_loss
from lamina.functions import triu as triu
from lamina.functions import true_divide as true_divide
from lamina.functions import trunc as trunc
from lamina.functions import unsqueeze as unsqueeze
from lamina.functions import vdot as vdot
from lamina.functions import view_as_complex as view_as_complex
from lamina.functions import view_as_real as view_as_real
from lamina.functions import vstack as vstack
from lamina.functions import xlogy as xlogy
from lamina.functions_activation import celu_ as celu_
from lamina.functions_activation import relu_ as relu_
from lamina.functions_activation import selu_ as selu_
from lamina.functions_activation import threshold_ as threshold_
from lamina.functions_convolution import convolution as convolution
from lamina.functions_copies import alias_copy as alias_copy
from lamina.functions_copies import as_strided_copy as as_strided_copy
from lamina.functions_copies import detach_copy as detach_copy
from lamina.functions_copies import diagonal_copy as diagonal_copy
from lamina.functions_copies import expand_copy as expand_copy
from lamina.functions_copies import narrow_copy as narrow_copy
from lamina.functions_copies import permute_copy as permute_copy
from lamina.functions_copies import select_copy as select_copy
from lamina.functions_copies import slice_copy as slice_copy
from lamina.functions_copies import split_copy as split_copy
from lamina.functions_copies import split_with_sizes_copy as split_with_sizes_copy
from lamina.functions_copies import squeeze_copy as squeeze_copy
from lamina.functions_copies import t_copy as t_copy
from lamina.functions_copies import transpose_copy as transpose_copy
from lamina.functions_copies import unbind_copy as unbind_copy
from lamina.functions_copies import unfold_copy as unfold_copy
from lamina.functions_copies import unsafe_chunk as unsafe_chunk
from lamina.functions_copies import unsafe_split as unsafe_split
from lamina.functions_copies import unsafe_split_with_sizes as unsafe_split_with_sizes
from lamina.functions_copies import unsqueeze_copy as unsqueeze_copy
from lamina.functions_copies import view_as_complex_copy as view_as_complex_copy
from lamina.functions_copies import view_as_real_copy as view_as_real_copy
from lamina.functions_copies import view_copy as view_copy
from lamina.functions_difference import gradient as gradient
from lamina.functions_factor import lobpcg as lobpcg
from lamina.functions_factor import lu_unpack as lu_unpack
from lamina.functions_factor import pca_lowrank as pca_lowrank
from lamina.functions_factor import svd_lowrank as svd_lowrank
from lamina.functions_factor import triangular_solve as triangular_solve
from lamina.functions_facts import broadcast_shapes as broadcast_shapes
from lamina.functions_facts import can_cast as can_cast
from lamina.functions_facts import conj as conj
from lamina.functions_facts import conj_physical as conj_physical
from lamina.functions_facts import get_device as get_device
from lamina.functions_facts import is_complex as is_complex
from lamina.functions_facts import is_conj as is_conj
from lamina.functions_facts import is_distributed as is_distributed
from lamina.functions_facts import is_floating_point as is_floating_point
from lamina.functions_facts import is_inference as is_inference
from lamina.functions_facts import is_neg as is_neg
from lamina.functions_facts import is_nonzero as is_nonzero
from lamina.functions_facts import is_same_size as is_same_size
from lamina.functions_facts import is_signed as is_signed
from lamina.functions_facts import is_storage as is_storage
from lamina.functions_facts import is_tensor as is_tensor
from lamina.functions_facts import numel as numel
from lamina.functions_facts import positive as positive
from lamina.functions_facts import promote_types as promote_types
from lamina.functions_facts import real as real
from lamina.functions_facts import resolve_conj as resolve_conj
from lamina.functions_facts import resolve_neg as resolve_neg
from lamina.functions_facts import result_type as result_type
from lamina.functions_facts import sym_constrain_range as sym_constrain_range
from lamina.functions_facts import sym_constrain_range_for_size as sym_constrain_range_for_size
from lamina.functions_facts import sym_float as sym_float
from lamina.functions_facts import sym_fresh_size as sym_fresh_size
from lamina.functions_facts import sym_int as sym_int
from lamina.functions_facts import sym_ite as sym_ite
from lamina.functions_facts import sym_max as sym_max
from lamina.functions_facts import sym_min as sym_min
from lamina.functions_facts import sym_not as sym_not
from lamina.functions_facts import sym_sqrt as sym_sqrt
from lamina.functions_facts import sym_sum as sym_sum
from lamina.functions_facts import typename as typename
from lamina.functions_fft import istft as istft
from lamina.functions_fft import stft as stft
from lamina.functions_histogram import bincount as bincount
from lamina.functions_histogram import histogram as histogram
from lamina.functions_histogram import histogramdd as histogramdd
from lamina.functions_index import argwhere as argwhere
from lamina.functions_index import index_put as index_put
from lamina.functions_index import index_put_ as index_put_
from lamina.functions_index import masked_select as masked_select
from lamina.functions_index import nonzero as nonzero
from lamina.functions_index import scatter as scatter
from lamina.functions_index import where as where
from lamina.functions_linalg import chain_matmul as chain_matmul
from lamina.functions_linalg import einsum as einsum
from lamina.functions_linalg import inverse as inverse
from lamina.functions_linalg import orgqr as orgqr
from lamina.functions_linalg import pinverse as pinverse
from lamina.functions_linalg import tensordot as tensordot
from lamina.functions_matrix import cholesky as cholesky
from lamina.functions_matrix import eig as eig
from lamina.functions_matrix import frobenius_norm as frobenius_norm
from lamina.functions_matrix import lstsq as lstsq
from lamina.functions_matrix import lu as lu
from lamina.functions_matrix import lu_solve as lu_solve
from lamina.functions_matrix import matrix_rank as matrix_rank
from lamina.functions_matrix import nuclear_norm as nuclear_norm
from lamina.functions_matrix import qr as qr
from lamina.functions_matrix import solve as solve
from lamina.functions_matrix import svd as svd
from lamina.functions_matrix import symeig as symeig
from lamina.functions_matrix import vander as vander
from lamina.functions_native import alpha_dropout as alpha_dropout
from lamina.functions_native import alpha_dropout_ as alpha_dropout_
from lamina.functions_native import batch_norm as batch_norm
from lamina.functions_native import constant_pad_nd as constant_pad_nd
from lamina.functions_native import dropout as dropout
from lamina.functions_native import dropout_ as dropout_
from lamina.functions_native import embedding as embedding
from lamina.functions_native import embedding_bag as embedding_bag
from lamina.functions_native import embedding_renorm_ as embedding_renorm_
from lamina.functions_native import feature_alpha_dropout as feature_alpha_dropout
from lamina.functions_native import feature_alpha_dropout_ as feature_alpha_dropout_
from lamina.functions_native import feature_dropout as feature_dropout
from lamina.functions_native import feature_dropout_ as feature_dropout_
from lamina.functions_native import group_norm as group_norm
from lamina.functions_native import instance_norm as instance_norm
from lamina.functions_native import layer_norm as layer_norm
from lamina.functions_native import native_dropout as native_dropout
from lamina.functions_native import rrelu as rrelu
from lamina.functions_native_norm import native_batch_norm as native_batch_norm
from lamina.functions_native_norm import native_group_norm as native_group_norm
from lamina.functions_native_norm import native_layer_norm as native_layer_norm
from lamina.functions_places import combinations as combinations
from lamina.functions_places import empty_permuted as empty_permuted
from lamina.functions_places import from_file as from_file
from lamina.functions_places import frombuffer as frombuffer
from lamina.functions_places import nonzero_static as nonzero_static
from lamina.functions_places import segment_reduce as segment_reduce
from lamina.functions_places import tril_indices as tril_indices
from lamina.functions_places import triu_indices as triu_indices
from lamina.functions_places import unravel_index as unravel_index
from lamina.functions_pool import max_pool1d as max_pool1d
from lamina.functions_pool import max_pool2d as max_pool2d
from lamina.functions_pool import max_pool3d as max_pool3d
from lamina.functions_quantile import nanquantile as nanquantile
from lamina.functions_quantile import quantile as quantile
from lamina.functions_random_activation import rrelu_ as rrelu_
from lamina.functions_recurrent import gru as gru
from lamina.functions_recurrent import lstm as lstm
from lamina.functions_recurrent import rnn_relu as rnn_relu
from lamina.functions_recurrent import rnn_tanh as rnn_tanh
from lamina.functions_reduce import allclose as allclose
from lamina.functions_reduce import equal as equal
from lamina.functions_reduce import max as max
from lamina.functions_reduce import median as median
from lamina.functions_reduce import min as min
from lamina.functions_reduce import nanmedian as nanmedian
from lamina.functions_reduce import std as std
from lamina.functions_reduce import std_mean as std_mean
from lamina.functions_reduce import var as var
from lamina.functions_reduce import var_mean as var_mean
from lamina.functions_refused import dequantize as dequantize
from lamina.functions_refused import empty_quantized as empty_quantized
from lamina.functions_refused import fake_quantize_per_channel_affine as fake_quantize_per_channel_affine
from lamina.functions_refused import fake_quantize_per_tensor_affine as fake_quantize_per_tensor_affine
from lamina.functions_refused import fbgemm_linear_quantize_weight as fbgemm_linear_quantize_weight
from lamina.functions_refused import fbgemm_pack_quantized_matrix as fbgemm_pack_quantized_matrix
from lamina.functions_refused import fused_moving_avg_obs_fake_quant as fused_moving_avg_obs_fake_quant
from lamina.functions_refused import quantize_per_channel as quantize_per_channel
from lamina.functions_refused import quantize_per_tensor as quantize_per_tensor
from lamina.functions_refused import quantize_per_tensor_dynamic as quantize_per_tensor_dynamic
from lamina.functions_refused import quantized_batch_norm as quantized_batch_norm
from lamina.functions_refused import quantized_gru as quantized_gru
from lamina.functions_refused import quantized_gru_cell as quantized_gru_cell
from lamina.functions_refused import quantized_lstm as quantized_lstm
from lamina.functions_refused import quantized_lstm_cell as quantized_lstm_cell
from lamina.functions_refused import quantized_max_pool1d as quantized_max_pool1d
from lamina.functions_refused import quantized_max_pool2d as quantized_max_pool2d
from lamina.functions_refused import quantized_max_pool3d as quantized_max_pool3d
from lamina.functions_refused import quantized_rnn_relu_cell as quantized_rnn_relu_cell
from lamina.functions_refused import quantized_rnn_tanh_cell as quantized_rnn_tanh_cell
from lamina.functions_refused import resize_as_sparse_ as resize_as_sparse_
from lamina.functions_refused import saddmm as saddmm
from lamina.functions_refused import sparse_bsc_tensor as sparse_bsc_tensor
from lamina.functions_refused import sparse_bsr_tensor as sparse_bsr_tensor
from lamina.functions_refused import sparse_compressed_tensor as sparse_compressed_tensor
from lamina.functions_refused import sparse_csc_tensor as sparse_csc_tensor
from lamina.functions_refused import sparse_csr_tensor as sparse_csr_tensor
from lamina.functions_root_loss import ctc_loss as ctc_loss
from lamina.functions_shape import adjoint as adjoint
from lamina.functions_shape import atleast_1d as atleast_1d
from lamina.functions_shape import atleast_2d as atleast_2d
from lamina.functions_shape import atleast_3d as atleast_3d
from lamina.functions_shape import block_diag as block_diag
from lamina.functions_shape import broadcast_tensors as broadcast_tensors
from lamina.functions_shape import cartesian_prod as cartesian_prod
from lamina.functions_shape import chunk as chunk
from lamina.functions_shape import dsplit as dsplit
from lamina.functions_shape import flatten as flatten
from lamina.functions_shape import hsplit as hsplit
from lamina.functions_shape import meshgrid as meshgrid
from lamina.functions_shape import narrow as narrow
from lamina.functions_shape import ravel as ravel
from lamina.functions_shape import repeat_interleave as repeat_interleave
from lamina.functions_shape import reshape as reshape
from lamina.functions_shape import select as select
from lamina.functions_shape import split as split
from lamina.functions_shape import split_with_sizes as split_with_sizes
from lamina.functions_shape import tensor_split as tensor_split
from lamina.functions_shape import unbind as unbind
from lamina.functions_shape import unflatten as unflatten
from lamina.functions_shape import vsplit as vsplit
from lamina.functions_special import polygamma as polygamma
from lamina.functions_strided import as_strided as as_strided
from lamina.functions_strided import as_strided_ as as_strided_
from lamina.functions_strided import as_strided_scatter as as_strided_scatter
from lamina.functions_strided import detach as detach
from lamina.functions_strided import detach_ as detach_
from lamina.functions_strided import fill as fill
from lamina.functions_strided import fill_ as fill_
from lamina.functions_strided import resize_as_ as resize_as_
from lamina.functions_strided import zero_ as zero_
from lamina.functions_unique import unique as unique
from lamina.functions_unique import unique_consecutive as unique_consecutive
from lamina.functions_window import bartlett_window as bartlett_window
from lamina.functions_window import blackman_window as blackman_window
from lamina.functions_window import hamming_window as hamming_window
from lamina.functions_window import hann_window as hann_window
from lamina.functions_window import kaiser_window as kaiser_window
from lamina.inspect.tensor_repr import set_printoptions as set_printoptions
from lamina.io.files import load as load
from lamina.io.files import save as save
from lamina.jit import fork as fork
from lamina.jit import wait as wait
from lamina.layouts import jagged as jagged
from lamina.layouts import layout as layout
from lamina.layouts import sparse_bsc as sparse_bsc
from lamina.layouts import sparse_bsr as sparse_bsr
from lamina.layouts import sparse_coo as sparse_coo
from lamina.layouts import sparse_csc as sparse_csc
from lamina.layouts import sparse_csr as sparse_csr
from lamina.layouts import strided as strided
from lamina.random import Generator as Generator
from lamina.random import default_generator as default_generator
from lamina.random import get_rng_state as get_rng_state
from lamina.random import initial_seed as initial_seed
from lamina.random import manual_seed as manual_seed
from lamina.random import seed as seed
from lamina.random import set_rng_state as set_rng_state
from lamina.settings import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from lamina.settings import channels_last as channels_last
from lamina.settings import channels_last_3d as channels_last_3d
from lamina.settings import compile as compile
from lamina.settings import compiled_with_cxx11_abi as compiled_with_cxx11_abi
from lamina.settings import contiguous_format as contiguous_format
from lamina.settings import e as e
from lamina.settings import get_deterministic_debug_mode as get_deterministic_debug_mode
from lamina.settings import get_float32_matmul_precision as get_float32_matmul_precision
from lamina.settings import get_num_interop_threads as get_num_interop_threads
from lamina.settings import get_num_threads as get_num_threads
from lamina.settings import has_lapack as has_lapack
from lamina.settings import has_mkl as has_mkl
from lamina.settings import has_openmp as has_openmp
from lamina.settings import has_spectral as has_spectral
from lamina.settings import inf as inf
from lamina.settings import init_num_threads as init_num_threads
from lamina.settings import (
    is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled,
)
from lamina.settings import is_vulkan_available as is_vulkan_available
from lamina.settings import is_warn_always_enabled as is_warn_always_enabled
from lamina.settings import legacy_contiguous_format as legacy_contiguous_format
from lamina.settings import memory_format as memory_format
from lamina.settings import nan as nan
from lamina.settings import newaxis as newaxis
from lamina.settings import pi as pi
from lamina.settings import preserve_format as preserve_format
from lamina.settings import set_deterministic_debug_mode as set_deterministic_debug_mode
from lamina.settings import set_float32_matmul_precision as set_float32_matmul_precision
from lamina.settings import set_flush_denormal as set_flush_denormal
from lamina.settings import set_num_interop_threads as set_num_interop_threads
from lamina.settings import set_num_threads as set_num_threads
from lamina.settings import set_warn_always as set_warn_always
from lamina.settings import use_deterministic_algorithms as use_deterministic_algorithms
from lamina.sparse.algebra import hspmm as hspmm
from lamina.sparse.algebra import smm as smm
from lamina.sparse.algebra import sspaddmm as sspaddmm
from lamina.sparse.construct import sparse_coo_tensor as sparse_coo_tensor
from lamina.tensor import Size as Size
from lamina.tensor import Tensor as Tensor
from lamina.tensor_types import BFloat16Tensor as BFloat16Tensor
from lamina.tensor_types import BoolTensor as BoolTensor
from lamina.tensor_types import ByteTensor as ByteTensor
from lamina.tensor_types import CharTensor as CharTensor
from lamina.tensor_types import DoubleTensor as DoubleTensor
from lamina.tensor_types import FloatTensor as FloatTensor
from lamina.tensor_types import HalfTensor as HalfTensor
from lamina.tensor_types import IntTensor as IntTensor
from lamina.tensor_types import LongTensor as LongTensor
from lamina.tensor_types import ShortTensor as ShortTensor
from lamina.tensor_types import set_default_tensor_type as set_default_tensor_type
from lamina.torch_import import as_torch as as_torch

__all__: list[str]
__version__: str
abs_: _Callable[..., Tensor]
absolute = abs
acos_: _Callable[..., Tensor]
acosh_: _Callable[..., Tensor]
addmv_: _Callable[..., Tensor]
arccos = acos
arccos_: _Callable[..., Tensor]
arccosh = acosh
arccosh_: _Callable[..., Tensor]
arcsin = asin
arcsin_: _Callable[..., Tensor]
arcsinh = asinh
arcsinh_: _Callable[..., Tensor]
arctan = atan
arctan2 = atan2
arctan_: _Callable[..., Tensor]
arctanh = atanh
arctanh_: _Callable[..., Tensor]
asin_: _Callable[..., Tensor]
asinh_: _Callable[..., Tensor]
atan_: _Callable[..., Tensor]
atanh_: _Callable[..., Tensor]
ceil_: _Callable[..., Tensor]
clamp_: _Callable[..., Tensor]
clamp_max_: _Callable[..., Tensor]
clamp_min_: _Callable[..., Tensor]
clip = clamp
clip_: _Callable[..., Tensor]
concat = cat
concatenate = cat
conj_physical_: _Callable[..., Tensor]
cos_: _Callable[..., Tensor]
cosh_: _Callable[..., Tensor]
deg2rad_: _Callable[..., Tensor]
divide = div
dsmm = mm
erf_: _Callable[..., Tensor]
erfc_: _Callable[..., Tensor]
exp2_: _Callable[..., Tensor]
exp_: _Callable[..., Tensor]
expm1_: _Callable[..., Tensor]
fix = trunc
fix_: _Callable[..., Tensor]
floor_: _Callable[..., Tensor]
frac_: _Callable[..., Tensor]
gcd_: _Callable[..., Tensor]
ger = outer
greater = gt
greater_equal = ge
grid_sampler_2d = grid_sampler
grid_sampler_3d = grid_sampler
hsmm = mm
i0_: _Callable[..., Tensor]
lcm_: _Callable[..., Tensor]
ldexp_: _Callable[..., Tensor]
less = lt
less_equal = le
log10_: _Callable[..., Tensor]
log1p_: _Callable[..., Tensor]
log2_: _Callable[..., Tensor]
log_: _Callable[..., Tensor]
logit_: _Callable[..., Tensor]
moveaxis = movedim
multiply = mul
nan_to_num_: _Callable[..., Tensor]
neg_: _Callable[..., Tensor]
negative = neg
negative_: _Callable[..., Tensor]
not_equal = ne
rad2deg_: _Callable[..., Tensor]
reciprocal_: _Callable[..., Tensor]
round_: _Callable[..., Tensor]
row_stack = vstack
rsqrt_: _Callable[..., Tensor]
sigmoid_: _Callable[..., Tensor]
sin_: _Callable[..., Tensor]
sinc_: _Callable[..., Tensor]
sinh_: _Callable[..., Tensor]
spmm = mm
sqrt_: _Callable[..., Tensor]
square_: _Callable[..., Tensor]
subtract = sub
swapaxes = transpose
swapdims = transpose
tan_: _Callable[..., Tensor]
tanh_: _Callable[..., Tensor]
trapz = trapezoid
trunc_: _Callable[..., Tensor]
xlogy_: _Callable[..., Tensor]
