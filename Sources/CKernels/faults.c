// The end of a program that is given too little address space.
//
// Swift's runtime, libdispatch and the C library end a process by a signal where an allocation
// fails. The handlers here turn that into a sentence. They use nothing but write and _exit, which a
// handler may.

#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "include/CKernels.h"

#if defined(__GLIBC__)
#include <malloc.h>
#include <pthread.h>
#endif

static char message[512];
static size_t message_length;

static void end_with_message(int number) {
    (void)number;
    ssize_t written = write(STDERR_FILENO, message, message_length);
    (void)written;
    _exit(1);
}

void qk_end_faults_with(const char *text) {
    message_length = strnlen(text, sizeof message);
    memcpy(message, text, message_length);
    // The stack may be what could not grow.
    static _Alignas(16) char stack[1 << 16];
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternative, NULL);
    struct sigaction action = {0};
    action.sa_handler = end_with_message;
    action.sa_flags = SA_ONSTACK | SA_RESETHAND;
    sigfillset(&action.sa_mask);
    static const int faults[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV};
    for (size_t index = 0; index < sizeof faults / sizeof faults[0]; index++) {
        sigaction(faults[index], &action, NULL);
    }
}

void qk_spare_addresses(void) {
#if defined(__GLIBC__)
    // Each further arena reserves 64 MiB of addresses, most of which are never used, and each
    // thread a stack of 8 MiB.
    mallopt(M_ARENA_MAX, 1);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) == 0) {
        if (pthread_attr_setstacksize(&attributes, 2 << 20) == 0) {
            pthread_setattr_default_np(&attributes);
        }
        pthread_attr_destroy(&attributes);
    }
#endif
}

void qk_trim_memory(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}
