"""Lets PyTorch's Linux wheel load without the GPU libraries that it is linked with.

Run by the Python whose PyTorch it is. One stub library defines every function that PyTorch would look
up in the missing ones, and stands under each of their names. Nobody calls them: the CUDA runtime,
which is small and must be there, says that the machine has no GPU.
"""

import re
import subprocess
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

GPU = "cu|nv|nccl"
"""How the names of GPU libraries (behind `lib`) and of their functions begin."""


def printed(*command, **kwargs):
    """What a command prints."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **kwargs).stdout


torch = Path(find_spec("torch").origin).parent / "lib"
runtime = next(torch.parent.parent.glob("nvidia/*/lib/libcudart.so.*"))
folder = runtime.parent
libraries = [*torch.glob("*.so"), runtime]
symbols = printed("nm", "--dynamic", *libraries)
defined = set(re.findall(r" [A-TV-Z] ([^@\s]+)", symbols))

# A function belongs to a version (`cublasCreate_v2@libcublas.so.13`) or, without one, to any library.
functions = defaultdict(set)
for name, version in re.findall(rf" U ((?:{GPU})[^@\s]*)@?(\S*)", symbols):
    if name not in defined:
        functions[version].add(name)
source = "".join(f"int {name}(void) {{ return 1; }}\n" for names in functions.values() for name in sorted(names))
versions = [f"{version} {{ {'; '.join(sorted(names))}; }};\n" for version, names in functions.items() if version]
(folder / "stub.map").write_text("".join(versions))
stub = folder / "libstub.so"
script = f"-Wl,--version-script={folder / 'stub.map'}"
printed("cc", "-shared", "-w", "-fno-builtin", script, "-x", "c", "-", "-o", stub, input=source)

for name in set(re.findall(rf"NEEDED.*\[(lib(?:{GPU})[^]]*)]", printed("readelf", "--dynamic", *libraries))):
    if not (folder / name).exists():
        (folder / name).symlink_to(stub.name)
