"""Public names and where they are defined. Written by tools/stubs.py."""

from lamina.functions import fft as fft
from lamina.functions import fft2 as fft2
from lamina.functions import fftn as fftn
from lamina.functions import fftshift as fftshift
from lamina.functions import hfft as hfft
from lamina.functions import hfft2 as hfft2
from lamina.functions import hfftn as hfftn
from lamina.functions import ifft as ifft
from lamina.functions import ifft2 as ifft2
from lamina.functions import ifftn as ifftn
from lamina.functions import ifftshift as ifftshift
from lamina.functions import ihfft as ihfft
from lamina.functions import ihfft2 as ihfft2
from lamina.functions import ihfftn as ihfftn
from lamina.functions import irfft as irfft
from lamina.functions import irfft2 as irfft2
from lamina.functions import irfftn as irfftn
from lamina.functions import rfft as rfft
from lamina.functions import rfft2 as rfft2
from lamina.functions import rfftn as rfftn
from lamina.functions_fft import fftfreq as fftfreq
from lamina.functions_fft import rfftfreq as rfftfreq
