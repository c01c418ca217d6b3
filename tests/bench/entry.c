// SPDX-License-Identifier: GPL-2.0-only
/* Finding, holding and entering a state, while there are few states. */

#include <linux/ktime.h>

#include "bench.h"

#define STATES		32
#define MAXALLOC	SZ_1M
#define PACKET		60

/* Enough operations for many cycles of the garbage collector */
#define LONG_BATCH	2000

static const char functions[] = BENCH_FUNCTIONS;

/* Leaves the two functions at the bottom of the state's stack. */
static int push_functions(struct klua_state *s)
{
	int err = klua_state_run(s, functions, sizeof(functions) - 1, "=bench",
				 NULL);

	if (err)
		return err;
	err = klua_state_lock(s);
	if (err)
		return err;
	lua_settop(s->L, 0);
	lua_getglobal(s->L, "empty");
	lua_getglobal(s->L, "verdict");
	klua_state_unlock(s);
	return 0;
}

int bench_target_init(struct bench_target *target, const char *name)
{
	target->name = name;
	target->state = klua_state_lookup(name);
	target->packets = 0;
	return target->state ? push_functions(target->state) : -ENOENT;
}

/* Find each of the states in turn. */
static void find_there(void *names, unsigned int n)
{
	char (*name)[BENCH_NAME_SIZE] = names;
	unsigned int i;

	for (i = 0; i < n; i++)
		klua_state_put(klua_state_find(name[i % STATES]));
}

static void find_absent(void *names, unsigned int n)
{
	while (n--)
		klua_state_put(klua_state_find("b-absent"));
}

/* A name four times as long as the others */
#define LONG_NAME "a-name-that-says-a-little-more-x"

static void find_long(void *names, unsigned int n)
{
	while (n--)
		klua_state_put(klua_state_find(LONG_NAME));
}

static void hold(void *arg, unsigned int n)
{
	struct bench_target *target = arg;

	while (n--)
		if (klua_state_get(target->state))
			klua_state_put(target->state);
}

/* An entry by the lock and lua_pcall() on the Lua state */
void bench_entry(void *arg, unsigned int n)
{
	struct bench_target *target = arg;
	struct klua_state *s = target->state;

	while (n--) {
		if (klua_state_lock(s))
			continue;
		lua_pushvalue(s->L, 1);
		lua_pcall(s->L, 0, 0, 0);
		klua_state_unlock(s);
	}
}

static int do_nothing(lua_State *L)
{
	return 0;
}

static int call_empty(lua_State *L)
{
	lua_getglobal(L, "empty");
	lua_call(L, 0, 0);
	return 0;
}

static void call_c(void *arg, unsigned int n)
{
	struct bench_target *target = arg;

	while (n--)
		klua_state_call(target->state, do_nothing, NULL);
}

static void call_lua(void *arg, unsigned int n)
{
	struct bench_target *target = arg;

	while (n--)
		klua_state_call(target->state, call_empty, NULL);
}

/*
 * Write a number into the packet, so that no two are equal. That takes too little to be
 * timed.
 */
static void number_packet(struct bench_target *target, char *packet)
{
	memcpy(packet, &target->packets, sizeof(target->packets));
	target->packets++;
}

/* All calls that a consumer makes for a packet */
void bench_dispatch(void *arg, unsigned int n)
{
	struct bench_target *target = arg;
	struct klua_state *s;
	char packet[PACKET];
	const struct klua_value bytes = {
		.type = KLUA_TYPE_STRING,
		.string = packet,
		.len = PACKET,
	};
	struct klua_value verdict = { .type = KLUA_TYPE_INTEGER };
	struct klua_call call = {
		.function = "verdict",
		.args = &bytes,
		.nargs = 1,
		.results = &verdict,
		.nresults = 1,
	};

	memset(packet, 'p', PACKET);
	while (n--) {
		number_packet(target, packet);
		s = klua_state_find(target->name);
		klua_state_invoke(s, &call);
		WARN_ON_ONCE(verdict.integer != PACKET);
		klua_state_put(s);
	}
}

/*
 * The cost of a packet in parts: each function does one thing more than the one before
 * it, and bench_dispatch() does all. This one finds and puts the state.
 */
static void packet_find(void *arg, unsigned int n)
{
	struct bench_target *target = arg;

	while (n--)
		klua_state_put(klua_state_find(target->name));
}

/* Also locks the state */
static void packet_lock(void *arg, unsigned int n)
{
	struct bench_target *target = arg;
	struct klua_state *s;

	while (n--) {
		s = klua_state_find(target->name);
		if (!klua_state_lock(s))
			klua_state_unlock(s);
		klua_state_put(s);
	}
}

/* Also enters it, by calling a function without arguments that does nothing */
static void packet_call(void *arg, unsigned int n)
{
	struct bench_target *target = arg;
	struct klua_call call = { .function = "empty" };
	struct klua_state *s;

	while (n--) {
		s = klua_state_find(target->name);
		klua_state_invoke(s, &call);
		klua_state_put(s);
	}
}

