// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions and objects of modules in a Lua state. Part of core.c. lib.h explains the
 * design, and ../lib.c keeps the list of libraries.
 *
 * The registry of a state has two kinds of keys for this. They are negative integers,
 * since luaL_ref() uses positive ones, and integers are found in the fewest steps:
 *
 * - the number of a library: its struct klua_opened, a userdata with the
 *   library's table as its user value;
 * - the number of a class: its metatable, with that userdata at index 1.
 *
 * The user value of an object is a light userdata with the number of its class, by
 * which the object is recognized. Scripts have no light userdata and cannot set user
 * values.
 */

#define LIB_KEY(id)	(-(lua_Integer)(id))
#define CLASS_MARK(id)	((void *)(unsigned long)(id))

/* Steps for opening a function of a library: a closure, and its place in a table */
#define COST_FUNCTION	16

/* __gc of a struct klua_opened finds its metatable by this address. */
static const char opened_key;

/*
 * The names are copied first: making the message may collect the userdata that holds
 * the descriptor.
 */
static noinline l_noret raise_gone(lua_State *L, const struct klua_libdesc *desc)
{
	char text[KLUA_NAME_MAXSIZE + MODULE_NAME_LEN + 40];

	if (desc)
		snprintf(text, sizeof(text), "library '%s' of module %s is gone",
			 desc->name, desc->module);
	else
		strscpy(text, "the library of this function is gone",
			sizeof(text));
	luaL_error(L, "%s", text);
	abort();
}

static struct klua_opened *closure_opened(const CClosure *cl)
{
	return (struct klua_opened *)getudatamem(uvalue(&cl->upvalue[0]));
}

/* The library of a function. Raises an error if it is dead. */
static struct klua_libdesc *closure_desc(lua_State *L, const CClosure *cl)
{
	struct klua_libdesc *desc = closure_opened(cl)->desc;

	if (unlikely(!desc || READ_ONCE(desc->dead)))
		raise_gone(L, desc);
	return desc;
}

/*
 * Every state can require a library that sleeps, but calling its functions is an error
 * where the state may not sleep.
 */
static int raise_sleeps(lua_State *L, const struct klua_libdesc *desc)
{
	return luaL_error(L, "library '%s' sleeps, and this state may not",
			  desc->name);
}

/*
 * End calls into modules, up to @until. They may have slept, which no step stands for,
 * so the next look at the clock has to come soon.
 */
static void frames_leave(struct klua_limits *lim, struct klua_frame *until)
{
	klua_frames_leave(lim, until);
	klua_limits_shorten(lim);
}

static noinline int call_sleepable(lua_State *L, struct klua_libdesc *desc,
				   lua_CFunction f)
{
	struct klua_limits *lim = klua_limits(L);
	struct klua_frame frame;
	int n;

	if (!klua_frame_enter(lim, &frame, desc))
		raise_gone(L, desc);
	n = klua_call_c(L, f);
	frames_leave(lim, frame.prev);
	return n;
}

/* The C function of all closures of all libraries: calls the library's function. */
static int trampoline(lua_State *L)
{
	const CClosure *cl = clCvalue(L->ci->func);
	struct klua_libdesc *desc = closure_desc(L, cl);
	lua_CFunction f = desc->func[ivalue(&cl->upvalue[1])].fn;

	if (unlikely(klua_limits(L)->preemptible))
		return call_sleepable(L, desc, f);
	if (unlikely(desc->sleeps))
		return raise_sleeps(L, desc);
	return klua_call_c(L, f);
}

/* The library's function that a closure calls, for messages; NULL: it is gone. */
static lua_CFunction klua_lib_function(const CClosure *cl)
{
	struct klua_opened *opened;

	if (cl->f != trampoline)
		return cl->f;
	opened = closure_opened(cl);
	return opened->desc ? opened->desc->func[ivalue(&cl->upvalue[1])].fn :
			      NULL;
}

static noinline int continue_sleepable(lua_State *L, CallInfo *ci, int status,
				       struct klua_libdesc *desc)
{
	struct klua_limits *lim = klua_limits(L);
	struct klua_frame frame;
	int n;

