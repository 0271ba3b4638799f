// Levels that there are, and those that this process uses.
#include "levels.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARATION(level) extern const qk_level TABLE_OF(level);
#define ADDRESS(level) &TABLE_OF(level),

LEVELS(DECLARATION)
const qk_level *const qk_levels[] = {LEVELS(ADDRESS)};
const int qk_level_count = sizeof qk_levels / sizeof *qk_levels;

// The choice, made once: a level, or -1 and why there is none.
static pthread_once_t choice_once = PTHREAD_ONCE_INIT;
static int chosen_level = -1;
static char choice_fault[512];

static void choose(void) {
    const char *wanted = getenv("QUERN_LEVEL");
    if (wanted && !*wanted) { wanted = 0; }
    char names[256] = "";
    for (int level = 0; level < qk_level_count; level++) {
        const char *name = qk_levels[level]->name;
        if (!qk_levels[level]->is_available()) { continue; }
        if (!wanted || strcmp(wanted, name) == 0) { chosen_level = level; }
        size_t end = strlen(names);
        snprintf(names + end, sizeof names - end, "%s%s", end ? ", " : "", name);
    }
    if (chosen_level >= 0) { return; }
    snprintf(
        choice_fault, sizeof choice_fault,
        "QUERN_LEVEL is \"%.60s\", which is no level that this processor has; those are %s.",
        wanted, names);
}

const char *qk_level_fault(void) {
    pthread_once(&choice_once, choose);
    return chosen_level < 0 ? choice_fault : 0;
}

int qk_best_mixed_level(void) {
    const char *fault = qk_level_fault();
    if (fault) {
        fprintf(stderr, "Fatal error: %s\n", fault);
        abort();
    }
    return chosen_level;
}

int qk_best_level(void) {
    int level = qk_best_mixed_level();
    return qk_levels[level]->is_mixed ? level - 1 : level;
}
