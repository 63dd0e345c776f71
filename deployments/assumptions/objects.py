"""Assumptions about the objects of a batch: their actions, their release, their attempts."""

from deployments.assumptions.findings import HONOURED, Assumption, Assumptions, Finding, broken, not_tried, untried
from deployments.assumptions.trial import Trial
from dto.enums import IntegrationActionStatus


async def commit_makes_processing(trial: Trial) -> Finding:
    """Looks at the action of a committed product."""
    story = await trial.product_story()
    action = story.committed
    if action is None:
        return broken(f"product {story.product} was committed and got no action")
    if action.status is not IntegrationActionStatus.processing:
        return broken(f"the action of product {story.product} became `{action.status}`")
    return HONOURED


async def newer_batch_takes_over(trial: Trial) -> Finding:
    """Commits a product to a second batch while the first one holds it, then fails the first one."""
    story = await trial.product_story()
    if story.second_refused:
        return broken(f"the second batch was refused: {story.second_refused}")
    if not story.taken_by_second:
        return broken(f"the action of product {story.product} stayed with the first batch")
    if not story.kept_by_second:
        return broken(f"the failing first batch released product {story.product}, which the second one held")
    return HONOURED


async def fail_releases(trial: Trial) -> Finding:
    """Looks for the action of a product that was never sent, after its batch has failed."""
    story = await trial.product_story()
    if story.left_over is not None:
        return broken(
            f"the action of product {story.product} was still there, as `{story.left_over.status}`, after its batch had "
            "failed; it was deleted",
            "look for objects that stay in `processing`, and delete their actions",
        )
    return HONOURED


async def deleted_inside_is_due_at_once(trial: Trial) -> Finding:
    """Deletes the action of a product that its batch holds, fails the batch, and looks for the product in `inserts`."""
    story = await trial.product_story()
    if story.not_deleted:
        return broken(f"the action of product {story.product}, which a batch held, was deleted: {story.not_deleted}")
    if not story.is_due_at_once:
        return broken(f"product {story.product} was given back, and not offered again at once")
    return HONOURED


async def changed_inside_stays_changed(trial: Trial) -> Finding:
    """Changes the action of a product that its batch holds, fails the batch, and looks at the action."""
    story = await trial.product_story()
    if story.not_put_back:
        return broken(f"the action of product {story.product}, which a batch held, was changed: {story.not_put_back}")
    return HONOURED


async def release_counts_as_attempt(trial: Trial) -> Finding:
    """Looks for the product in `inserts` right after its release."""
    story = await trial.product_story()
    limits = trial.channel.conf.FAILED_INTEGRATION.get("DEFAULT")
    seconds = limits.RETRY_INTERVAL if limits else None
    if not seconds:
        return not_tried("the channel's conf has no FAILED_INTEGRATION.DEFAULT.RETRY_INTERVAL")
    if story.offered_again:
        return broken(
            f"product {story.product} was offered again at once; RETRY_INTERVAL is {seconds} s",
            "look at FAILED_INTEGRATION in the channel's conf",
        )
    return HONOURED


ASSUMPTIONS: Assumptions = {
    "processing": Assumption(
        "a committed object is in `processing`",
        "one at a time: no other run is offered an object that this one sends",
        commit_makes_processing,
    ),
    "take-over": Assumption(
        "an object that is committed again belongs to the newer batch",
        "no lie: a price that travels with two products' batches is settled by the one that sent it last",
        newer_batch_takes_over,
    ),
    "release": Assumption(
        "`fail` releases objects, and one that was never sent loses its action",
        "convergence: the objects of a dead run are offered again",
        fail_releases,
    ),
    "attempt": Assumption(
        "a release counts as one attempt, and the next waits RETRY_INTERVAL",
        "bounded retry: a product that always fails is not tried for ever",
        release_counts_as_attempt,
    ),
    "deleted-inside": Assumption(
        "an action that is deleted inside an open batch is gone, and its object is due at once when the batch fails",
        "an outage costs no attempts: objects that were never sent are given back",
        deleted_inside_is_due_at_once,
    ),
    "changed-inside": Assumption(
        "an action that is changed inside an open batch stays so when the batch fails",
        "an outage costs no attempts, and what a channel takes at once stays taken",
        changed_inside_stays_changed,
    ),
    "unnamed-objects": Assumption(
        "objects that `done` does not name stay in `processing`",
        "convergence: nothing stays locked",
        untried("nothing depends on it: this program names every object with its result"),
    ),
    "kept-remote-id": Assumption(
        "an empty remote_id never erases a known one",
        "convergence: a failed update keeps the object's remote id",
        untried("it needs a product that is on sale, and would change Omnitron's record of it"),
    ),
    "set-back-version": Assumption(
        "an object is due again when the `version_date` of its action is set back",
        "no lie: `channel-app resend` says of an object that it is due",
        untried(
            "it would have a product sent again; `resend` looks at the due list itself, and says if the object is not there"
        ),
    ),
    "empty-patch": Assumption(
        "an empty PATCH of a product, price, stock or image moves its `modified_date`",
        "bounded retry: `channel-app resend` gives a failed object new attempts",
        untried(
            "it would make the product due on all channels; `resend` looks at the due list itself, and says if it is not there"
        ),
    ),
    "uncommitted-objects": Assumption(
        "`done` accepts an object that was never committed",
        "a price and a stock that were not announced are settled with their product",
        untried("it would record an object as sent that was not"),
    ),
}
