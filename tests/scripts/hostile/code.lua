-- SPDX-License-Identifier: GPL-2.0-only
-- Ways to code that is not text, and to what is not there.

--- bytecode-header
-- ends: 0 nil	attempt to load a binary chunk
-- peer: (a flipped byte in string.dump, then load) Oops
return load("\27Lua\x53\0\x19\x93\r\n\x1a\n\4\8\4\8\8")

--- bytecode-escape-alone
-- ends: 0 nil	attempt to load a binary chunk
return load("\27")

--- bytecode-by-mode
-- ends: 0 nil	*
return load("\27Lua", "x", "b")

--- bytecode-by-reader
-- ends: 0 nil	attempt to load a binary chunk
local first = true
return load(function()
	if first then first = false return "\27Lua" end
end, "x", "bt")

--- bytecode-byte-by-byte
-- ends: 0 nil	attempt to load a binary chunk
local s, i = "\27LuaS\0", 0
return load(function() i = i + 1 return s:sub(i, i) end)

--- text-in-binary-mode
-- ends: 0 nil	attempt to load a text chunk (mode is 'b')
return load("return 1", "x", "b")

--- mode-nonsense
-- ends: 0 nil	*
return load("return 1", "x", "")

--- string-dump
-- ends: 0 nil
return string.dump

--- string-dump-called
-- ends: EREMOTEIO *attempt to call a nil value (field 'dump')*
return string.dump(function() end)

--- libraries-that-are-not-there
-- ends: 0 nil	nil	nil	nil	nil	nil	nil	nil
return debug.sethook, debug.getregistry, io.open, os.execute, package, dofile, loadfile, loadstring

--- no-way-to-c
-- ends: 0 nil	nil	nil	nil
return module, getfenv, setfenv, newproxy

