-- SPDX-License-Identifier: GPL-2.0-only
-- A limit is reached by the call of a finalizer in C while a Lua function waits (patch 11).
local a,b,c,d=1,'x',{},print
T,U,F,G,C={},{},print,print,coroutine.create(print)
function Q(n,s,p)local t={}for i=1,n do t[i]=s:gsub('@',i)end return table.concat(t,p)end
function W(n,o,m,c)return o:rep(n)..m..(c or''):rep(n)end
T=setmetatable({'b','a','c'},{__gc=true,__index=pcall}) for i=1,100000 do T[i]=coroutine.create(function(a,b,...) if F then  elseif #{0,0x100000000,'0x',string.reverse(tostring({}))} then if 1000>>'0x7f' then  end
for i=0x100000000,255,0x80000000 do pcall(load(W(51,';','F()')),'10',U>=f,...)
assert(setmetatable({},{__index=coroutine.yield,__metatable=coroutine.running()})^ setmetatable({},getmetatable('')),'not enough memory') end else  end
do local t={} for i=1,4 do t[i]='local a'..i..'='..i end F=load(table.concat(t,' ')) end
pcall(load(W(51,';','F()')),#T,1)
do goto l; local d ::l:: ::m:: end return resource() end) coroutine.resume(T[i],#U,...) end T={} collectgarbage()
pcall(function(...) G=print end)
pcall(function(...) T.a=(setmetatable({},T)).n
do local s='\xe2\x82' for i=1,20 do s=s..s end local x,e,a,d,n,e,e,d={1},1
a=1 end
 end,T,U,7,'xyz')
pcall(function(...)  end,T,U,7,'xyz')
--@ 0 256 8201 1
