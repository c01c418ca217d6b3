-- SPDX-License-Identifier: GPL-2.0-only
local sum = 0
for i = 1, 1000000 do
	sum = (sum + i * 3) % 1000003
end
assert(sum >= 0)
