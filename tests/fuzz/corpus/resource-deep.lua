-- SPDX-License-Identifier: GPL-2.0-only
-- The collector runs near the end of the C stack (patch 11).
local function deep(s)
	for i = 1, 20 do resource() end
	return (s:gsub('.', deep))
end
for i = 1, 50 do pcall(deep, 'x') end
