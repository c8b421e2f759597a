"""`torch.cuda.amp`: the older spelling of `lamina.amp`, for GPUs."""

from __future__ import annotations

import functools
from typing import Any

from lamina import amp, dtypes

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


class autocast(amp.autocast):
    """`lamina.autocast("cuda", ...)`; where there is no GPU it does nothing."""

    def __init__(self, enabled: bool = True, dtype: Any = dtypes.float16, cache_enabled: bool = True) -> None:
        from lamina.cuda.gpus import is_available

        super().__init__("cuda", enabled=enabled and is_available(), dtype=dtype, cache_enabled=cache_enabled)


class GradScaler(amp.GradScaler):
    """`lamina.amp.GradScaler("cuda", ...)`; where there is no GPU it does nothing."""

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        from lamina.cuda.gpus import is_available

        enabled = enabled and is_available()
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


custom_fwd = functools.partial(amp.custom_fwd, device_type="cuda")
custom_bwd = functools.partial(amp.custom_bwd, device_type="cuda")
