"""What `meantime-load loop` does, in Python: two producers and a consumer pass items through a bounded queue on one loop,
each giving the loop its turn after every action. Prints one line of JSON.

usage: loop_actions.py asyncio|uvloop [ITEMS [QUEUE]]
"""

import asyncio
import json
import sys
import time


async def produce(count, queue):
    for i in range(1, count + 1):
        await queue.put((i * i, time.perf_counter_ns()))
        await asyncio.sleep(0)


async def consume(count, queue, latencies_ns):
    for _ in range(count):
        _, made_ns = await queue.get()
        latencies_ns.append(time.perf_counter_ns() - made_ns)
        await asyncio.sleep(0)


async def run(items, bound):
    queue, latencies_ns = asyncio.Queue(bound), []
    began = time.perf_counter()
    await asyncio.gather(produce(items - items // 2, queue), produce(items // 2, queue),
                         consume(items, queue, latencies_ns))
    seconds = time.perf_counter() - began
    latencies_ns.sort()
    return {"seconds": seconds, "p50_us": latencies_ns[(items - 1) // 2] / 1e3,
            "p99_us": latencies_ns[(items * 99 + 99) // 100 - 1] / 1e3, "max_us": latencies_ns[-1] / 1e3}


def main():
    which, items, bound = sys.argv[1], *[int(each) for each in (sys.argv[2:] + ["500000", "1024"][len(sys.argv) - 2:])]
    if which == "uvloop":
        import uvloop
        uvloop.install()
    print(json.dumps(asyncio.run(run(items, bound))))


main()
