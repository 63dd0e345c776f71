"""Mutants of the question whose value of an order item is the newer one."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/orders/item_base.py",
    tests=("tests/tasks/test_item_base.py",),
    mutants=(
        Mutant("acknowledged is not None and acknowledged >= self.version", "acknowledged is not None"),
        Mutant("acknowledged >= self.version", "acknowledged > self.version"),
        Mutant("AFTER = timedelta(seconds=1)", "AFTER = timedelta(seconds=0)"),
        Mutant("if not tells[-1].is_taken(acknowledged)", "if not tells[0].is_taken(acknowledged)"),
        Mutant("return {**action.state, STATE:", "return {STATE:"),
        Mutant("if field != name or (new.at is not None and each.at >= new.at)", "if field != name"),
        Mutant("item.modified_date <= bound", "True"),
        Mutant("status is IntegrationActionStatus.success else None", "status is not None else None"),
        Mutant('if name != _extra("id") and not', "if not"),
        Mutant(" and not (name in FIELDS and is_blank(value))", ""),
        Mutant('        if verdict != "nothing new":\n            base', "        if True:\n            base"),
        Mutant("        if is_blank(value):\n            continue\n", ""),
        Mutant("[*taken, Told(value, at, earlier[-1].version)]", "[*taken, Told(value, at, version)]"),
        Mutant("told[name] = [*taken, Told(value, at, version)]", "told[name] = [Told(value, at, version)]"),
        Mutant("{**(item.extra_field or {}), **extra}", "extra"),
        Mutant("new.at is None or new.at > each.at + AFTER", "new.at is None"),
        Mutant(" and len(taken) == len(earlier) and not is_in_doubt", " and not is_in_doubt"),
        Mutant(" and not is_in_doubt", ""),
        Mutant('    if hub.is_being_told:\n        return "nothing new"\n', ""),
        Mutant('    if _is_older(new, last):\n        return "nothing new"\n', ""),
        Mutant("hub.values.get(name) if hub.is_untouched else DEFAULTS.get(name)", "DEFAULTS.get(name)"),
        Mutant("return bool(new.value == last.value)", "return False"),
        Mutant("return new.at > hub.at", "return new.at < hub.at"),
        Mutant('name == "status" and {new.value', "{new.value"),
        Mutant("_WAY.index(new.value) > _WAY.index(present)", "True"),
    ),
)
