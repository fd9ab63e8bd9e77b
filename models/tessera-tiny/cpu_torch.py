"""Makes the `torch` wheel, which is linked against CUDA, importable on a machine without CUDA: small stub libraries
beside libtorch define the symbols that it wants. Nothing calls them. Needs gcc and binutils (readelf, nm).
"""

import collections
import re
import subprocess
import sysconfig
import tempfile
from pathlib import Path

FOLDER = Path(sysconfig.get_paths()["purelib"]) / "torch" / "lib"
CUDA_LIBRARY = re.compile(r"lib(cu|nv|nccl)")
CUDA_SYMBOL = re.compile(r"(__cuda|cuda|cu[A-Z]|cublas|cusparse|cusolver|cufft|cufile|cudnn|cupti|nccl|nvrtc|nvshmem|nvml|nvJit|nvtx)")
STUB_LIMIT = 1 << 20  # a stub is smaller than this, a real library larger
RUNTIME = "libcudart.so"
NO_DEVICE = 100  # cudaErrorNoDevice


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def symbols() -> tuple[list[str], dict[str, dict[str, list[str]]]]:
    """The libraries that are missing, and for each the symbols to define by version ("" where there is none)."""
    libraries = sorted(FOLDER.glob("*.so*"))
    needed, undefined, defined = set(), set(), set()
    owner: dict[str, str] = {}  # symbol version: the library that must define it
    for library in libraries:
        needed |= set(re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", str(library))))
        current = ""
        for line in run("readelf", "-V", "-W", str(library)).splitlines():
            if match := re.search(r"File: (\S+)", line):
                current = match[1]
            elif (match := re.search(r"Name: (\S+)\s+Flags", line)) and CUDA_LIBRARY.match(current):
                owner[match[1]] = current
        for line in run("nm", "-D", str(library)).splitlines():
            kind, name = line.split()[-2:]
            if kind == "U":
                undefined.add(name)
            elif kind not in "wv":
                defined.add(name.split("@")[0])
    present = {library.name for library in libraries}
    missing = sorted(name for name in needed if name not in present and CUDA_LIBRARY.match(name))
    default = next((name for name in missing if name.startswith(RUNTIME)), missing[0] if missing else "")
    wanted: dict[str, dict[str, list[str]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    for symbol in sorted(undefined):
        name, _, version = symbol.replace("@@", "@").partition("@")
        if name in defined:
            continue
        if version in owner:
            wanted[owner[version]][version].append(name)
        elif not version and CUDA_SYMBOL.match(name):
            wanted[default][""].append(name)
    return missing, wanted


def build(name: str, versions: dict[str, list[str]], folder: Path) -> None:
    source, script = folder / "stub.c", folder / "versions.map"
    lines = [f"long {s}(void){{return {NO_DEVICE if s.startswith('cuda') else 0};}}" for names in versions.values() for s in names]
    source.write_text("\n".join(lines) + "\n")
    # The loader checks versions: an empty library is not enough.
    script.write_text("".join(f"{version} {{ global: {'; '.join(names)}; }};\n" for version, names in versions.items() if version))
    options = [f"-Wl,--version-script={script}"] if script.stat().st_size else []
    subprocess.check_call(["gcc", "-w", "-fno-builtin", "-shared", "-fPIC", "-o", str(FOLDER / name), str(source), f"-Wl,-soname,{name}", *options])


def main() -> None:
    for library in FOLDER.glob("*.so*"):
        if CUDA_LIBRARY.match(library.name) and library.stat().st_size < STUB_LIMIT:
            library.unlink()
    missing, wanted = symbols()
    with tempfile.TemporaryDirectory() as folder:
        for name in missing:
            build(name, wanted[name], Path(folder))
    print(f"{len(missing)} stub libraries, {sum(len(n) for v in wanted.values() for n in v.values())} symbols")


if __name__ == "__main__":
    main()
