-- SPDX-License-Identifier: GPL-2.0-only
local x = 0.0
for i = 1, 1000000 do x = x + 0.1 end
assert(x > 99999 and x < 100001)