	if (!klua_frame_enter(lim, &frame, desc))
		raise_gone(L, desc);
	n = ci->u.c.k(L, status, ci->u.c.ctx);
	frames_leave(lim, frame.prev);
	return n;
}

/*
 * Call the continuation of a C function. The coroutine has kept the pointer since the
 * function yielded, so the library may have been unregistered in between.
 */
static int klua_call_k(lua_State *L, CallInfo *ci, int status)
{
	struct klua_libdesc *desc;

	if (ttisCclosure(ci->func) && clCvalue(ci->func)->f == trampoline) {
		desc = closure_desc(L, clCvalue(ci->func));
		if (klua_limits(L)->preemptible)
			return continue_sleepable(L, ci, status, desc);
		if (unlikely(desc->sleeps))
			return raise_sleeps(L, desc);
	}
	return ci->u.c.k(L, status, ci->u.c.ctx);
}

static void opened_link(struct klua_limits *lim, struct klua_opened *opened)
{
	opened->next = lim->opened;
	opened->pprev = &lim->opened;
	if (lim->opened)
		lim->opened->pprev = &opened->next;
	lim->opened = opened;
}

static void opened_drop(struct klua_opened *opened)
{
	struct klua_libdesc *desc = opened->desc;

	if (!desc)
		return;
	*opened->pprev = opened->next;
	if (opened->next)
		opened->next->pprev = opened->pprev;
	opened->desc = NULL;
	klua_lib_put(desc);
}

/*
 * The collector calls this when no closure of the library is reachable any more. If
 * another finalizer has kept a closure, a call of that finds no descriptor and raises an
 * error. While the state is closed nothing is dropped here, because later finalizers may
 * still call functions of the library: klua_libs_closed() drops the descriptors.
 */
static int opened_gc(lua_State *L)
{
	if (!klua_limits(L)->closing)
		opened_drop(lua_touserdata(L, 1));
	return 0;
}

/*
 * A module may call __gc by hand, also of a lent object, which has the same metatable.
 * Lua does not own that one, so there is nothing to release.
 */
static int owned_gc(lua_State *L)
{
	struct klua_owned *owned = lua_touserdata(L, 1);

	if (owned && !owned->object.entry)
		klua_owned_release(klua_limits(L), owned);
	return 0;
}

/* Called when the state is being closed, before its finalizers run. */
static void klua_libs_closing(lua_State *L)
{
	klua_limits(L)->closing = true;
}

static bool is_owned(lua_State *L, GCObject *o)
{
	const TValue *tm;

	if (o->tt != LUA_TUSERDATA)
		return false;
	tm = fasttm(L, gco2u(o)->metatable, TM_GC);
	return tm && ttislcf(tm) && fvalue(tm) == owned_gc;
}

/* Is the finalizer a function of a script, or may a script have set it as __gc? */
static bool finalizer_scripted(lua_State *L, GCObject *o)
{
	const TValue *tm;

	if (o->tt != LUA_TUSERDATA)
		return true;
	tm = fasttm(L, gco2u(o)->metatable, TM_GC);
	return tm && !ttislcf(tm) && !ttisCclosure(tm);
}

static void drop_finalizers(lua_State *L, GCObject **p)
{
	global_State *g = G(L);
	GCObject *o;

	while ((o = *p)) {
		if (!finalizer_scripted(L, o)) {
			p = &o->next;
			continue;
		}
		*p = o->next;
		resetbit(o->marked, FINALIZEDBIT);
		o->next = g->allgc;
		g->allgc = o;
	}
}

/*
 * Called before a state is closed in which no script may run any more. Keeps only the
 * finalizers that modules gave to their own objects.
 */
void klua_core_drop_finalizers(lua_State *L)
{
	/* The sweep's position may be in one of the lists that change here. */
	if (issweepphase(G(L)))
		G(L)->sweepgc = NULL;
	drop_finalizers(L, &G(L)->finobj);
	drop_finalizers(L, &G(L)->tobefnz);
}

