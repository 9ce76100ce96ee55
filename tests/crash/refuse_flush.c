/* Refuses flushes of one file, for tests/crash/test_refused_flush.py.
 *
 * Loaded with LD_PRELOAD on Linux. Where the file REFUSE_FLUSH_COUNT exists and holds a number N, the
 * N-th flush (from 1) of a file whose path holds REFUSE_FLUSH_OF, and each after it, fails with EIO, as
 * a failing disk makes it. Counting begins anew where N changes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_refused(int descriptor) {
    static int n_flushes = 0, first_refused = 0;
    const char *of = getenv("REFUSE_FLUSH_OF"), *count = getenv("REFUSE_FLUSH_COUNT");
    char link[64], path[4096];
    int number = 0;
    FILE *file = count == NULL ? NULL : fopen(count, "r");
    if (file != NULL) {
        if (fscanf(file, "%d", &number) != 1)
            number = 0;
        fclose(file);
    }
    if (number != first_refused) {
        first_refused = number;
        n_flushes = 0;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (of == NULL || length < 0)
        return 0;
    path[length] = '\0';
    return strstr(path, of) != NULL && number > 0 && ++n_flushes >= number;
}

#define FLUSH(name)                                                                              \
    int name(int descriptor) {                                                                   \
        int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, #name);                                \
        if (is_refused(descriptor)) {                                                            \
            errno = EIO;                                                                         \
            return -1;                                                                           \
        }                                                                                        \
        return real(descriptor);                                                                 \
    }

FLUSH(fsync)
FLUSH(fdatasync)
