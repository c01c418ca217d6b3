-- SPDX-License-Identifier: GPL-2.0-only
-- What the entries of cycles.c run: objects of every kind in weak tables of every mode,
-- which come, go and refer to each other, and some of which have finalizers. It calls
-- broken() when something that is reachable is gone.

local random = math.random
local modes = { "k", "v", "kv", "" }
local WEAK, KEPT, HELD, CHAIN = 12, 20, 40, 6
local weak, kept, revived = {}, {}, {}

local function finalizer(o)
	if random(8) == 1 then
		revived[random(8)] = o
	end
	if random(16) == 1 then
		weak[random(WEAK)][o] = { o }
	end
end

local function finalized(t)
	return setmetatable(t, { __gc = finalizer })
end

local function weaktable()
	return setmetatable({}, {
		__mode = modes[random(4)],
		__gc = random(2) == 1 and finalizer or nil,
	})
end

for i = 1, WEAK do
	weak[i] = weaktable()
end

-- A function that has a variable of a coroutine's, which may be dead already
local function coroutine_or_function()
	local f
	local co = coroutine.create(function(...)
		local a, b = { ... }, {}
		f = function(x)
			a = x or a
			return a, b
		end
		coroutine.yield(a)
		return b
	end)
	coroutine.resume(co, {}, {})
	return random(2) == 1 and co or f or co
end

local makers = {
	function() return {} end,
	function() return finalized({}) end,
	function() return resource() end,
	function()
		local u = {}
		return function()
			u = { u }
			return u
		end
	end,
	coroutine_or_function,
	weaktable,
	function() return { {}, { {} }, finalized({ {} }) } end,
	function() return finalized({ weak[random(WEAK)] }) end,
	function() return ("x"):rep(random(60)) .. random(1000) end,
}

local function object()
	return makers[random(#makers)]()
end

-- Keys that are held, what ephemeron tables have for them, and a chain of such tables:
-- all of it is there as long as the key is.
local held = {}
local ephemerons = setmetatable({}, { __mode = "k" })
local values = setmetatable({}, { __mode = "v" })
local chain = {}

for i = 1, CHAIN do
	chain[i] = setmetatable({}, { __mode = "k" })
end

-- In three orders, of which one is the worst
local function link(key, i)
	return chain[(i * key.order - 1) % CHAIN + 1]
end

local function hold()
	local slot = random(HELD)
	local key = { order = 2 * random(3) - 1 }
	local at = key
	held[slot] = nil
	if random(2) == 1 then
		finalized(key)
	end
	ephemerons[key] = { key, { slot } }
	values[slot] = key
	for i = 1, CHAIN do
		local nextkey = { { i } }
		link(key, i)[at] = nextkey
		at = nextkey
	end
	key.complete = key.order ~= 3
	held[slot] = key
end

local function check_chain(key)
	local at = key
	for i = 1, CHAIN do
		at = link(key, i)[at]
		if not at or at[1][1] ~= i then
			broken("a link of a chain is gone")
		end
	end
end

local function check()
	for slot, key in pairs(held) do
		local v = ephemerons[key]
		if not v or v[1] ~= key or v[2][1] ~= slot then
			broken("a value of an ephemeron table is gone")
		end
		if values[slot] ~= key then
			broken("a weak value is gone")
		end
		if key.complete then
			check_chain(key)
		end
	end
end

-- Brings what a weak table has to where everything reaches it.
local function take()
	local k, v = next(weak[random(WEAK)])
	kept[random(KEPT)] = k or v
	if type(v) == "function" then
		v({})
	elseif type(v) == "table" and not getmetatable(v) then
		v[#v + 1] = object()
	end
end

local function touch()
	local o = kept[random(KEPT)]
	if type(o) == "function" then
		kept[random(KEPT)] = o(object())
	elseif type(o) == "thread" then
		kept[random(KEPT)] = select(2, coroutine.resume(o, object()))
	end
end

local function fill()
	local t = weak[random(WEAK)]
	for i = 1, random(60) do
		t[i] = object()
	end
end

local function pair()
	local o, p, t = object(), object(), weak[random(WEAK)]
	t[o] = p
	t[p] = { o }
end

local actions = {
	hold, check, take, touch, fill, pair, pair, pair,
	function() held[random(HELD)] = nil end,
	function() weak[random(WEAK)] = weaktable() end,
	function() kept[random(KEPT)] = object() end,
	function() setmetatable(weak[random(WEAK)], { __mode = modes[random(4)] }) end,
	function() setmetatable(weak[random(WEAK)], nil) end,
	function() revived[random(8)] = nil end,
	function()
		if random(6) == 1 then
			collectgarbage(random(2) == 1 and "collect" or "step")
		end
	end,
}

function act(count)
	for i = 1, count do
		actions[random(#actions)]()
	end
end
