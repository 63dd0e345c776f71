"""What the flows of prices, stocks and images share: how each kind is read, sent and settled."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dto.omnitron import Catalog, ChannelConf
from flows.sending import Sending
from tasks.channel.command import CheckCommand, SendCommand
from tasks.omnitron.batch_requests import ProcessBatchRequests
from tasks.omnitron.offers import AttachCounterpart, GetOffers

Lists = Callable[[Catalog, ChannelConf], dict[int, str]]
"""Extra lists by key, each with its code on the channel."""


@dataclass(frozen=True, slots=True)
class Offering:
    """One kind of offer, new or changed. `attach` is what can be attached to it for the channel's information."""

    title: str
    read: type[GetOffers[Any]]
    send: type[SendCommand[Any]]
    check: type[CheckCommand]
    settle: type[ProcessBatchRequests]
    attach: type[AttachCounterpart[Any]] | None = None

    def sending(
        self,
        *,
        add_product_objects: bool,
        attached: bool = False,
        extra_list: int | None = None,
        counterpart: int | None = None,
    ) -> Sending:
        """The catalog's own list, or an extra one; what is attached is of the catalog's own list, or of a `counterpart`."""
        attach = self.attach if attached else None
        return Sending(
            title=self.title,
            content_type=self.read.content_type,
            read=self.read,
            read_options={"objects": extra_list, "add_product_objects": add_product_objects},
            enrich=[[(attach, {attach.list_name: counterpart})]] if attach else [],
            send=self.send,
            check=self.check,
            settle=self.settle,
        )

    def passes(
        self, lists: Lists, counterparts: Lists, *, add_product_objects: bool, attached: bool
    ) -> Callable[[Catalog, ChannelConf], list[Sending]]:
        """One sending for each extra list. What is attached is of the counterpart with the same code, if there is one."""

        def of(catalog: Catalog, conf: ChannelConf) -> list[Sending]:
            by_code = {code: number for number, code in counterparts(catalog, conf).items()}
            return [
                replace(self, title=f"{self.title} {code}").sending(
                    add_product_objects=add_product_objects,
                    attached=attached,
                    extra_list=number,
                    counterpart=by_code.get(code),
                )
                for number, code in lists(catalog, conf).items()
            ]

        return of
