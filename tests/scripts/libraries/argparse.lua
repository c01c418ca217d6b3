-- SPDX-License-Identifier: GPL-2.0-only
-- A command line parser by chained methods, with usage, help and suggestions.
local Parser = {} Parser.__index = Parser
local Option = { __call = function(self, t) for k, v in pairs(t) do self[k] = v end return self end }
function Option:__index(k)
	if k:sub(1, 1) == "_" then return nil end
	return function(s, v)
		s["_" .. k] = v
		return s
	end
end
local function option(names, kind) return setmetatable({ names = names, kind = kind }, Option) end
local function levenshtein(a, b)
	local prev = {}
	for j = 0, #b do prev[j] = j end
	for i = 1, #a do
		local cur = { [0] = i }
		for j = 1, #b do cur[j] = math.min(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (a:byte(i) == b:byte(j) and 0 or 1)) end
		prev = cur
	end
	return prev[#b]
end
function Parser.new(name, description) return setmetatable({ name = name, description = description, options = {}, arguments = {}, commands = {}, lookup = {} }, Parser) end
function Parser:option(names) local o = option(names, "option") self:add(o) return o end
function Parser:flag(names) local o = option(names, "flag") self:add(o) return o end
function Parser:argument(name) local o = option(name, "argument") o.target = name self.arguments[#self.arguments + 1] = o return o end
function Parser:command(name, description) local p = Parser.new(self.name .. " " .. name, description) self.commands[name] = p return p end
function Parser:add(o)
	self.options[#self.options + 1] = o
	for n in o.names:gmatch "%S+" do self.lookup[n] = o o.target = n:gsub("^%-+", ""):gsub("-", "_") end
end
function Parser:error(msg) error({ usage = self:usage(), msg = msg }, 0) end
function Parser:usage()
	local t = { "Usage: " .. self.name }
	for _, o in ipairs(self.options) do t[#t + 1] = ("[%s%s]"):format(o.names:match "%S+", o.kind == "option" and " <" .. o.target .. ">" or "") end
	for _, a in ipairs(self.arguments) do t[#t + 1] = a._args == "*" and "[<" .. a.names .. ">] ..." or "<" .. a.names .. ">" end
	if next(self.commands) then t[#t + 1] = "<command> ..." end
	local lines, line = {}, ""
	for _, part in ipairs(t) do
		if #line + #part + 1 > 60 then lines[#lines + 1], line = line, "      " end
		line = line == "" and part or line .. " " .. part
	end
	lines[#lines + 1] = line
	return table.concat(lines, "\n")
end
function Parser:help()
	local t = { self:usage(), "", self.description, "", "Options:" }
	for _, o in ipairs(self.options) do t[#t + 1] = ("   %-22s %s%s"):format(o.names:gsub(" ", ", "), o._description or "", o._default ~= nil and (" (default: %s)"):format(o._default) or "") end
	return (table.concat(t, "\n"):gsub("%s+\n", "\n"))
end
function Parser:set(result, o, value)
	if o._convert then
		local ok, err = o._convert(value)
		if ok == nil then self:error(("option '%s': %s"):format(o.target, err or "malformed argument '" .. tostring(value) .. "'")) end
		value = ok
	end
	if o._choices then
		local found for _, c in ipairs(o._choices) do found = found or c == value end
		if not found then self:error(("argument for '%s' must be one of '%s'"):format(o.target, table.concat(o._choices, "', '"))) end
	end
	if o._count == "*" then
		if o.kind == "flag" then result[o.target] = (result[o.target] or 0) + 1
		else result[o.target] = result[o.target] or {} table.insert(result[o.target], value) end
	else result[o.target] = value end
end
function Parser:parse(args)
	local result, i, positional = {}, 1, {}
	while i <= #args do
		local a = args[i]
		if a == "--" then for j = i + 1, #args do positional[#positional + 1] = args[j] end break end
		local name, value = a:match "^(%-%-[^=]+)=?(.*)$"
		if name then value = a:find("=", 1, true) and value or nil
		elseif a:find "^%-[^%-%d]" then
			name = a:sub(1, 2)
			local rest = a:sub(3)
			local o = self.lookup[name]
			if rest ~= "" and o and o.kind == "flag" then args[i] = "-" .. rest i = i - 1
			elseif rest ~= "" then value = rest end
		end
		if name then
			local o = self.lookup[name]
			if not o then
				local best, d
				for n in pairs(self.lookup) do local l = levenshtein(n, name) if l <= 2 and (not d or l < d or l == d and n < best) then best, d = n, l end end
				self:error(("unknown option '%s'%s"):format(name, best and ("\nDid you mean '%s'?"):format(best) or ""))
			end
			if o.kind == "option" and value == nil then i = i + 1 value = args[i] if value == nil then self:error(("option '%s' requires an argument"):format(name)) end end
			if o.kind == "flag" then if value then self:error(("option '%s' does not take arguments"):format(name)) end value = true end
			self:set(result, o, value)
		elseif self.commands[a] and #positional >= #self.arguments then
			result.command = a
			for k, v in pairs(self.commands[a]:parse { table.unpack(args, i + 1) }) do result[k] = v end
			i = #args
		else positional[#positional + 1] = a end
		i = i + 1
	end
	local p = 1
	for _, arg in ipairs(self.arguments) do
		if arg._args == "*" then result[arg.target] = { table.unpack(positional, p) } p = #positional + 1
		elseif positional[p] == nil then self:error(("missing argument '%s'"):format(arg.names))
		else self:set(result, arg, positional[p]) p = p + 1 end
	end
	if positional[p] then self:error("too many arguments") end
	for _, o in ipairs(self.options) do if result[o.target] == nil then result[o.target] = o._default end end
	return result
end
local parser = Parser.new("tool", "A tool that does things.")
parser:argument "input":description "Input file."
parser:option "-o --output":description "Output file.":default "a.out"
parser:option "-l --level":convert(tonumber):description "The level.":default(1.5)
parser:option "-I --include":count "*":description "Where to look."
parser:flag "-v --verbose":count "*"
parser:flag "-q --quiet":description "Say nothing."
parser:option "--colour-mode":choices { "always", "never" }
local install = parser:command("install", "Installs.")
install:argument "rocks":args "*"
install:flag "--force"
local function show(t)
	local keys, out = {}, {}
	for k in pairs(t) do keys[#keys + 1] = k end
	table.sort(keys)
	for _, k in ipairs(keys) do out[#out + 1] = k .. "=" .. (type(t[k]) == "table" and "{" .. table.concat(t[k], ",") .. "}" or tostring(t[k])) end
	return table.concat(out, " ")
end
for _, line in ipairs { "in.txt", "in.txt -l 3 -vvq -I a -Ib --include=c", "in -o", "", "in --levle 3", "in --level=x", "in --level=0x1p4 --colour-mode=never", "in --colour-mode sometimes", "in --quiet=1", "in install --force a b c", "-- -v", "a b", "in -l -3.25" } do
	local args = {}
	for a in line:gmatch "%S+" do args[#args + 1] = a end
	local ok, r = pcall(parser.parse, parser, args)
	print(ok and show(r) or type(r) == "table" and r.usage .. "\n\nError: " .. r.msg or r)
end
print(parser:help())
