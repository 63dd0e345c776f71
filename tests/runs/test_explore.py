import pytest
from collections import Counter
from flows.product import insert_products
from tests.harness.loopback import World
from tests.runs.records import run, artifact_of, everything
pytestmark = pytest.mark.flow
async def test_a():
    world = World()
    r = await run(world, insert_products, batch_size=6)
    print(r.state, r.run.name)
    for t in await r.task_runs(5): print(t.name, '|', t.tags, t.task_inputs, t.state.name, t.task_key)
    print(await artifact_of(r, "insert-products-channel-6"))
    from prefect import get_client
    import time; t0=time.monotonic()
    text = await everything("insert products: ")
    print(len(text), time.monotonic()-t0)
    world = World(asynchronous=True, failing=0)
    t0=time.monotonic()
    r = await run(world, insert_products)
    print(r.state, r.run.name, time.monotonic()-t0)
    for t in await r.task_runs(5): print(t.name, '|', t.tags, t.task_inputs, t.state.name, t.task_key)
