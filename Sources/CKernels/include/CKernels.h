/// The kernels of Quern, in C because they name instructions that Swift's default target lacks.
///
/// Each exists at several levels, one for each kind of processor. A level is a table of functions:
/// `qk_numeric(level)->gemm(…)`, `qk_text(level)->merge(…)`. The caller names the level with every
/// call; the only state is the choice that `qk_best_level` makes once in the life of a process.
/// `inflate.h` is no kernel but a library that is loaded where it is installed, behind one face;
/// `blocks.h` has decoders that are the same at every level.
///
/// Kernels neither allocate nor lock nor start a thread: a call uses the thread it is on, and its
/// result has the same bits wherever and whenever it is called at the same level.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "blocks.h"
#include "inflate.h"
#include "numeric.h"
#include "text.h"

// MARK: Levels

/// The two levels that the others are tested against: scalar loops, written to be read.
enum {
    QK_PLAIN = 0,
    QK_PLAIN_MIXED = 1  // products of operands rounded to bfloat16
};

/// A level.
typedef struct {
    const char *name;            // as QUERN_LEVEL spells it
    int is_mixed;                // products round their operands to bfloat16, and sum in float32
    int (*is_available)(void);   // whether this processor and operating system can run it
    qk_numeric_kernels numeric;
    qk_text_kernels text;
} qk_level;

/// Every level, slowest first. A mixed one follows the level that it equals in all but products.
extern const qk_level *const qk_levels[];
extern const int qk_level_count;

/// The level of a number below `qk_level_count`, and its functions.
static inline const qk_level *qk_level_at(int level) { return qk_levels[level]; }
static inline const qk_numeric_kernels *qk_numeric(int level) { return &qk_levels[level]->numeric; }
static inline const qk_text_kernels *qk_text(int level) { return &qk_levels[level]->text; }

/// The level that the environment variable QUERN_LEVEL names, else the fastest that is available;
/// for work in float32 the level before it where that one is mixed. The variable is read once.
///
/// A name that is no available level's ends the process here, with the sentence of
/// `qk_level_fault`: to go on at another level would be silently wrong.
int qk_best_level(void);
int qk_best_mixed_level(void);

/// A sentence that says what QUERN_LEVEL names in vain and which levels there are; null where it
/// names an available level, or is empty or not set.
const char *qk_level_fault(void);

// MARK: The machine

/// Processors that this process may use.
int qk_processor_count(void);

/// Names the calling thread for debuggers, with at most 15 bytes. Nothing depends on it.
void qk_name_thread(const char *name);

/// Asks the system to hold whole, aligned parts of memory in large pages, where it can: a pass over
/// much memory then looks up fewer of them. Nothing depends on the answer.
void qk_prefer_large_pages(void *address, long bytes);

/// From now on a fault of the process, such as the end that Swift's runtime makes where an
/// allocation fails, writes `text`, of at most 511 bytes, to standard error and ends it with the
/// code 1.
void qk_end_faults_with(const char *text);

/// Lets the allocator and the stacks of threads that are started from now on reserve fewer
/// addresses, for a process whose address space is limited.
void qk_spare_addresses(void);

/// Gives back to the system what the allocator keeps of freed memory.
void qk_trim_memory(void);

/// Tells the processor that this thread spins.
static inline void qk_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
