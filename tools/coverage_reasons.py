"""Names of PyTorch that lamina does not have, and why, grouped by reason.

A name that is here after all may stay in the list: the reason is read only where it is missing.
"""

from __future__ import annotations

_BY_REASON = {
    "TorchScript's and the JIT's own classes": """
        AggregationType AliasDb AnyType Argument ArgumentSpec AwaitType BenchmarkConfig
        BenchmarkExecutionStats Block BoolType BufferDict CallStack Capsule ClassType Code CompilationUnit
        CompleteArgumentSpec ComplexType ConcreteModuleType ConcreteModuleTypeBuilder DeepCopyMemoTable
        DeserializationStorageContext DeviceObjType DictType DispatchKey DispatchKeySet EnumType ErrorReport
        ExcludeDispatchKeyGuard ExecutionPlan FileCheck FloatType FunctionSchema Future FutureType Gradient
        Graph GraphExecutorState IODescriptor InferredType IntType InterfaceType JITException ListType
        LiteScriptModule LockingLogger LoggerBase ModuleDict Node NoneType NoopLogger NumberType OperatorInfo
        OptionalType ParameterDict PyObjectType PyTorchFileReader PyTorchFileWriter RRefType ScriptClass
        ScriptClassFunction ScriptDict ScriptDictIterator ScriptDictKeyIterator ScriptFunction ScriptList
        ScriptListIterator ScriptMethod ScriptModule ScriptModuleSerializer ScriptObject ScriptObjectProperty
        SerializationStorageContext StaticModule StreamObjType StringType SymBoolType SymIntType Tag
        TensorType ThroughputBenchmark TracingState TupleType Type UnionType Use Value fork wait
        import_ir_module import_ir_module_from_buffer merge_type_from_type_comment parse_ir parse_schema
        parse_type_comment unify_type_list jit export package fx library""",
    "symbols of PyTorch's compiler": "SymBool SymFloat SymInt compiler",
    "quantised types and operations": """
        choose_qparams_optimized dequantize empty_quantized fake_quantize_per_channel_affine
        fake_quantize_per_tensor_affine fused_moving_avg_obs_fake_quant int_repr per_channel_affine
        per_channel_affine_float_qparams per_channel_symmetric per_tensor_affine per_tensor_symmetric
        q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qint32 qint8
        qscheme quantization quantize_per_channel quantize_per_tensor quantize_per_tensor_dynamic
        quantized_batch_norm quantized_gru quantized_gru_cell quantized_lstm quantized_lstm_cell
        quantized_max_pool1d quantized_max_pool2d quantized_max_pool3d quantized_rnn_relu_cell
        quantized_rnn_tanh_cell quint2x4 quint4x2 quint8 QInt32Storage QInt8Storage QUInt2x4Storage
        QUInt4x2Storage QUInt8Storage fbgemm_linear_fp16_weight fbgemm_linear_fp16_weight_fp32_activation
        fbgemm_linear_int8_weight fbgemm_linear_int8_weight_fp32_activation fbgemm_linear_quantize_weight
        fbgemm_pack_gemm_matrix_fp16 fbgemm_pack_quantized_matrix ao""",
    "kernels of one library (cuDNN, MIOpen, oneDNN) under their own names": """
        cudnn_affine_grid_generator cudnn_batch_norm cudnn_convolution cudnn_convolution_add_relu
        cudnn_convolution_relu cudnn_convolution_transpose cudnn_grid_sampler cudnn_is_acceptable
        miopen_batch_norm miopen_convolution miopen_convolution_add_relu miopen_convolution_relu
        miopen_convolution_transpose miopen_ctc_loss miopen_depthwise_convolution miopen_rnn
        mkldnn_adaptive_avg_pool2d mkldnn_convolution mkldnn_linear_backward_weights mkldnn_max_pool2d
        mkldnn_max_pool3d mkldnn_rnn_layer to_mkldnn native_norm batch_norm_backward_elemt batch_norm_backward_reduce
        batch_norm_elemt batch_norm_gather_stats batch_norm_gather_stats_with_counts batch_norm_stats
        batch_norm_update_stats""",
    "number types that lamina has not": """
        bit bits16 bits1x8 bits2x4 bits4x2 bits8 chalf complex32 float4_e2m1fn_x2 float8_e4m3fn
        float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu int1 int2 int3 int4 int5 int6 int7 uint1
        uint16 uint2 uint3 uint32 uint4 uint5 uint6 uint64 uint7 hash_tensor""",
    "storage classes for each type: storages come from tensors": """
        BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage
        DoubleStorage FloatStorage HalfStorage IntStorage LongStorage ShortStorage Storage StorageBase
        TypedStorage UntypedStorage""",
    "PyTorch's dispatch and C++ objects": """
        DisableTorchFunction DisableTorchFunctionSubclass overrides classes cpp index
        __dlpack_c_exchange_api__ __setstate__ __torch_dispatch__ __torch_function__
        record_stream slice_inverse return_types handle_torch_function has_torch_function
        is_tensor_like""",
    "sparse tensors: `lamina.sparse` says what is there": """
        sparse sparse_bsc_tensor sparse_bsr_tensor sparse_compressed_tensor sparse_coo_tensor sparse_csc_tensor
        sparse_csr_tensor saddmm smm spmm sspaddmm dsmm hsmm hspmm values_copy indices_copy ccol_indices_copy
        col_indices_copy crow_indices_copy row_indices_copy resize_as_sparse_ ccol_indices coalesce col_indices
        crow_indices dense_dim indices is_coalesced row_indices sparse_dim sparse_mask sparse_resize_
        sparse_resize_and_clear_ to_dense to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc
        to_sparse_csr values to_padded_tensor nested masked""",
    "modules of PyTorch beside its tensors": """
        backends cpu cuda distributed distributions functional futures hub load save monitor multiprocessing
        profiler quasirandom random serialization signal storage testing types utils GradScaler dtype nn
        get_device_module""",
    "exceptions of PyTorch's own allocator and kernels: JAX raises `jax.errors.JaxRuntimeError`": """
        AcceleratorError FatalError OutOfMemoryError""",
    "devices other than CPUs and GPUs, and their streams": """
        ipu mps mtia xpu vulkan Event Stream accelerator get_autocast_ipu_dtype get_autocast_xla_dtype
        is_autocast_ipu_enabled is_autocast_xla_enabled set_autocast_ipu_dtype set_autocast_ipu_enabled
        set_autocast_xla_dtype set_autocast_xla_enabled profiler_allow_cudagraph_cupti_lazy_reinit_cuda12
        set_override_stale_capture_stream set_warn_on_accumulate_grad_stream_mismatch""",
    "settings and records of PyTorch's autograd engine": """
        SavedTensor enforce_grad_layout_policy is_multithreading_enabled is_view_replay_enabled
        region_activation_memory_budget BackwardCFunction FunctionMeta custom_function_call
        AUTOGRAD_FUNCTION_COUNTER get_analytical_jacobian get_numerical_jacobian
        get_numerical_jacobian_wrt_specific_input""",
    "PyTorch's profiler: JAX's is `jax.profiler`": """
        DeviceType ProfilerActivity ProfilerConfig ProfilerEvent ProfilerState profiler_legacy profiler_util
        EnforceUnique EventList FunctionEvent KinetoStepTracker MemRecordsAcc""",
    "modules that PyTorch only imports for itself": """
        builtins classproperty ctypes functools glob importlib math os platform sys textwrap threading torch
        warnings windows types return_types torch_version version TYPE_CHECKING PRIVATE_OPS SUM AVG
        USE_GLOBAL_DEPS USE_RTLD_GLOBAL_WITH_LIBTORCH get_file_path prepare_multiprocessing_environment
        thread_safe_generator""",
}
"""Reason -> names; `_*` stands for every name that begins with an underscore."""

REASONS = {name: reason for reason, names in _BY_REASON.items() for name in names.split()}
"""Name -> reason."""
