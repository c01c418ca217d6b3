-- SPDX-License-Identifier: GPL-2.0-only
-- Finalizers that find too little C stack wait for the next collection, and are counted
-- as waiting (patch 29): how much of weak tables is cleared depends on that count.
local done
local function deep()
	if not pcall(deep) and not done then
		done = true
		collectgarbage()
	end
	if not done then
		done = true
		collectgarbage()
	end
end
for i = 1, 10 do
	for j = 1, 3 do resource() end
	done = false
	deep()
end
--@ 0 256 100000 0
