#include "include/CMPI.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of both libraries.
enum { THREAD_SERIALIZED = 2, MOST_TEXT = 8192 };

// Open MPI: handles are addresses of objects that the library exports.
typedef struct {
    void *world, *bytes, *errors_return;
    int (*comm_rank)(void *, int *);
    int (*comm_size)(void *, int *);
    int (*set_errhandler)(void *, void *);
    int (*isend)(const void *, int, void *, int, int, void *, void **);
    int (*irecv)(void *, int, void *, int, int, void *, void **);
    int (*test)(void **, int *, void *);
} open_mpi;

// MPICH: handles are integers.
typedef struct {
    int (*comm_rank)(int, int *);
    int (*comm_size)(int, int *);
    int (*set_errhandler)(int, int);
    int (*isend)(const void *, int, int, int, int, int, int *);
    int (*irecv)(void *, int, int, int, int, int, int *);
    int (*test)(int *, int *, void *);
} mpich;

enum {
    MPICH_WORLD = 0x44000000,
    MPICH_BYTE = 0x4c00010d,
    MPICH_ERRORS_RETURN = 0x54000001
};

struct cmpi_library {
    int is_mpich;
    open_mpi open;
    mpich mpich;
    // Without handles, the same in both.
    int (*init_thread)(int *, char ***, int, int *);
    int (*initialized)(int *);
    int (*finalize)(void);
    int (*error_string)(int, char *, int *);
    char description[256];
};

static int find(void *handle, const char *name, void *target, const char **missing) {
    void *symbol = dlsym(handle, name);
    if (!symbol) {
        *missing = name;
        return 0;
    }
    memcpy(target, &symbol, sizeof symbol);
    return 1;
}

static int find_functions(void *handle, cmpi_library *library, const char **missing) {
    if (!find(handle, "MPI_Init_thread", &library->init_thread, missing) ||
        !find(handle, "MPI_Initialized", &library->initialized, missing) ||
        !find(handle, "MPI_Finalize", &library->finalize, missing) ||
        !find(handle, "MPI_Error_string", &library->error_string, missing)) {
        return 0;
    }
    if (library->is_mpich) {
        mpich *m = &library->mpich;
        return find(handle, "MPI_Comm_rank", &m->comm_rank, missing) &&
               find(handle, "MPI_Comm_size", &m->comm_size, missing) &&
               find(handle, "MPI_Comm_set_errhandler", &m->set_errhandler, missing) &&
               find(handle, "MPI_Isend", &m->isend, missing) &&
               find(handle, "MPI_Irecv", &m->irecv, missing) &&
               find(handle, "MPI_Test", &m->test, missing);
    }
    open_mpi *o = &library->open;
    return find(handle, "ompi_mpi_comm_world", &o->world, missing) &&
           find(handle, "ompi_mpi_byte", &o->bytes, missing) &&
           find(handle, "ompi_mpi_errors_return", &o->errors_return, missing) &&
           find(handle, "MPI_Comm_rank", &o->comm_rank, missing) &&
           find(handle, "MPI_Comm_size", &o->comm_size, missing) &&
           find(handle, "MPI_Comm_set_errhandler", &o->set_errhandler, missing) &&
           find(handle, "MPI_Isend", &o->isend, missing) &&
           find(handle, "MPI_Irecv", &o->irecv, missing) &&
           find(handle, "MPI_Test", &o->test, missing);
}

