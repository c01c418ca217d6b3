-- SPDX-License-Identifier: GPL-2.0-only
-- Scripts that would run for ever, or for hours. See ../README.

--- endless-while
-- ends: ETIME script:4: step budget exceeded
-- peer: CPU stuck, kill -9 has no effect, RCU stall at 21 s, soft lockup
while true do end

--- endless-repeat
-- ends: ETIME *step budget exceeded
repeat until false

--- endless-goto
-- ends: ETIME *step budget exceeded
::again:: goto again

--- endless-for
-- ends: ETIME *step budget exceeded
for i = math.mininteger, math.maxinteger do end

--- endless-generic-for
-- ends: ETIME *step budget exceeded
for _ in function() return 1 end do end

--- endless-tail-call
-- ends: ETIME *step budget exceeded
local function f() return f() end
f()

--- endless-method-tail-call
-- ends: ETIME *step budget exceeded
local t = {}
function t:f() return self:f() end
t:f()

--- pcall-cannot-catch
-- ends: ETIME *step budget exceeded
local ok = pcall(function() while true do end end)
return "caught", ok

--- pcall-in-a-loop
-- ends: ETIME *step budget exceeded
while true do pcall(function() while true do end end) end

--- pcall-nest-cannot-catch
-- ends: ETIME *step budget exceeded
local function f(n)
	if n == 0 then while true do end end
	pcall(f, n - 1)
	return f(n)
end
f(8)

--- xpcall-handler-does-not-run
-- ends: ETIME *step budget exceeded
xpcall(function() while true do end end, function() seen = true end)
return "caught"

--- xpcall-handler-spins
-- ends: ETIME *step budget exceeded
xpcall(error, function() while true do end end)
return "caught"

--- xpcall-handler-spins-again
-- ends: ETIME *step budget exceeded
while true do
	xpcall(error, function() for i = 1, 1000 do end error("again") end)
end

--- error-in-a-loop
-- ends: ETIME *step budget exceeded
while true do pcall(error, "x") end

--- error-value-with-tostring
-- ends: ETIME *step budget exceeded
error(setmetatable({}, { __tostring = function() while true do end end }))

--- tostring-result-spins
-- ends: ETIME *step budget exceeded
return setmetatable({}, { __tostring = function() while true do end end })

--- pattern-stars
-- ends: ETIME *step budget exceeded
-- peer: as the endless loop: one C call, no hook can fire
return string.find(("a"):rep(18), ("a*"):rep(18) .. "b")

--- pattern-optional
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(40), ("a?"):rep(40) .. "b")

--- pattern-plus
-- ends: ETIME *step budget exceeded
return string.match(("a"):rep(40), ("a+"):rep(20) .. "b")

--- pattern-minus
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(60), (".-"):rep(20) .. "b")

--- pattern-captures
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(40), ("(a*)"):rep(10) .. "b")

--- pattern-position-captures
-- ends: ETIME *step budget exceeded
while true do string.find("aaaa", ("()"):rep(32)) end

--- pattern-back-reference
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(10000), "(a*)%1b")

--- pattern-back-reference-long
-- ends: ETIME *step budget exceeded
local s = ("a"):rep(10000)
while true do string.find(s .. s, "^(" .. s .. ")%1$") end

--- pattern-balance
-- ends: ETIME *step budget exceeded
-- small: ENOMEM not enough memory*
-- peer: as the endless loop: one C call, no hook can fire
return string.find(("("):rep(300000), "%b()")

--- pattern-balance-short
-- ends: ETIME *step budget exceeded
return string.find(("("):rep(9000), "%b()")

--- pattern-balance-nested
-- ends: ETIME *step budget exceeded
return string.find(("("):rep(9000), "%b()%b()x")

--- pattern-frontier
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(9000), "%f[" .. ("b"):rep(9000) .. "]")

--- pattern-set
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(9000), "[" .. ("bc-d%w"):rep(1500, "\\") .. "]x")

