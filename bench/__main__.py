"""`python -m bench NAME …` runs the named benchmarks, each as its own process; without a name, those
that take minutes rather than quarters of an hour."""

import subprocess
import sys
from pathlib import Path

QUICK = ["rules", "simulator_calls", "callbacks", "admin_pages"]


def main(names: list[str]) -> int:
    known = {path.stem for path in Path(__file__).parent.glob("*.py")} - {"__init__", "__main__"}
    if unknown := set(names) - known:
        sys.stderr.write(
            f"No benchmark {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}.\n"
        )
        return 2
    codes = []
    for name in names or QUICK:
        print(f"\n== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode)
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
