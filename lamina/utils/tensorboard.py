"""`torch.utils.tensorboard`: `SummaryWriter` of the package tensorboardX, in the extra `logs`."""

try:
    from tensorboardX import SummaryWriter
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "lamina.utils.tensorboard needs the package tensorboardX: pip install 'lamina[logs]'", name="tensorboardX"
    ) from error

__all__ = ["SummaryWriter"]
