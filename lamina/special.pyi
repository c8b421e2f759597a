"""Public names and where they are defined. Written by tools/stubs.py."""

from lamina.functions import digamma as digamma
from lamina.functions import erf as erf
from lamina.functions import erfc as erfc
from lamina.functions import erfinv as erfinv
from lamina.functions import exp2 as exp2
from lamina.functions import expm1 as expm1
from lamina.functions import i0 as i0
from lamina.functions import log1p as log1p
from lamina.functions import log_softmax as log_softmax
from lamina.functions import logit as logit
from lamina.functions import logsumexp as logsumexp
from lamina.functions import round as round
from lamina.functions import sinc as sinc
from lamina.functions import softmax as softmax
from lamina.functions import xlogy as xlogy
