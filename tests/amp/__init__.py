"""Tests of `lamina.amp`."""
