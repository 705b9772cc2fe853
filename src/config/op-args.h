/* Arguments of operations, from schema/op/args.schema. */
#pragma once

#include "config/op-args.gen.h"
