"""The sendings of prices, stocks and images: of the catalog's own list, and of its extra lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dto.enums import ContentType
from dto.omnitron import Catalog, ChannelConf
from flows.plan import Reading, Sending, Step
from tasks.channel.sending import SendCommand
from tasks.omnitron.catalogue.counterparts import AttachCounterpart
from tasks.omnitron.catalogue.offer_identity import IdentifyOffers
from tasks.omnitron.catalogue.offers import GetOffers, GetOffersOfExtraList

Lists = Callable[[Catalog, ChannelConf], dict[int, str]]
"""Extra lists by key, each with its code on the channel."""


def no_lists(_catalog: Catalog, _conf: ChannelConf) -> dict[int, str]:
    """Images stand in no list."""
    return {}


@dataclass(frozen=True, slots=True)
class Direction:
    """How new offers, or changed ones, are read and sent."""

    title: str
    read: type[GetOffers[Any]]
    identify: type[IdentifyOffers]
    send: type[SendCommand[Any]]
    read_extra: type[GetOffersOfExtraList[Any]] | None = None


@dataclass(frozen=True, slots=True)
class OfferSendings:
    """The sendings of one content type.

    Attributes:
        content_type: price, stock or image.
        inserts, updates: the two directions.
        counterpart: the command that attaches a price's stock, or a stock's price, for the channel's information.
        extra_lists: the lists beside the catalog's own.
        counterpart_lists: the extra lists of the counterpart.
    """

    content_type: ContentType
    inserts: Direction
    updates: Direction
    counterpart: type[AttachCounterpart[Any]] | None = None
    extra_lists: Lists = no_lists
    counterpart_lists: Lists = no_lists

    def of_own_list(self, direction: Direction, *, add_product_objects: bool, add_counterpart: bool = False) -> Sending:
        """The sending of the catalog's own list."""
        return Sending(
            title=direction.title,
            content_type=self.content_type,
            read=Reading(direction.read, {"add_product_objects": add_product_objects}),
            enrich=self._stages(direction, None, None, add_product_objects, add_counterpart),
            send=direction.send,
            counterpart=self._counterpart(None),
        )

    def of_extra_lists(
        self, direction: Direction, *, add_product_objects: bool, add_counterpart: bool
    ) -> Callable[[Catalog, ChannelConf], list[Sending]]:
        """One sending for each extra list. The counterpart is of the list with the same code, if there is one."""
        read = direction.read_extra
        assert read is not None  # noqa: S101  # the flows of extra lists name a direction that has one

        def passes(catalog: Catalog, conf: ChannelConf) -> list[Sending]:
            by_code = {code: number for number, code in self.counterpart_lists(catalog, conf).items()}
            return [
                Sending(
                    title=f"{direction.title} from extra {self.noun} list {code}",
                    content_type=self.content_type,
                    read=Reading(read, {"objects": number, "add_product_objects": add_product_objects}),
                    enrich=self._stages(direction, code, by_code.get(code), add_product_objects, add_counterpart),
                    send=direction.send,
                    # Without a list of the same code there is no other half: the catalog's own may be sent elsewhere.
                    counterpart=self._counterpart(by_code[code]) if code in by_code else None,
                )
                for number, code in self.extra_lists(catalog, conf).items()
            ]

        return passes

    @property
    def noun(self) -> str:
        """`price` or `stock`."""
        return self.content_type.removeprefix("product")

    def _stages(
        self,
        direction: Direction,
        code: str | None,
        counterpart_list: int | None,
        add_product_objects: bool,
        add_counterpart: bool,
    ) -> Sequence[Sequence[Step]]:
        identify = Step(direction.identify, {"code": code, "add_product_objects": add_product_objects})
        if self.counterpart is None or not add_counterpart:
            return [[identify]]
        return [[identify], [Step(self.counterpart, {self.counterpart.list_name: counterpart_list})]]

    def _counterpart(self, counterpart_list: int | None) -> Step | None:
        """The step that attaches the counterparts of a connector whose one call carries both."""
        if self.counterpart is None:
            return None
        return Step(self.counterpart, {self.counterpart.list_name: counterpart_list, "commits": True})
