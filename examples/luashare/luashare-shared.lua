-- SPDX-License-Identifier: GPL-2.0-only
--
-- What the sessions of luashare.ko and the module luapeer.ko have in common.

local texts = {}		-- what sessions have shared, by key
local coming = {}		-- devices told of since devices() was called

-- What luapeer has told of: { name =, mtu =, addr = bytes, stats = { rx =, tx = } }
netdevices = {}

-- From a session: luashare.share(key, text)
function share(key, text)
	texts[key] = text
end

-- From luapeer: the device of number i, which begins a new list when it is 1.
function device(i, name, mtu, addr, rx, tx)
	if i == 1 then
		coming = {}
	end
	coming[i] = { name = name, mtu = mtu, addr = addr, stats = { rx = rx, tx = tx } }
end

-- From luapeer: that was all of them.
function devices()
	netdevices, coming = coming, {}
end

-- From luapeer: a line for each thing there is.
function list()
	local lines = {}
	for _, dev in ipairs(netdevices) do
		lines[#lines + 1] = ("device %s mtu %d addr %s rx %d tx %d\n"):format(
			dev.name, dev.mtu, dev.addr:gsub(".", function(c)
				return ("%02x"):format(c:byte())
			end), dev.stats.rx, dev.stats.tx)
	end
	for key, text in pairs(texts) do
		lines[#lines + 1] = ("text %s %d bytes\n"):format(key, #text)
	end
	table.sort(lines)
	return table.concat(lines)
end
