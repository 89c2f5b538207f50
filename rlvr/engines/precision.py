"""Which float type a device multiplies natively.

    EngineConfig.dtype ("auto") + this host's processor -> "bfloat16" | "float32"

Where bfloat16 is not native on a CPU it is slower than float32; where it is, several times faster.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

NATIVE_BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Names in /proc/cpuinfo: `flags` on x86, `Features` on Arm."""


def resolve_dtype(
    dtype: Literal["auto", "bfloat16", "float32"], device: Literal["cpu", "cuda"]
) -> Literal["bfloat16", "float32"]:
    """The type an engine computes in."""
    if dtype != "auto":
        return dtype
    if device == "cuda" or NATIVE_BFLOAT16_FLAGS & cpu_flags():
        return "bfloat16"
    return "float32"


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """What the first processor can do, by the kernel's names; empty where the kernel does not say."""
    if not cpuinfo.exists():
        return frozenset()
    for line in cpuinfo.read_text().splitlines():
        name, _, values = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(values.split())
    return frozenset()
