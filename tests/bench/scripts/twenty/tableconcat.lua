-- SPDX-License-Identifier: GPL-2.0-only
local n = 0
for i = 1, 18 do
	local t = {}
	for j = 1, 20000 do t[j] = "item" end
	n = n + #table.concat(t, ",")
end
assert(n == 18 * (20000 * 5 - 1))
