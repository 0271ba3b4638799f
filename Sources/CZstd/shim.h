#ifndef QUERN_CZSTD_SHIM_H
#define QUERN_CZSTD_SHIM_H

#include <zstd.h>
#include <zstd_errors.h>

#endif