/* Also passes the packet's bytes, which become garbage */
static void packet_bytes(void *arg, unsigned int n)
{
	struct bench_target *target = arg;
	char packet[PACKET];
	const struct klua_value bytes = {
		.type = KLUA_TYPE_STRING,
		.string = packet,
		.len = PACKET,
	};
	struct klua_call call = {
		.function = "empty",
		.args = &bytes,
		.nargs = 1,
	};
	struct klua_state *s;

	memset(packet, 'p', PACKET);
	while (n--) {
		number_packet(target, packet);
		s = klua_state_find(target->name);
		klua_state_invoke(s, &call);
		klua_state_put(s);
	}
}

/* The packet as the object's method sees it */
struct packet {
	char bytes[PACKET];
	unsigned int len;
};

static struct klua_class packet_class;

static int packet_length(lua_State *L)
{
	const struct packet *packet = klua_object_check(L, 1, &packet_class);

	lua_pushinteger(L, packet->len);
	return 1;
}

static const luaL_Reg packet_methods[] = { { "length", packet_length }, {} };

static struct klua_class packet_class = {
	.name = "packet", .methods = packet_methods
};

static struct klua_class * const classes[] = { &packet_class, NULL };
static struct klua_lib packet_lib = { .name = "klua_bench", .classes = classes };

/*
 * As bench_dispatch(), with a lent object instead of the bytes. A core without limits
 * has no entries, so it lends nothing.
 */
static void dispatch_object(void *arg, unsigned int n)
{
	struct bench_target *target = arg;
	struct klua_state *s;
	struct packet packet = { .len = PACKET };
	const struct klua_value object = KLUA_ARG_OBJECT(&packet_class, &packet);
	struct klua_value verdict = KLUA_RESULT_INTEGER;
	struct klua_call call = {
		.function = "judge",
		.args = &object,
		.nargs = 1,
		.results = &verdict,
		.nresults = 1,
	};

	while (n--) {
		number_packet(target, packet.bytes);
		s = klua_state_find(target->name);
		klua_state_invoke(s, &call);
		klua_state_put(s);
	}
	target->judged = verdict.integer;
}

static int call_verdict(lua_State *L)
{
	const char *packet = lua_touserdata(L, 1);

	lua_getglobal(L, "verdict");
	lua_pushlstring(L, packet, PACKET);
	lua_call(L, 1, 1);
	WARN_ON_ONCE(lua_tointegerx(L, -1, NULL) != PACKET);
	return 0;
}

/* As bench_dispatch(), with klua_state_call() and the function found by its name */
static void dispatch_call(void *arg, unsigned int n)
{
	struct bench_target *target = arg;
	struct klua_state *s;
	char packet[PACKET];

	memset(packet, 'p', PACKET);
	while (n--) {
		number_packet(target, packet);
		s = klua_state_find(target->name);
		klua_state_call(s, call_verdict, packet);
		klua_state_put(s);
	}
}

static void time_row(struct bench_request *req, const char *row,
		     void (*batch)(void *arg, unsigned int n), void *arg)
{
	bench_say(req, bench_time(batch, arg, BENCH_BATCH), "%s", row);
}

/*
 * Measure an operation on each state and take the mean: where Lua looks up names or
 * collects garbage, a state's hash seed and the layout of its heap make a difference.
 */
static void time_states(struct bench_request *req, const char *row,
			void (*batch)(void *arg, unsigned int n),
			struct bench_target *targets)
{
	u64 sum = 0, ns;
	int i;

	for (i = 0; i < STATES; i++) {
		batch(&targets[i], LONG_BATCH);
		cond_resched();
		ns = ktime_get_ns();
		batch(&targets[i], LONG_BATCH);
		sum += ktime_get_ns() - ns;
	}
	bench_say(req, sum * 100 / STATES / LONG_BATCH, "%s", row);
}

static int measure(struct bench_request *req)
{
	static char names[STATES][BENCH_NAME_SIZE];
	static struct bench_target targets[STATES];
	int err, i;

	for (i = 0; i < STATES; i++) {
		bench_name(names[i], i);
		err = bench_target_init(&targets[i], names[i]);
		if (err)
			return err;
	}
	time_row(req, "find", find_there, names);
	time_row(req, "find-long", find_long, NULL);
	time_row(req, "find-absent", find_absent, NULL);
	time_row(req, "get+put", hold, &targets[0]);
	time_row(req, "entry", bench_entry, &targets[0]);
	time_row(req, "call", call_c, &targets[0]);
	time_states(req, "call-lua", call_lua, targets);
	time_row(req, "packet-find", packet_find, &targets[0]);
	time_row(req, "packet-lock", packet_lock, &targets[0]);
	time_states(req, "packet-call", packet_call, targets);
	time_states(req, "packet-bytes", packet_bytes, targets);
	time_states(req, "dispatch", bench_dispatch, targets);
	dispatch_object(&targets[0], 1);
	if (targets[0].judged == PACKET)
		time_states(req, "dispatch-object", dispatch_object, targets);
	time_states(req, "dispatch-call", dispatch_call, targets);
	return 0;
}

int bench_entries(struct bench_request *req)
{
	int err = klua_lib_register(&packet_lib);

	if (err)
		return err;
	err = bench_make_states(0, STATES, MAXALLOC);
	if (!err) {
		err = klua_state_create(MAXALLOC, LONG_NAME) ? measure(req) :
							       -ENOMEM;
		klua_state_destroy(LONG_NAME);
		bench_destroy_states(0, STATES);
	}
	klua_lib_unregister(&packet_lib);
	return err;
}
