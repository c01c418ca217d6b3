-- SPDX-License-Identifier: GPL-2.0-only
local x, t = 42, {}
for i = 1, 16500 do
	x = (x * 1103515245 + 12345) & 0x7fffffff
	t[i] = x
end
table.sort(t)
for i = 2, #t do assert(t[i - 1] <= t[i]) end
