// Counts the calls by which a program changes files, and ends or fails the one whose turn it is.
// Preloaded into a program under test:
//
//     FAULT_COUNT=PATH   writes the number of such calls to PATH when the program ends
//     FAULT_AT=N         the call that something happens to, from 1
//     FAULT=kill         the program is killed before the call
//     FAULT=torn         the same, but a write has written half of its bytes
//     FAULT=EIO          the call fails, once
//     FAULT=ENOSPC       the call fails, and all after it that need room
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static long fault_at;
static const char *fault = "", *count_path;
static pid_t process;

__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("FAULT_AT");
    fault_at = at ? atol(at) : 0;
    fault = getenv("FAULT") ? getenv("FAULT") : "";
    count_path = getenv("FAULT_COUNT");
    process = getpid();
}

__attribute__((destructor)) static void end(void) {
    if (!count_path || getpid() != process) return;
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&calls));
    int file = syscall(SYS_openat, AT_FDCWD, count_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    syscall(SYS_write, file, text, length);
    syscall(SYS_close, file);
}

static _Noreturn void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

// Whether the call shall fail; errno says how. `needs_room`: a full disk refuses it.
static int fails(int needs_room) {
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (!fault_at || number < fault_at) return 0;
    if (number == fault_at) {
        if (!strcmp(fault, "kill") || !strcmp(fault, "torn")) die();
        if (!strcmp(fault, "EIO")) return errno = EIO;
    }
    if (needs_room && !strcmp(fault, "ENOSPC")) return errno = ENOSPC;
    return 0;
}

// Whether a descriptor is a file's: what goes to a terminal or pipe changes no file.
static int is_file(int descriptor) {
    struct stat status;
    return descriptor > 2 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

static int is_torn(void) {
    return fault_at && atomic_load(&calls) + 1 == fault_at && !strcmp(fault, "torn");
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

// Calls with paths: their parameters, their arguments, and whether they need room.
#define PASS(name, parameters, arguments, needs_room) \
    int name parameters {                             \
        if (fails(needs_room)) return -1;             \
        return REAL(name) arguments;                  \
    }

PASS(rename, (const char *a, const char *b), (a, b), 0)
PASS(renameat, (int d, const char *a, int e, const char *b), (d, a, e, b), 0)
PASS(renameat2, (int d, const char *a, int e, const char *b, unsigned f), (d, a, e, b, f), 0)
PASS(link, (const char *a, const char *b), (a, b), 1)
PASS(linkat, (int d, const char *a, int e, const char *b, int f), (d, a, e, b, f), 1)
PASS(symlink, (const char *a, const char *b), (a, b), 1)
PASS(symlinkat, (const char *a, int d, const char *b), (a, d, b), 1)
PASS(unlink, (const char *a), (a), 0)
PASS(unlinkat, (int d, const char *a, int f), (d, a, f), 0)
PASS(remove, (const char *a), (a), 0)
PASS(rmdir, (const char *a), (a), 0)
PASS(mkdir, (const char *a, mode_t m), (a, m), 1)
PASS(mkdirat, (int d, const char *a, mode_t m), (d, a, m), 1)
PASS(fsync, (int d), (d), 0)
PASS(fdatasync, (int d), (d), 0)
PASS(ftruncate, (int d, off_t n), (d, n), 0)
PASS(ftruncate64, (int d, off64_t n), (d, n), 0)
PASS(mkstemp, (char *a), (a), 1)

#define WRITE(name, parameters, arguments, half)                \
    ssize_t name parameters {                                   \
        if (!is_file(d)) return REAL(name) arguments;           \
        if (is_torn()) { REAL(name) half; die(); }              \
        if (fails(1)) return -1;                                \
        return REAL(name) arguments;                            \
    }

WRITE(write, (int d, const void *b, size_t n), (d, b, n), (d, b, n / 2))
WRITE(pwrite, (int d, const void *b, size_t n, off_t o), (d, b, n, o), (d, b, n / 2, o))
WRITE(pwrite64, (int d, const void *b, size_t n, off64_t o), (d, b, n, o), (d, b, n / 2, o))
WRITE(writev, (int d, const struct iovec *v, int n), (d, v, n), (d, v, n / 2))

static int makes(const char *path, int flags) {
    return (flags & O_CREAT) && strncmp(path, "/dev/", 5) && strncmp(path, "/proc/", 6);
}

#define OPEN(name)                                              \
    int name(const char *path, int flags, ...) {                \
        va_list list;                                           \
        va_start(list, flags);                                  \
        mode_t mode = (flags & O_CREAT) ? va_arg(list, int) : 0;\
        va_end(list);                                           \
        if (makes(path, flags) && fails(1)) return -1;          \
        return REAL(name)(path, flags, mode);                   \
    }
#define OPEN_AT(name)                                           \
    int name(int d, const char *path, int flags, ...) {         \
        va_list list;                                           \
        va_start(list, flags);                                  \
        mode_t mode = (flags & O_CREAT) ? va_arg(list, int) : 0;\
        va_end(list);                                           \
        if (makes(path, flags) && fails(1)) return -1;          \
        return REAL(name)(d, path, flags, mode);                \
    }

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

FILE *fopen(const char *path, const char *mode) {
    if (strpbrk(mode, "wa") && fails(1)) return NULL;
    return REAL(fopen)(path, mode);
}
