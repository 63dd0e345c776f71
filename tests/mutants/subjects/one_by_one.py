"""Mutants of the way that sends one by one."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/one_by_one.py",
    tests=("tests/flows/test_one_by_one.py",),
    mutants=(
        Mutant("self.send_one(item, there.get(item.pk))", "self.send_one(item, None)"),
        Mutant(
            "        if self.stopped_by is None:\n            return Completed(results)\n",
            "        return Completed(results)\n",
        ),
        Mutant("            self.unsent.append(item.pk)\n            return None\n", "            return None\n"),
        Mutant(
            "            self.stopped_by = error\n            self.unsent.append(item.pk)\n",
            "            self.stopped_by = error\n",
        ),
        Mutant(
            "        except (RefusedError, ContractError, LostAnswerError) as error:",
            "        except ContractError as error:",
        ),
        Mutant("        except ItemError as error:", "        except ZeroDivisionError as error:"),
        Mutant("            if found is None and arrived is not None:\n                return arrived\n", ""),
        Mutant("            arrived = (await self.find([item])).get(item.pk)\n", "            arrived = None\n"),
    ),
)
