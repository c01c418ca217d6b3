-- SPDX-License-Identifier: GPL-2.0-only
-- Before each script of heap/, which fills the heap with one kind of thing
-- until full(): what it keeps is in the global list, in tables that need no
-- large block. The line above this file sets limit, in KiB. No cycle of the
-- collector is under way, and none begins.
collectgarbage()
collectgarbage("stop")
local chunk, size, calls = {}, 0, 0
list = { chunk = chunk }
local function keep(value)
	size = size + 1
	chunk[size] = value
	if size == 5000 then
		chunk, size = { chunk }, 1
		list.chunk = chunk
	end
end
local function full()
	calls = calls + 1
	return calls % 16 == 0 and collectgarbage("count") >= limit
end
