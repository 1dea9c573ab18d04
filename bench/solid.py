"""Solid ground, measured: webhooks taken in, pushes shown, a storm of refusals, and an estate of a hundred thousand projects."""

from pathlib import Path

import intake
import pushes
import scale
import storm

PARTS = ["intake", "pushes", "storm", "scale"]


def measure(part: str, binary: str, log: Path, quick: bool) -> tuple[list[tuple], str]:
    """The rows of a part, and how it was measured."""
    if part == "intake":
        return intake.measure(binary, log, quick), f"webhooks; {intake.settings()}; load by wrk on the same machine; GitLab, quiet by itself, answers what the webhooks make the server read"
    if part == "pushes":
        return pushes.measure(binary, log, quick), "pushes by GitLab's REST API; the sandbox, the server and those who push share the machine; from the answer to the commit"
    if part == "storm":
        return storm.measure(binary, log, quick), storm.HOW
    return scale.measure(binary, log, quick), "a generated estate at 0 ms; the sandbox shares the machine; HTTP on one kept connection"