--- all-globals
-- ends: 0 _G _VERSION assert collectgarbage coroutine debug error getmetatable io ipairs load math next os pairs pcall print rawequal rawget rawlen rawset require select setmetatable string table tonumber tostring type utf8 xpcall
local t = {}
for k in pairs(_G) do t[#t + 1] = k end
table.sort(t)
return table.concat(t, " ")

--- string-metatable-index
-- ends: EREMOTEIO *attempt to index a string value*
getmetatable("").__index = nil
return ("x"):rep(3)

--- string-metatable-index-spins
-- ends: ETIME *step budget exceeded
getmetatable("").__index = function() while true do end end
return ("x"):rep(3)

--- string-metatable-cycle
-- ends: EREMOTEIO *'__index' chain too long*
local mt = getmetatable("")
mt.__index = setmetatable({}, {})
getmetatable(mt.__index).__index = mt.__index
return ("x").x

--- string-metatable-arithmetic
-- ends: 0 called
getmetatable("").__add = function() return "called" end
return "a" + "b"

--- string-metatable-call
-- ends: 0 7
getmetatable("").__call = function(s, x) return x end
return ("x")(7)

--- string-metatable-tostring
-- ends: 0 *
getmetatable("").__tostring = function() return 1 end
getmetatable("").__name = {}
return 1

--- string-metatable-gc
-- ends: 0 1
getmetatable("").__gc = function() while true do end end
local _ = ("x"):rep(100)
collectgarbage()
return 1

--- env-nil
-- ends: EREMOTEIO *attempt to index a nil value (upvalue '_ENV')*
_ENV = nil
return print

--- env-number
-- ends: EREMOTEIO *attempt to index a number value*
local _ENV = 1
return print

--- env-metatable
-- ends: ETIME *step budget exceeded
local _ENV = setmetatable({}, { __index = function() while true do end end })
return print

--- env-of-a-chunk
-- ends: 0 nil	5
local env = { x = 5 }
return x, load("return x", "x", "t", env)()

--- env-of-a-chunk-is-no-table
-- ends: EREMOTEIO *attempt to index a number value*
return load("return x", "x", "t", 1)()

--- globals-metatable
-- ends: EREMOTEIO *not here*
setmetatable(_G, { __index = function() error("not here") end })
return nothing

--- globals-recursion
-- ends: EREMOTEIO *C stack overflow*
setmetatable(_G, { __index = function(_, k) return nothing end })
return nothing

--- globals-cleared
-- ends: 0 1
local all, step = _G, next
for k in step, all do all[k] = nil end
return 1

--- globals-replaced-by-traps
-- ends: 0 2
local all, step = _G, next
for k in step, all do all[k] = function() while true do end end end
return 2

--- metatable-protected
-- ends: EREMOTEIO *cannot change a protected metatable*
local t = setmetatable({}, { __metatable = false })
setmetatable(t, {})

--- metatable-of-itself
-- ends: 0 true
local t = {}
setmetatable(t, t)
t.__index = t
return rawequal(getmetatable(t), t)

--- metatable-mode-nonsense
-- ends: 0 1
local t = setmetatable({}, { __mode = {}, __gc = 1, __index = 0 })
t = setmetatable({ t }, { __mode = ("k"):rep(500) })
collectgarbage()
return 1

--- next-with-a-wrong-key
-- ends: EREMOTEIO *invalid key to 'next'*
return next({}, 1)

--- next-after-rehash
-- ends: 0 *
local t = {}
for i = 1, 50 do t[i * 3] = i end
local ok, e = pcall(function()
	for k in pairs(t) do
		t[k] = nil
		for i = 1, 50 do t[k * 100 + i] = 1 end
		collectgarbage()
	end
end)
return 1

--- nil-and-nan-keys
-- ends: EREMOTEIO *index is nil*
local t = {}
t[nil] = 1

--- rawset-nil-key
-- ends: EREMOTEIO *index is nil*
rawset({}, nil, 1)

--- rawlen-of-a-number
-- ends: EREMOTEIO *table or string expected*
return rawlen(1)

--- error-nil
-- ends: EREMOTEIO *nil*
error(nil)

--- error-table
-- ends: EREMOTEIO *error object is a table value*
error({})

--- error-number
-- ends: EREMOTEIO 42*
error(42)

--- error-level-far
-- ends: EREMOTEIO x*
error("x", math.maxinteger)

--- error-level-negative
-- ends: EREMOTEIO x*
error("x", math.mininteger)

--- error-with-controls
-- ends: EREMOTEIO *
error("\27[2J\r\n<0>forged\0hidden")

--- print-with-controls
-- ends: 0
print("\27[2J\n<0>[    0.000000] forged\r\0%s%n%pK")

--- print-binary
-- ends: 0
local t = {}
for i = 0, 255 do t[#t + 1] = string.char(i) end
print(table.concat(t))

--- print-nothing
-- ends: 0
print()
print("")
print(nil)

--- print-long
-- ends: 0
print(("x"):rep(3000))

--- print-without-tostring
-- ends: EREMOTEIO *attempt to call a nil value*
tostring = nil
print(1, {}, nil)

--- chunkname-with-controls
-- ends: 0 nil	*
return load("x =", "\27[2J\n" .. ("n"):rep(3000))

--- chunkname-without-end
-- ends: 0 nil	*
return load("x =", "=" .. ("n"):rep(200))

--- chunkname-lines
-- ends: 0 nil	*
return load("x =", ("line\n"):rep(200))

--- syntax-nothing
-- ends: 0
--

--- syntax-unfinished
-- ends: ENOEXEC *unfinished string*
return "

--- syntax-unfinished-comment
-- ends: ENOEXEC *unfinished long comment*
--[[

--- syntax-unfinished-block
-- ends: ENOEXEC *'end' expected*
do

--- syntax-goto-nowhere
-- ends: ENOEXEC *no visible label 'x' for <goto>*
goto x

--- syntax-goto-into-scope
-- ends: ENOEXEC *jumps into the scope of local 'y'*
goto x
local y
::x:: print(y)

--- syntax-label-twice
-- ends: ENOEXEC *label 'x' already defined*
::x:: ::x::

--- syntax-break-outside
-- ends: ENOEXEC *break*
break

--- syntax-vararg-outside
-- ends: ENOEXEC *cannot use '...' outside a vararg function*
return function() return ... end

--- syntax-too-many-locals
-- ends: 0 nil	*too many local variables*
-- steps: 100000
local t = {}
for i = 1, 201 do t[i] = "local v" .. i end
return load(table.concat(t, "\n"))

--- syntax-too-many-upvalues
-- ends: 0 nil	*
-- steps: 200000
local t = {}
for i = 1, 150 do t[#t + 1] = "local a" .. i end
t[#t + 1] = "return function()"
for i = 1, 150 do t[#t + 1] = "local b" .. i end
t[#t + 1] = "return function() return 1"
for i = 1, 150 do t[#t + 1] = " + a" .. i .. " + b" .. i end
t[#t + 1] = " end end"
return load(table.concat(t, "\n"))

--- syntax-many-registers
-- ends: 0 nil	*
return load("return f(" .. ("1,"):rep(300) .. "1)")

--- syntax-many-lines
-- ends: 0 nil	*
-- steps: 200000
return load(("\n"):rep(20000) .. "x =")

--- syntax-escape-out-of-range
-- ends: ENOEXEC *decimal escape too large*
return "\300"

--- syntax-utf8-out-of-range
-- ends: ENOEXEC *UTF-8 value too large*
return "\u{110000}"

--- syntax-controls
-- ends: 0 nil	*
return load("\0\1\2\3")

--- syntax-high-bytes
-- ends: 0 nil	*
return load("\xe9 = 1")

--- load-reader-wrong-type
-- ends: 0 nil	*reader function must return a string
return load(function() return {} end)

--- load-reader-yields
-- ends: 0 true	nil	attempt to yield across a C-call boundary
return coroutine.resume(coroutine.create(function()
	return load(function() coroutine.yield() end)
end))

--- select-count-of-all
-- ends: 0 250
return select("#", table.unpack({}, 1, 250))

--- sort-invalid-order
-- ends: EREMOTEIO *invalid order function for sorting*
local t = {}
for i = 1, 200 do t[i] = i end
table.sort(t, function() return true end)

--- sort-mixed
-- ends: EREMOTEIO *attempt to compare*
table.sort({ 1, "x", {}, print })

--- sort-changes-the-table
-- ends: 0 *
-- steps: 200000
local t = {}
for i = 1, 20 do t[i] = i end
pcall(table.sort, t, function(a, b)
	for i = 1, 20 do t[i] = nil end
	collectgarbage()
	return (a or 0) < (b or 0)
end)
return 1

--- gsub-changes-its-table
-- ends: 0 *
local t = {}
local r = ("abc"):gsub(".", function(c)
	t[c] = c
	collectgarbage()
	return c .. c
end)
return r

--- gsub-bad-replacement
-- ends: EREMOTEIO *invalid use of '%' in replacement string*
return ("x"):gsub("x", "%z")

--- gsub-bad-capture
-- ends: EREMOTEIO *invalid capture index*
return ("x"):gsub("x", "%9")

--- pattern-ends-with-percent
-- ends: EREMOTEIO *malformed pattern (ends with '%')*
return ("x"):find("%")

--- pattern-unclosed-set
-- ends: EREMOTEIO *malformed pattern (missing ']')*
return ("x"):find("[a")

--- pattern-balance-missing
-- ends: EREMOTEIO *missing arguments to '%b'*
return ("x"):find("%b")

--- pattern-frontier-missing
-- ends: EREMOTEIO *missing '[' after '%f' in pattern*
return ("x"):find("%f")

--- pattern-bad-back-reference
-- ends: EREMOTEIO *invalid capture index*
return ("x"):find("%1")

--- pattern-unfinished-capture
-- ends: EREMOTEIO *unfinished capture*
return ("x"):find("(x")

--- pattern-zero-bytes
-- ends: 0 2	2
return ("a\0b"):find("%z"), (("a\0b"):find("\0", 1, true))

--- pattern-set-at-the-end
-- ends: EREMOTEIO *malformed pattern*
return ("x"):find("[%")
