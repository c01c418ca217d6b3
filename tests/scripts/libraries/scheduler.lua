-- SPDX-License-Identifier: GPL-2.0-only
-- Coroutines as tasks: a scheduler with timers, channels, semaphores and promises.
local heap = {}
heap.__index = heap
function heap.new(less) return setmetatable({ n = 0, less = less }, heap) end
function heap:push(v)
	self.n = self.n + 1
	local i = self.n
	while i > 1 and self.less(v, self[i // 2]) do self[i] = self[i // 2] i = i // 2 end
	self[i] = v
end
function heap:pop()
	local top, last = self[1], self[self.n]
	self[self.n] = nil
	self.n = self.n - 1
	if self.n == 0 then return top end
	local i = 1
	while i * 2 <= self.n do
		local c = i * 2
		if c < self.n and self.less(self[c + 1], self[c]) then c = c + 1 end
		if not self.less(self[c], last) then break end
		self[i] = self[c] i = c
	end
	self[i] = last
	return top
end
local now, seq, ready, timers = 0.0, 0, {}, heap.new(function(a, b) return a.at < b.at or a.at == b.at and a.seq < b.seq end)
local names = setmetatable({}, { __mode = "k" })
local function log(...) io.write(("%6.2f %-8s "):format(now, names[coroutine.running()] or "main")) print(...) end
local function spawn(name, f, ...)
	local co = coroutine.create(f)
	names[co] = name
	ready[#ready + 1] = table.pack(co, ...)
	return co
end
local function sleep(t) seq = seq + 1 timers:push { at = now + t, seq = seq, co = coroutine.running() } return coroutine.yield() end
local function park() return coroutine.yield() end
local function wake(co, ...) ready[#ready + 1] = table.pack(co, ...) end
local function run()
	while true do
		while #ready > 0 do
			local t = table.remove(ready, 1)
			local ok, err = coroutine.resume(table.unpack(t, 1, t.n))
			if not ok then 
					err = type(err) == "table" and err.code or err:gsub("^.-:%d+: ", "")
					print(("%6.2f %s died: %s"):format(now, names[t[1]], err))
					print((debug.traceback(t[1]):gsub("\n%s*[^:]*:%d+:", " /"):gsub("[^ ]*:%d+>", "here>")))
				end
		end
		if timers.n == 0 then return end
		local t = timers:pop()
		now = math.max(now, t.at)
		wake(t.co)
	end
end
local Channel = {} Channel.__index = Channel
function Channel.new(size) return setmetatable({ size = size, items = {}, readers = {}, writers = {} }, Channel) end
function Channel:put(v)
	if #self.readers > 0 then return wake(table.remove(self.readers, 1), v) end
	if #self.items < self.size then self.items[#self.items + 1] = v return end
	self.writers[#self.writers + 1] = { coroutine.running(), v }
	park()
end
function Channel:get()
	local v
	if #self.items > 0 then
		v = table.remove(self.items, 1)
		if #self.writers > 0 then local w = table.remove(self.writers, 1) self.items[#self.items + 1] = w[2] wake(w[1]) end
		return v
	end
	if #self.writers > 0 then local w = table.remove(self.writers, 1) wake(w[1]) return w[2] end
	self.readers[#self.readers + 1] = coroutine.running()
	return park()
end
local Promise = {} Promise.__index = Promise
function Promise.new(f)
	local p = setmetatable({ state = "pending", waiting = {} }, Promise)
	local function settle(state) return function(...)
		if p.state ~= "pending" then return end
		p.state, p.value = state, table.pack(...)
		for _, w in ipairs(p.waiting) do w() end
	end end
	local ok, e = pcall(f, settle "done", settle "failed")
	if not ok then settle "failed"(e) end
	return p
end
function Promise:next(yes, no)
	return Promise.new(function(done, fail)
		local function go()
			local f = self.state == "done" and yes or self.state == "failed" and no
			if not f then (self.state == "done" and done or fail)(table.unpack(self.value, 1, self.value.n)) return end
			local r = table.pack(pcall(f, table.unpack(self.value, 1, self.value.n)))
			if not r[1] then fail(r[2]) elseif getmetatable(r[2]) == Promise then r[2]:next(done, fail) else done(table.unpack(r, 2, r.n)) end
		end
		if self.state == "pending" then table.insert(self.waiting, go) else go() end
	end)
end
function Promise:await()
	if self.state == "pending" then local co = coroutine.running() table.insert(self.waiting, function() wake(co) end) park() end
	if self.state == "failed" then error(self.value[1], 0) end
	return table.unpack(self.value, 1, self.value.n)
end
local ch = Channel.new(2)
spawn("producer", function() for i = 1, 5 do ch:put(i * 1.5) log("put", i * 1.5) end ch:put(nil) end)
spawn("consumer", function() for v in function() return ch:get() end do log("got", v) sleep(0.5) end log "end" end)
spawn("ticker", function() for i = 1, 3 do sleep(0.7) log("tick", i) end error { code = 7 } end)
spawn("fails", function() sleep(0.1) local x = nil return x.field end)
local p = Promise.new(function(done) spawn("worker", function() sleep(1) done("result", 2, nil, 4) end) end)
spawn("waiter", function() log(p:await()) log(pcall(function() return p:next(function(a) error(a .. "!", 0) end):await() end)) log(p:next(function(_, b) return Promise.new(function(d) d(b * 2) end) end):await()) end)
spawn("nested", function()
	local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
	for v in gen do log("gen", v) sleep(0.25) end
	log(coroutine.isyieldable(), coroutine.status(coroutine.running()), select("#", table.unpack({}, 1, 3)))
end)
run()
print(now, coroutine.isyieldable())
