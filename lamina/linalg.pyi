"""Public names and where they are defined. Written by tools/stubs.py."""

from lamina.functions import householder_product as householder_product
from lamina.functions import inv as inv
from lamina.functions import matrix_exp as matrix_exp
from lamina.functions import matrix_norm as matrix_norm
from lamina.functions import pinv as pinv
from lamina.functions import qr as qr
from lamina.functions import solve as solve
from lamina.functions import svd as svd
from lamina.functions import svdvals as svdvals
from lamina.functions import vector_norm as vector_norm
from lamina.functions_linalg import cross as cross
from lamina.functions_linalg import diagonal as diagonal
from lamina.functions_linalg import matmul as matmul
from lamina.functions_linalg import multi_dot as multi_dot
from lamina.functions_linalg import norm as norm
from lamina.functions_linalg import vecdot as vecdot
