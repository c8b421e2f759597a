"""Where somebody speaks, by Silero VAD: a Fourier transform, four convolutions, an LSTM, and weights of silero-vad.

The Fourier transform is a convolution whose weights are sines and cosines; it comes with the others in the file, in the
safetensors format. Nothing of silero-vad is imported. The sound is made here: vowels, between silence and noise.

    pip install --no-deps -r examples/real_weights/requirements.txt
    python examples/real_weights/silero.py

The network is that of https://github.com/snakers4/silero-vad for 16000 samples a second. The package has it also as a
program (TorchScript, ONNX), with weights of another training.
"""

import math
from importlib.metadata import distribution

from safetensors.numpy import load_file

import lamina
from lamina import nn

RATE = 16000
"""Samples a second."""
FRAME, CONTEXT = 512, 64
"""Samples for each answer, 32 ms, and those before them that are looked at as well."""
VOWELS = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)]
"""Resonances of the mouth in Hz, for the vowels of father, see, boot, bed and saw."""


class SileroVAD(nn.Module):
    """The probability of speech: frames (L, 576) of one sound, state of the LSTM or None -> (L,), state."""

    def __init__(self):
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 258, 256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(129, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm = nn.LSTM(128, 128)
        self.final_conv = nn.Conv1d(128, 1, 1)

    def forward(self, frames, state=None):
        x = nn.functional.pad(frames[:, None], (0, CONTEXT), mode="reflect")  # L 1 640
        real, imaginary = self.stft_conv(x).chunk(2, dim=1)  # L 129 4
        x = lamina.sqrt(real**2 + imaginary**2)
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = nn.functional.relu(conv(x))  # L 128 1 after the last
        x, state = self.lstm(x.squeeze(2), state)  # L 128: the frames follow each other in time
        x = self.final_conv(nn.functional.relu(x).t())  # 1 L
        return lamina.sigmoid(x).squeeze(0), state


def pretrained():
    """The network with its weights, in evaluation mode."""
    path = distribution("silero-vad").locate_file("silero_vad/data/silero_vad_16k.safetensors")
    weights = {name: lamina.tensor(array) for name, array in load_file(path).items()}
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):  # of a cell there, of a whole LSTM here
        weights[f"lstm.{name}_l0"] = weights.pop(f"lstm_cell.{name}")
    net = SileroVAD()
    net.load_state_dict(weights)
    return net.eval()


def frames(sound):
    """A sound (S,) as frames (L, 576), each with the last 64 samples of the one before it; what is over is dropped."""
    return nn.functional.pad(sound, (CONTEXT, 0)).unfold(0, CONTEXT + FRAME, FRAME)


def vowel(resonances, seconds=0.2, pitch=120.0):
    """A spoken vowel, rising and falling: the voice's overtones, those near a resonance of the mouth louder."""
    t = lamina.arange(int(RATE * seconds)) / RATE
    overtones = pitch * lamina.arange(1, 34)[:, None]
    loudness = sum(1 / (1 + ((overtones - at) / 80) ** 2) / (1 + i) for i, at in enumerate(resonances))
    sound = (loudness * lamina.sin(2 * math.pi * overtones * t)).sum(dim=0)
    return 0.1 * sound * lamina.sin(math.pi * t / seconds) ** 2


def recording():
    """A second of silence, two of vowels, one of silence and one of noise: (80000,)."""
    lamina.manual_seed(0)
    speech = [vowel(VOWELS[i % 5], pitch=120.0 + 8 * math.sin(i)) for i in range(10)]
    silence, noise = 0.001 * lamina.randn(2, RATE), 0.1 * lamina.randn(RATE)
    return lamina.cat([silence[0], *speech, silence[1], noise])


def main():
    net, sound = pretrained(), recording()
    with lamina.no_grad():
        speech, _ = net(frames(sound))
    print(f"Silero VAD: {sum(parameter.numel() for parameter in net.parameters()):,} parameters")
    for start, what in enumerate(["silence", "vowels", "vowels", "silence", "noise"]):
        second = speech[start * RATE // FRAME : (start + 1) * RATE // FRAME]
        bars = "".join(" .:-=+*#%@"[min(int(10 * p), 9)] for p in second.tolist())
        print(f"  second {start + 1}, {what:8} |{bars:32}| speech {second.mean().item():.2f}")


if __name__ == "__main__":
    main()
