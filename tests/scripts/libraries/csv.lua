-- SPDX-License-Identifier: GPL-2.0-only
-- CSV with quotes, typed columns, aggregates and a report.
local function parse(text, sep)
	sep = sep or ","
	local rows, row, pos = {}, {}, 1
	local function field()
		if text:sub(pos, pos) == '"' then
			local start, i = pos + 1, pos
			local buf = ""
			repeat
				local s, e = text:find('"("?)', i + 1)
				if not s then error("unmatched quote at " .. pos, 0) end
				local doubled = e > s
				i = e
				if not doubled then buf = text:sub(start, s - 1):gsub('""', '"') end
			until not doubled
			pos = i + 1
			return buf
		end
		local s, e = text:find("^[^\r\n" .. sep:gsub("%p", "%%%0") .. "]*", pos)
		pos = e + 1
		return text:sub(s, e)
	end
	while pos <= #text do
		row[#row + 1] = field()
		local c = text:sub(pos, pos)
		if c == sep then
			pos = pos + 1
			if pos > #text then row[#row + 1] = "" end
		else
			pos = pos + #text:match("^\r?\n?", pos)
			rows[#rows + 1], row = row, {}
		end
	end
	if #row > 0 then rows[#rows + 1] = row end
	return rows
end
local text = 'id,name,price,date,note\r\n1,"Smith, ""Joe""",12.50,2024-01-31,\r\n2,Ünal,1e3,2024-02-01,"two\nlines"\r\n3,,0x10,,x\n4,neg,-7,2023-12-31,"end"'
local rows = parse(text)
for i, r in ipairs(rows) do io.write(i, ": ") for _, f in ipairs(r) do io.write(("[%s]"):format(f:gsub("\n", "\\n"))) end print() end
local header = table.remove(rows, 1)
local function objects(rows)
	return coroutine.wrap(function()
		for _, r in ipairs(rows) do
			local o = {}
			for i, k in ipairs(header) do local v = r[i] o[k] = tonumber(v) or v ~= "" and v or nil end
			coroutine.yield(o)
		end
	end)
end
local sum, n, max = 0, 0, -math.huge
for o in objects(rows) do sum, n, max = sum + o.price, n + 1, math.max(max, o.price) print(o.id, math.type(o.id), o.name, o.price, math.type(o.price), o.note and #o.note) end
print(sum, n, sum / n, max, ("%.2f"):format(sum / n))
print(pcall(parse, 'a,"b'))
print(#parse "a,,b,\n\n,"[1], #parse "a;b;c"[1], #parse("a;b|c", ";")[1], #parse("a|b|c", "|")[1], #parse("a.b.c", ".")[1])
local function quote(v) v = tostring(v) return v:find '[,"\r\n]' and '"' .. v:gsub('"', '""') .. '"' or v end
local out = {}
for o in objects(rows) do local t = {} for i, k in ipairs(header) do t[i] = quote(o[k] == nil and "" or o[k]) end out[#out + 1] = table.concat(t, ",") end
print(table.concat(out, "\n"))
local widths = {}
for o in objects(rows) do for _, k in ipairs(header) do widths[k] = math.max(widths[k] or #k, utf8.len(tostring(o[k] or "")) or 0) end end
for o in objects(rows) do
	local t = {}
	for i, k in ipairs(header) do
		local v = o[k] or ""
		t[i] = type(v) == "number" and ("%" .. widths[k] .. "s"):format(math.type(v) == "float" and ("%.2f"):format(v) or v) or tostring(v):gsub("\n", "/") .. (" "):rep(widths[k] - utf8.len(v))
	end
	print("| " .. table.concat(t, " | ") .. " |")
end
