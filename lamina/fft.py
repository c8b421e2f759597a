"""`lamina.fft`: discrete Fourier transforms. They are operations (`lamina/ops/fft.py`), added by `namespace`."""
