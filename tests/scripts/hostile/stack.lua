-- SPDX-License-Identifier: GPL-2.0-only
-- Recursion of every kind that takes C stack, and some that does not.

--- pcall
-- ends: 0 true*C stack overflow
-- peer: panic, stack guard page hit (25 levels fit, 26 do not)
local function f() return pcall(f) end
return f()

--- pcall-counted
-- ends: 0 true
local depth = 0
local function f() depth = depth + 1 return pcall(f) end
f()
return depth > 4 and depth < 250

--- pcall-in-a-loop
-- ends: ETIME|EREMOTEIO *
local function f() return pcall(f) end
while true do f() end

--- pcall-not-a-tail-call
-- ends: ETIME *step budget exceeded
local function f() pcall(f) f() end
f()

--- xpcall
-- ends: 0 true*
local function f() return xpcall(f, function(e) return e end) end
return f()

--- xpcall-handler-errs
-- ends: 0 false*
-- peer: panic
return xpcall(function() error("a") end, function() error("b") end)

--- xpcall-handler-recurses
-- ends: 0 false*
local function h() local x = nil + 1 end
return xpcall(error, h)

--- xpcall-handler-xpcalls
-- ends: 0 *
local function f() return xpcall(error, f) end
return f()

--- xpcall-handler-deep
-- ends: 0 *
local function r(n) return pcall(r, n + 1) end
return xpcall(error, r, 1)

--- overflow-handler-errs
-- ends: 0 false* | ETIMEDOUT *
-- steps: 10000000
local function f() return 1 + f() end
return xpcall(f, function() return f() end)

--- error-in-tostring-of-error
-- ends: EREMOTEIO|ELOOP *
error(setmetatable({}, { __tostring = function() error("again") end }))

--- tostring-of-error-is-no-string
-- ends: EREMOTEIO|ELOOP *
error(setmetatable({}, { __tostring = function() return {} end }))

--- coroutine-wrap
-- ends: EREMOTEIO *C stack overflow*
-- peer: panic at level 28
local function f() return coroutine.wrap(f)() end
return f()

--- coroutine-resume
-- ends: 0 true*
local function f() return coroutine.resume(coroutine.create(f)) end
return f()

--- coroutine-wrap-in-a-loop
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local function f() return coroutine.wrap(f)() end
while true do pcall(f) end

--- parser-parentheses
-- ends: 0 nil	*
-- peer: panic between 60 and 100 levels
return load("return " .. ("("):rep(500) .. "1" .. (")"):rep(500))

--- parser-braces
-- ends: 0 nil	*
return load("return " .. ("{"):rep(500) .. ("}"):rep(500))

--- parser-brackets
-- ends: 0 nil	*
return load("return " .. ("a["):rep(500) .. "1" .. ("]"):rep(500))

--- parser-calls
-- ends: 0 nil	*
return load("return " .. ("f("):rep(500) .. (")"):rep(500))

--- parser-call-functions
-- ends: 0 nil	*
return load(("f(function() "):rep(200) .. ("end) "):rep(200))

--- parser-functions
-- ends: 0 nil	*
-- peer: panic at 24
return load(("local function f() "):rep(200) .. ("end "):rep(200))

--- parser-function-expressions
-- ends: 0 nil	*
return load("return " .. ("function() return "):rep(200) .. "1 " .. ("end "):rep(200))

--- parser-minus
-- ends: 0 nil	*
-- peer: panic at 160
return load("return " .. ("- "):rep(500) .. "1")

--- parser-not
-- ends: 0 nil	*
-- peer: panic at 160
return load("return " .. ("not "):rep(500) .. "1")

--- parser-tilde
-- ends: 0 nil	*
return load("return " .. ("~"):rep(500) .. "x")

--- parser-length
-- ends: 0 nil	*
return load("return " .. ("#"):rep(500) .. "x")

--- parser-concat
-- ends: 0 nil	*
return load("return a" .. (" .. a"):rep(500))

--- parser-power
-- ends: 0 nil	*
return load("return a" .. (" ^ a"):rep(500))

--- parser-left-associative
-- ends: 0 function: *
return load("return a" .. (" + a"):rep(500))

--- parser-if
-- ends: 0 nil	*
return load(("if x then "):rep(500) .. ("end "):rep(500))

--- parser-else
-- ends: 0 nil	*
return load(("if x then else "):rep(500) .. ("end "):rep(500))

--- parser-for
-- ends: 0 nil	*
return load(("for i = 1, 2 do "):rep(500) .. ("end "):rep(500))

--- parser-generic-for
-- ends: 0 nil	*
return load(("for i in x do "):rep(500) .. ("end "):rep(500))

