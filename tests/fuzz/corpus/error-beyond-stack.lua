-- SPDX-License-Identifier: GPL-2.0-only
-- A limit is reached while a finalizer is pushed beyond a stack that is full (patch 10).
local a,b,c,d=1,'x',{},print
T,U,F,G,C={},{},print,print,coroutine.create(print)
function Q(n,s,p)local t={}for i=1,n do t[i]=s:gsub('@',i)end return table.concat(t,p)end
function W(n,o,m,c)return o:rep(n)..m..(c or''):rep(n)end
pcall(function(...) setmetatable(U,{__tostring=function(...) error('0x' .. (-254) .. '9223372036854775807') end,__newindex=function(x,y,...) return x<y end,__concat=table.unpack,__call=function(...) error((setmetatable({},T)).e) end,__gc=table.move}) end)
pcall(function(...) setmetatable(T,nil) end)
pcall(function(...) F=load(Q(47,'goto l@ ')..Q(190,' local a@ ::l@::')) T[5]=nil F(table.unpack(T,1,10000)) end)
pcall(function(...) setmetatable(T,{__concat=utf8.codes,__div=load}) end)
pcall(function(...) for k,v in next,(getmetatable(b) or T) do T[k]=nil U[k]=v for k,v in next,(getmetatable(b) or T) do T[k]=nil U[k]=v for k,v in next,{'b','a','c'} do T[k]=nil U[k]=v for k,v in next,(getmetatable(b) or T) do T[k]=nil U[k]=v for k,v in next,(getmetatable(b) or T) do T[k]=nil U[k]=v for k,v in next,(getmetatable(a) or T) do T[k]=nil U[k]=v  end end end end end end end,T,U,7,'xyz')
--@ 0 212 49999 1