cmpi_library *cmpi_open(const char *name, char *fault, size_t fault_size) {
    // Open MPI's plug-ins look for its symbols among those of the whole process.
    void *handle = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (!handle) {
        const char *reason = dlerror();
        snprintf(fault, fault_size, "%s", reason ? reason : "it cannot be loaded");
        return NULL;
    }
    const char *missing = NULL;
    int (*library_version)(char *, int *) = NULL;
    cmpi_library *library = calloc(1, sizeof *library);
    char *text = calloc(1, MOST_TEXT + 1);
    if (!library || !text) {
        snprintf(fault, fault_size, "there is too little memory");
        goto failed;
    }
    // It may be called before any other.
    if (!find(handle, "MPI_Get_library_version", &library_version, &missing)) {
        snprintf(fault, fault_size, "it has no function %s", missing);
        goto failed;
    }
    int length = 0;
    if (library_version(text, &length) != 0) {
        snprintf(fault, fault_size, "it does not say what it is");
        goto failed;
    }
    text[strcspn(text, "\r\n")] = 0;
    for (char *place = text; *place; place++) {
        if (*place == '\t') { *place = ' '; }
    }
    library->is_mpich = strstr(text, "Open MPI") == NULL;
    if (library->is_mpich && !strstr(text, "MPICH") && !strstr(text, "Intel") &&
        !strstr(text, "MVAPICH")) {
        snprintf(fault, fault_size, "it is neither Open MPI nor of MPICH's kind: %.200s", text);
        goto failed;
    }
    if (!find_functions(handle, library, &missing)) {
        snprintf(fault, fault_size, "it has no %s", missing);
        goto failed;
    }
    snprintf(library->description, sizeof library->description, "%.250s", text);
    free(text);
    return library;

failed:
    free(text);
    free(library);
    dlclose(handle);
    return NULL;
}

const char *cmpi_description(const cmpi_library *library) { return library->description; }

int cmpi_join(cmpi_library *library, int *rank, int *count) {
    int is_running = 0, provided = 0;
    int code = library->initialized(&is_running);
    if (code == 0 && !is_running) {
        code = library->init_thread(NULL, NULL, THREAD_SERIALIZED, &provided);
    }
    if (code != 0) { return code; }
    if (library->is_mpich) {
        const mpich *m = &library->mpich;
        code = m->set_errhandler(MPICH_WORLD, MPICH_ERRORS_RETURN);
        if (code == 0) { code = m->comm_rank(MPICH_WORLD, rank); }
        return code != 0 ? code : m->comm_size(MPICH_WORLD, count);
    }
    const open_mpi *o = &library->open;
    code = o->set_errhandler(o->world, o->errors_return);
    if (code == 0) { code = o->comm_rank(o->world, rank); }
    return code != 0 ? code : o->comm_size(o->world, count);
}

int cmpi_send(
    cmpi_library *library, const void *bytes, int count, int rank, int tag,
    cmpi_request *request) {
    if (library->is_mpich) {
        return library->mpich.isend(
            bytes, count, MPICH_BYTE, rank, tag, MPICH_WORLD, &request->number);
    }
    const open_mpi *o = &library->open;
    return o->isend(bytes, count, o->bytes, rank, tag, o->world, &request->address);
}

int cmpi_receive(
    cmpi_library *library, void *bytes, int count, int rank, int tag, cmpi_request *request) {
    if (library->is_mpich) {
        return library->mpich.irecv(
            bytes, count, MPICH_BYTE, rank, tag, MPICH_WORLD, &request->number);
    }
    const open_mpi *o = &library->open;
    return o->irecv(bytes, count, o->bytes, rank, tag, o->world, &request->address);
}

int cmpi_test(cmpi_library *library, cmpi_request *request, int *is_done) {
    // MPI_STATUS_IGNORE is the address 1 in MPICH, and none in Open MPI.
    if (library->is_mpich) {
        return library->mpich.test(&request->number, is_done, (void *)1);
    }
    return library->open.test(&request->address, is_done, NULL);
}

int cmpi_leave(cmpi_library *library) { return library->finalize(); }

void cmpi_explain(cmpi_library *library, int code, char *text, size_t size) {
    char *full = calloc(1, MOST_TEXT + 1);
    int length = 0;
    if (full && library->error_string(code, full, &length) == 0) {
        snprintf(text, size, "%s", full);
    } else {
        snprintf(text, size, "error %d", code);
    }
    free(full);
}
