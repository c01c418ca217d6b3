-- SPDX-License-Identifier: GPL-2.0-only
--
-- lua5.3 test.lua: dnsfilter.lua against packets, good and bad, outside the
-- kernel. Prints KTAP; exit status 1 when a packet was judged wrongly.

local here = arg[0]:match(".*/") or ""
local printed
function print(...) printed = table.concat({...}, " ") end
dofile(here .. "dnsfilter.lua")

-- a DNS header with these counts, and what follows it
local function message(flags, questions, rest)
	return string.pack(">I2I2I2I2I2I2", 4711, flags, questions, 0, 0, 0) .. rest
end

local function wire(name)
	return name:gsub("[^.]+%.?", function (label)
		return string.pack("s1", (label:gsub("%.", "")))
	end) .. "\0"
end

local A = "\0\1\0\1"
local function query(name)
	return message(0x0100, 1, wire(name) .. A)
end

local x63 = ("x"):rep(63)
local longest = table.concat({x63, x63, x63, ("x"):rep(61)}, ".")
local deepest = ("a."):rep(126) .. "a"

-- what the packet is; the packet; its verdict, or the end of its error
local cases = {
	{"a name that is not listed", query("allowed.test"), "accept"},
	{"a listed name", query("blocked.test"), "drop"},
	{"a listed name in odd case", query("bLOCKed.TEST"), "drop"},
	{"a name below a listed one", query("a.b.c.blocked.test"), "drop"},
	{"a name that ends like a listed one", query("notblocked.test"), "accept"},
	{"a name above a listed one", query("test"), "accept"},
	{"a name that starts like a listed one", query("blocked.test.org"), "accept"},
	{"the root", query(""), "accept"},
	{"the longest name", query(longest), "accept"},
	{"the deepest name", query(deepest), "accept"},
	{"a byte too long a name", query("x" .. longest), "drop"},
	{"the deepest name below a listed one",
		query(("a."):rep(120) .. "blocked.test"), "drop"},
	{"a dot inside a label",
		message(0x0100, 1, "\12blocked.test\0" .. A), "accept"},
	{"a dot inside a label above a listed name",
		message(0x0100, 1, "\3x.y\7blocked\4test\0" .. A), "drop"},
	{"labels cut where no dot is",
		message(0x0100, 1, "\3x.y\9z.blocked\4test\0" .. A), "accept"},
	{"bytes that are no text",
		message(0x0100, 1, "\4\0\27\255%\7blocked\4test\0" .. A), "drop"},
	{"an extension record after the question",
		query("allowed.test") .. "\0\0\41\4\208\0\0\0\0\0\0", "accept"},
	{"an answer", message(0x8180, 1, wire("blocked.test") .. A), "accept"},
	{"no question", message(0x0100, 0, ""), "accept"},
	{"two questions",
		message(0x0100, 2, wire("allowed.test") .. A ..
			wire("blocked.test") .. A), "drop"},
	{"65535 questions", message(0x0100, 65535, wire("allowed.test") .. A), "drop"},
	{"a compression pointer",
		message(0x0100, 1, "\xc0\18" .. A .. wire("blocked.test")), "drop"},
	{"a pointer after a label",
		message(0x0100, 1, "\3www\xc0\22" .. A .. wire("blocked.test")), "drop"},
	{"a pointer to itself", message(0x0100, 1, "\xc0\12" .. A), "drop"},
	{"a pointer cut in half", message(0x0100, 1, "\xc0"), "drop"},
	{"a label of 64 bytes",
		message(0x0100, 1, "\64" .. ("x"):rep(64) .. "\0" .. A), "drop"},
	{"nothing", "", "shorter than a DNS header"},
	{"one byte", "\0", "shorter than a DNS header"},
	{"a header less a byte", query(""):sub(1, 11), "shorter than a DNS header"},
	{"a header alone", message(0x0100, 1, ""), "cut short"},
	{"a label cut short", message(0x0100, 1, "\12blocked"), "cut short"},
	{"a name without its end", message(0x0100, 1, "\7blocked\4test"), "cut short"},
	{"a listed name without type and class",
		message(0x0100, 1, wire("blocked.test")), "no type and class"},
	{"a class cut in half", query("blocked.test"):sub(1, -2), "no type and class"},
	{"other text", "GET / HTTP/1.0\r\n\r\n", "drop"},
	{"512 bytes of 0", ("\0"):rep(512), "accept"},
	{"512 bytes of 255", ("\255"):rep(512), "accept"},
	{"labels without end", message(0x0100, 1, ("\1a"):rep(250)), "drop"},
}

local failed = 0
local function report(n, good, what, got)
	io.write(good and "ok " or "not ok ", n, " - ", what, "\n")
	if not good then
		io.write("# got: ", tostring(got), "\n")
		failed = failed + 1
	end
end

io.write("KTAP version 1\n1..", #cases + 3, "\n")
for n, case in ipairs(cases) do
	local what, packet, expected = table.unpack(case)
	local _, got = pcall(judge, packet)
	local good = got == expected or
		(expected ~= "accept" and expected ~= "drop" and
		 tostring(got):sub(-#expected) == expected)
	report(n, good, what, got)
end

-- changes of the table count from the next packet on
blocked["allowed.test"], blocked["blocked.test"] = true, nil
report(#cases + 1, judge(query("x.allowed.test")) == "drop" and
	judge(query("blocked.test")) == "accept", "a changed table", printed)

printed, verbose = nil, true
judge(query("other.test"))
report(#cases + 2, printed == "accept other.test", "verbose prints", printed)

-- whatever becomes of the bytes, a verdict or one of the three errors
local bad
math.randomseed(53)
for _ = 1, 20000 do
	local packet = query("www.ads.example")
	for _ = 1, math.random(4) do
		local at = math.random(#packet + 1)
		local tail = packet:sub(at + math.random(0, 2))
		packet = packet:sub(1, at - 1) .. string.char(math.random(0, 255)) .. tail
	end
	packet = packet:sub(1, math.random(#packet * 2))
	local _, got = pcall(judge, packet)
	if got ~= "accept" and got ~= "drop" and
	   not (tostring(got) .. "\n"):find("header\n") and
	   not (tostring(got) .. "\n"):find("short\n") and
	   not (tostring(got) .. "\n"):find("class\n") then
		bad = got
	end
end
report(#cases + 3, bad == nil, "20000 damaged packets", bad)

io.write("# ", #cases + 3 - failed, " passed, ", failed, " failed\n")
os.exit(failed == 0)