--- parser-while
-- ends: 0 nil	*
return load(("while x do "):rep(500) .. ("end "):rep(500))

--- parser-repeat
-- ends: 0 nil	*
return load(("repeat "):rep(500) .. ("until x "):rep(500))

--- parser-do
-- ends: 0 nil	*
return load(("do "):rep(500) .. ("end "):rep(500))

--- parser-assignment
-- ends: 0 nil	*
return load(("a,"):rep(500) .. "a = 1")

--- parser-upvalue-depth
-- ends: 0 nil	*
return load("local x " .. ("return function() "):rep(100) .. "x = 1 " .. ("end "):rep(100))

--- parser-mixed
-- ends: 0 nil	*
return load("return " .. ("{[function() return ({- "):rep(100))

--- parser-at-the-limit
-- ends: 0 true*190
-- steps: 1000000
local function deep(n) return load("return " .. ("("):rep(n) .. "1" .. (")"):rep(n)) end
local n = 1
while n < 190 and deep(n) do n = n + 1 end
return n > 8, n

--- parser-in-a-loop
-- ends: ETIME|ENOMEM *
local s = ("do "):rep(500)
while true do load(s) end

--- script-nested-in-source
-- ends: ENOEXEC *
return ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1

--- load-reader
-- ends: 0 *
-- peer: panic
local function f() load(f) return nil end
return load(f)

--- load-reader-errs
-- ends: 0 nil	*
local function f() return load(f), error("x") end
return load(f)

--- load-runs-load
-- ends: ENOMEM|ETIME|EREMOTEIO *
-- debug steps: 30000
local s = "local s = ... return load(s)(s)"
return load("local s = ... return (load(s)(s))")("local s = ... return (load(s)(s))")

--- gsub-callback
-- ends: EREMOTEIO *C stack overflow*
-- peer: panic (about 1.3 KB a level)
local function f(s) return s:gsub(".", f) end
return f("x")

--- gsub-callback-caught
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local function f(s) return s:gsub(".", f) end
while true do pcall(f, "x") end

--- gsub-index
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, {})
getmetatable(t).__index = function(_, k) return (k:gsub(".", t)) end
return ("x"):gsub(".", t)

--- gmatch-nested
-- ends: EREMOTEIO|ENOMEM|ETIME *
local function f() for _ in ("x"):gmatch(".") do f() end end
f()

--- tostring
-- ends: EREMOTEIO *C stack overflow*
-- peer: panic
local t = setmetatable({}, { __tostring = function(t) return tostring(t) .. "" end })
return tostring(t)

--- tostring-through-format
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __tostring = function(t) return string.format("%s", t) end })
return tostring(t)

--- tostring-through-print
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __tostring = function(t) print(t) return "" end })
print(t)

--- add
-- ends: EREMOTEIO *C stack overflow*
-- peer: panic
local t = setmetatable({}, { __add = function(a, b) return a + b .. "" end })
return t + 1

--- unm
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __unm = function(a) return -a .. "" end })
return -t

--- eq
-- ends: EREMOTEIO *C stack overflow*
local mt = {}
mt.__eq = function(a, b) return a == b end
return setmetatable({}, mt) == setmetatable({}, mt)

--- lt
-- ends: EREMOTEIO *C stack overflow*
local mt = {}
mt.__lt = function(a, b) return a < b end
return setmetatable({}, mt) < setmetatable({}, mt)

--- le
-- ends: EREMOTEIO *C stack overflow*
local mt = {}
mt.__le = function(a, b) return a <= b end
return setmetatable({}, mt) <= setmetatable({}, mt)

--- le-through-lt
-- ends: EREMOTEIO *C stack overflow*
local mt = {}
mt.__lt = function(a, b) return a <= b end
return setmetatable({}, mt) <= setmetatable({}, mt)

--- concat
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __concat = function(a, b) return a .. b end })
return t .. "x"

--- len
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __len = function(t) return #t end })
return #t

--- index-function
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __index = function(t, k) return t[k] end })
return t.x

--- newindex-function
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __newindex = function(t, k, v) t[k] = v end })
t.x = 1

--- index-ipairs
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, {})
getmetatable(t).__index = function(t) for _ in ipairs(t) do end end
for _ in ipairs(t) do end

--- call-metamethod
-- ends: EREMOTEIO|ENOMEM|ETIME *
local t = setmetatable({}, { __call = function(t) return 1, t() end })
return t()

--- pairs-metamethod
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __pairs = function(t) return pairs(t) end })
return pairs(t)

--- gc-in-collect
-- ends: EREMOTEIO *error in __gc metamethod*
-- steps: 200000
local function f() setmetatable({}, { __gc = f }) collectgarbage() end
f()

