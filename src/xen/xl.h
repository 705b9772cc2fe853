/* libxl's headers, beside ours: both have an ERROR_ABORTED. libxl's is LIBXL_ERROR_ABORTED here. */
#pragma once

#include "base/error.h"

#define ERROR_ABORTED LIBXL_ERROR_ABORTED
#include <libxl.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#undef ERROR_ABORTED
