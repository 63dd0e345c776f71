"""A dry run of a sending: reads and enriches, locks and sends nothing, and shows the requests."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from clients.errors import NotSentError
from clients.rehearsal import Failing, Rehearsal, Rehearsed
from flows.pipeline import Pipeline
from flows.stages import enrichment_of
from tasks.batch import Batch, in_order
from tasks.channel.integration import ChannelIntegration

SHOWN = 3
"""Objects whose requests are shown."""


class DryRun(Pipeline):
    """The next batch of one sending, as it would be sent now."""

    async def drain(self) -> None:
        rehearsal = self.run.runtime.rehearsal
        assert rehearsal is not None  # noqa: S101  # `pipeline_of` chose this class for it
        due, _ = await self.read()
        rehearsed = Rehearsed(self.sending.title, max(self.total, len(due.members)))
        rehearsal.sendings.append(rehearsed)
        rehearsed.waiting = len(self.waiting)
        if not due.members:
            return
        before = rehearsal.transports
        await self.prepare()
        draft, waited = self.draft(due), self.run.counts["waiting"]
        if self.counterpart is not None:
            step = self.counterpart.for_reference()
            self.stages[-1] = [(step, enrichment_of(self.hub, step))]
        objects = in_order(await self.attach(draft, due, self.stages))
        rehearsed.ready = len(objects)
        rehearsed.waiting += self.run.counts["waiting"] - waited
        rehearsed.failing = [
            Failing(member.name or member.key or str(member.pk), member.failure.code, member.failure.message)
            for member in draft.of_type()
            if member.failure is not None
        ]
        shown = objects[: min(SHOWN, self.command.max_items_per_call or SHOWN)]
        if shown:
            channel = await self.run.open_channel(self.hub)
            rehearsed.shown = len(shown)
            rehearsed.lines = await self._shown(channel, rehearsal, draft, shown, rehearsal.transports > before)

    async def _shown(
        self, channel: ChannelIntegration, rehearsal: Rehearsal, draft: Batch, objects: list[Any], is_kept_back: bool
    ) -> list[str]:
        """The first request that would change something. A connector that does not speak through `Transport` would really send
        it: its objects are shown instead, as `transform_data` makes them."""
        if is_kept_back:
            try:
                await channel.do_action(self.sending.send, objects=objects, batch_request=draft)
            except NotSentError:
                return [rehearsal.request]
            return ["The command ended without a request that changes anything."]
        command = channel.get_action(self.sending.send)(channel, objects=objects, batch_request=draft)
        *_, rows = await command.prepared()
        rows = rows if isinstance(rows, list | tuple) else [rows]
        return [self.run.runtime.redactor.text(json.dumps(_plain(row), ensure_ascii=False)) for row in rows]


def _plain(row: Any) -> Any:
    return row.model_dump(mode="json") if isinstance(row, BaseModel) else to_jsonable_python(row, fallback=str)
