-- SPDX-License-Identifier: GPL-2.0-only
-- Tables as text, the way inspectors have it: sorted keys, ids, metatables, escapes.
local inspect = {}
local rank = { number = 1, boolean = 2, string = 3, table = 4, ["function"] = 5, userdata = 6, thread = 7 }
local function before(a, b)
	local ta, tb = type(a), type(b)
	if ta == tb and (ta == "string" or ta == "number") then return a < b end
	local ra, rb = rank[ta] or 100, rank[tb] or 100
	return ra == rb and ta < tb or ra < rb
end
local short = { ["\a"] = "\\a", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\v"] = "\\v", ["\127"] = "\\127" }
local long = { ["\127"] = "\\127" }
for i = 0, 31 do
	local c = string.char(i)
	if not short[c] then short[c], long[c] = "\\" .. i, ("\\%03d"):format(i) end
end
local function escape(s)
	return (s:gsub("\\", "\\\\"):gsub("(%c)%f[0-9]", long):gsub("%c", short))
end
local function quote(s)
	if s:match('"') and not s:match("'") then return "'" .. s .. "'" end
	return '"' .. s:gsub('"', '\\"') .. '"'
end
local function isidentifier(s) return type(s) == "string" and not not s:match("^[_%a][_%a%d]*$") end
local flr = math.floor
local function issequence(k, n) return type(k) == "number" and flr(k) == k and 1 <= k and k <= n end
local function keys(t)
	local n, list = rawlen(t), {}
	for k in next, t do if not issequence(k, n) then list[#list + 1] = k end end
	table.sort(list, before)
	return list, n
end
local Inspector = {}
Inspector.__index = Inspector
function Inspector:count(x)
	if type(x) ~= "table" then return end
	if self.seen[x] then self.seen[x] = self.seen[x] + 1 return end
	self.seen[x] = 1
	self:count(getmetatable(x))
	for k, v in next, x do self:count(k) self:count(v) end
end
function Inspector:id(x)
	local id = self.ids[x]
	if not id then
		local tp = type(x)
		id = (self.max[tp] or 0) + 1
		self.max[tp], self.ids[x] = id, id
	end
	return tostring(id)
end
function Inspector:puts(s) self.buf[#self.buf + 1] = s end
function Inspector:line() self:puts("\n" .. self.indent:rep(self.level)) end
function Inspector:key(k)
	if isidentifier(k) then return self:puts(k) end
	self:puts("[") self:value(k) self:puts("]")
end
function Inspector:value(v)
	local tv = type(v)
	if tv == "string" then self:puts(quote(escape(v)))
	elseif tv == "number" or tv == "boolean" or tv == "nil" then self:puts(tostring(v))
	elseif tv == "table" then self:table(v)
	else self:puts(("<%s %s>"):format(tv, self:id(v))) end
end
function Inspector:table(t)
	if self.ids[t] then return self:puts(("<table %d>"):format(self:id(t))) end
	if self.level >= self.depth then return self:puts("{...}") end
	if self.seen[t] > 1 then self:puts(("<%d>"):format(self:id(t))) end
	local list, n = keys(t)
	local mt = getmetatable(t)
	self:puts("{")
	self.level = self.level + 1
	for i = 1, n + #list do
		if i > 1 then self:puts(",") end
		if i <= n then self:puts(" ") self:value(t[i])
		else self:line() self:key(list[i - n]) self:puts(" = ") self:value(t[list[i - n]]) end
	end
	if type(mt) == "table" then
		if n + #list > 0 then self:puts(",") end
		self:line() self:puts("<metatable> = ") self:value(mt)
	end
	self.level = self.level - 1
	if #list > 0 or type(mt) == "table" then self:line() elseif n > 0 then self:puts(" ") end
	self:puts("}")
end
setmetatable(inspect, { __call = function(_, x, options)
	local self = setmetatable({ buf = {}, ids = {}, max = {}, seen = {}, level = 0, depth = (options or {}).depth or math.huge, indent = "  " }, Inspector)
	self:count(x)
	self:value(x)
	return table.concat(self.buf)
end })
print(inspect { 1, 2, 3 })
print(inspect { a = 1, b = 2.5, [10] = true, [1.5] = "x", [-1] = "neg", [true] = false, [math.huge] = "huge" })
print(inspect(setmetatable({ 1, { 2, { 3, { 4 } } } }, { __index = { x = 1 }, __tostring = function() return "no" end })))
local t = { name = "loop", list = {} } t.self, t.list.up = t, t
print(inspect(t))
print(inspect { "a\nb", "tab\t1", "q\"uote", "both\"'", "\0001\001a\127", "back\\slash" })
print(inspect({ a = { b = { c = { d = 1 } } } }, { depth = 2 }))
print(inspect { print, inspect, coroutine.create(print), print, function() end })
print(inspect(1e100), inspect(-0.0), inspect(2^53), inspect(1/0), inspect("x"), inspect(nil))
