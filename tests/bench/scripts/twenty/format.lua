-- SPDX-License-Identifier: GPL-2.0-only
local n = 0
for i = 1, 22000 do
	n = n + #string.format("%d %5d %x %s %q", i, i, i, "text", "quoted")
end
assert(n > 0)
