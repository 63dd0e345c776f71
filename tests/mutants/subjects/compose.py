"""Mutants of the compose file: each takes one control away."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/compose.yaml",
    tests=("tests/deployments/test_compose.py",),
    mutants=(
        Mutant("  read_only: true\n", ""),
        Mutant("  cap_drop: [ALL]\n", ""),
        Mutant('  security_opt: ["no-new-privileges:true"]\n', ""),
        Mutant('  user: "10001:10001"\n', '  user: "0:0"\n'),
        Mutant("    user: postgres\n", ""),
        Mutant("    user: redis\n", ""),
        Mutant("  tmpfs: [/tmp, /home/channel-app]", "  tmpfs: [/tmp]"),
        Mutant("{internal: true}", ""),
        Mutant("    networks: [receiving]\n", "    networks: [receiving, data]\n"),
        Mutant("    networks: [receiving]\n", "    networks: [prefect]\n"),
        Mutant("requirepass $$REDISCLI_AUTH", ""),
        Mutant(
            "PREFECT_SERVER_API_AUTH_STRING: ${PREFECT_API_AUTH_STRING:?}",
            "PREFECT_SERVER_API_AUTH_STRING: ${PREFECT_API_AUTH_STRING:-}",
        ),
        Mutant(
            'PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED: "true"', 'PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED: "false"'
        ),
        Mutant('ports: ["127.0.0.1:4200:4200"]', 'ports: ["4200:4200"]'),
        Mutant('ports: ["127.0.0.1:8080:8080"]', 'ports: ["8080:8080"]'),
        Mutant("postgres:17.6-bookworm", "postgres:17"),
        Mutant("    image: ${REDIS_IMAGE:-redis:7.4.5-bookworm}\n", "    image: redis:7.4.5-bookworm\n"),
        Mutant("worker-1, --with-healthcheck]", "worker-1]"),
        Mutant("redis: {condition: service_healthy}", "redis: {condition: service_started}"),
    ),
)
