"""Mutants of the guard before a local Prefect server."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/guarded_server.py",
    tests=("tests/deployments/test_guarded_server.py",),
    mutants=(
        Mutant('scope["type"] in ("http", "websocket")', 'scope["type"] == "http"'),
        Mutant("if origin is None or origin in self.origins:", "if origin is None:"),
        Mutant("if origin is None or origin in self.origins:", "if not origin or origin in self.origins:"),
        Mutant('return urlsplit(origin).netloc != headers.get("host")', "return True"),
        Mutant('return urlsplit(origin).netloc != headers.get("host")', "return False"),
        Mutant("{host, *LOOPBACK,", "{*LOOPBACK,"),
        Mutant(
            "    os.kill(os.getpid(), signal.SIGTERM)\n",
            "    pass\n",
            tests=("tests/deployments/test_local_server.py",),
        ),
        Mutant("{host, *LOOPBACK,", "{host,"),
        Mutant(", *(name for origin in origins if (name := urlsplit(origin).hostname))", ""),
        Mutant(
            "TrustedHostMiddleware(OwnPagesOnly(app, origins), sorted(names)",
            "TrustedHostMiddleware(app, sorted(names)",
        ),
        Mutant("sorted(names), www_redirect=False)", '["*"])'),
    ),
)
