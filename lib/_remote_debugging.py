"""What `asyncio.tools` and `profiling` import to look into other processes. Taipan's processes cannot be looked into from
outside, nor can those of CPython from here: all requests fail."""

from collections import namedtuple

FrameInfo = namedtuple("FrameInfo", "filename lineno funcname")
CoroInfo = namedtuple("CoroInfo", "call_stack task_name")
TaskInfo = namedtuple("TaskInfo", "task_id task_name coroutine_stack awaited_by")
ThreadInfo = namedtuple("ThreadInfo", "thread_id frame_info")
AwaitedInfo = namedtuple("AwaitedInfo", "thread_id awaited_by")
for _type in (FrameInfo, CoroInfo, TaskInfo, ThreadInfo, AwaitedInfo):
    _type.__module__ = "_remote_debugging"
del _type, namedtuple

PROCESS_VM_READV_SUPPORTED = 0


class RemoteUnwinder:
    """RemoteUnwinder(pid): Inspect stack of a remote Python process."""

    def __init__(self, pid, *, all_threads=False, only_active_thread=False, debug=False):
        raise RuntimeError("Remote debugging is not supported on this platform")
