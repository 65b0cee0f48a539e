#include "ports/system_failure.hpp"
#include <cerrno>
#include <system_error>

namespace belay {

std::string errno_text(int error) { return std::generic_category().message(error); }

Failure system_failure(const std::string& doing, int error, Reached reached) {
  Failure failure{Cause::refused, reached, doing + ": " + errno_text(error), {}};
  switch (error) {
    case ENOENT:
    case ENOTDIR: failure.cause = Cause::missing; break;
    case EEXIST:
    case ENOTEMPTY: failure.cause = Cause::conflict; break;
    case ENOSPC:
    case EDQUOT:
      failure.cause = Cause::full;
      failure.hint = "free space on that file system (df shows it), or name a folder on another one";
      break;
    case EROFS: failure.hint = "the file system is mounted read-only"; break;
    case EACCES:
    case EPERM: failure.hint = "belay's user may not do this: look at the owner and mode of the path and of the folders above it"; break;
    case EIO:
      failure.cause = Cause::transport;
      failure.hint = "the disk answered with an error: look at the kernel's log before trusting this file system";
      break;
    case ELOOP: failure.hint = "a symbolic link stands where a real file or folder is wanted"; break;
    case EMFILE:
    case ENFILE: failure.hint = "too many files are open: raise the limit (ulimit -n)"; break;
    default: break;
  }
  return failure;
}

} // namespace belay