/*
 * Called when a state is closed and its finalizers have run. The core may have given up
 * before it called all of them. Objects that were left then are still in the lists of
 * their libraries, and their memory is freed next, so release them here.
 */
static void klua_libs_closed(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);
	GCObject *o;

	for (o = G(L)->finobj; o; o = o->next)
		if (is_owned(L, o))
			klua_owned_release(lim, (void *)getudatamem(gco2u(o)));
	while (lim->opened)
		opened_drop(lim->opened);
}

/* Pushes a struct klua_opened that has no library yet. */
static struct klua_opened *push_opened(lua_State *L)
{
	struct klua_opened *opened = lua_newuserdata(L, sizeof(*opened));

	opened->desc = NULL;
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &opened_key) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_createtable(L, 0, 1);
		lua_pushcfunction(L, opened_gc);
		lua_setfield(L, -2, "__gc");
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &opened_key);
	}
	lua_setmetatable(L, -2);
	return opened;
}

/* Pushes function @i of the library whose struct klua_opened is at @idx. */
static void push_closure(lua_State *L, int idx, unsigned int i)
{
	lua_pushvalue(L, idx);
	lua_pushinteger(L, i);
	lua_pushcclosure(L, trampoline, 2);
}

/*
 * Pushes the metatable of a class. Methods are in a table of their own, which
 * scripts cannot reach: reading obj.name gives one method.
 */
static void push_metatable(lua_State *L, int idx,
			   const struct klua_libdesc *desc,
			   const struct klua_libclass *class)
{
	const char *name;
	unsigned int i;

	lua_createtable(L, 1, 4);
	lua_pushvalue(L, idx);
	lua_rawseti(L, -2, 1);
	lua_pushcfunction(L, owned_gc);
	lua_setfield(L, -2, "__gc");
	lua_pushstring(L, class->name);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "__metatable");
	lua_setfield(L, -2, "__name");
	lua_createtable(L, 0, class->count);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "__index");
	for (i = class->first; i < class->first + class->count; i++) {
		name = desc->func[i].name;
		push_closure(L, idx, i);
		lua_setfield(L, name[0] == '_' && name[1] == '_' ? -3 : -2,
			     name);
	}
	lua_pop(L, 1);
}

static void forget(lua_State *L, u64 id)
{
	if (lua_rawgeti(L, LUA_REGISTRYINDEX, LIB_KEY(id)) != LUA_TNIL) {
		lua_pushnil(L);
		lua_rawseti(L, LUA_REGISTRYINDEX, LIB_KEY(id));
	}
	lua_pop(L, 1);
}

/*
 * Let the registry forget libraries that are gone, so that the closures that it kept
 * can be collected.
 */
static void forget_dead(lua_State *L)
{
	struct klua_opened *opened = klua_limits(L)->opened;
	unsigned int i;

	for (; opened; opened = opened->next) {
		klua_charge(L, COST_FUNCTION);
		if (!READ_ONCE(opened->desc->dead))
			continue;
		for (i = 0; i <= opened->desc->classes; i++)
			forget(L, opened->desc->id + i);
	}
}

/*
 * Open a library: replace the struct klua_opened on top of the stack, which refers to
 * it, by its table.
 */
static void open_desc(lua_State *L, const struct klua_libdesc *desc)
{
	int idx = lua_gettop(L);
	unsigned int i;

	luaL_checkstack(L, LUA_MINSTACK, NULL);
	for (i = 0; i < desc->classes; i++) {
		klua_charge(L, COST_FUNCTION * (desc->class[i].count + 4));
		push_metatable(L, idx, desc, &desc->class[i]);
		lua_rawseti(L, LUA_REGISTRYINDEX, LIB_KEY(desc->id + 1 + i));
	}
	klua_charge(L, COST_FUNCTION * (desc->functions + 4));
	lua_createtable(L, 0, desc->functions);
	for (i = 0; i < desc->functions; i++) {
		push_closure(L, idx, i);
		lua_setfield(L, -2, desc->func[i].name);
	}
	lua_pushvalue(L, -1);
	lua_setuservalue(L, idx);
	/* Tracebacks look here for names of functions. */
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, desc->name);
	lua_pop(L, 1);
	lua_pushvalue(L, idx);
	lua_rawseti(L, LUA_REGISTRYINDEX, LIB_KEY(desc->id));
	lua_remove(L, idx);
}

