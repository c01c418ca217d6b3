-- SPDX-License-Identifier: GPL-2.0-only
-- As large as they get
local meta = { __mode = "k" }
local weak = setmetatable({}, meta)
while not full() do
	local key = {}
	keep(key)
	if not pcall(rawset, weak, key, true) then
		keep(weak)
		weak = setmetatable({}, meta)
	end
end
keep(weak)
