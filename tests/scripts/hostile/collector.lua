-- SPDX-License-Identifier: GPL-2.0-only
-- What makes the collector's indivisible step long: very many of each kind of thing.

--- ephemeron-tables-growing
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, k, weak = {}, {}, { __mode = "k" }
while true do
	local n = {}
	all[#all + 1] = setmetatable({ [n] = k }, weak)
	k = n
end

--- ephemeron-tables-in-a-chain
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "k" }
collectgarbage("stop")
for n = 6, 20 do
	local k = {}
	for i = 1, 1 << n do local o = {} all[i] = setmetatable({ [o] = k }, weak) k = o end
	collectgarbage()
end

--- ephemeron-tables-in-the-other-order
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "k" }
collectgarbage("stop")
for n = 6, 20 do
	local k = {}
	local first = k
	for i = 1, 1 << n do local o = {} all[i] = setmetatable({ [k] = o }, weak) k = o end
	collectgarbage()
end

--- ephemeron-tables-with-dead-keys
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "k" }
collectgarbage("stop")
for n = 6, 20 do
	for i = 1, 1 << n do all[i] = setmetatable({ [{}] = {} }, weak) end
	collectgarbage()
end

--- ephemeron-tables-with-one-dead-key
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "k" }
collectgarbage("stop")
for n = 6, 20 do
	local k = {}
	for i = 1, 1 << n do all[i] = setmetatable({ [k] = true }, weak) end
	k = nil
	collectgarbage()
end

--- weak-tables-that-are-empty
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "v" }
collectgarbage("stop")
for n = 6, 20 do
	for i = 1, 1 << n do all[i] = setmetatable({}, weak) end
	collectgarbage()
end

--- weak-tables-with-dead-values
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "v" }
collectgarbage("stop")
for n = 6, 20 do
	for i = 1, 1 << n do all[i] = setmetatable({ x = {} }, weak) end
	collectgarbage()
end

--- weak-tables-with-one-dead-value
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "v" }
collectgarbage("stop")
for n = 6, 20 do
	local v = {}
	for i = 1, 1 << n do all[i] = setmetatable({ v }, weak) end
	v = nil
	collectgarbage()
end

--- weak-table-with-one-dead-value
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all = setmetatable({}, { __mode = "v" })
collectgarbage("stop")
for n = 6, 20 do
	local v = {}
	for i = 1, 1 << n do all[i] = v end
	v = nil
	collectgarbage()
end

--- weak-table-with-one-dead-value-for-all-keys
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all = setmetatable({}, { __mode = "v" })
collectgarbage("stop")
for n = 6, 20 do
	local v = {}
	for i = 1, 1 << n do all[i + 0.5] = v end
	v = nil
	collectgarbage()
end

--- weak-tables-with-strings
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "v" }
collectgarbage("stop")
for n = 6, 20 do
	for i = 1, 1 << n do all[i] = setmetatable({ i .. "" }, weak) end
	collectgarbage()
end

--- all-weak-tables-that-are-empty
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "kv" }
collectgarbage("stop")
for n = 6, 20 do
	for i = 1, 1 << n do all[i] = setmetatable({}, weak) end
	collectgarbage()
end

--- all-weak-tables-with-one-dead-key
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, weak = {}, { __mode = "kv" }
collectgarbage("stop")
for n = 6, 20 do
	local v = {}
	for i = 1, 1 << n do all[i] = setmetatable({ [v] = v }, weak) end
	v = nil
	collectgarbage()
end

--- finalizers-of-the-living
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, mt = {}, { __gc = function() end }
collectgarbage("stop")
for n = 6, 20 do
	for i = 1, 1 << n do all[i] = setmetatable({}, mt) end
	collectgarbage()
end

--- finalizers-of-the-dead
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local mt = { __gc = true }
collectgarbage("stop")
for n = 6, 20 do
	for i = 1, 1 << n do setmetatable({}, mt) end
	collectgarbage()
end

--- finalizer-that-keeps-tables
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local mt = { __gc = true }
collectgarbage("stop")
for n = 6, 20 do
	local t = setmetatable({}, mt)
	for i = 1, 1 << n do t[i] = {} end
	t = nil
	collectgarbage()
end

--- finalizer-that-keeps-a-list
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local mt = { __gc = true }
collectgarbage("stop")
for n = 6, 20 do
	local t = setmetatable({}, mt)
	for i = 1, 1 << n do t = { t } end
	setmetatable(t, mt)
	t = nil
	collectgarbage()
end

--- finalizer-that-keeps-functions
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local mt = { __gc = true }
collectgarbage("stop")
for n = 6, 20 do
	local t = setmetatable({}, mt)
	for i = 1, 1 << n do t[i] = function() return i end end
	t = nil
	collectgarbage()