--- gc-nested-errors
-- ends: 0 true
local n = 0
local function f() n = n + 1 if n < 100 then setmetatable({}, { __gc = f }) collectgarbage() end error("x") end
pcall(f)
return n > 0

--- sort-comparator
-- ends: EREMOTEIO *C stack overflow*
local function f() table.sort({ 1, 2, 3 }, f) end
f()

--- sort-deep
-- ends: 0 true
-- steps: 200000
local t = {}
for i = 1, 1000 do t[i] = i * 7919 % 1000 end
table.sort(t)
for i = 2, #t do if t[i] < t[i - 1] then return false end end
return true

--- unpack-index
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, {})
getmetatable(t).__index = function(t) return table.unpack(t, 1, 2) end
return table.unpack(t, 1, 2)

--- concat-index
-- ends: EREMOTEIO *C stack overflow*
local t = setmetatable({}, { __len = function() return 1 end })
getmetatable(t).__index = function(t) return table.concat(t) end
return table.concat(t)

--- lua-recursion
-- ends: EREMOTEIO|ENOMEM|ETIME *
local function f() return 1 + f() end
return f()

--- lua-recursion-caught
-- ends: 0 false	true | ETIMEDOUT *
-- steps: 10000000
local function f() return 1 + f() end
local ok, e = pcall(f)
return ok, #e > 0

--- lua-recursion-in-a-loop
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
local function f() return 1 + f() end
while true do pcall(f) end

--- mutual-recursion
-- ends: EREMOTEIO|ENOMEM|ETIME *
local g
local function f(n) return 1 + g(n) end
function g(n) return 1 + f(n) end
return f(1)

--- pattern-optional
-- ends: EREMOTEIO *
return string.find(("a"):rep(1000), ("a?"):rep(1000) .. "b")

--- pattern-stars
-- ends: EREMOTEIO|ETIME *
return string.find(("a"):rep(300), (".*"):rep(300) .. "b")

--- pattern-captures
-- ends: EREMOTEIO *too many captures*
return string.find(("a"):rep(100), ("(a"):rep(100))

--- pattern-open-captures
-- ends: EREMOTEIO *
return string.find(("a"):rep(100), ("("):rep(32))

--- pattern-captures-deep
-- ends: EREMOTEIO *
return string.find(("a"):rep(1000), ("(a)"):rep(31) .. ("a?"):rep(500))

--- pattern-minus-deep
-- ends: EREMOTEIO|ETIME *
return string.find(("a"):rep(400), (".-"):rep(400) .. "b")

--- pattern-too-complex-in-gmatch
-- ends: ETIME *step budget exceeded
local f = string.gmatch(("a"):rep(1000), ("a?"):rep(1000) .. "b")
while true do pcall(f) end

--- near-the-limit
-- ends: 0 true
-- steps: 1000000
local function nest(n, g) if n == 0 then return g() end return pcall(nest, n - 1, g) end
local function at(n, g) pcall(nest, n, g) end
for n = 0, 30 do
	at(n, function() return ("x"):rep(30):gsub(".", "%0%0") end)
	at(n, function() return load("return function() return { { 1 } } end") end)
	at(n, function() return tostring(print), string.format("%5d%s", 1, {}) end)
	at(n, function() return table.concat({ 1, 2, 3 }, ", ") end)
	at(n, function() return coroutine.wrap(function() error("x") end)() end)
	at(n, function() local t = { 3, 1, 2 } table.sort(t) return t end)
	at(n, function() error({}) end)
	at(n, function() return string.pack("i4s4z", 1, "a", "b") end)
	at(n, function() collectgarbage() end)
	at(n, function() print("deep") end)
end
return true

--- near-the-limit-by-gsub
-- ends: 0 true
local function at(n, g)
	if n == 0 then return g() end
	return (("x"):gsub(".", function() return at(n - 1, g) end))
end
for n = 0, 12 do
	pcall(at, n, function() return load("return ((1))") and "" end)
	pcall(at, n, function() return ("x"):rep(100):find(("x?"):rep(100)) and "" end)
	pcall(at, n, function() error("deep") end)
end
return true

--- traceback-of-deep-error
-- ends: EREMOTEIO|ENOMEM *
local function f(n) if n == 0 then error("bottom") end return 1 + f(n - 1) end
return f(500)

--- parser-many-operators
-- ends: 0 true
-- steps: 1000000
local function ok(source) return (assert(load(source))) end
ok("local a return a" .. ("..a"):rep(190))
ok("local a return " .. ("a^"):rep(180) .. "a")
ok("return " .. ("- "):rep(180) .. "1")
ok("return " .. ("("):rep(180) .. "1" .. (")"):rep(180))
return true
