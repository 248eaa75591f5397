"""Floods of questions to the clocks, of timers, of sleeps and of futexes: they end with the script."""

import platform

import pytest

from harness.scripts import script

# System calls by their numbers (Linux, arch/x86/entry/syscalls/syscall_64.tbl), each thread for itself: while
# one is in the kernel the others run.
PRELUDE = """
import ctypes, errno, mmap, os, signal, struct, threading, time
libc = ctypes.CDLL(None, use_errno=True)
CALLS = dict(nanosleep=35, setitimer=38, alarm=37, futex=202, timer_create=222, timer_settime=223, timer_delete=226,
             clock_gettime=228, clock_getres=229, clock_nanosleep=230, set_robust_list=273, get_robust_list=274,
             timerfd_create=283, timerfd_settime=286)
seen = set()
def call(name, *arguments):
    arguments = [ctypes.c_char_p(a) if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments]
    if libc.syscall(ctypes.c_long(CALLS[name]), *arguments) == -1:
        seen.add((name, errno.errorcode[ctypes.get_errno()]))
        return -1
    seen.add((name, "done"))
    return 0

SIZE = 1 << 16
page = mmap.mmap(-1, 2 * SIZE)
PAGE = ctypes.addressof(ctypes.c_char.from_buffer(page))
HOLE = PAGE + SIZE
libc.mprotect(ctypes.c_void_p(HOLE), SIZE, 0)
# Nowhere, unaligned, at the end of what may be written, beyond it, the kernel's own, no address.
ODD = [0, 1, PAGE + 1, HOLE - 2, HOLE, HOLE + 8, -4096, -1, 0xffffffff81000000 - (1 << 64), 1 << 47, 1 << 62]

def flood(body, threads, rounds):
    def run(number):
        for each in range(rounds):
            body(number, each)
    made = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in made: thread.start()
    for thread in made: thread.join()
"""

CLOCKS = """
def body(number, each):
    # Those there are and those there aren't, of this process and of others.
    for clock in (*range(-3, 16), ~1 << 3 | 2, ~os.getpid() << 3 | 2, ~1 << 3 | 6, 1 << 31, -1 << 31):
        for address in (PAGE + 64 * number, ODD[each % len(ODD)]):
            call("clock_gettime", clock, address)
            call("clock_getres", clock, address)
    time.monotonic_ns(), time.process_time_ns(), time.thread_time_ns()
flood(body, 48, 25)
assert {("clock_gettime", "done"), ("clock_gettime", "EFAULT"), ("clock_gettime", "EINVAL")} <= seen, seen
"""

SLEEPS = """
SPANS = [(0, 0), (0, 1), (0, 9999), (0, -1), (0, 1_000_000_000), (-1, 0), (-1 << 63, 0), (0, 1 << 62)]
def body(number, each):
    call("nanosleep", struct.pack("qq", *SPANS[each % len(SPANS)]), PAGE + 64 * number)
    call("nanosleep", ODD[each % len(ODD)], 0)
    # From now (but not in processor time, which need not pass), and until a moment that has passed.
    for clock in (0, 1, 7, 11, 99):
        call("clock_nanosleep", clock, 0, struct.pack("qq", 0, 1), ODD[each % len(ODD)])
    for clock in (0, 1, 2, 3, 7, 11, 99):
        call("clock_nanosleep", clock, 1, struct.pack("qq", 0, 1), 0)
flood(body, 48, 50)
assert {("nanosleep", "done"), ("nanosleep", "EFAULT"), ("nanosleep", "EINVAL")} <= seen, seen
# And some that never end by themselves.
for _ in range(8):
    threading.Thread(target=call, args=("nanosleep", struct.pack("qq", (1 << 63) - 1, 999_999_999), 0), daemon=True).start()
"""

