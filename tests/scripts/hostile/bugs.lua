-- SPDX-License-Identifier: GPL-2.0-only
-- Bugs of the core that a script can reach, known and found here; lua/README
-- lists them. Each uses freed memory, overflows the stack, or never ends,
-- without the patch that it names.

--- all-weak-metatable
-- 5.4.8-1, patch 5
-- ends: 0|ENOMEM|ETIME *
-- steps: 4000000
local weak = {__mode = 'kv'}
local fill = {}
for i = 1, 60 do fill[i] = {i, {i}} end
collectgarbage('stop')
for step = 1, 60 do
	local ts = {}
	for i = 1, 10 do ts[i] = setmetatable({}, weak) end
	collectgarbage()
	collectgarbage('stop')
	for i = 1, step * 3 do collectgarbage('step', 0) end
	for i = 1, 10 do
		setmetatable(ts[i], {__mode = 'kv', x = {'payload' .. i}})
	end
	repeat until collectgarbage('step', 0)
	for i = 1, 20 do local x = {i, 'fill' .. i} end
	for i = 1, 10 do
		assert(getmetatable(ts[i]).x[1] == 'payload' .. i)
	end
end
return 60

--- newindex-in-weak-metatable
-- 5.4.7-5, patch 5: memory runs out while a table gets a new key
-- ends: 0|ENOMEM|ETIME *
-- steps: 1000000
-- debug steps: 100000
local weak = {__mode = 'v'}
local keep = {}
collectgarbage('stop')
for n = 1, 20000 do
	pcall(function()
		local mt = setmetatable({}, weak)
		local t = setmetatable({}, mt)
		mt.__newindex = {}
		for i = 1, 5 do t[i .. 'key' .. n] = i end
		keep[#keep + 1] = {n}
	end)
end
keep = nil
return 'done'

--- names-of-nested-indices
-- 5.4.6, patch 5: the name of what could not be called, deep in the stack
-- ends: EREMOTEIO|ELOOP *
-- steps: 1000000
local f
for n = 1, 100 do
	local g = load('local t, k = ... return t' .. ('[t'):rep(n) .. '[k]' ..
		       (']'):rep(n) .. '.x.y.z()')
	if not g then break end
	f = g
end
local t = setmetatable({}, {__index = function() return 'k' end})
local function deep(s)
	pcall(f, t, 'k')
	return (s:gsub('.', deep))
end
return deep('x')

--- message-while-memory-runs-out
-- 5.4.7, patch 5: the text for an error in an error handler
-- ends: 0 done
-- steps: 40000000
local function handler() error() end
local keep, n, size = {}, 1, 1 << 22
for i = 1, 400 do keep[i] = false end
while size > 1000 do
	local ok, s = pcall(string.rep, 'x', size)
	if ok then keep[n] = s n = n + 1 else size = size // 2 end
end
pcall(function() while n < 400 do keep[n] = {} n = n + 1 end end)
for i = n, 1, -1 do
	xpcall(error, handler)
	keep[i] = nil
end
return 'done'

--- name-of-a-type
-- patch 5: a finalizer takes __name away while a message is made of it
-- ends: 0|ETIME *
-- steps: 10000000
collectgarbage('setpause', 100)
for i = 1, 60 do
	local mt = {}
	local t = setmetatable({}, mt)
	mt.__name = ('name' .. i):rep(20)
	local done
	setmetatable({}, {__gc = function()
		mt.__name = nil
		done = true
		collectgarbage()
	end})
	local f = function() return t + 1 end
	repeat pcall(f) until done
end
return 60

--- finalizers-collect-while-closing
-- patch 11
-- ends: 0 1
keep = {}
for i = 1, 10 do
	keep[i] = setmetatable({}, {__gc = function() collectgarbage() end})
end
return 1

--- finalizers-step-while-closing
-- 5.4.3-10, patch 11
-- ends: 0|ENOMEM|ETIME|EREMOTEIO *
-- steps: 1000000
keep = {}
local function again(o)
	keep[#keep + 1] = o
	setmetatable(o, getmetatable(o))
end
for i = 1, 1000 do
	setmetatable({}, {__gc = function()
		collectgarbage('step', 0)
		setmetatable({1, 1}, {__gc = again})
	end})
	collectgarbage('step', 0)
end
return 1

--- gmatch-after-an-error
-- patch 5: the depth that a match counts down
-- ends: EREMOTEIO|ETIME *
-- steps: 1000000
local p = ('a?'):rep(300) .. 'b'
local next = string.gmatch(('a'):rep(400), p)
for i = 1, 300 do pcall(next) end
return next()

--- resume-in-resume
-- CVE-2021-43519
-- ends: EREMOTEIO *
local function f() return coroutine.wrap(f)() end
return f()

--- errors-in-handlers
-- CVE-2022-33099: errors while the error of a full C stack is handled
-- ends: ETIME|EREMOTEIO|ELOOP|ENOMEM *
-- debug steps: 20000
local function handler(m) return xpcall(error, handler, m) end
local function f() return xpcall(f, handler) and f() + 1 end
return f() + error(f)

--- constants-that-are-no-calls
-- CVE-2021-44647: what a finalizer's caller is called
-- ends: EREMOTEIO *error in __gc*
local t = {}
for i = 1, 1000 do
	setmetatable({}, {__gc = function() local x = nil + t end})
	t = {i, ~i, -i, #t .. i}
end
collectgarbage()

--- codes-of-half-a-character
-- 5.4.4: utf8.codes and continuation bytes
-- ends: EREMOTEIO *invalid UTF-8 code*
for p, c in utf8.codes('ab\x80\x80') do end
for p, c in utf8.codes('\xc3') do end

--- size-of-a-string-wraps
-- 5.4.6: lengths near the largest
-- ends: 0 6
local n = 0
for _, f in ipairs {
	function() return ('x'):rep(math.maxinteger) end,
	function() return ('x'):rep(1 << 62, 'y') end,
	function() return string.pack('s8', ('x'):rep(1 << 61)) end,
	function() return string.unpack('s8', ('\xff'):rep(8)) end,
	function() return table.concat({}, ('x'):rep(1 << 50), 1, 1 << 40) end,
	function() return string.format('%99999d', 1) end,
} do
	if not pcall(f) then n = n + 1 end
end
return n

--- resume-without-memory
-- new: the message of a resume that fails, where memory has ended
-- ends: 0 true | ETIME *
-- small: 0 true
-- steps: 100000
local resume, full, n = coroutine.resume, {}, 0
local function fill()
	while true do
		full[n + 1] = {}
		n = n + 1
	end
end
return coroutine.wrap(function()
	local dead = coroutine.create(error)
	resume(dead)
	pcall(fill)
	pcall(fill)
	local caught = pcall(resume, dead)
	full = nil
	return caught
end)()
