-- SPDX-License-Identifier: GPL-2.0-only
local n = 0
for i = 1, 55000 do
	local ok, message = pcall(error, "no")
	if not ok then n = n + #message end
end
assert(n == 110000)
