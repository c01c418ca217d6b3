-- SPDX-License-Identifier: GPL-2.0-only
--
-- What /dev/luadev does: what is written can be read again, in lower case. There is
-- room for so many bytes; whoever writes more waits for who reads. A read takes its
-- time: pace milliseconds, which ioctl(1, ms) sets.

local dev = require "luadev"

-- What luadev.ko calls: each read, write and ioctl is a coroutine, so that it can
-- wait in the middle, and others are served meanwhile.
local calls = {}			-- those that wait, by task

function resume(task, ...)
	local call = calls[task]
	local good, result = coroutine.resume(call, ...)
	if coroutine.status(call) == "suspended" then
		return nil, result
	end
	calls[task] = nil
	if not good then
		error(result, 0)
	end
	return result
end

-- What is there of a task that was killed while it waited goes away here.
function begin(task, name, ...)
	calls[task] = coroutine.create(_G[name])
	return resume(task, ...)
end

-- In a coroutine: wait for dev.wake(), or for so many milliseconds.
local wait = coroutine.yield

local text, pace = "", 0
local ROOM = 4096
local ENOTTY = -25

function read(n)
	if pace > 0 then
		wait(pace)
	end
	while text == "" do
		wait()
	end
	local part = text:sub(1, n)
	text = text:sub(n + 1)
	dev.wake()
	return part
end

function has_room()
	return #text < ROOM
end

-- How many of the bytes were taken
function write(more)
	while not has_room() do
		wait()
	end
	local n = math.min(#more, ROOM - #text)
	text = text .. more:sub(1, n):lower()
	dev.wake()
	return n
end

function ioctl(cmd, arg)
	if cmd ~= 1 then
		return ENOTTY
	end
	pace = arg
	return 0
end