--- pattern-set-unclosed
-- ends: ETIME *step budget exceeded
local s = "[" .. ("%a"):rep(4000)
while true do pcall(string.find, "a", s) end

--- pattern-set-complement
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(9000), "[^" .. ("b"):rep(9000) .. "]-x")

--- pattern-class
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(9000), "%w*%s")

--- pattern-anchored
-- ends: ETIME *step budget exceeded
local s = ("a"):rep(9000)
while true do string.find(s, "^a*b") end

--- pattern-long-literal
-- ends: ETIME *step budget exceeded
return string.find(("a"):rep(20000), ("a"):rep(10000) .. ".b")

--- find-plain
-- ends: ETIME *step budget exceeded
-- small: ETIME|ENOMEM *
return string.find(("a"):rep(200000), ("a"):rep(100000) .. "b", 1, true)

--- find-plain-short
-- ends: ETIME *step budget exceeded
local s, p = ("a"):rep(9000), ("a"):rep(4000) .. "b"
while true do string.find(s, p, 1, true) end

--- find-long-needle
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(20000)
while true do string.find("y", s) end

--- gsub-backtracks
-- ends: ETIME *step budget exceeded
return (string.gsub(("a"):rep(20000), "a-b", ""))

--- gsub-empty-pattern
-- ends: ETIME *step budget exceeded
local s = ("a"):rep(5000)
while true do s:gsub("", "") end

--- gsub-callback-spins
-- ends: ETIME *step budget exceeded
string.gsub("a", "a", function() while true do end end)

--- gsub-table-index-spins
-- ends: ETIME *step budget exceeded
string.gsub("a", "a",
	setmetatable({}, { __index = function() while true do end end }))

--- gsub-replacement
-- ends: ETIME|ENOMEM *
local s = ("%1"):rep(2000)
while true do string.gsub(("a"):rep(4), "a", s) end

--- gmatch-backtracks
-- ends: ETIME *step budget exceeded
for _ in string.gmatch(("a"):rep(20000), "a-b") do end

--- gmatch-in-a-loop
-- ends: ETIME *step budget exceeded
local s = ("a"):rep(1000)
while true do for _ in s:gmatch("") do end end

--- rep-nothing
-- ends: 0
return (""):rep(math.maxinteger)

--- rep-nothing-separated
-- ends: 0
return (""):rep(math.maxinteger, "")

--- rep-in-a-loop
-- ends: ETIME *step budget exceeded
while true do local _ = ("x"):rep(10000) end

--- rep-long-pieces
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(2000)
while true do local _ = s:rep(2, s) end

--- reverse-in-a-loop
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(10000)
while true do s:reverse() end

--- upper-in-a-loop
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(10000)
while true do s:upper():lower() end

--- byte-in-a-loop
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(500)
while true do s:byte(1, -1) end

--- char-in-a-loop
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 200 do t[i] = 65 end
while true do string.char(table.unpack(t)) end

--- sub-in-a-loop
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(10000)
while true do s:sub(2) end

--- format-string
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(4000)
while true do string.format("%s%s", s, s) end

--- format-quoted
-- ends: ETIME *step budget exceeded
local s = ("\0\n\""):rep(1000)
while true do string.format("%q", s) end

--- format-many
-- ends: ETIME *step budget exceeded
local s = ("%%"):rep(5000)
while true do string.format(s) end

--- format-tostring-spins
-- ends: ETIME *step budget exceeded
string.format("%s", setmetatable({}, { __tostring = function() while true do end end }))

--- pack-options
-- ends: ETIME *step budget exceeded
local s = (" <>="):rep(2000)
while true do string.pack(s) end

--- pack-padding
-- ends: ETIME|ENOMEM *
local s = ("!16Xi16"):rep(1000)
while true do string.pack("i1" .. s, 1) end

--- pack-string
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(4000)
while true do string.pack("zs", s, s) end

