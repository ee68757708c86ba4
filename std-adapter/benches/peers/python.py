"""The workloads of the benchmarks, in Python's own concurrent.futures.

Arguments: the workload, the contestant, workers, count, and the limit of its time in seconds. Prints what
the processes of the harness print: name=value, on one line.
"""

import faulthandler
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

MASK = (1 << 64) - 1


def task(number, factor):
    return (number * factor) & MASK


def speed(count, seconds):
    return {"speed": count / seconds / 1e6}


def produce(pool, start, count):
    futures = [pool.submit(task, number, number | 1) for number in range(start, start + count)]
    return sum(future.result() for future in futures)


def throughput(pool, producers, count):
    each = count // producers
    sums = [0] * producers
    ready = threading.Barrier(producers + 1)

    def produce_one(producer):
        ready.wait()
        sums[producer] = produce(pool, producer * each, each)

    produce(pool, 0, count // 10)
    threads = [threading.Thread(target=produce_one, args=(p,)) for p in range(producers)]
    for thread in threads:
        thread.start()
    ready.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    assert sum(sums) == sum(task(n, n | 1) for n in range(each * producers))
    return speed(each * producers, seconds)


def round_trip(pool, count, silence):
    times = []
    for number in range(count + count // 10):
        if silence:
            time.sleep(0.0003)
        start = time.perf_counter()
        result = pool.submit(task, number, 3).result()
        times.append(time.perf_counter() - start)
        assert result == number * 3
    times = sorted(times[count // 10 :])
    return {"p50": times[(count - 1) // 2] * 1e6, "p99": times[(count - 1) * 99 // 100] * 1e6}


def map_items(pool, count):
    list(pool.map(abs, range(count // 10)))
    start = time.perf_counter()
    results = list(pool.map(abs, range(count)))
    seconds = time.perf_counter() - start
    assert results == list(range(count))
    return speed(count, seconds)


def cancel(pool, workers, count):
    produce(pool, 0, count // 10)
    gate = threading.Event()
    busy = [pool.submit(gate.wait) for _ in range(workers)]
    while not all(future.running() for future in busy):
        time.sleep(0.001)
    futures = [pool.submit(task, number, 3) for number in range(count)]
    start = time.perf_counter()
    cancelled = sum(future.cancel() for future in futures)
    seconds = time.perf_counter() - start
    gate.set()
    assert cancelled == count
    return {"time": seconds * 1e9 / count}


def idle(pool, count):
    produce(pool, 0, count)
    before = time.process_time()
    time.sleep(1)
    return {"time": (time.process_time() - before) * 1e3}


def main():
    workload = sys.argv[1]
    workers, count, limit = map(int, sys.argv[3:])
    faulthandler.dump_traceback_later(limit, exit=True)
    with ThreadPoolExecutor(workers) as pool:
        if workload.startswith("throughput"):
            producers = int(workload.rsplit("-", 1)[1])
            figures = throughput(pool, producers, count)
        elif workload.startswith("round-trip"):
            figures = round_trip(pool, count, silence="silence" in workload)
        elif workload == "map":
            figures = map_items(pool, count)
        elif workload == "cancel":
            figures = cancel(pool, workers, count)
        elif workload == "idle":
            figures = idle(pool, count)
        else:
            sys.exit(f"no workload is called {workload}")
    print(*(f"{name}={value}" for name, value in figures.items()))


main()
