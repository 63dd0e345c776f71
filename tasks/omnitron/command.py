"""The base classes of Omnitron's commands."""

from dataclasses import field

from tasks.batch import Batch
from tasks.command import OWN_BATCH, CommandInterface, In, Out
from tasks.omnitron.hub import Hub


class OmnitronCommand(CommandInterface[In, Out, Hub]):
    """A command of Omnitron's side; `self.integration` is the hub."""

    batch_request: Batch = OWN_BATCH

    async def run(self) -> Out:
        """Runs the steps, then marks the failed objects in the batch."""
        result = await super().run()
        if self.batch_request is not None:
            for failure in self.failures:
                self.batch_request.fail_member(failure)
        return result


class OmnitronQuery(OmnitronCommand[None, Out]):
    """A command without input."""

    objects: None = field(default=None, kw_only=False)