--- packsize-options
-- ends: ETIME *step budget exceeded
local s = ("b"):rep(9000)
while true do string.packsize(s) end

--- unpack-strings
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(8000) .. "\0"
while true do string.unpack("z", s) end

--- unpack-many
-- ends: ETIME *step budget exceeded
local s, f = ("x"):rep(100), ("b"):rep(100)
while true do string.unpack(f, s) end

--- concat-in-a-loop
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(4000)
while true do local _ = s .. s end

--- concat-many
-- ends: ETIME *step budget exceeded
local a = "x"
while true do
	local _ = a .. a .. a .. a .. a .. a .. a .. a .. a .. a .. a .. a
end

--- table-concat-lies-about-length
-- ends: ETIME *step budget exceeded
table.concat(setmetatable({}, {
	__len = function() return math.maxinteger end,
	__index = function() return "" end,
}))

--- table-concat-range
-- ends: ETIME *step budget exceeded
local t = setmetatable({}, { __index = function() return "" end })
table.concat(t, "", math.mininteger, math.maxinteger)

--- table-concat-loop
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 500 do t[i] = "x" end
while true do table.concat(t) end

--- table-insert-far
-- ends: ETIME *step budget exceeded
table.insert(setmetatable({}, { __len = function() return 1 << 40 end }), 1, 0)

--- table-insert-front
-- ends: ETIME|ENOMEM *
local t = {}
while true do table.insert(t, 1, 1) end

--- table-remove-far
-- ends: ETIME *step budget exceeded
table.remove(setmetatable({}, { __len = function() return 1 << 40 end }), 1)

--- table-move-far
-- ends: ETIME *step budget exceeded
table.move({}, 1, 1 << 40, 2)

--- table-move-far-elsewhere
-- ends: ETIME *step budget exceeded
table.move({}, 1, 1 << 40, 1, {})

--- table-move-metamethods
-- ends: ETIME *step budget exceeded
table.move(setmetatable({}, { __index = function() return 1 end }), 1, 1 << 40,
	1, setmetatable({}, { __newindex = function() end }))

--- table-unpack-in-a-loop
-- ends: ETIME *step budget exceeded
while true do table.unpack({}, 1, 1000) end

--- table-pack-in-a-loop
-- ends: ETIME *step budget exceeded
while true do table.pack(table.unpack({}, 1, 500)) end

--- select-in-a-loop
-- ends: ETIME *step budget exceeded
local function f(...) while true do select(-1, ...) end end
f(table.unpack({}, 1, 500))

--- select-quadratic
-- ends: ETIME *step budget exceeded
local function f(...)
	local n = 0
	for i = 1, select("#", ...) do n = n + (select(i, ...) or 1) end
	return f(...)
end
f(table.unpack({}, 1, 500))

--- varargs-copied
-- ends: ETIME *step budget exceeded
local function f(...) return f(...) end
f(table.unpack({}, 1, 1000))

--- varargs-into-table
-- ends: ETIME *step budget exceeded
local function f(...) while true do local _ = { ... } end end
f(table.unpack({}, 1, 500))

--- sort-inconsistent
-- ends: EREMOTEIO|ETIME *
local t = {}
for i = 1, 500 do t[i] = i end
while true do table.sort(t, function() return true end) end

--- sort-lies-about-length
-- ends: ETIME *step budget exceeded
table.sort(setmetatable({}, {
	__len = function() return (1 << 31) - 2 end,
	__index = function() return 1 end,
	__newindex = function() end,
}))

--- sort-too-long
-- ends: EREMOTEIO *array too big*
table.sort(setmetatable({}, { __len = function() return math.maxinteger end }))

--- sort-comparator-spins
-- ends: ETIME *step budget exceeded
table.sort({ 1, 2, 3 }, function() while true do end end)

--- sort-random-order
-- ends: ETIME|EREMOTEIO *
local t = {}
for i = 1, 500 do t[i] = i end
while true do table.sort(t, function() return math.random(2) == 1 end) end

