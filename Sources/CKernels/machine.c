// Processors and memory, as the operating system knows them.
#if defined(__linux__)
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#endif
#include <unistd.h>

#include "include/CKernels.h"

int qk_processor_count(void) {
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0) {
        return CPU_COUNT(&allowed);
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void qk_name_thread(const char *name) {
#if defined(__linux__)
    (void)pthread_setname_np(pthread_self(), name);
#else
    (void)name;
#endif
}

void qk_prefer_large_pages(void *address, long bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    (void)madvise(address, (size_t)bytes, MADV_HUGEPAGE);
#else
    (void)address;
    (void)bytes;
#endif
}
