-- SPDX-License-Identifier: GPL-2.0-only
-- A small language by recursive descent: lexer, parser, closures for code.
local function lexer(source)
	local at, line = 1, 1
	local patterns = {
		{ "space", "^[ \t\r]+" }, { "line", "^\n" }, { "remark", "^#[^\n]*" },
		{ "number", "^%d+%.?%d*[eE][+-]?%d+" }, { "number", "^%d+%.?%d*" },
		{ "name", "^[%a_][%w_]*" }, { "text", '^"([^"\n]*)"' },
		{ "sign", "^[<>=!]=" }, { "sign", "^[-+*/%%^(){},;<>=!]" },
	}
	return function()
		while at <= #source do
			local found
			for _, p in ipairs(patterns) do
				local from, to, inner = source:find(p[2], at)
				if from then
					found, at = p[1], to + 1
					if found == "line" then line = line + 1 end
					if found ~= "space" and found ~= "line" and found ~= "remark" then
						return { kind = found, text = inner or source:sub(from, to), line = line }
					end
					break
				end
			end
			if not found then error(("line %d: unexpected '%s'"):format(line, source:sub(at, at)), 0) end
		end
		return { kind = "end", text = "<end>", line = line }
	end
end

local binary = {
	["or"] = { 1, function(a, b) return a ~= 0 and a or b end },
	["and"] = { 2, function(a, b) return a ~= 0 and b or a end },
	["=="] = { 3, function(a, b) return a == b and 1 or 0 end },
	["!="] = { 3, function(a, b) return a ~= b and 1 or 0 end },
	["<"] = { 4, function(a, b) return a < b and 1 or 0 end },
	[">"] = { 4, function(a, b) return a > b and 1 or 0 end },
	["<="] = { 4, function(a, b) return a <= b and 1 or 0 end },
	["+"] = { 5, function(a, b) return a + b end }, ["-"] = { 5, function(a, b) return a - b end },
	["*"] = { 6, function(a, b) return a * b end }, ["/"] = { 6, function(a, b) return a / b end },
	["%"] = { 6, function(a, b) return a % b end },
	["^"] = { 8, function(a, b) return a ^ b end, true },
}

local Parser = {}
Parser.__index = Parser

local function parse(source)
	local p = setmetatable({ next_token = lexer(source) }, Parser)
	p:advance()
	local block = p:block("end")
	return block
end

function Parser:advance() local t = self.token self.token = self.next_token() return t end
function Parser:fail(what) error(("line %d: %s expected near '%s'"):format(self.token.line, what, self.token.text), 0) end
function Parser:accept(text) if self.token.kind ~= "text" and self.token.text == text then return self:advance() end end
function Parser:expect(text) return self:accept(text) or self:fail("'" .. text .. "'") end

function Parser:block(stop)
	local body = {}
	while self.token.kind ~= "end" and not (stop == "}" and self.token.text == "}") do
		body[#body + 1] = self:statement()
	end
	if stop == "}" then self:expect("}") end
	return function(env)
		for _, s in ipairs(body) do
			local v = s(env)
			if v ~= nil then return v end
		end
	end
end

function Parser:statement()
	if self:accept("while") then
		local test = self:expression(0)
		self:expect("{")
		local body = self:block("}")
		return function(env) while test(env) ~= 0 do local v = body(env) if v ~= nil then return v end end end
	elseif self:accept("if") then
		local test = self:expression(0)
		self:expect("{")
		local yes, no = self:block("}"), nil
		if self:accept("else") then self:expect("{") no = self:block("}") end
		return function(env)
			if test(env) ~= 0 then return yes(env) elseif no then return no(env) end
		end
	elseif self:accept("return") then
		local value = self:expression(0)
		self:accept(";")
		return value
	elseif self:accept("def") then
		local name, params = self:advance().text, {}
		self:expect("(")
		while not self:accept(")") do
			params[#params + 1] = self:advance().text
			self:accept(",")
		end
		self:expect("{")
		local body = self:block("}")
		return function(env)
			env[name] = function(...)
				local frame = setmetatable({}, { __index = env })
				for i, p in ipairs(params) do frame[p] = select(i, ...) end
				return body(frame) or 0
			end
		end
	end
	local e, name = self:expression(0)
	if name and self:accept("=") then
		local value = self:expression(0)
		self:accept(";")
		return function(env)
			local at = env
			while rawget(at, name) == nil and getmetatable(at) do at = getmetatable(at).__index end
			if rawget(at, name) == nil then at = env end
			at[name] = value(env)
		end
	end
	self:accept(";")
	return function(env) e(env) end
end

function Parser:primary()
	local t = self:advance()
	if t.kind == "number" then local n = tonumber(t.text) return function() return n end end
	if t.kind == "text" then return function() return t.text end end
	if t.kind == "name" then
		return function(env)
			local v = env[t.text]
			if v == nil then error(("line %d: no '%s'"):format(t.line, t.text), 0) end
			return v
		end, t.text
	end
	if t.text == "(" then
		local e = self:expression(0)
		self:expect(")")
		return e
	end
	if t.text == "-" then local e = self:expression(7) return function(env) return -e(env) end end
	self.token = t
	self:fail("expression")
end

function Parser:expression(least)
	local left, name = self:primary()
	while self:accept("(") do
		local f, args = left, {}
		while not self:accept(")") do
			args[#args + 1] = self:expression(0)
			self:accept(",")
		end
		left, name = function(env)
			local values = {}
			for i, a in ipairs(args) do values[i] = a(env) end
			return f(env)(table.unpack(values))
		end, nil
	end
	while self.token.kind ~= "text" do
		local op = binary[self.token.text]
		if not op or op[1] <= least then break end
		self:advance()
		local a, b, f = left, self:expression(op[3] and op[1] - 1 or op[1]), op[2]
		left, name = function(env) return f(a(env), b(env)) end, nil
	end
	return left, name
end

local function run(source)
	local out = {}
	local env = { print = function(...) out[#out + 1] = table.concat({ ... }, " ") return 0 end, pi = math.pi, sqrt = math.sqrt }
	local ok, message = pcall(function() return parse(source)(env) end)
	print(ok, message, table.concat(out, "; "))
end

run "print(1 + 2 * 3, 2 ^ 3 ^ 2, -2 ^ 2, 7 % 3, 10 / 4, (1 + 2) * 3)"
run [[
def fact(n) { if n < 2 { return 1 } return n * fact(n - 1) }
i = 1
while i <= 25 { if i % 5 == 0 { print(i, fact(i)) } i = i + 1 }]]
run "def newton(x) { g = x / 2; i = 0; while i < 20 { g = (g + x / g) / 2; i = i + 1 } return g } print(newton(2), sqrt(2)) print(pi * 1e3)"
run 'print("a" == "a", "x" != "y", 1 < 2 and 3 > 4 or 5)'
run "x = (1 + "
run "print(y)"
run "a = 1 $ 2"
run "print(1 / 0, -1 / 0, 0.1 + 0.2, 1e100, 5 // 2)"
run "def loop(n) { while 1 { if n > 3 { return n * 1.5 } n = n + 1 } } print(loop(0))"
