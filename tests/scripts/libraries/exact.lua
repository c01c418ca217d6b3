-- SPDX-License-Identifier: GPL-2.0-only
-- Tables as Lua that gives them back: numbers exact, cycles, globals by name.
local snum = { [tostring(1/0)] = "math.huge", [tostring(-1/0)] = "-math.huge", [tostring(0/0)] = "0/0" }
local keyword, globals, G = {}, {}, _G
for _, k in ipairs { "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while" } do keyword[k] = true end
for _, g in ipairs { "coroutine", "math", "string", "table", "os" } do
	for k, v in pairs(type(G[g]) == "table" and G[g] or {}) do globals[v] = g .. "." .. k end
end
local function s(t, opts)
	local name, indent, fatal = opts.name, opts.indent, opts.fatal
	local sparse, numformat = opts.sparse, opts.numformat or "%.17g"
	local seen, sref, syms, symn = {}, { "local " .. (name or "_") .. "={}" }, {}, 0
	local function safestr(v)
		return type(v) == "number" and (snum[tostring(v)] or math.type(v) == "integer" and ("%d"):format(v) or numformat:format(v):gsub(",", "."))
			or type(v) ~= "string" and tostring(v) or ("%q"):format(v):gsub("\010", "n"):gsub("\026", "\\026")
	end
	local function safename(path, k)
		local n = k == nil and "" or k
		local plain = type(n) == "string" and n:match("^[%l%u_][%w_]*$") and not keyword[n]
		local safe = plain and n or "[" .. safestr(n) .. "]"
		return (path or "") .. (plain and path and "." or "") .. safe, safe
	end
	local function padnum(d) return ("%0" .. "12" .. "d"):format(tonumber(d)) end
	local function sortkeys(k, o)
		local to = { number = "a", string = "b" }
		table.sort(k, function(a, b)
			return (k[a] ~= nil and 0 or to[type(a)] or "z") .. (tostring(a):gsub("%d+", padnum))
				< (k[b] ~= nil and 0 or to[type(b)] or "z") .. (tostring(b):gsub("%d+", padnum))
		end)
	end
	local function val2str(t, k, level, path, plain)
		local ttype = type(t)
		local spath, sname = safename(path, k)
		local tag = plain and (type(k) == "number" and "" or k .. "=") or k ~= nil and sname .. "=" or ""
		if seen[t] then sref[#sref + 1] = spath .. "=" .. seen[t] return tag .. "nil" end
		if ttype == "table" then
			seen[t] = spath
			local o, out, maxn = {}, {}, #t
			for i = 1, maxn do o[i] = i end
			for key in pairs(t) do if not (math.type(key) == "integer" and key >= 1 and key <= maxn) then o[#o + 1] = key end end
			if #o > maxn then sortkeys(o, t) end
			for _, key in ipairs(o) do
				local v = t[key]
				local inarray = math.type(key) == "integer" and key >= 1 and key <= maxn
				if type(key) == "table" or type(key) == "function" and not globals[key] then
					symn = symn + 1
					sref[#sref + 1] = "local k" .. symn .. "=" .. val2str(key, nil, 0, "k" .. symn)
					sref[#sref + 1] = safename(spath) .. "[k" .. symn .. "]=" .. val2str(v, nil, 0, spath .. "[k" .. symn .. "]")
				else
					out[#out + 1] = val2str(v, inarray and nil or key, level + 1, inarray and spath .. "[" .. key .. "]" or spath, false)
				end
			end
			local prefix = indent and "\n" .. indent:rep(level + 1) or ""
			local close = indent and "\n" .. indent:rep(level) or ""
			return tag .. "{" .. prefix .. table.concat(out, "," .. (indent and prefix or " ")) .. close .. "}"
		elseif ttype == "function" then
			return tag .. (globals[t] or "((function() end))")
		end
		return tag .. safestr(t)
	end
	local body = val2str(t, name, 0)
	local tail = #sref > 1 and table.concat(sref, ";", 2) .. ";" or ""
	return not name and body or "do local " .. body .. ";" .. tail .. "return " .. name .. " end"
end
local function roundtrip(x, indent)
	local text = s(x, { name = "x", indent = indent })
	print(text)
	local y = assert(load(text))()
	print(text == s(y, { name = "x", indent = indent }))
	return y
end
local t = { 1, 2, 3, list = { "a", "b", { deep = { 1.5, -0.0, 1e300, 0.1, 1/3, 2^53, 2^63 } } }, ["key with space"] = true, ["end"] = false, [1.5] = "f", [-3] = "neg", [100] = "sparse" }
roundtrip(t)
roundtrip(t, "  ")
t.self, t.list.up = t, t
t[{ "k" }] = "table key"
local u = roundtrip { a = t.list[3], f = math.floor, g = string.format, inf = math.huge, ninf = -math.huge, s = "nl\n, zero\0 \26 \"q\" \\ \200" }
print(u.f == math.floor, u.inf, u.s:byte(1, -1))
print(s({ 1, { 2 } }, {}), s("x", {}), s(1/3, {}), s(0/0, {}), s(math.mininteger, {}), s({ [math.mininteger] = math.maxinteger }, {}))
local cyc = { name = "c" } cyc.me = cyc
local back = roundtrip(cyc) print(back.me == back)