/* Pushes the table of the library of this number. False: the library has just gone. */
static bool push_by_id(lua_State *L, u64 id)
{
	struct klua_opened *opened;

	if (lua_rawgeti(L, LUA_REGISTRYINDEX, LIB_KEY(id)) == LUA_TUSERDATA) {
		lua_getuservalue(L, -1);
		lua_remove(L, -2);
		return true;
	}
	lua_pop(L, 1);
	forget_dead(L);
	/* The userdata first: an error after klua_lib_get() would leak the library. */
	opened = push_opened(L);
	opened->desc = klua_lib_get(id);
	if (!opened->desc) {
		lua_pop(L, 1);
		return false;
	}
	opened_link(klua_limits(L), opened);
	open_desc(L, opened->desc);
	return true;
}

/* A library of this name that was open here and has gone. */
static const struct klua_libdesc *find_dead(lua_State *L, const char *name)
{
	struct klua_opened *opened = klua_limits(L)->opened;

	for (; opened; opened = opened->next) {
		klua_charge(L, COST_FUNCTION);
		if (READ_ONCE(opened->desc->dead) &&
		    !strcmp(opened->desc->name, name))
			return opened->desc;
	}
	return NULL;
}

/*
 * Pushes the library of this name, which no module registered: one of Lua's
 * own, or what a consumer has put among the loaded ones.
 */
static bool push_loaded(lua_State *L, const char *name)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_getfield(L, -1, name);
	lua_remove(L, -2);
	if (lua_type(L, -1) != LUA_TNIL)
		return true;
	lua_pop(L, 1);
	return false;
}

/* Pushes the library of this name. False: there is none, and nothing was pushed. */
static bool push_lib(lua_State *L, const char *name)
{
	const struct klua_libdesc *dead;
	u64 id;

	/* The walk is bounded by the number of registered libraries. */
	klua_charge(L, COST_FUNCTION);
	id = klua_lib_find(name);
	if (id && push_by_id(L, id))
		return true;
	dead = find_dead(L, name);
	if (dead)
		raise_gone(L, dead);
	return push_loaded(L, name);
}

/* Bytes of a name, at most */
#define NAME_MAX_LEN	63

/* Where the firmware loader looks for sources of libraries */
#define SOURCE_DIR	"klua/"
#define SOURCE_PATH_MAX	(sizeof(SOURCE_DIR) + NAME_MAX_LEN + sizeof("/init.lua"))

/*
 * The file of a name: a.b is klua/a/b.lua or, as in Lua, klua/a/b/init.lua. False: the
 * name is not words with single dots in between, and could lead outside that directory.
 */
static bool source_path(const char *name, const char *suffix,
			char path[SOURCE_PATH_MAX])
{
	char *p = path + strlen(SOURCE_DIR);
	bool word = false;

	strcpy(path, SOURCE_DIR);
	for (; *name; name++) {
		if (*name == '.' && !word)
			return false;
		word = *name != '.';
		if (word && !lislalnum(*name) && *name != '-')
			return false;
		*p++ = word ? *name : '/';
	}
	strcpy(p, suffix);
	return word;
}

/*
 * Compiles a file while the state is built; pushes its function and its path. Returns
 * 0, or with nothing pushed -EINVAL if no file can have this name, or the result of
 * klua_source_load().
 */
