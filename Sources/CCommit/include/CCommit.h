/// The commit that the program was built from.
///
/// It reaches the program as a macro: Swift knows no values of macros, and nothing that a build
/// writes into the tree could be left out of what the commit describes. A module of its own, so
/// that another commit compiles two lines again and not the kernels.
#ifndef CCOMMIT_H
#define CCOMMIT_H

/// The short name of the commit, with "-dirty" behind it where the tree had changes; empty if the
/// build was not told. It lives as long as the program.
const char *quern_commit(void);

#endif
