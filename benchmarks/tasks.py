"""A worker's first result, round trips and throughput: on the notebook's own broker, and on Redis.

Redis is measured where COURSE_TEST_REDIS_URL names one, or one answers on its usual port.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REDIS = os.environ.get("COURSE_TEST_REDIS_URL", "redis://127.0.0.1:6379/5")
TASKS = 300
ROUNDS = 3


def run() -> dict[str, dict[str, float]]:
    """In a process of its own: {broker: {"first" (seconds), "trip" (ms), "rate" (tasks a second)}}."""
    import redis

    import glass

    glass.setup(ROOT)
    from company.tasks import count_primes

    brokers = {"own": ""}
    try:
        redis.Redis.from_url(REDIS, socket_timeout=1).ping()
        brokers["redis"] = REDIS
    except redis.RedisError:
        pass
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in brokers}
    for _ in range(ROUNDS):
        for name, url in brokers.items():
            os.environ["CELERY_BROKER_URL"] = url
            begin = time.perf_counter()
            with glass.start_worker():
                assert count_primes.delay(10).get(timeout=20) == 4
                first = time.perf_counter() - begin
                begin = time.perf_counter()
                for _ in range(50):
                    count_primes.delay(10).get(timeout=20)
                trip = (time.perf_counter() - begin) / 50 * 1000
                begin = time.perf_counter()
                for result in [count_primes.delay(10) for _ in range(TASKS)]:
                    result.get(timeout=60)
                rate = TASKS / (time.perf_counter() - begin)
            rounds[name].append({"first": first, "trip": trip, "rate": rate})
    return {
        name: {
            "first": min(each["first"] for each in found),
            "trip": min(each["trip"] for each in found),
            "rate": max(each["rate"] for each in found),
        }
        for name, found in rounds.items()
    }


def measure() -> dict[str, dict[str, float]]:
    done = subprocess.run(
        [sys.executable, __file__, "run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(json.dumps(run() if sys.argv[1:] else measure()))
