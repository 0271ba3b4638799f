/// MPI as it is found when the program runs, without its headers.
///
/// Open MPI and MPICH are compatible as source, and not as libraries: the handles of one are
/// addresses, those of the other integers. There is a table of function pointers for each, and one
/// set of calls above them. What follows MPICH's ABI (Intel MPI, Cray MPICH, MVAPICH) is MPICH
/// here.
///
/// Values: `mpi.h` of Open MPI 4.1 and of MPICH 4.0; <https://www.mpich.org/abi/>.
#ifndef CMPI_H
#define CMPI_H

#include <stddef.h>

/// An MPI library that is loaded. It stays so until the process ends.
typedef struct cmpi_library cmpi_library;

/// A transfer that was begun: an address of Open MPI, an integer of MPICH.
typedef union {
    void *address;
    int number;
} cmpi_request;

/// Loads the library called `name`, as `dlopen` looks for it.
///
/// @param fault where a reason is written if there is none, cut to `fault_size` bytes.
/// @return the library, or NULL.
cmpi_library *cmpi_open(const char *name, char *fault, size_t fault_size);

/// What the library says that it is, in one line.
const char *cmpi_description(const cmpi_library *library);

/// Joins the processes that the launcher has started. Calls may come from any thread, one at a
/// time.
///
/// @return 0, or the code of an error.
int cmpi_join(cmpi_library *library, int *rank, int *count);

/// Begins to send bytes to another rank, which must stay as they are until it is done.
int cmpi_send(
    cmpi_library *library, const void *bytes, int count, int rank, int tag,
    cmpi_request *request);

/// Begins to receive as many bytes from another rank.
int cmpi_receive(
    cmpi_library *library, void *bytes, int count, int rank, int tag, cmpi_request *request);

/// Looks whether a transfer is done, which lets it go on.
int cmpi_test(cmpi_library *library, cmpi_request *request, int *is_done);

/// Leaves the processes, of which all do so.
int cmpi_leave(cmpi_library *library);

/// Writes what the code of an error means to `text`, cut to `size` bytes.
void cmpi_explain(cmpi_library *library, int code, char *text, size_t size);

#endif
