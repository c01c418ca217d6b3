-- SPDX-License-Identifier: GPL-2.0-only
-- __gc, during a run, at its end, and as the state is closed.

--- endless
-- ends: ETIME *step budget exceeded
setmetatable({}, { __gc = function() while true do end end })
collectgarbage()

--- endless-at-close
-- ends: 0 1
keep = setmetatable({}, { __gc = function() while true do end end })
return 1

--- many-endless-at-close
-- ends: 0 1
keep = {}
for i = 1, 100 do
	keep[i] = setmetatable({}, { __gc = function() while true do end end })
end
return 1

--- endless-in-the-background
-- ends: ETIME *step budget exceeded
local mt = { __gc = function() while true do end end }
while true do setmetatable({}, mt) end

--- errs
-- ends: EREMOTEIO *error in __gc metamethod*
setmetatable({}, { __gc = function() error("oh") end })
collectgarbage()

--- errs-with-a-table
-- ends: EREMOTEIO *error in __gc metamethod*
setmetatable({}, { __gc = function() error({}) end })
collectgarbage()

--- errs-in-a-loop
-- ends: ETIME *step budget exceeded
while true do
	pcall(function()
		setmetatable({}, { __gc = function() error("oh") end })
		collectgarbage()
	end)
end

--- errs-at-close
-- ends: 0 1
keep = setmetatable({}, { __gc = function() error("oh") end })
return 1

--- garbage-with-finalizers
-- ends: ETIME|ENOMEM *
local kept = ("x"):rep(18000)
local mt = { __gc = function() end }
while true do setmetatable({ 1, 2, 3, 4, 5, 6, 7, 8 }, mt) end

--- is-no-function
-- ends: 0 1
setmetatable({}, { __gc = 1 })
setmetatable({}, { __gc = true })
setmetatable({}, { __gc = {} })
collectgarbage()
return 1

--- is-a-c-function
-- ends: 0 *
setmetatable({}, { __gc = tostring })
setmetatable({}, { __gc = collectgarbage })
pcall(collectgarbage)
return 1

--- is-error
-- ends: EREMOTEIO|ELOOP *
setmetatable({}, { __gc = error })
collectgarbage()

--- is-pcall
-- ends: 0 *
setmetatable({}, { __gc = pcall, __call = function() collectgarbage() end })
pcall(collectgarbage)
return 1

--- catches-the-limit
-- ends: ETIME *step budget exceeded
setmetatable({}, { __gc = function()
	while true do pcall(function() while true do end end) end
end })
collectgarbage()

--- catches-the-limit-at-close
-- ends: 0 1
keep = setmetatable({}, { __gc = function()
	while true do pcall(function() while true do end end) end
end })
return 1

--- after-the-limit
-- ends: ETIME *step budget exceeded
for i = 1, 20 do
	setmetatable({}, { __gc = function() while true do end end })
end
while true do local _ = {} end

--- allocates
-- ends: ENOMEM|EREMOTEIO *
-- steps: 10000000
setmetatable({}, { __gc = function()
	local s = "x"
	while true do s = s .. s end
end })
collectgarbage()

--- allocates-at-close
-- ends: 0 1
keep = setmetatable({}, { __gc = function()
	local t = {}
	for i = 1, math.maxinteger do t[i] = { i } end
end })
return 1

--- breeds
-- ends: ETIME|ENOMEM *
local function breed()
	setmetatable({}, { __gc = breed })
end
breed()
while true do collectgarbage() end

--- breeds-at-close
-- ends: 0 1
function breed()
	keep = setmetatable({}, { __gc = breed })
end
breed()
return 1

--- breeds-many-at-close
-- ends: 0 1
function breed()
	for i = 1, 10 do setmetatable({}, { __gc = breed }) end
end
breed()
return 1

--- resurrects
-- ends: 0 1
local t = setmetatable({}, { __gc = function(o) keep = o end })
t = nil
collectgarbage()
collectgarbage()
keep = nil
collectgarbage()
return 1

--- resurrects-for-ever
-- ends: ETIME *step budget exceeded
local mt = {}
mt.__gc = function(o) keep = setmetatable(o, mt) end
setmetatable({}, mt)
while true do keep = nil collectgarbage() end

--- resurrects-at-close
-- ends: 0 1
local mt = {}
mt.__gc = function(o) keep = setmetatable(o, mt) end
setmetatable({}, mt)
return 1

--- collects
-- ends: 0 1
setmetatable({}, { __gc = function() collectgarbage() collectgarbage("step") end })
collectgarbage()
return 1

--- collects-at-close
-- ends: 0 1
keep = setmetatable({}, { __gc = function()
	collectgarbage()
	collectgarbage("restart")
	setmetatable({}, { __gc = function() collectgarbage() end })
end })
return 1

--- stops-the-collector
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
setmetatable({}, { __gc = function() collectgarbage("stop") end })
collectgarbage()
while true do local _ = { {} } end