static int push_source_file(lua_State *L, const char *name, const char *suffix)
{
	char path[SOURCE_PATH_MAX];
	char chunkname[SOURCE_PATH_MAX + 1];
	int status;

	if (!source_path(name, suffix, path))
		return -EINVAL;
	snprintf(chunkname, sizeof(chunkname), "@%s", path);
	status = klua_source_load(L, path, chunkname);
	if (status > LUA_OK)
		lua_error(L);
	if (status == -EBUSY)
		luaL_error(L, "a finalizer requires '%s' while a library is compiled",
			   name);
	if (status == LUA_OK)
		lua_pushstring(L, path);
	return status;
}

static int push_source(lua_State *L, const char *name)
{
	int err = push_source_file(L, name, ".lua");

	return err == -ENOENT ? push_source_file(L, name, "/init.lua") : err;
}

/*
 * Raises the error for a name that is not registered; @err says why there is no source
 * either.
 */
static int not_found(lua_State *L, const char *name, int err)
{
	const char *why = "there is no file of its name below /lib/firmware/klua";

	if (err == -EINVAL)
		why = "its name is not words with single dots in between, as those of files are";
	else if (err == -EPERM)
		why = "files are looked for only while a state is built, as klua create --file does";
	return luaL_error(L, "library '%s' not found: no module has it, and %s",
			  name, why);
}

/*
 * Calls the function of a file with the name and the path. Its result becomes the
 * library, for later calls of require() as well.
 */
static int call_source(lua_State *L, const char *name)
{
	lua_pushvalue(L, 1);
	lua_insert(L, -2);
	lua_call(L, 2, 1);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, 1);
	}
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
	return 1;
}

static int require(lua_State *L)
{
	size_t len;
	const char *name = luaL_checklstring(L, 1, &len);
	int err;

	if (len > NAME_MAX_LEN || memchr(name, '\0', len))
		return luaL_error(L, "no library has a name like this");
	if (push_lib(L, name))
		return 1;
	err = push_source(L, name);
	return err ? not_found(L, name, err) : call_source(L, name);
}

int klua_lib_open(lua_State *L, const char *name)
{
	if (!name)
		return -EINVAL;
	luaL_checkstack(L, LUA_MINSTACK, NULL);
	if (!push_lib(L, name))
		return -ENOENT;
	lua_setglobal(L, name);
	return 0;
}

bool klua_lib_standard(const char *name)
{
	unsigned int i;

	for (i = 0; i < LIBRARIES; i++)
		if (!strcmp(libraries[i].name, name))
			return true;
	return false;
}

static Table *find_metatable(lua_State *L, u64 id)
{
	const TValue *mt = luaH_getint(hvalue(&G(L)->l_registry), LIB_KEY(id));

	return ttistable(mt) ? hvalue(mt) : NULL;
}

/* Opens the library of a class, as require() does in a script. */
static noinline Table *open_metatable(lua_State *L,
				      const struct klua_class *class, u64 id)
{
	Table *mt = NULL;

	luaL_checkstack(L, LUA_MINSTACK, NULL);
	if (id && push_by_id(L, id - 1 - class->index)) {
		mt = find_metatable(L, id);
		lua_pop(L, 1);
	}
	if (!mt)
		luaL_error(L, "class %s is of no registered library",
			   class->name);
	return mt;
}

static Table *class_metatable(lua_State *L, const struct klua_class *class,
			      u64 id)
{
	Table *mt = find_metatable(L, id);

	return likely(mt) ? mt : open_metatable(L, class, id);
}

/*
 * Pushes a userdata for an object of a class. It is new, so white, and needs no
 * barriers.
 */
static Udata *push_object(lua_State *L, Table *mt, u64 id, size_t size)
{
	Udata *u = luaS_newudata(L, size);
	TValue value;

	setpvalue(&value, CLASS_MARK(id));
	setuservalue(L, u, &value);
	u->metatable = mt;
	setuvalue(L, L->top, u);
	api_incr_top(L);
	return u;
}

static noinline void raise_null(lua_State *L, const struct klua_class *class)
{
	luaL_error(L, "an object of class %s is NULL", class->name);
}