TIMERS = """
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
signal.signal(signal.SIGPROF, signal.SIG_IGN)
EVERY_NANOSECOND = struct.pack("qqqq", 0, 1, 0, 1)
EVERY_MICROSECOND = EVERY_NANOSECOND  # Of setitimer(2), which counts in these.
descriptors = []
def body(number, each):
    event = struct.pack("qii", 0, (signal.SIGALRM, signal.SIGPROF, 40, 0, 65)[each % 5], (0, 1, 2, 4, 9)[each % 5])
    event += struct.pack("i", (threading.get_native_id(), 1, -1, 0)[each % 4]) + bytes(44)
    for clock in (0, 1, 2, 3, 7, 8, 99):
        made = ctypes.c_int(-1)
        call("timer_create", clock, event, ctypes.addressof(made))
        call("timer_settime", made.value, each % 2, EVERY_NANOSECOND, 0)
        call("timer_settime", made.value, 0, ODD[each % len(ODD)], ODD[-1 - each % len(ODD)])
        if each % 3 == 0:
            call("timer_delete", made.value)
        call("timer_delete", 1 << 20)
    for which in (0, 1, 2, 3):
        call("setitimer", which, EVERY_MICROSECOND, 0)
    call("alarm", 1)
    for clock in (0, 1, 7, 8, 9):
        try:
            descriptor = libc.timerfd_create(clock, 0o4000)
            if descriptor >= 0:
                libc.timerfd_settime(descriptor, 0, EVERY_NANOSECOND, None)
                descriptors.append(descriptor)
                if len(descriptors) > 300:
                    os.close(descriptors.pop(0))
        except (OSError, IndexError):
            pass
# Real-time signals that nobody ignores would end the script.
for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
    signal.signal(number, signal.SIG_IGN)
flood(body, 48, 20)
assert {("timer_create", "done"), ("timer_create", "EAGAIN"), ("timer_create", "EINVAL"), ("timer_settime", "done")} <= seen, seen
"""

FUTEXES = """
WAIT, WAKE, REQUEUE, LOCK_PI, UNLOCK_PI, TRYLOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI, CMP_REQUEUE_PI, LOCK_PI2 = 0, 1, 3, 6, 7, 8, 9, 11, 12, 13
OPERATIONS = range(0, 16)
SOON = struct.pack("qq", 0, 1000)
PAST = struct.pack("qq", 0, 0)
# Who holds a lock is in its word: the first process, this one, another thread, nobody, with all flags.
OWNERS = [0, 1, 2, os.getpid(), 0x3fffffff, 0x40000000 | os.getpid(), 0x80000000 | os.getpid(), 0xffffffff, 1 << 30]
WORDS = PAGE + 4096
lists = mmap.mmap(-1, 1 << 16)
LISTS = ctypes.addressof(ctypes.c_char.from_buffer(lists))
# A list that leads back to itself, one that leads nowhere, one that names a lock of this process.
struct.pack_into("qqq", lists, 0, LISTS + 64, 0, 0)
struct.pack_into("qqq", lists, 64, LISTS + 128, 0, 0)
struct.pack_into("qqq", lists, 128, LISTS + 64, 0, 0)
struct.pack_into("qqq", lists, 256, HOLE, 8, HOLE)
struct.pack_into("qqq", lists, 512, LISTS + 576 | 1, 8, LISTS + 640 | 1)
struct.pack_into("q", lists, 576, LISTS + 512)
def body(number, each):
    word = WORDS + 4 * (number % 16)
    for operation in OPERATIONS:
        for private in (0, 128):
            struct.pack_into("I", page, word - PAGE, OWNERS[(each + operation) % len(OWNERS)])
            limit = SOON if operation in (WAIT,) else PAST
            call("futex", word, operation | private, 1 << 31, limit, WORDS + 4 * (each % 16), 1)
            odd = ODD[each % len(ODD)]
            call("futex", odd, operation | private, 0, limit, ODD[-1 - each % len(ODD)], 0)
    struct.pack_into("I", page, word - PAGE, 0)
    # This thread's own, for when it ends.
    struct.pack_into("I", lists, 584, threading.get_native_id())
    call("futex", word, LOCK_PI, 0, PAST, 0, 0)
    call("set_robust_list", (LISTS, LISTS + 256, LISTS + 512, *ODD)[each % (3 + len(ODD))], (24, 24, 24, 0, 1 << 40)[each % 5])
    call("get_robust_list", (0, 1, os.getpid(), -1)[each % 4], ODD[each % len(ODD)], PAGE)
# Threads that end with locks held and such lists.
for _ in range(4):
    flood(body, 48, 11)
assert {("futex", "EFAULT"), ("futex", "EINVAL"), ("futex", "ESRCH"), ("set_robust_list", "done")} <= seen, seen
# And some that wait for ever: for a word, and for a lock that this thread holds.
struct.pack_into("II", page, 0, 7, threading.get_native_id())
for operation, address, value in ((WAIT, PAGE, 7), (LOCK_PI, PAGE + 4, 0)):
    for _ in range(4):
        threading.Thread(target=call, args=("futex", address, operation, value, 0, 0, 0), daemon=True).start()
"""

FLOODS = {"clocks": CLOCKS, "sleeps": SLEEPS, "timers": TIMERS, "futexes": FUTEXES}


@pytest.mark.threat(10, 20)
@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_flood_ends_with_its_script(attack, server, flood):
    if platform.machine() != "x86_64":
        pytest.skip("system calls are numbered for x86-64")
    assert attack(server, script(PRELUDE + flood + "print('done')"), "succeeded").check().printed() == "done"
