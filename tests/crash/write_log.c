/* Notes every change of files below one folder, for tests/crash/test_power_loss.py.
 *
 * Loaded with LD_PRELOAD on Linux, it stands between a process (Python, SQLite, FAISS) and the C
 * library, passes every call on, and appends what was done to a log. WRITE_LOG_FOLDER is the folder,
 * WRITE_LOG_FILE the log, WRITE_LOG_MARKS a file whose writes are marks of the tested program.
 *
 * A record is a header (see `struct header`), a path and data:
 *   C a name was made for a new file   T a file was given the length `offset`   W data was written
 *   S a file or folder was flushed     R a file was renamed (data: the new path)
 *   U a name was removed               M a folder was made                      A a mark was written
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct header {
    char kind;
    char padding[7];
    uint64_t inode;
    uint64_t offset;
    uint32_t path_length;
    uint32_t data_length;
};

static int log_descriptor = -1;
static const char *folder;
static const char *marks;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("WRITE_LOG_FILE");
    folder = getenv("WRITE_LOG_FOLDER");
    marks = getenv("WRITE_LOG_MARKS");
    if (path != NULL && folder != NULL && marks != NULL)
        log_descriptor = syscall(SYS_openat, AT_FDCWD, path,
                                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        fprintf(stderr, "write_log: no %s in the C library\n", name);
        abort();
    }
    return found;
}

static int is_watched(const char *path) {
    size_t length = folder == NULL ? 0 : strlen(folder);
    return log_descriptor >= 0 && strncmp(path, folder, length) == 0 &&
           (path[length] == '/' || path[length] == 0 || strncmp(path + length, " (", 2) == 0);
}

static void note(char kind, uint64_t inode, uint64_t offset, const char *path, const void *data,
                 size_t length) {
    struct header header = {kind, "", inode, offset, strlen(path), length};
    struct iovec parts[3] = {
        {&header, sizeof header}, {(void *)path, header.path_length}, {(void *)data, length}};
    ssize_t expected = sizeof header + header.path_length + length;
    int saved = errno;
    if (syscall(SYS_writev, log_descriptor, parts, 3) != expected)
        abort();
    errno = saved;
}

/* The path of an open file, and its inode; 0 where it is not watched. */
static uint64_t watched_file(int descriptor, char path[PATH_MAX]) {
    char link[64];
    struct stat status;
    int saved = errno;
    if (log_descriptor < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0 || fstat(descriptor, &status) != 0) {
        errno = saved;
        return 0;
    }
    path[length] = 0;
    errno = saved;
    return is_watched(path) || strcmp(path, marks) == 0 ? status.st_ino : 0;
}

static void note_write(int descriptor, uint64_t offset, const void *data, ssize_t length) {
    char path[PATH_MAX];
    uint64_t inode = length > 0 ? watched_file(descriptor, path) : 0;
    if (inode != 0)
        note(strcmp(path, marks) == 0 ? 'A' : 'W', inode, offset, path, data, length);
}

