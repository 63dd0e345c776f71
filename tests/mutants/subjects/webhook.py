"""Mutants of the webhook receiver."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/webhook.py",
    tests=(
        "tests/deployments/test_webhook.py",
        "tests/deployments/test_webhook_openapi.py",
    ),
    mutants=(
        Mutant('model_config = ConfigDict(extra="ignore")', 'model_config = ConfigDict(extra="forbid")'),
        Mutant("        EventType.product_wanted,\n    ]", "    ]"),
        Mutant("        docs_url=None,\n", ""),
        Mutant("        redoc_url=None,\n", ""),
        Mutant("        redirect_slashes=False,\n", ""),
        Mutant("status_code=HTTPStatus.ACCEPTED, ", ""),
        Mutant("    app.exception_handler(RequestValidationError)(_explain_body)\n", ""),
        Mutant("    app.exception_handler(HTTPException)(_explain)\n", ""),
        Mutant(
            "(EventIdTakenError, NotDeployedError, PrefectUnavailableError)",
            "(EventIdTakenError, PrefectUnavailableError)",
        ),
        Mutant(
            "(EventIdTakenError, NotDeployedError, PrefectUnavailableError)",
            "(NotDeployedError, PrefectUnavailableError)",
        ),
        Mutant(
            "return Gate(app, keys=settings.secrets, clock=clock, body_seconds=body_seconds, scheme=scheme)",
            "return app",
        ),
        Mutant("keys=settings.secrets, clock=clock", "keys=settings.secrets[:1], clock=clock"),
        Mutant(
            'parameters = {"remote_batch_id": posted.remote_batch_id} if isinstance(posted, BatchFinished) else {}',
            "parameters: dict[str, str] = {}",
        ),
        Mutant(
            "Event(x_channel_event_id, posted.type, await request.body(), parameters)",
            'Event(x_channel_event_id, posted.type, b"", parameters)',
        ),
        Mutant('prefect="answers" if await booking.answers() else "does not answer"', 'prefect="answers"'),
        Mutant("h11_max_incomplete_event_size=HEADER_BYTES,", ""),
        Mutant("http=BoundedProtocol,", 'http="h11",'),
        Mutant("        backlog=BACKLOG,\n", ""),
        Mutant("        limit_concurrency=MAX_CONNECTIONS + BACKLOG,\n", ""),
        Mutant("        proxy_headers=False,\n", "        proxy_headers=True,\n"),
        Mutant("        server_header=False,\n", ""),
        Mutant("        access_log=False,\n", ""),
        Mutant("    if isinstance(error, EventIdTakenError):\n", "    if False:\n"),
        Mutant(
            'return _problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": str(RETRY_SECONDS)})',
            "return _problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail)",
        ),
        Mutant("    request.state.result = detail\n", ""),
        Mutant('if str(row["type"]).startswith("union_tag"):', "if False:"),
        Mutant("f\"{'.'.join(map(str, row['loc']))}: {row['msg']}\"", 'f"{row}"'),
    ),
)