/* The caller has to call luaC_checkGC(). */
static __always_inline void lend(lua_State *L, const struct klua_class *class,
				 void *ptr)
{
	u64 id = READ_ONCE(class->id);
	struct klua_object *object;
	Table *mt;
	Udata *u;

	if (unlikely(!ptr))
		raise_null(L, class);
	mt = class_metatable(L, class, id);
	/* No luaC_checkfinalizer(): a lent object has nothing to release. */
	u = push_object(L, mt, id, sizeof(*object));
	object = (struct klua_object *)getudatamem(u);
	object->ptr = ptr;
	/* Outside an entry, the number of the next entry */
	object->entry = klua_limits(L)->entry | 1;
}

void klua_object_lend(lua_State *L, const struct klua_class *class, void *ptr)
{
	lend(L, class, ptr);
	luaC_checkGC(L);
}

struct push {
	const struct klua_class *class;
	void *ptr;
};

static void push_owned(lua_State *L, void *ud)
{
	struct push *push = ud;
	const struct klua_class *class = push->class;
	u64 id = READ_ONCE(class->id);
	Table *mt = class_metatable(L, class, id);
	const struct klua_opened *opened;
	struct klua_libdesc *desc;
	struct klua_owned *owned;
	Udata *u;

	u = push_object(L, mt, id, sizeof(*owned));
	owned = (struct klua_owned *)getudatamem(u);
	owned->object.ptr = NULL;
	owned->object.entry = 0;
	luaC_checkfinalizer(L, obj2gco(u), mt);
	luaC_checkGC(L);
	opened = (void *)getudatamem(uvalue(luaH_getint(mt, 1)));
	desc = opened->desc;
	if (!desc || !klua_owned_link(owned, desc, &desc->class[class->index],
				      push->ptr))
		raise_gone(L, desc);
}

void klua_object_push(lua_State *L, const struct klua_class *class, void *ptr)
{
	struct push push = { .class = class, .ptr = ptr };
	int status;

	if (unlikely(!ptr))
		raise_null(L, class);
	status = luaD_rawrunprotected(L, push_owned, &push);
	if (status == LUA_OK)
		return;
	/*
	 * The object belongs to Lua already, and an error does not return to the
	 * caller.
	 */
	if (class->release)
		class->release(ptr);
	luaD_throw(L, status);
}

static bool is_object(const TValue *o, u64 id)
{
	const Udata *u;

	if (!ttisfulluserdata(o) || !id)
		return false;
	u = uvalue(o);
	return u->ttuv_ == LUA_TLIGHTUSERDATA && u->user_.p == CLASS_MARK(id);
}

static noinline void refuse_object(lua_State *L, int idx,
				   const struct klua_class *class,
				   const char *why)
{
	luaL_argerror(L, idx, lua_pushfstring(L, "%s %s", class->name, why));
}

/*
 * Raise an error: the argument is no object of the class. If its own class has the same
 * name, the name alone would not say why: its library was unregistered, and another
 * one, or the same one again, was registered since.
 */
static noinline l_noret refuse_type(lua_State *L, int idx, const struct klua_class *class)
{
	idx = lua_absindex(L, idx);
	if (lua_type(L, idx) == LUA_TUSERDATA &&
	    luaL_getmetafield(L, idx, "__name") == LUA_TSTRING &&
	    !strcmp(lua_tostring(L, -1), class->name))
		refuse_object(L, idx, class, "is of another library, or of one that is gone");
	typeerror(L, idx, class->name);
	abort();
}

void *klua_object_check(lua_State *L, int idx, const struct klua_class *class)
{
	const TValue *o = index2addr(L, idx);
	const struct klua_object *object;
	void *ptr;

	if (unlikely(!is_object(o, READ_ONCE(class->id))))
		refuse_type(L, idx, class);
	object = (const struct klua_object *)getudatamem(uvalue(o));
	if (unlikely(object->entry && object->entry != klua_limits(L)->entry))
		refuse_object(L, idx, class,
			      "is stale: it was lent for an entry that is over");
	ptr = READ_ONCE(object->ptr);
	if (unlikely(!ptr && !object->entry))
		refuse_object(L, idx, class, "has been released");
	return ptr;
}
