"""`python -m deployments.sandbox [omnitron|marketplace|all] ...`: the sandboxes until SIGINT or SIGTERM."""

import argparse

from deployments.sandbox.server import main


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deployments.sandbox", description=main.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("which", nargs="?", choices=("omnitron", "marketplace", "all"), default="all")
    parser.add_argument("--omnitron-port", type=int, default=0)
    parser.add_argument("--marketplace-port", type=int, default=0)
    parser.add_argument("--products", type=int, default=100)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--async", dest="asynchronous", action="store_true")
    parser.add_argument("--failing", type=float, default=0.04)
    parser.add_argument("--refuse-share", type=float, default=0.0)
    parser.add_argument("--habit", dest="habits", action="append", default=[])
    parser.add_argument("--json", dest="as_json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(_arguments()))
