#pragma once
#include <cstring>
#include <functional>
#include <map>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace belay::integration {

/// A disk between SQLite and the real one: it notes each write, truncation and sync, and can refuse one of them. In force while it lives.
class WatchedDisk {
public:
  struct Operation {
    enum class Sort : std::uint8_t { write, truncate, sync } sort;
    std::string file;
    std::int64_t at = 0; ///< of a truncation: the new size
    std::string bytes;
  };
  std::vector<Operation> operations;
  std::size_t refused_one = 0; ///< the number, from 1, of the operation that fails; 0: none
  int error = SQLITE_IOERR;

  WatchedDisk() : m_real(sqlite3_vfs_find(nullptr)), m_vfs(*m_real) {
    m_vfs.zName = "belay-watched";
    m_vfs.szOsFile = static_cast<int>(sizeof(File)) + m_real->szOsFile;
    m_vfs.pAppData = this;
    m_vfs.xOpen = [](sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) { return of(vfs).open(name, reinterpret_cast<File*>(file), flags, out); };
    sqlite3_vfs_register(&m_vfs, 1);
  }
  ~WatchedDisk() {
    sqlite3_vfs_unregister(&m_vfs);
    sqlite3_vfs_register(m_real, 1);
  }
  WatchedDisk(const WatchedDisk&) = delete;

private:
  struct File {
    const sqlite3_io_methods* methods;
    WatchedDisk* disk;
    std::string* name;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static WatchedDisk& of(sqlite3_vfs* vfs) { return *static_cast<WatchedDisk*>(vfs->pAppData); }
  static File& in(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  int open(const char* name, File* file, int flags, int* out) {
    file->methods = nullptr;
    const int code = m_real->xOpen(m_real, name, file->real(), flags, out);
    if (code != SQLITE_OK) return code;
    file->disk = this;
    file->name = new std::string(name ? name : "");
    if (!m_methods.iVersion) m_methods = wrapped(file->real()->pMethods->iVersion);
    file->methods = &m_methods;
    return code;
  }
  int note(Operation operation) {
    operations.push_back(std::move(operation));
    return operations.size() == refused_one ? error : SQLITE_OK;
  }
  static sqlite3_io_methods wrapped(int version) {
    sqlite3_io_methods m{};
    m.iVersion = version < 3 ? version : 3;
    m.xClose = [](sqlite3_file* f) {
      const int code = in(f).real()->pMethods->xClose(in(f).real());
      delete in(f).name;
      return code;
    };
    m.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) { return in(f).real()->pMethods->xRead(in(f).real(), to, size, at); };
    m.xWrite = [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
      const int code = in(f).disk->note({Operation::Sort::write, *in(f).name, at, std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
      return code != SQLITE_OK ? code : in(f).real()->pMethods->xWrite(in(f).real(), from, size, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      const int code = in(f).disk->note({Operation::Sort::truncate, *in(f).name, size, {}});
      return code != SQLITE_OK ? code : in(f).real()->pMethods->xTruncate(in(f).real(), size);
    };
    m.xSync = [](sqlite3_file* f, int flags) {
      const int code = in(f).disk->note({Operation::Sort::sync, *in(f).name, 0, {}});
      return code != SQLITE_OK ? code : in(f).real()->pMethods->xSync(in(f).real(), flags);
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return in(f).real()->pMethods->xFileSize(in(f).real(), size); };
    m.xLock = [](sqlite3_file* f, int lock) { return in(f).real()->pMethods->xLock(in(f).real(), lock); };
    m.xUnlock = [](sqlite3_file* f, int lock) { return in(f).real()->pMethods->xUnlock(in(f).real(), lock); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) { return in(f).real()->pMethods->xCheckReservedLock(in(f).real(), out); };
    m.xFileControl = [](sqlite3_file* f, int op, void* argument) { return in(f).real()->pMethods->xFileControl(in(f).real(), op, argument); };
    m.xSectorSize = [](sqlite3_file* f) { return in(f).real()->pMethods->xSectorSize(in(f).real()); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) { return in(f).real()->pMethods->xDeviceCharacteristics(in(f).real()); };
    m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** to) { return in(f).real()->pMethods->xShmMap(in(f).real(), page, size, extend, to); };
    m.xShmLock = [](sqlite3_file* f, int from, int count, int flags) { return in(f).real()->pMethods->xShmLock(in(f).real(), from, count, flags); };
    m.xShmBarrier = [](sqlite3_file* f) { in(f).real()->pMethods->xShmBarrier(in(f).real()); };
    m.xShmUnmap = [](sqlite3_file* f, int remove) { return in(f).real()->pMethods->xShmUnmap(in(f).real(), remove); };
    m.xFetch = [](sqlite3_file*, sqlite3_int64, int, void** to) {
      *to = nullptr; // never mapped: every write must pass by here
      return SQLITE_OK;
    };
    m.xUnfetch = [](sqlite3_file*, sqlite3_int64, void*) { return SQLITE_OK; };
    return m;
  }

  sqlite3_vfs* m_real;
  sqlite3_vfs m_vfs;
  sqlite3_io_methods m_methods{};
};

} // namespace belay::integration
