"""Silero VAD with its real weights: lamina hears where somebody speaks, as the original does."""

from __future__ import annotations

import warnings
from importlib.metadata import distribution

import numpy as np
import pytest
import torch

import lamina
from tests.examples import both

pytestmark = both.needs("silero-vad")


@pytest.fixture(scope="module")
def ours():
    return both.load("silero")


@pytest.fixture(scope="module")
def theirs():
    return both.load_in_torch("silero")


@pytest.fixture(scope="module")
def sound(ours):
    return ours.recording().numpy()


@pytest.fixture(scope="module")
def speech(ours, sound):
    """The probability of speech in each frame."""
    with lamina.no_grad():
        return ours.pretrained()(ours.frames(lamina.tensor(sound)))[0].numpy()


def test_outputs_are_pytorchs(theirs, sound, speech):
    with torch.no_grad():
        wanted, _ = theirs.pretrained()(theirs.frames(torch.tensor(sound)))
    assert speech.shape == (156,)
    np.testing.assert_allclose(speech, wanted.numpy(), rtol=1e-4, atol=1e-5)


PARTS = {
    "stft.forward_basis_buffer": "stft_conv.weight",
    **{f"encoder.{i}.reparam_conv.{x}": f"conv{i + 1}.{x}" for i in range(4) for x in ("weight", "bias")},
    **{f"decoder.rnn.{x}": f"lstm.{x}_l0" for x in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")},
    **{f"decoder.decoder.2.{x}": f"final_conv.{x}" for x in ("weight", "bias")},
}
"""What the parts of the original are called here."""


def test_the_network_is_the_original(ours, sound):
    """The package has it as a TorchScript program too, of another training; PyTorch runs that, frame after frame."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated
        original = torch.jit.load(str(distribution("silero-vad").locate_file("silero_vad/data/silero_vad.jit")))
        with torch.no_grad():
            wanted = [original(torch.tensor(sound[i * 512 : (i + 1) * 512]), 16000).item() for i in range(156)]
    net = ours.SileroVAD()
    net.load_state_dict(
        {ours_name: original.state_dict()[f"_model.{name}"].numpy() for name, ours_name in PARTS.items()}
    )
    with lamina.no_grad():
        found, _ = net(ours.frames(lamina.tensor(sound)))
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-4, atol=1e-5)


def test_a_stream_is_a_recording_in_pieces(ours, sound, speech):
    net, state, found = ours.pretrained(), None, []
    frames = ours.frames(lamina.tensor(sound))
    with lamina.no_grad():
        for start in range(0, 156, 78):
            piece, state = net(frames[start : start + 78], state)
            found.append(piece.numpy())
    np.testing.assert_allclose(np.concatenate(found), speech, rtol=1e-4, atol=1e-6)


def test_gradients_are_pytorchs(ours, theirs, sound):
    """As in training the network further."""
    gradients = []
    for t, module in ((torch, theirs), (lamina, ours)):
        net = module.pretrained()
        speech, _ = net(module.frames(t.tensor(sound[16000:24000])))
        t.nn.functional.binary_cross_entropy(speech, t.zeros(len(speech))).backward()
        gradients.append({name: parameter.grad.numpy() for name, parameter in net.named_parameters()})
    wanted, found = gradients
    for name, gradient in wanted.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-3, atol=1e-4 * np.abs(gradient).max(), err_msg=name)


def test_speech_is_heard_and_silence_and_noise_are_not(speech):
    seconds = [speech[i * 16000 // 512 : (i + 1) * 16000 // 512].mean() for i in range(5)]
    assert [second > 0.5 for second in seconds] == [False, True, True, False, False], seconds


def test_the_sound_is_pytorchs(ours, theirs):
    found, wanted = (module.vowel(module.VOWELS[0]) for module in (ours, theirs))
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=2e-4)
    found, wanted = (module.frames(t.arange(1100.0)) for module, t in ((ours, lamina), (theirs, torch)))
    np.testing.assert_array_equal(found.numpy(), wanted.numpy())


def test_the_script_prints_what_it_heard(capsys, monkeypatch):
    printed = both.run("silero", capsys, monkeypatch)
    assert "Silero VAD: 309,633 parameters" in printed
    assert len(printed.splitlines()) == 6
