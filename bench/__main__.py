"""`python -m bench NAME …` runs the named benchmarks, without a name all of them, each as its own process."""

import subprocess
import sys
from pathlib import Path

QUICK_FIRST = ["rules", "simulator_calls", "callbacks", "admin_pages", "followers"]


def main(names: list[str]) -> int:
    known = {path.stem for path in Path(__file__).parent.glob("*.py")} - {"__init__", "__main__"}
    if unknown := set(names) - known:
        sys.stderr.write(
            f"No benchmark {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}.\n"
        )
        return 2
    codes = []
    for name in names or [name for name in QUICK_FIRST if name in known]:
        print(f"\n== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode)
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