/* Where the next write goes. */
static uint64_t place(int descriptor) {
    int is_appending = (fcntl(descriptor, F_GETFL) & O_APPEND) != 0;
    struct stat status;
    if (is_appending && fstat(descriptor, &status) == 0)
        return status.st_size;
    off_t found = lseek(descriptor, 0, SEEK_CUR);
    return found < 0 ? 0 : (uint64_t)found;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int has_file(int parent, const char *path) {
    struct stat status;
    int saved = errno;
    int found = fstatat(parent, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    errno = saved;
    return found;
}

static void note_opening(int descriptor, int was_there, int is_cut) {
    char path[PATH_MAX];
    uint64_t inode = descriptor < 0 ? 0 : watched_file(descriptor, path);
    if (inode == 0 || !is_watched(path))
        return;
    if (!was_there)
        note('C', inode, 0, path, "", 0);
    else if (is_cut)
        note('T', inode, 0, path, "", 0);
}

static int open_noted(int parent, const char *path, int flags, mode_t mode) {
    int was_there = (flags & O_CREAT) == 0 || has_file(parent, path);
    int descriptor = REAL(openat)(parent, path, flags, mode);
    if ((flags & (O_CREAT | O_TRUNC)) != 0)
        note_opening(descriptor, was_there, (flags & O_TRUNC) != 0);
    return descriptor;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;             \
        va_end(rest);                                                                              \
        return open_noted(AT_FDCWD, path, flags, mode);                                            \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
    int name(int parent, const char *path, int flags, ...) {                                       \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;             \
        va_end(rest);                                                                              \
        if (parent == AT_FDCWD)                                                                    \
            return open_noted(parent, path, flags, mode);                                          \
        int was_there = (flags & O_CREAT) == 0 || has_file(parent, path);                          \
        int descriptor = REAL(name)(parent, path, flags, mode);                                    \
        note_opening(descriptor, was_there, (flags & O_TRUNC) != 0);                               \
        return descriptor;                                                                         \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                                \
    FILE *name(const char *path, const char *mode) {                                               \
        int was_there = has_file(AT_FDCWD, path);                                                  \
        FILE *file = REAL(name)(path, mode);                                                       \
        if (file != NULL && mode[0] != 'r')                                                        \
            note_opening(fileno(file), was_there, mode[0] == 'w');                                 \
        return file;                                                                               \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* What the C library writes of a stream it writes past us, so the file is noted whole here. */
int fclose(FILE *file) {
    char path[PATH_MAX];
    int descriptor = fileno(file);
    int is_written = descriptor >= 0 && (fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_RDONLY;
    uint64_t inode = is_written ? watched_file(descriptor, path) : 0;
    if (inode != 0 && is_watched(path)) {
        char link[64], block[1 << 16];
        ssize_t length;
        fflush(file);
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        int reading = syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
        for (uint64_t offset = 0; (length = read(reading, block, sizeof block)) > 0;
             offset += length)
            note('W', inode, offset, path, block, length);
        close(reading);
    }
    return REAL(fclose)(file);
}

/* --- writing ---------------------------------------------------------------------------------- */

ssize_t write(int descriptor, const void *data, size_t length) {
    uint64_t offset = place(descriptor);
    ssize_t written = REAL(write)(descriptor, data, length);
    note_write(descriptor, offset, data, written);
    return written;
}

ssize_t pwrite(int descriptor, const void *data, size_t length, off_t offset) {
    ssize_t written = REAL(pwrite)(descriptor, data, length, offset);
    note_write(descriptor, offset, data, written);
    return written;
}

ssize_t pwrite64(int descriptor, const void *data, size_t length, off64_t offset) {
    ssize_t written = REAL(pwrite64)(descriptor, data, length, offset);
    note_write(descriptor, offset, data, written);
    return written;
}

ssize_t writev(int descriptor, const struct iovec *parts, int n_parts) {
    uint64_t offset = place(descriptor);
    ssize_t written = REAL(writev)(descriptor, parts, n_parts), remaining = written;
    for (int part = 0; part < n_parts && remaining > 0; part++) {
        ssize_t length = remaining < (ssize_t)parts[part].iov_len ? remaining
                                                                  : (ssize_t)parts[part].iov_len;
        note_write(descriptor, offset, parts[part].iov_base, length);
        offset += length;
        remaining -= length;
    }
    return written;
}

static void note_length(int descriptor, uint64_t length) {
    char path[PATH_MAX];
    uint64_t inode = watched_file(descriptor, path);
    if (inode != 0)
        note('T', inode, length, path, "", 0);
}

int ftruncate(int descriptor, off_t length) {
    int result = REAL(ftruncate)(descriptor, length);
    if (result == 0)
        note_length(descriptor, length);
    return result;
}

int ftruncate64(int descriptor, off64_t length) {
    int result = REAL(ftruncate64)(descriptor, length);
    if (result == 0)
        note_length(descriptor, length);
    return result;
}

/* --- flushing --------------------------------------------------------------------------------- */

static void note_flush(int descriptor) {
    char path[PATH_MAX];
    uint64_t inode = watched_file(descriptor, path);
    if (inode != 0)
        note('S', inode, 0, path, "", 0);
}

int fsync(int descriptor) {
    int result = REAL(fsync)(descriptor);
    if (result == 0)
        note_flush(descriptor);
    return result;
}

int fdatasync(int descriptor) {
    int result = REAL(fdatasync)(descriptor);
    if (result == 0)
        note_flush(descriptor);
    return result;
}

/* --- names ------------------------------------------------------------------------------------ */

int rename(const char *from, const char *to) {
    int result = REAL(rename)(from, to);
    if (result == 0 && is_watched(from))
        note('R', 0, 0, from, to, strlen(to));
    return result;
}

int unlink(const char *path) {
    int result = REAL(unlink)(path);
    if (result == 0 && is_watched(path))
        note('U', 0, 0, path, "", 0);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    int result = REAL(mkdir)(path, mode);
    if (result == 0 && is_watched(path))
        note('M', 0, 0, path, "", 0);
    return result;
}