end

--- finalizer-that-keeps-ephemeron-tables
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local mt, weak = { __gc = true }, { __mode = "k" }
collectgarbage("stop")
for n = 6, 20 do
	local t = setmetatable({}, mt)
	for i = 1, 1 << n do t[i] = setmetatable({ [{}] = {} }, weak) end
	t = nil
	collectgarbage()
end

--- coroutines-that-have-not-begun
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all = {}
collectgarbage("stop")
for n = 3, 20 do
	for i = 1, 1 << n do all[i] = coroutine.create(print) end
	collectgarbage()
end

--- coroutines-with-open-upvalues
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all = {}
collectgarbage("stop")
for n = 3, 20 do
	for i = 1, 1 << n do
		all[i] = coroutine.wrap(function()
			local a, b, c, d = {}, {}, {}, {}
			local function f() return a, b, c, d end
			coroutine.yield()
		end)
		all[i]()
	end
	collectgarbage()
end

--- open-upvalues-of-lost-coroutines
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all = {}
collectgarbage("stop")
for n = 3, 20 do
	for i = 1, 1 << n do
		coroutine.wrap(function()
			local a, b, c, d = {}, {}, {}, {}
			all[i] = function() return a, b, c, d end
			coroutine.yield()
		end)()
	end
	collectgarbage()
end

--- closed-upvalues
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all = {}
collectgarbage("stop")
for n = 5, 20 do
	for i = 1, 1 << n do
		local a, b, c, d = {}, {}, {}, {}
		all[i] = function() return a, b, c, d end
	end
	collectgarbage()
end

--- tables-that-change-late
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all = {}
collectgarbage("stop")
for n = 6, 20 do
	collectgarbage("restart")
	collectgarbage()
	collectgarbage("stop")
	for i = #all + 1, 1 << n do all[i] = { 0 } end
	collectgarbage("setstepmul", 40)
	collectgarbage("restart")
	for m = 1, 16 do
		local o = {}
		for i = 1, #all do all[i][1] = o end
	end
end

--- list-beside-a-slow-collector
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
collectgarbage("setstepmul", 40)
local l
while true do l = { l } end

--- list-in-a-coroutine
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
collectgarbage("setstepmul", 40)
local co = coroutine.wrap(function()
	local l
	while true do
		for i = 1, 10 do l = { l } end
		coroutine.yield()
	end
end)
while true do co() end

--- list-in-an-upvalue-of-a-lost-coroutine
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
collectgarbage("setstepmul", 40)
local get, set
coroutine.wrap(function()
	local l
	function get() return l end
	function set(x) l = x end
	coroutine.yield()
end)()
while true do set({ get() }) end

--- finalizers-beside-a-weak-table
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local all, mt = setmetatable({}, { __mode = "v" }), { __gc = function() end }
collectgarbage("stop")
for n = 6, 20 do
	local v = {}
	for i = 1, 1 << n do
		setmetatable({}, mt)
		all[i] = v
	end
	v = nil
	collectgarbage()
end

--- list-in-an-ephemeron-table
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local list, first = setmetatable({}, { __mode = "k" }), {}
local k = first
while true do
	local next = {}
	list[k] = { next }
	k = next
end

--- finalizers-that-cannot-be-called
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local mt = { __gc = true }
collectgarbage("stop")
for n = 6, 20 do
	for i = 1, 1 << n do setmetatable({}, mt) end
	collectgarbage()
end

--- finalizers-that-are-gone
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
collectgarbage("stop")
for n = 6, 20 do
	local mt = { __gc = print }
	for i = 1, 1 << n do setmetatable({}, mt) end
	mt.__gc = nil
	collectgarbage()
end

--- a-list-in-an-ephemeron-table
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local list, first = setmetatable({}, { __mode = "k" }), {}
local k = first
for n = 6, 20 do
	for i = 1, 1 << n do list[k] = {} k = list[k] end
	collectgarbage()
end

--- pages-that-wait-for-one-block
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
-- Each of the pages with arrays has one of the tables that were made first, which the sweep
-- frees last, one after the other, shortly before 8 ms have passed.
collectgarbage("stop")
local clock = os.clock
local began = clock()
local pages, others = 20, 249
local t = {}
for i = 1, pages * (others + 1) do t[i] = {} end
for p = 1, pages do
	t[p][1] = 0
	for q = pages + (p - 1) * others + 1, pages + p * others do t[q][1] = 0 end
end
t = nil
repeat collectgarbage("step") until collectgarbage("count") < 182
while clock() - began < 0.00785 do end
collectgarbage("step", 100)
collectgarbage("step", 100)
collectgarbage("step", 100)
while true do end