--- sort-comparator-grows
-- ends: ETIME|EREMOTEIO|ENOMEM *
local t = { 3, 2, 1, 5, 4 }
table.sort(t, function(a, b)
	t[#t + 1] = 0
	table.sort(t)
	return a < b
end)
while true do end

--- next-over-holes
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 300 do t[i * 7] = 1 end
for i = 1, 300 do t[i * 7] = nil end
while next(t) == nil do end

--- pairs-over-holes
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 1500 do t[i] = 1 end
for i = 2, 1499 do t[i] = nil end
while true do for _ in pairs(t) do end end

--- pairs-clearing
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 1000 do t[i * 7] = 1 end
for k in pairs(t) do t[k] = nil end
while true do next(t) end

--- pairs-metamethod
-- ends: ETIME *step budget exceeded
local t = setmetatable({}, { __pairs = function() return function() return 1 end end })
for _ in pairs(t) do end

--- ipairs-metamethod
-- ends: ETIME *step budget exceeded
for _ in ipairs(setmetatable({}, { __index = function() return 1 end })) do end

--- length-of-holes
-- ends: ETIME *step budget exceeded
local t = {}
for i = 0, 62 do t[1 << i] = true end
while #t do end

--- compare-long-strings
-- ends: ETIME *step budget exceeded
local a, b = ("x"):rep(10000), ("x"):rep(10000)
while a == b do end

--- order-long-strings
-- ends: ETIME *step budget exceeded
local a, b = ("x"):rep(10000), ("x"):rep(10000)
while not (a < b) and a <= b do end

--- order-strings-with-zeros
-- ends: ETIME *step budget exceeded
local a, b = ("\0"):rep(10000), ("\0"):rep(10000)
while a <= b do end

--- long-string-keys
-- ends: ETIME *step budget exceeded
local t, s = {}, ("x"):rep(5000)
t[s] = 1
while true do local _ = t[s .. "y"] end

--- long-string-key-lookup
-- ends: ETIME *step budget exceeded
local a, b = ("x"):rep(10000), ("x"):rep(10000)
local t = { [a] = 1 }
while true do local _ = t[b] end

--- tonumber-long
-- ends: ETIME *step budget exceeded
local s = ("1"):rep(9000)
while true do tonumber(s) tonumber(s, 36) end

--- next-after-a-copy-of-a-key
-- ends: ETIME *step budget exceeded
-- steps: 1000000
local ok, s = pcall(string.rep, ("x"):rep(1024), 1024)
if not ok then s = ("x"):rep(6000) end
local t = { [s .. "y"] = 1 }
local copy = s .. "y"
for i = 1, 5000 do next(t, copy) end

--- arithmetic-on-long-string
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local s = (" "):rep(9000) .. "1"
while true do pcall(function() return s + 1 end) end

--- utf8-len
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(5000)
while true do utf8.len(s) end

--- utf8-codepoint
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(300)
while true do utf8.codepoint(s, 1, -1) end

--- utf8-offset
-- ends: ETIME *step budget exceeded
local s = ("\xbf"):rep(9000)
while true do utf8.offset(s, 0, 9000) end

--- utf8-offset-far
-- ends: ETIME *step budget exceeded
local s = ("x"):rep(9000)
while true do utf8.offset(s, 8000) utf8.offset(s, -8000) end

--- utf8-codes
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local s = "x" .. ("\xbf"):rep(9000)
while true do pcall(function() for _ in utf8.codes(s) do end end) end

--- utf8-char
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local t = {}
for i = 1, 200 do t[i] = 0x10ffff end
while true do utf8.char(table.unpack(t)) end

--- index-chain
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 100 do t = setmetatable({}, { __index = t }) end
while not t.x do end

--- index-cycle
-- ends: EREMOTEIO *'__index' chain too long*
local t = {}
setmetatable(t, t).__index = t
return t.x

--- newindex-cycle
-- ends: EREMOTEIO *'__newindex' chain too long*
local t = {}
setmetatable(t, { __newindex = t })
t.x = 1

--- call-chain
-- ends: ETIME|EREMOTEIO *
local t = print
for i = 1, 200 do t = setmetatable({}, { __call = t }) end
while true do t() end

--- call-cycle
-- ends: ETIME|EREMOTEIO|ENOMEM *
local t = {}
setmetatable(t, t).__call = t
t()

--- call-cycle-in-a-loop
-- ends: ETIME *step budget exceeded
local t = {}
setmetatable(t, t).__call = t
while true do pcall(t) end

--- metamethods-spin
-- ends: ETIME *step budget exceeded
local t = setmetatable({}, { __add = function(a) return a end })
while true do t = t + 1 end

--- eq-metamethod-spins
-- ends: ETIME *step budget exceeded
local mt = { __eq = function() while true do end end }
return setmetatable({}, mt) == setmetatable({}, mt)

--- len-metamethod-spins
-- ends: ETIME *step budget exceeded
return #setmetatable({}, { __len = function() while true do end end })

--- concat-metamethods
-- ends: ETIME *step budget exceeded
local t = setmetatable({}, { __concat = function(a, b) return "x" end })
while true do local _ = t .. t .. t .. t end

--- print-in-a-loop
-- ends: ETIME *step budget exceeded
while true do print("line") end

--- print-tostring-spins
-- ends: ETIME *step budget exceeded
print(setmetatable({}, { __tostring = function() while true do end end }))

--- tostring-in-a-loop
-- ends: ETIME *step budget exceeded
while true do tostring(print) tostring(1 << 62) end

--- random-in-a-loop
-- ends: ETIME *step budget exceeded
while true do math.random(0, math.maxinteger) end

--- straight-line-strings
-- ends: ETIME *step budget exceeded
-- steps: 20000
local s = ("x"):rep(2000)
load("local s, r, u = ... " .. ("r(s, 2) u(s) "):rep(100))(s, s.rep, s.upper)

--- straight-line-comparisons
-- ends: ETIME *step budget exceeded
-- steps: 100000
local a, b = ("x"):rep(10000), ("x"):rep(10000)
load("local a, b, x = ... " .. ("x = a < b "):rep(400))(a, b)

--- straight-line-lookups
-- ends: ETIME *step budget exceeded
-- steps: 100000
local a, b = ("x"):rep(9000), ("x"):rep(9000)
load("local t, b, x = ... " .. ("x = t[b] "):rep(400))({ [a] = 1 }, b)

--- straight-line-tables
-- ends: ETIME|ENOMEM *
-- steps: 100000
-- debug steps: 20000
local body = "do local t = {" .. ("0,"):rep(200) .. "} end "
load(body:rep(10))()
while true do load(body)() end

--- straight-line-next
-- ends: ETIME *step budget exceeded
-- steps: 20000
local t = {}
for i = 1, 300 do t[i * 7] = 1 end
for i = 1, 300 do t[i * 7] = nil end
load("local t, n = ... " .. ("n(t) "):rep(300))(t, next)

--- straight-line-loads
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local body = ("x = 1 "):rep(500)
while true do load(body) end

--- compile-in-a-loop
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
while true do load("return function() return {} end") end

--- compile-errors-in-a-loop
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
while true do load("return (((") load("x = ") load("'") end

--- compile-reader-endless
-- ends: ETIME *step budget exceeded
load(function() return " " end)

--- compile-reader-spins
-- ends: ETIME *step budget exceeded
load(function() while true do end end)

--- compile-reader-bytes
-- ends: ETIME|ENOMEM *
load(function() return "-" end)

--- compile-gotos
-- ends: ETIME|ENOMEM *
local t = {}
for i = 1, 1500 do t[i] = "goto l" .. i end
while true do load(table.concat(t, " ")) end

--- compile-labels
-- ends: ETIME|ENOMEM *
local t = {}
for i = 1, 1500 do t[i] = "::l" .. i .. "::" end
while true do load(table.concat(t, " ")) end

--- compile-breaks
-- ends: ETIME|ENOMEM *
local s = "while true do " .. ("if x then break end "):rep(1500) .. "end"
while true do load(s) end

--- compile-elseifs
-- ends: ETIME|ENOMEM *
local s = "if x then " .. ("elseif x then "):rep(1500) .. "end"
while true do load(s) end

--- compile-or-chain
-- ends: ETIME|ENOMEM *
local s = "return x" .. (" or x"):rep(1500)
while true do load(s) end

--- compile-locals
-- ends: ETIME|ENOMEM *
local t = {}
for i = 1, 190 do t[i] = "local v" .. i end
t[191] = ("x = y "):rep(1000)
while true do load(table.concat(t, " ")) end

--- compile-upvalues
-- ends: ETIME|ENOMEM *
local t = {}
for i = 1, 190 do t[i] = "local v" .. i end
t[191] = "return function() return function() "
for i = 192, 400 do t[i] = "x = v" .. i % 60 + 1 end
t[401] = "end end"
while true do load(table.concat(t, " ")) end

--- compile-constants
-- ends: ETIME|ENOMEM *
local t = {}
for i = 1, 1000 do t[i] = "x = 'k" .. i .. "'" end
while true do load(table.concat(t, " ")) end

--- compile-long-string
-- ends: ETIME|ENOMEM *
local s = "return [[" .. ("x\n"):rep(3000) .. "]]"
while true do load(s) end

--- compile-long-comment
-- ends: ETIME|ENOMEM *
local s = "--[==[" .. ("]=]"):rep(3000) .. "]==]"
while true do load(s) end

--- compile-long-bracket-levels
-- ends: ETIME|ENOMEM *
local s = ("["):rep(2) .. ("="):rep(5000)
while true do load(s) load("x = " .. s) end

--- compile-long-name
-- ends: ETIME|ENOMEM *
local s = ("x"):rep(9000) .. " = 1"
while true do load(s) end

--- compile-long-number
-- ends: ETIME|ENOMEM *
local s = "return 0x" .. ("f"):rep(5000)
while true do load(s) end

--- compile-escapes
-- ends: ETIME|ENOMEM *
local s = "return '" .. ("\\z \\u{7fffffff}\\x41\\065"):rep(400) .. "'"
while true do load(s) end

--- compile-nested-functions
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
local s = ("function f() end "):rep(500)
while true do load(s) end

--- collect-in-a-loop
-- ends: ETIME *step budget exceeded
while true do collectgarbage() end

--- collect-steps
-- ends: ETIME *step budget exceeded
while true do collectgarbage("step", 1000000) end

--- collect-step-negative
-- ends: ETIME *step budget exceeded
while true do collectgarbage("step", -1) collectgarbage("step", math.mininteger) end

--- collect-without-pause
-- ends: ETIME *step budget exceeded
collectgarbage("setpause", 0)
collectgarbage("setstepmul", 1 << 30)
while true do local _ = {} end

--- collect-with-odd-numbers
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
collectgarbage("setpause", -1)
collectgarbage("setstepmul", -1)
while true do local _ = {} end

--- collect-with-mininteger
-- ends: ETIME|ENOMEM *
-- debug steps: 20000
collectgarbage("setpause", math.mininteger)
collectgarbage("setstepmul", math.mininteger)
while true do local _ = {} end

--- collect-stopped
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
collectgarbage("stop")
while true do local _ = {} end

--- collect-many-objects
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 200 do t[i] = { {} } end
while true do collectgarbage("step") end

--- collect-ephemeron-chain
-- ends: ETIME *step budget exceeded
local k = {}
local first = k
local list = {}
for i = 1, 150 do
	local n = {}
	list[i] = setmetatable({ [k] = n }, { __mode = "k" })
	k = n
end
while true do collectgarbage() end

--- collect-ephemeron-one-table
-- ends: ETIME *step budget exceeded
local e = setmetatable({}, { __mode = "k" })
local k = {}
local first = k
for i = 1, 300 do
	local n = {}
	e[k] = n
	k = n
end
while true do collectgarbage() end

--- collect-weak-tables
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 100 do t[i] = setmetatable({ {}, {} }, { __mode = "kv" }) end
while true do collectgarbage() end

--- finalizer-mark-late
-- ends: ETIME|ENOMEM *
local t, mt = {}, { __gc = function() end }
for i = 1, 300 do t[i] = {} end
while true do
	for i = 1, 300 do setmetatable(t[i], mt) end
	for i = 1, 300 do t[i] = {} end
end

--- limit-hit-everywhere
-- ends: ETIME *step budget exceeded
local function spin() while true do end end
local t = setmetatable({}, { __index = spin, __tostring = spin, __gc = spin })
pcall(pcall, xpcall, function() return t.x end, function() return tostring(t) end)
coroutine.wrap(function() pcall(tostring, t) end)()
return "caught"

--- search-finds-nothing
-- ends: ETIME *step budget exceeded
local s = ('x'):rep(200):rep(100)
for i = 1, 100 do s:find('y', 1, true) end

--- search-for-a-long-text
-- ends: ETIME *step budget exceeded
local s = ('x'):rep(200):rep(100)
for i = 1, 20 do ('y'):find(s) end

--- compare-long-strings
-- ends: ETIME *step budget exceeded
local s = ('x'):rep(100):rep(100)
local a, b = s .. 'a', s .. 'b'
for i = 1, 80 do local x = a < b end

--- quote-a-long-string
-- ends: ETIME *step budget exceeded
-- small: ETIME|ENOMEM *
local s = ('x'):rep(200):rep(100)
for i = 1, 10 do ('%q'):format(s) end

--- unpack-up-to-zero
-- ends: ETIME *step budget exceeded
-- small: ETIME|ENOMEM *
local s = ('x'):rep(200):rep(100)
for i = 1, 40 do ('z'):unpack(s) end

--- print-empty-lines
-- ends: ETIME *step budget exceeded
-- small: ETIME|ENOMEM *
local s = ('\n'):rep(200):rep(100)
for i = 1, 2 do print(s) end

--- chain-of-integers
-- ends: ETIME *step budget exceeded
-- small: ETIME|ENOMEM *
local t = {}
for i = 1, 600 do t[i << 40] = i end

--- chain-of-integers-traversed
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 100 do t[i << 40] = i end
for i = 1, 50 do for k in pairs(t) do end end

--- lookup-along-a-chain
-- ends: ETIME *step budget exceeded
local t = {}
for i = 1, 300 do t[i << 40] = i end
for i = 1, 2000 do local x = t[5 << 45] end

--- names-of-functions
-- ends: ETIME *step budget exceeded
local nameless = string.rep
string.rep = nil
for i = 1, 300 do string[i .. ''] = i end
for i = 1, 500 do pcall(nameless) end

--- name-of-a-method
-- ends: ETIME *step budget exceeded
local name = ("x"):rep(4000)
local t = load("return { " .. name .. " = function() end }")()
load("local t = ... for i = 1, 1000 do t:" .. name .. "() end")(t)

--- name-of-a-chunk
-- ends: 0
-- steps: 4000000
local ok, name = pcall(string.rep, "x", 1 << 21)
if not ok then name = ("x"):rep(6000) end
local f = load("error('x')", name)
for i = 1, #name >> 9 do pcall(f) end

--- name-given-to-load
-- ends: ETIME *step budget exceeded
-- steps: 4000000
-- debug steps: 100000
local ok, name = pcall(string.rep, "x", 1 << 21)
if not ok then name = ("x"):rep(6000) end
for i = 1, 3000 do load("", name) end

--- mode-given-to-load
-- ends: ETIME *step budget exceeded
-- steps: 4000000
-- debug steps: 100000
local ok, mode = pcall(string.rep, "x", 1 << 21)
if not ok then mode = ("x"):rep(6000) end
mode = mode .. "t"
for i = 1, 3000 do load("", "=x", mode) end

--- mode-of-many-tables
-- ends: 0
-- steps: 4000000
local ok, mode = pcall(string.rep, "x", 1 << 21)
if not ok then mode = ("x"):rep(6000) end
local t, mt = {}, { __mode = mode }
pcall(function() for i = 1, 4000 do t[i] = setmetatable({}, mt) end end)
collectgarbage()

--- flags-of-a-format
-- ends: 0
-- steps: 4000000
local ok, flags = pcall(string.rep, "-", 1 << 21)
if not ok then flags = ("-"):rep(6000) end
local format = "%" .. flags
for i = 1, #flags >> 9 do pcall(string.format, format, 1) end

--- raw-equality
-- ends: ETIME *step budget exceeded
-- steps: 1000000
local function text() return ("x"):rep(6000) end
local a, b = text(), text()
for i = 1, 6000 do rawequal(a, b) end

--- tonumber-of-spaces
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
-- debug ends: ENOMEM|ETIME *
local s = " " for i = 1, 22 do s = s .. s end
for i = 1, 300 do tonumber(s) end

--- numerals-of-200-bytes
-- ends: ETIME *step budget exceeded
local s = (" "):rep(199)
while true do pcall(math.abs, s) end

--- name-of-megabytes
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
-- debug ends: ENOMEM|ETIME *
local t = setmetatable({}, { __name = ("x"):rep(1 << 21) })
while true do pcall(function() return t + 1 end) end

--- class-of-megabytes
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
-- debug ends: ENOMEM|ETIME *
local s = ("x"):rep(1 << 21)
while true do s:find("%a*y") end

--- frontier-with-a-long-set
-- ends: ETIME *step budget exceeded
local p, s = "%f[" .. ("%a"):rep(1 << 10) .. "]", ("1"):rep(1000)
while true do s:match(p) end

--- search-in-megabytes
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
-- debug ends: ENOMEM|ETIME *
local s = ("x"):rep(1 << 21)
while true do s:find("y", 1, true) end

--- case-of-megabytes
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
-- debug ends: ENOMEM|ETIME *
local s = ("x"):rep(1 << 20)
while true do s:lower() end

--- upvalues-by-the-hundred
-- ends: ETIME *step budget exceeded
local names = {} for i = 1, 199 do names[i] = "a" .. i end
names = table.concat(names, ",")
load("while true do local " .. names .. " local f = function() return " .. names .. " end end")()

--- nils-by-the-hundred
-- ends: ETIME *step budget exceeded
local names = {} for i = 1, 199 do names[i] = "a" .. i end
load("while true do local " .. table.concat(names, ",") .. " end")()

--- error-at-a-far-level
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
local function f(n)
	if n == 0 then while true do pcall(error, "x", 1 << 30) end end
	return 1 + f(n - 1)
end
f(8000)

--- name-among-many-locals
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
local f = load(("do local a end "):rep(4000) .. "x()")
while true do pcall(f) end

--- function-among-many-globals
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
for i = 1, 5000 do _G["g" .. i] = i end
while true do pcall(math.abs) end

--- gotos-out-of-blocks
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
local source = ("do "):rep(90) .. ("goto a "):rep(3000) .. ("end "):rep(90) .. "::a::"
while true do load(source) end

--- collects-all-the-time
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
local t = {} for i = 1, 20000 do t[i] = {} end
while true do collectgarbage() end

--- collector-at-full-speed
-- ends: ETIME *step budget exceeded
-- small: ENOMEM|ETIME *
collectgarbage("setstepmul", 1 << 30)
local t = {} for i = 1, 20000 do t[i] = {} end
while true do collectgarbage("step", 1 << 20) end
