-- SPDX-License-Identifier: GPL-2.0-only
local parts = {}
for i = 1, 100000 do
	local s = "item " .. i
	parts[i % 100 + 1] = string.format("%s:%d:%x", s, i, i)
	s = s:gsub("item", "entry")
end
assert(#table.concat(parts, ",") > 0)
