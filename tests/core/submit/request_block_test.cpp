#include "submit/request_block.h"

#include <gtest/gtest.h>

namespace dodici {
namespace {

// Thousands of requests may wait. What only a started one needs belongs in Transfer.
TEST(RequestBlock, TakesAQuarterOfAKilobyte) { EXPECT_LE(sizeof(RequestBlock), 256U); }

}  // namespace
}  // namespace dodici
