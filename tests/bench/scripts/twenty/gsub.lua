-- SPDX-License-Identifier: GPL-2.0-only
local text = ("the quick brown fox jumps over the lazy dog "):rep(100)
local n = 0
for i = 1, 14 do
	local s, k = text:gsub("%w+", string.upper)
	n = n + k + #s:gsub("[aeiou]", "%0%0")
end
assert(n > 9000)
