"""What stops the launcher, said in one sentence of Chinese and one of English."""

import errno
from pathlib import Path


class CannotStart(Exception):
    """The launcher cannot go on; `zh` and `en` each say what is wrong, where, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en

    def __str__(self) -> str:
        return f"{self.zh}\n{self.en}"


def from_os_error(error: OSError, where: Path | str) -> CannotStart:
    """The sentence for a file operation that the machine refused at `where`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CannotStart(
            f"磁盘空间不足：{where}。请腾出空间后再试。",
            f"No disk space left at {where}. Free some space and try again.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return CannotStart(
            f"没有写入权限：{where}。请改用有权限的用户，或修改该文件夹的所有者。",
            f"Cannot write to {where}. Run as a user who may, or change the owner of that folder.",
        )
    return CannotStart(f"文件操作失败：{where}：{error}", f"File operation failed at {where}: {error}")
