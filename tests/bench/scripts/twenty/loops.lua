-- SPDX-License-Identifier: GPL-2.0-only
local a, b = 0, 1
for i = 1, 3000000 do
	a = (a + i) & 0xffffff
	b = b ~ a
end
assert(b >= 0)
