-- SPDX-License-Identifier: GPL-2.0-only
-- Coroutines around limits, and coroutines gone wrong.

--- cannot-catch
-- ends: ETIME *step budget exceeded
local c = coroutine.create(function() while true do end end)
return "caught", coroutine.resume(c)

--- cannot-catch-nested
-- ends: ETIME *step budget exceeded
local function f(n)
	if n == 0 then while true do end end
	return coroutine.resume(coroutine.create(f), n - 1)
end
return "caught", f(5)

--- wrap-cannot-catch
-- ends: ETIME *step budget exceeded
local ok = pcall(coroutine.wrap(function() while true do end end))
return "caught", ok

--- pcall-inside-cannot-catch
-- ends: ETIME *step budget exceeded
coroutine.wrap(function()
	pcall(function() while true do end end)
	return "caught"
end)()

--- pcall-across-yield-cannot-catch
-- ends: ETIME *step budget exceeded
local c = coroutine.wrap(function()
	pcall(function() coroutine.yield() while true do end end)
	return "caught"
end)
c()
return c()

--- xpcall-across-yield-cannot-catch
-- ends: ETIME *step budget exceeded
local c = coroutine.wrap(function()
	xpcall(function() coroutine.yield() while true do end end,
		function() while true do end end)
	return "caught"
end)
c()
return c()

--- endless-switching
-- ends: ETIME *step budget exceeded
local c = coroutine.wrap(function() while true do coroutine.yield() end end)
while true do c() end

--- endless-creating
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
while true do coroutine.create(print) end

--- endless-dying
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
while true do pcall(coroutine.wrap(error)) end

