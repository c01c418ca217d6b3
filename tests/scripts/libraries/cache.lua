-- SPDX-License-Identifier: GPL-2.0-only
-- A cache that forgets what was used longest ago, by counts and by bytes.
local lru = {}
lru.__index = lru
local VALUE, PREV, NEXT, KEY, BYTES = 1, 2, 3, 4, 5
function lru.new(max_size, max_bytes)
	assert(max_size >= 1, "max_size must be >= 1")
	assert(not max_bytes or max_bytes >= 1, "max_bytes must be >= 1")
	local self = { size = 0, bytes = 0, map = {}, max = max_size, maxb = max_bytes, log = {} }
	local mt = { __index = lru, __pairs = function(c)
		return function(_, prev)
			local e
			if prev == nil then e = self.newest else e = self.map[prev] and self.map[prev][NEXT] end
			if e then return e[KEY], e[VALUE] end
		end
	end, __len = function(c) return c.size end }
	return setmetatable(self, mt)
end
local function cut(self, e)
	local p, n = e[PREV], e[NEXT]
	e[PREV], e[NEXT] = nil, nil
	if p and n then p[NEXT], n[PREV] = n, p
	elseif p then p[NEXT], self.oldest = nil, p
	elseif n then n[PREV], self.newest = nil, n
	else self.newest, self.oldest = nil, nil end
end
local function front(self, e)
	if not self.newest then self.newest, self.oldest = e, e return end
	e[NEXT], self.newest[PREV] = self.newest, e
	self.newest = e
end
local function drop(self, key, e)
	self.map[key] = nil
	cut(self, e)
	self.size, self.bytes = self.size - 1, self.bytes - (e[BYTES] or 0)
	self.log[#self.log + 1] = tostring(key)
end
function lru:get(key)
	local e = self.map[key]
	if not e then return nil end
	cut(self, e) front(self, e)
	return e[VALUE]
end
function lru:set(key, value, bytes)
	local e = self.map[key]
	if e then drop(self, key, e) end
	if value == nil then return end
	bytes = self.maxb and (bytes or #value) or 0
	if self.maxb and self.maxb < bytes then return end
	while self.size >= self.max or self.maxb and self.bytes + bytes > self.maxb do
		drop(self, self.oldest[KEY], self.oldest)
	end
	e = { value, nil, nil, key, bytes }
	self.map[key], self.size, self.bytes = e, self.size + 1, self.bytes + bytes
	front(self, e)
end
local c = lru.new(3)
for i = 1, 5 do c:set(i, "v" .. i) end
print(#c, c:get(1), c:get(2), c:get(3), c:get(4), c:get(5))
for k, v in pairs(c) do io.write(k, "=", v, " ") end print()
c:get(3) c:set("new", "n") c:set(1.5, "float") c:set(2^53, "big")
for k, v in pairs(c) do io.write(tostring(k), "=", v, " ") end print()
print(table.concat(c.log, " "))
local d = lru.new(100, 20)
d:set("a", ("x"):rep(8)) d:set("b", ("y"):rep(8)) d:set("c", ("z"):rep(8)) d:set("huge", ("!"):rep(21))
print(#d, d.bytes, d:get "a", d:get "b", d:get "c", d:get "huge")
for _, t in ipairs { { 0 }, { 1, 0 } } do
	print((select(2, pcall(lru.new, table.unpack(t))):gsub("^.-:%d+: ", "")))
end
local hits, misses, seed = 0, 0, 42
local e = lru.new(64)
for _ = 1, 1500 do
	seed = (seed * 1103515245 + 12345) & 0x7fffffff
	local key = (seed >> 16) % 100
	if e:get(key) then hits = hits + 1 else misses = misses + 1 e:set(key, key) end
end
print(hits, misses, ("%.2f%%"):format(100 * hits / (hits + misses)))
