"""The coherence of two small copies: how alike their detail is once one is laid over the other.

A correlation is high wherever the strong structures agree, and unrelated radiographs of limbs share
those: long bright edges. Here every frequency has the same weight, however strong it is, so that
two pictures must agree in everything they show, after a fit of place and scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_candidates import SIDE, Pairs, orient
from pipelines.datasets.duplicate_correlations import best_shift, detail

# Logarithms, down and across; the fit begins at the best of them, and of the small shifts.
_SCALES = ((0, 0), (-0.06, -0.06), (-0.06, 0.06), (0.06, -0.06), (0.06, 0.06))
_STEPS = 6  # of the fit
_MOST = np.array([0.2, 9, 0.2, 9], dtype=np.float32)  # of a fit: logarithm of scale, pixels
_STEP = np.array([0.05, 1.5, 0.05, 1.5], dtype=np.float32)  # the most that one step changes
_LOWEST, _HIGHEST = 3, 24  # periods in a small copy: below is brightness, above is mostly noise
_SMOOTH = 2.0  # frequencies over which the power is averaged
_FAINT = 1e-6  # of the mean power: fainter frequencies are rounding
_PAIRS = 128  # pairs fitted at once: bounds the memory
_CENTRE = (SIDE - 1) / 2
_PIXELS = np.arange(SIDE, dtype=np.float32)

Floats = NDArray[np.float32]


def coherences(
    first: NDArray[np.uint8], second: NDArray[np.uint8], rows: Pairs
) -> tuple[Floats, Floats]:
    """Measures the coherence pair by pair, and correlates the detail once more after the fit.

    Args:
        first: small copies (n, SIDE, SIDE), uint8.
        second: small copies (m, SIDE, SIDE), uint8.
        rows: (first, second, orientation, …) of each pair, as of ``candidates``.

    Returns:
        The coherences and the correlations, float32: up to 1 of one picture. The coherence of
        strangers is about 0.1, most of a fit; a letter that both show in one place adds to it, but
        not to the correlation.
    """
    result = np.zeros((2, len(rows)), dtype=np.float32)
    for start in range(0, len(rows), _PAIRS):
        part = rows[start : start + _PAIRS]
        turned = [orient(second[place], number) for place, number in part[:, 1:3]]
        one, other = detail(first[part[:, 0]]), detail(np.stack(turned))
        begun = _begun(one, other)
        fits = begun, _fitted(one, other, begun)
        ways = [_agreement(one, other, fit) for fit in fits]
        result[:, start : start + _PAIRS] = np.where(ways[0][0] > ways[1][0], *ways)
    return result[0], result[1]


def _begun(one: Floats, other: Floats) -> Floats:
    """Begins the fits (n, 4): scale and shift down, scale and shift across."""
    best = np.full(len(one), -np.inf, dtype=np.float32)
    fits = np.zeros((len(one), 4), dtype=np.float32)
    for down, across in _SCALES:
        fit = np.tile(np.array([down, 0, across, 0], dtype=np.float32), (len(one), 1))
        laid, seen = _laid(other, fit)
        value, fit[:, 1], fit[:, 3] = best_shift(one, _unit(laid * seen))
        better = value > best
        best[better], fits[better] = value[better], fit[better]
    return fits


def _fitted(one: Floats, other: Floats, fits: Floats) -> Floats:
    """Fits scales and shifts by least squares (Gauss and Newton)."""
    for _ in range(_STEPS):
        laid, seen = _laid(other, fits)
        laid *= seen
        target = one * seen
        power = np.square(laid).sum(axis=(1, 2), keepdims=True)
        laid *= (target * laid).sum(axis=(1, 2), keepdims=True) / np.maximum(power, 1e-6)
        slopes = _slopes(laid, seen, fits)
        normal = np.einsum("nip,njp->nij", slopes, slopes)
        damping = 1e-3 * np.trace(normal, axis1=1, axis2=2)[:, None, None] / 4 + 1e-6
        missing = np.einsum("nip,np->ni", slopes, (target - laid).reshape(len(one), -1))
        damped = normal + damping * np.eye(4, dtype=np.float32)
        step = np.linalg.solve(damped, missing[:, :, None])[:, :, 0]
        fits = np.clip(fits + np.clip(step, -_STEP, _STEP), -_MOST, _MOST).astype(np.float32)
    return fits


def _slopes(laid: Floats, seen: Floats, fits: Floats) -> Floats:
    """Gives what a change of each of the four numbers changes: (n, 4, SIDE * SIDE)."""
    down, across = (np.gradient(laid, axis=axis) * seen for axis in (1, 2))
    rows, columns = (_PIXELS - fits[:, [place]] - _CENTRE for place in (1, 3))
    parts = [down * rows[:, :, None], -down, across * columns[:, None, :], -across]
    return np.stack(parts, axis=1).reshape(len(laid), 4, -1)


def _laid(pictures: Floats, fits: Floats) -> tuple[Floats, Floats]:
    """Scales and shifts pictures; tells (n, SIDE, SIDE) which pixels they cover."""
    (rows, covered_rows), (columns, covered_columns) = (
        _sampling(fits[:, place], fits[:, place + 1]) for place in (0, 2)
    )
    laid = np.matmul(np.matmul(rows, pictures), columns.transpose(0, 2, 1))
    return laid, covered_rows[:, :, None] * covered_columns[:, None, :]


def _sampling(scale: Floats, shift: Floats) -> tuple[Floats, Floats]:
    """Makes matrices (n, SIDE, SIDE) that interpolate linearly, and tells what is inside."""
    places = _CENTRE + (_PIXELS - shift[:, None] - _CENTRE) * np.exp(scale)[:, None]
    matrices = np.maximum(0, 1 - np.abs(places[:, :, None] - _PIXELS))
    inside = (places >= 0) & (places <= SIDE - 1)
    return matrices.astype(np.float32), inside.astype(np.float32)


def _agreement(one: Floats, other: Floats, fits: Floats) -> Floats:
    """Gives coherence and correlation (2, n) where the pictures overlap.

    The coherence is the mean over the frequencies, each scaled by the power around it.
    """
    from scipy.fft import fft2, fftfreq

    laid, seen = _laid(other, fits)
    left, right = _unit(one * seen), _unit(laid * seen)
    first, second = fft2(left), fft2(right)
    agreement = (first * np.conj(second)).real
    agreement /= np.sqrt(_power(first) * _power(second)) + np.float32(_FAINT)
    periods = fftfreq(SIDE, 1 / SIDE)
    distance = np.hypot(periods[:, None], periods)
    used = (distance > _LOWEST) & (distance < _HIGHEST)
    correlation = np.einsum("nij,nij->n", left, right)
    return np.stack([agreement[:, used].mean(axis=1), correlation]).astype(np.float32)


def _power(transform: NDArray[np.complex64]) -> Floats:
    from scipy.ndimage import gaussian_filter

    power = np.square(np.abs(transform))
    return np.asarray(gaussian_filter(power, (0, _SMOOTH, _SMOOTH), mode="wrap"))


def _unit(pictures: Floats) -> Floats:
    length = np.sqrt(np.square(pictures).sum(axis=(1, 2), keepdims=True))
    return np.asarray(pictures / np.maximum(length, 1e-6))