--- kept
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local t = {}
while true do
	t[#t + 1] = coroutine.create(function() coroutine.yield() end)
	coroutine.resume(t[#t])
end

--- kept-with-deep-stacks
-- ends: ENOMEM|ETIME *
local t = {}
local function deep(n) if n == 0 then coroutine.yield() end return 1 + deep(n - 1) end
while true do
	t[#t + 1] = coroutine.create(deep)
	coroutine.resume(t[#t], 100)
end

--- collected-with-deep-stacks
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local function deep(n) if n == 0 then coroutine.yield() end return 1 + deep(n - 1) end
while true do
	coroutine.resume(coroutine.create(deep), 50)
	collectgarbage()
end

--- many-arguments
-- ends: EREMOTEIO|ENOMEM|ETIME *
local c = coroutine.wrap(function(...) while true do coroutine.yield(...) end end)
while true do c(table.unpack({}, 1, 60000)) end

--- many-results
-- ends: ETIME *step budget exceeded
local c = coroutine.wrap(function() while true do coroutine.yield(table.unpack({}, 1, 200)) end end)
while true do c() end

--- resumes-itself
-- ends: 0 false	cannot resume non-suspended coroutine
local c
c = coroutine.create(function() return coroutine.resume(c) end)
local _, ok, e = coroutine.resume(c)
return ok, e

--- wraps-itself
-- ends: EREMOTEIO *cannot resume dead coroutine*
local c
c = coroutine.wrap(function() return c() end)
return c()

--- resumes-the-main
-- ends: 0 *
local main = coroutine.running()
return coroutine.resume(main)

--- resumes-the-dead
-- ends: 0 false	cannot resume dead coroutine
local c = coroutine.create(function() end)
coroutine.resume(c)
return coroutine.resume(c)

--- resumes-the-failed
-- ends: 0 false	cannot resume dead coroutine
local c = coroutine.create(error)
coroutine.resume(c)
return coroutine.resume(c)

--- resumes-the-overflown
-- ends: 0|ENOMEM|ETIME *
local function f() return 1 + f() end
local c = coroutine.create(f)
coroutine.resume(c)
coroutine.resume(c)
return coroutine.status(c)

--- yields-outside
-- ends: EREMOTEIO *attempt to yield from outside a coroutine*
coroutine.yield()

--- yields-across-gsub
-- ends: 0 false	attempt to yield across a C-call boundary
return coroutine.resume(coroutine.create(function()
	("x"):gsub(".", coroutine.yield)
end))

--- yields-across-sort
-- ends: 0 false	attempt to yield across a C-call boundary
return coroutine.resume(coroutine.create(function()
	table.sort({ 2, 1, 3 }, coroutine.yield)
end))

--- yields-across-load
-- ends: 0 true	nil	attempt to yield across a C-call boundary
return coroutine.resume(coroutine.create(function()
	return load(coroutine.yield)
end))

--- yields-in-metamethods
-- ends: ETIME *step budget exceeded
local mt = {}
for _, m in ipairs { "add", "sub", "idiv", "concat", "eq", "lt", "le", "index", "len", "call" } do
	mt["__" .. m] = function() return coroutine.yield() end
end
mt.__newindex = mt.__index
local c = coroutine.wrap(function()
	local t, u = setmetatable({}, mt), setmetatable({}, mt)
	while true do
		local _ = t + u, t - u, t // u, t .. u, t == u, t < u, t <= u, t.x, #t, t()
		t.y = 1
		for _ in t do break end
	end
end)
while true do c() end

--- yields-in-pcall-nest
-- ends: EREMOTEIO|0|ETIME *
local function f(n) if n == 0 then return coroutine.yield() end return pcall(f, n - 1) end
local c = coroutine.wrap(f)
c(12)
return c()

--- yields-in-deep-pcalls
-- ends: 0 *
-- steps: 200000
local function f() coroutine.yield() return pcall(f) end
local c = coroutine.create(f)
for i = 1, 300 do coroutine.resume(c) end
return 1

--- yields-in-pairs
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local c = coroutine.wrap(function()
	while true do for k in pairs { 1, 2, 3 } do coroutine.yield(k) end end
end)
while true do c() end

--- error-through-many
-- ends: 0 false	bottom
local function f(n)
	if n == 0 then error("bottom", 0) end
	local r = table.pack(coroutine.resume(coroutine.create(f), n - 1))
	if not r[1] then error(r[2], 0) end
end
return coroutine.resume(coroutine.create(f), 5)

--- error-with-the-coroutine
-- ends: 0 *
local c
c = coroutine.create(function() error(c) end)
local ok, e = coroutine.resume(c)
return ok, e == c

--- stack-overflow-inside
-- ends: 0 *
local function f() return pcall(f) end
return coroutine.resume(coroutine.create(f))

--- c-stack-overflow-inside
-- ends: 0 false	*
local function g(s) return s:gsub(".", g) end
return coroutine.resume(coroutine.create(g), "x")

--- wrap-in-gsub
-- ends: EREMOTEIO *
local function f(s) return (s:gsub(".", coroutine.wrap(f))) end
return f("x")

--- wrap-in-metamethod
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, {})
getmetatable(t).__index = function() return coroutine.wrap(function() return t.x end)() end
return t.x

--- wrap-as-iterator
-- ends: ETIME *step budget exceeded
for _ in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end

--- memory-inside
-- ends: 0 false	not enough memory
return coroutine.resume(coroutine.create(function() return ("x"):rep(1 << 30) end))

--- memory-inside-a-loop
-- ends: ETIME *
while true do
	coroutine.resume(coroutine.create(function() return ("x"):rep(1 << 30) end))
end

--- memory-for-the-stack
-- ends: 0 false	* | ETIMEDOUT *
-- steps: 10000000
return coroutine.resume(coroutine.create(function()
	local function f() return 1 + f() end
	return f()
end))

--- upvalues-of-the-dead
-- ends: 0 3
local function make()
	local c = coroutine.create(function()
		local x = 1
		coroutine.yield(function() x = x + 1 return x end)
	end)
	local _, f = coroutine.resume(c)
	return f
end
local f = make()
collectgarbage()
f()
collectgarbage()
return f()

--- upvalues-of-the-failed
-- ends: 0 2
local f
coroutine.resume(coroutine.create(function()
	local x = 1
	f = function() x = x + 1 return x end
	error("x")
end))
collectgarbage()
return f()

--- collected-while-suspended
-- ends: 0 1
for i = 1, 30 do
	local c = coroutine.wrap(function()
		local t = setmetatable({}, { __gc = function() end })
		coroutine.yield()
	end)
	c()
end
collectgarbage()
return 1

--- isyieldable-running-status
-- ends: 0 false	running	true
local c, main = coroutine.running()
return coroutine.isyieldable(), coroutine.status(c), main

--- status-of-nonsense
-- ends: EREMOTEIO *thread expected*
return coroutine.status(1)

--- producers
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local function filter(p, g)
	return coroutine.wrap(function()
		while true do local n = g() if n % p ~= 0 then coroutine.yield(n) end end
	end)
end
while true do
	pcall(function()
		local n = 1
		local g = function() n = n + 1 return n end
		while true do g = filter(g(), g) end
	end)
end
