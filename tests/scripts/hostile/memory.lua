-- SPDX-License-Identifier: GPL-2.0-only
-- Scripts that ask for more than the state may have.

--- double-a-string
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local s = "x"
while true do s = s .. s end

--- double-by-rep
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local s = "x"
while true do s = s:rep(2) end

--- strings-in-a-table
-- ends: ENOMEM not enough memory*
-- steps: 10000000
-- peer: the OOM killer takes innocent processes
local t = {}
for i = 1, 1 << 20 do t[i] = i .. ("x"):rep(1 << 20) end

--- small-strings-in-a-table
-- ends: ENOMEM|ETIME *
-- steps: 10000000
local t = {}
for i = 1, math.maxinteger do t[i] = i .. ("x"):rep(1000) end

--- growing-table
-- ends: ENOMEM not enough memory*
-- steps: 10000000
-- peer: OOM, "Attempted to kill init", panic
local t = {}
for i = 1, math.maxinteger do t[i] = i end

--- growing-hash
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local t = {}
for i = 1, math.maxinteger do t[i * 3] = i end

--- growing-hash-of-strings
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local t = {}
for i = 1, math.maxinteger do t["k" .. i] = true end

--- growing-string-table
-- ends: ENOMEM|ETIME *
local t = {}
for i = 1, math.maxinteger do t[#t + 1] = "interned " .. i end

--- linked-list
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local list
while true do list = { next = list } end

--- nested-tables
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local t = {}
while true do t = { t, {}, { {} } } end

--- closures
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local f
while true do
	local g, x = f, {}
	f = function() return g, x end
end

--- functions-compiled
-- ends: ENOMEM|ETIME *
-- debug steps: 20000
local t = {}
while true do t[#t + 1] = load("local a, b, c = 1, 2, 3 return function() return a end") end

--- global-names
-- ends: ENOMEM|ETIME *
for i = 1, math.maxinteger do
	_ENV["name" .. i] = function() return _ENV end
end

--- rep-huge
-- ends: ENOMEM not enough memory*
return ("x"):rep(1 << 30)

--- rep-most
-- ends: EREMOTEIO *resulting string too large*
return ("x"):rep(math.maxinteger - 100)

--- rep-just-over
-- ends: ENOMEM not enough memory*
return #("x"):rep(9 << 20)

--- rep-separator-huge
-- ends: ENOMEM not enough memory*
return ("x"):rep(1 << 26, "yyyyyyyy")

--- rep-caught-then-smaller
-- ends: 0 false	1000
return pcall(string.rep, "x", 1 << 30), #("x"):rep(1000)

--- concat-huge
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local s = ("x"):rep(20000)
local t = {}
for i = 1, 10000 do t[i] = s end
return #table.concat(t, s)

--- concat-operator-huge
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local s = ("x"):rep(20000)
for i = 1, 20 do s = s .. s .. s .. s end

--- format-huge
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local s = ("x"):rep(20000)
while true do s = string.format("%s%s%s%s", s, s, s, s) end

--- quoted-huge
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local s = ("\n"):rep(10000)
while true do s = string.format("%q", s) end

--- gsub-huge
-- ends: ENOMEM|ETIME *
local s = "xx"
while true do s = s:gsub("x", "xxxx") end

--- gsub-whole-huge
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local s = ("x"):rep(10000)
while true do s = s:gsub("^.*$", "%0%0%0") end

--- upper-huge
-- ends: ENOMEM not enough memory* | ETIME *
-- steps: 10000000
local t, s = {}, ("x"):rep(9000)
while true do t[#t + 1] = (#t .. s):upper():reverse() end

--- char-huge
-- ends: 0 60000
-- small: ENOMEM *
-- debug ends: ENOMEM *
-- steps: 1000000
-- There are 768 KiB on a debug kernel, and 60,000 arguments are more.
local t = {}
for i = 1, 60000 do t[i] = 65 end
return #string.char(table.unpack(t))

--- pack-huge
-- ends: ETIME *step budget exceeded
-- steps: 10000000
return string.pack("c" .. math.maxinteger, "")

--- pack-large
-- ends: ETIME *step budget exceeded
-- steps: 10000000
return #string.pack("c1000000000", "")

--- pack-aligned
-- ends: ENOMEM not enough memory*
-- steps: 10000000
local s = "x"
while true do s = string.pack("s8s8", s, s) end

--- utf8-char-huge
-- ends: ENOMEM|ETIME *
local t, s = {}, ""
while true do
	s = utf8.char(0x10ffff, 0x10ffff) .. s
	t[#t + 1] = s
end

--- table-constructor-huge
-- ends: ENOMEM|EREMOTEIO|ETIME *
return assert(load("return {" .. ("{},"):rep(200000) .. "}"))()

--- table-border-tricks
-- ends: 0 true
local t = {}
for i = 0, 62 do t[1 << i] = i end
t[math.maxinteger] = 1
return #t >= 0 and #t <= math.maxinteger

--- table-sparse
-- ends: 0 1048576
local t = { 1 }
t[1 << 20] = true
t[1 << 40] = true
t[math.mininteger] = true
return 1 << 20

--- table-resized-for-ever
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
while true do
	local t = {}
	for i = 1, 100 do t[i] = i end
	for i = 1, 100 do t[i] = nil end
	t.x = 1
end

--- move-into-memory
-- ends: ENOMEM|ETIME *
-- steps: 10000000
local s = { 1, 2, 3 }
while true do table.move(s, 1, #s, #s + 1) end

--- pack-arguments
-- ends: ENOMEM|ETIME *
local t = {}
while true do t[#t + 1] = table.pack(table.unpack({}, 1, 1000)) end

--- unpack-too-many
-- ends: EREMOTEIO *too many results to unpack*
return table.unpack({}, 1, 100000000)

--- unpack-overflow
-- ends: EREMOTEIO *too many results to unpack*
return table.unpack({}, math.mininteger, math.maxinteger)

--- byte-too-many
-- ends: EREMOTEIO|ENOMEM|ETIME *
return ("x"):rep(200000):byte(1, -1)

--- codepoint-too-many
-- ends: EREMOTEIO|ENOMEM|ETIME *
return utf8.codepoint(("x"):rep(200000), 1, -1)

--- varargs-growing
-- ends: ETIME|EREMOTEIO|ENOMEM *
local function f(...) return f(1, ...) end
f()

--- varargs-doubling
-- ends: EREMOTEIO|ENOMEM|ETIME *
local function f(...) return f(1, 2, 3, 4, 5, 6, 7, 8, ...) end
f()

--- results-growing
-- ends: EREMOTEIO|ENOMEM|ETIME *
local function f(n) if n == 0 then return 1 end return 1, f(n - 1) end
return select("#", f(100000))

--- concat-many
-- ends: 0 20
return #load("return 'x'" .. (" .. 'x'"):rep(19))()

--- caught-then-goes-on
-- ends: 0 false	not enough memory	3
local ok, msg = pcall(string.rep, "x", 1 << 30)
return ok, msg, 1 + 2

--- caught-in-a-loop
-- ends: ETIME *
while true do pcall(string.rep, "x", 1 << 30) end

--- caught-while-full
-- ends: ETIME *step budget exceeded
-- steps: 4000000
-- debug steps: 1000000
local t = {}
pcall(function() for i = 1, math.maxinteger do t[i] = { i } end end)
while true do pcall(function() t[#t + 1] = {} end) end

--- caught-by-handler-that-allocates
-- ends: 0 false
-- steps: 10000000
local function eat() local s = "x" while true do s = s .. s end end
return (xpcall(eat, function() return ("y"):rep(1 << 30) end))

--- caught-by-handler-that-eats
-- ends: 0 false
-- steps: 10000000
local function eat() local s = "x" while true do s = s .. s end end
return (xpcall(eat, eat))

--- caught-when-compiling
-- ends: ETIME *
-- small: 0 nil	not enough memory
return load(function() return ("x"):rep(1 << 16) end)

--- caught-and-kept
-- ends: ETIME *
local errors = {}
for i = 1, math.maxinteger do
	local ok, e = pcall(string.rep, "x", 1 << 30)
	errors[i % 10] = e
end

--- error-message-huge
-- ends: ENOMEM not enough memory*
error(("x"):rep(1 << 24))

--- error-with-position-huge
-- ends: ENOMEM|EREMOTEIO|ETIME *
local s = ("x"):rep(12000)
error(s .. s, 1)

--- buffers-in-coroutines
-- ends: ENOMEM|ETIME *
-- steps: 10000000
local t = {}
while true do
	local c = coroutine.wrap(function()
		string.gsub(("x"):rep(1000), "x", coroutine.yield)
	end)
	pcall(c)
	t[#t + 1] = c
end

--- weak-values
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local t = setmetatable({}, { __mode = "v" })
while true do t[#t % 100 + 1] = {} end

--- weak-keys
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local t = setmetatable({}, { __mode = "k" })
while true do t[{}] = {} end

--- ephemerons-growing
-- ends: ENOMEM|ETIME *
-- steps: 10000000
local t = setmetatable({}, { __mode = "k" })
local k = {}
while true do
	local n = {}
	t[n] = k
	k = n
end

--- ephemerons-of-garbage
-- ends: ENOMEM|ETIME *
-- steps: 10000000
local t = setmetatable({}, { __mode = "k" })
while true do
	local k = {}
	t[k] = { k }
end

--- ephemerons-with-an-array
-- ends: ENOMEM|ETIME *
-- steps: 10000000
local t = setmetatable({}, { __mode = "k" })
for i = 1, math.maxinteger do
	local k = {}
	t[i] = k
	t[k] = { t }
end

--- metatables-growing
-- ends: ENOMEM|ETIME *
local t = {}
while true do t = setmetatable({}, { __index = t }) end

--- collector-stopped
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
collectgarbage("stop")
while true do local _ = { {} } end

--- collector-stopped-strings
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
collectgarbage("stop")
for i = 1, math.maxinteger do local _ = "x" .. i end

--- gc-count-is-true
-- ends: 0 true
local before = collectgarbage("count")
local t = {}
for i = 1, 500 do t[i] = i end
return collectgarbage("count") > before and collectgarbage("count") < 65