--- yields
-- ends: EREMOTEIO *attempt to yield*
setmetatable({}, { __gc = function() coroutine.yield() end })
collectgarbage()

--- yields-in-a-coroutine
-- ends: 0 *
local c = coroutine.wrap(function()
	setmetatable({}, { __gc = function() coroutine.yield() end })
	collectgarbage()
end)
pcall(c)
return 1

--- resumes
-- ends: 0 1
local c = coroutine.wrap(function() while true do coroutine.yield() end end)
setmetatable({}, { __gc = function() c() end })
collectgarbage()
return 1

--- kills-its-own-coroutine
-- ends: 0 *
local c
c = coroutine.create(function()
	setmetatable({}, { __gc = function() coroutine.resume(c) end })
	collectgarbage()
	coroutine.yield()
end)
coroutine.resume(c)
c = nil
collectgarbage()
return 1

--- loads
-- ends: 0 1
setmetatable({}, { __gc = function() load("return " .. ("("):rep(500))  end })
collectgarbage()
return 1

--- prints
-- ends: 0 1
setmetatable({}, { __gc = function() print("collected") end })
collectgarbage()
return 1

--- recurses
-- ends: EREMOTEIO|ENOMEM|ETIME *
local function f() return 1 + f() end
setmetatable({}, { __gc = f })
collectgarbage()

--- pcalls-deep
-- ends: 0 1
local function f() return pcall(f) end
setmetatable({}, { __gc = f })
collectgarbage()
return 1

--- deep-in-pcalls
-- ends: 0 *
-- steps: 200000
local function f(n)
	setmetatable({}, { __gc = function() local s = tostring({}) end })
	pcall(collectgarbage)
	return pcall(f, n + 1)
end
f(1)
return 1

--- changes-the-metatable
-- ends: 0 1
local mt = {}
mt.__gc = function(o) mt.__gc = nil setmetatable(o, nil) setmetatable(o, { __gc = function() end }) end
setmetatable({}, mt)
collectgarbage()
collectgarbage()
return 1

--- changes-what-is-traversed
-- ends: 0 *
local t = {}
for i = 1, 100 do t[i] = {} end
setmetatable({}, { __gc = function() for i = 1, 100 do t[i] = nil end end })
for k in pairs(t) do collectgarbage("step") end
return 1

--- out-of-memory-in-collect
-- ends: 0 50
-- steps: 1000000
local keepers, failed = {}, 0
collectgarbage("stop")
for i = 1, 50 do
	setmetatable({}, { __gc = function() keepers[#keepers + 1] = ("x"):rep(1 << 24) end })
end
for i = 1, 60 do
	if not pcall(collectgarbage) then failed = failed + 1 end
end
collectgarbage("restart")
return failed

--- in-emergency
-- ends: ENOMEM not enough memory*
-- steps: 10000000
setmetatable({}, { __gc = function() local _ = ("x"):rep(1000) end })
local s = "x"
while true do s = s .. s end

--- weak-and-finalized
-- ends: 0 1
local w = setmetatable({}, { __mode = "k" })
for i = 1, 50 do
	local o = setmetatable({}, { __gc = function(o) w[o] = nil end })
	w[o] = o
end
collectgarbage()
collectgarbage()
return 1

--- chain
-- ends: 0 *
local mt = { __gc = function(o) if o.next then o.next.seen = true end end }
local o
for i = 1, 200 do o = setmetatable({ next = o }, mt) end
o = nil
collectgarbage()
return 1

--- collects-in-the-middle-at-close
-- ends: 0 1
-- (once an endless loop in the collector itself: see lua/README)
keep = {}
for i = 1, 3 do
	keep[i] = setmetatable({}, { __gc = function() collectgarbage() end })
end
return 1

--- all-at-close
-- ends: 0 *
keep = {}
for i = 1, 100 do
	keep[i] = setmetatable({}, { __gc = function()
		for j = 1, 100 do keep[j] = nil end
		collectgarbage()
		error(tostring(i))
	end })
end
return 1

--- close-prints
-- ends: 0 1
keep = setmetatable({}, { __gc = function() print("closed") end })
return 1

--- close-recurses
-- ends: 0 1
keep = setmetatable({}, { __gc = function()
	local function f() return pcall(f) end
	f()
	local function g(s) return s:gsub(".", g) end
	g("x")
end })
return 1

--- is-tostring
-- ends: ETIME *step budget exceeded
local n = 0
local mt = { __gc = tostring, __tostring = function() for i = 1, 100000 do n = n + 1 end end }
for i = 1, 100 do setmetatable({}, mt) end
collectgarbage()
return "beyond the budget", n

--- set-when-the-steps-are-spent
-- ends: ETIME|ENOMEM *
-- steps: 207000
-- The search for the table, behind all others, is the last that the script does.
collectgarbage("stop")
local t, all = {}, {}
for i = 1, 30000 do all[i] = {} end
setmetatable(t, { __gc = function() end })
