"""The requirements of each category of the channel in few requests, where the hub has a route for that."""

from dataclasses import field

from clients.errors import RefusedError
from dto.omnitron import IntegrationAction
from dto.omnitron_setup import AttributeSet
from dto.setup import CategoryDto
from tasks.omnitron.setup.bulk import rounds
from tasks.omnitron.setup.category_attributes import (
    CreateOrUpdateCategoryAttributes,
    SetContent,
    Visit,
    rule_of,
)
from tasks.omnitron.setup.known_names import NameAmbiguousError


class BulkCreateOrUpdateCategoryAttributes(CreateOrUpdateCategoryAttributes):
    """The same with one request for each category that needs a write, if the hub has such a route."""

    key = "bulk_create_or_update_category_attributes"
    _has_bulk_route: bool = field(init=False, default=True)

    async def write_in_bulk(
        self, visit: Visit, category: CategoryDto, known: AttributeSet | None, content: SetContent
    ) -> bool:
        try:
            if not self._lacks(visit.action, category, known, content):
                return False
            asked = [self._cache.as_spelled(asked) for asked in category.attributes]
        except NameAmbiguousError:
            return False  # which is reported when that attribute is written
        visit.tally.writes += 1
        fields = {
            "category_node_id": visit.action.object_id,
            "remote_id": visit.action.remote_id,
            "attribute_set_name": category.name.strip(),
        }
        for requests in rounds(asked):
            for rows in requests:
                if not self._has_bulk_route:
                    return False
                try:
                    taken = await self.integration.client.bulk_requests.create(
                        "bulk_category_attributes", {**fields, "attributes": rows}
                    )
                except RefusedError as error:
                    self.log.warning("%s is written row by row: %s", self.name_of(visit), error.message)
                    return False
                if not taken:
                    self._has_bulk_route = False
                    return False
        visit.allowed = [self._allowed(asked) for asked in category.attributes]
        return True

    def _lacks(
        self, action: IntegrationAction, category: CategoryDto, known: AttributeSet | None, content: SetContent
    ) -> bool:
        """Whether a category needs a write.

        Raises:
            NameAmbiguousError: several attributes or values have one of its names, in other spellings.
        """
        if known is None or known.name != category.name.strip():
            return True
        if (known.pk, action.object_id) not in self._set_configs:
            return True
        for asked in category.attributes:
            attribute = self._cache.attribute(asked)
            rule = content.rules.get(attribute.pk) if attribute else None
            if (
                rule is None
                or self._cache.lacks(asked)
                or any(getattr(rule, k) != v for k, v in rule_of(asked).items())
            ):
                return True
        return False
