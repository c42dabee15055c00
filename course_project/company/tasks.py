"""Work that keeps a worker busy: one that computes, one that waits."""

from time import sleep

from celery import shared_task


@shared_task
def count_primes(limit: int) -> int:
    """How many primes are below the limit: for the processor alone, 0.1 s for 100,000."""
    primes: list[int] = []
    for number in range(2, limit):
        for prime in primes:
            if prime * prime > number:
                primes.append(number)
                break
            if number % prime == 0:
                break
        else:
            primes.append(number)
    return len(primes)


@shared_task
def wait_for_bank(seconds: float) -> float:
    """The salaries' transfer: another company's server answers after so many seconds."""
    sleep(seconds)
    return seconds
