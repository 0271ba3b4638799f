#include "CCommit.h"

// `QUERN_COMMIT` is the commit without quotes, which each shell on the way would treat in its own
// way.
#define TEXT(words) #words
#define VALUE_AS_TEXT(macro) TEXT(macro)

const char *quern_commit(void) {
#ifdef QUERN_COMMIT
    return VALUE_AS_TEXT(QUERN_COMMIT);
#else
    return "";
#endif
}
