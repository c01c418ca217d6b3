// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device /dev/klua: scripts that user space runs, and states that it makes
 * with scripts.
 */

/**
 * DOC: why a device
 *
 * A script takes as long as its state allows, and waits while somebody else is in
 * the state, so it must not run where others wait for it. A request of generic netlink
 * runs with cb_lock held for reading, which registering a family takes for writing:
 * while one request runs and a family waits to be registered, no other request of the
 * machine goes on. The later calls of a dump run without cb_lock, but in the task that
 * reads, which could not read anything before the script has ended.
 *
 * Here ioctl(KLUA_IOC_RUN) runs the script in the calling task, under no lock but the
 * state's own. A signal that asks for the caller's end ends the script
 * (klua_asked_to_end()), its memory is charged to the caller's cgroup, and its time to
 * the caller's account and priority. Output and results go through a buffer, which
 * another thread reads from the file meanwhile. When the buffer is full the script waits
 * for the reader if its state may sleep. Otherwise the buffer has to hold all of the
 * output.
 *
 * ioctl(KLUA_IOC_BUILD) makes a state with scripts in the same way; these scripts
 * print into the log only.
 *
 * An open file runs one script. A read from it returns 0 when the script has ended and
 * all was read.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "internal.h"

/* Put before a typed line, so that an expression compiles and its values are shown */
#define EXPRESSION	"return "
#define EXPRESSION_LEN	(sizeof(EXPRESSION) - 1)

/* Bytes of the buffer of a script that can wait for its reader */
#define BUFFER_WAITING	SZ_64K

/* Bytes of a record, at most */
#define RECORD_MAX	SZ_4K

/* Bytes of a message with its traceback, at most */
#define MESSAGE_MAX	SZ_64K

enum stage { STAGE_NEW, STAGE_RUNNING, STAGE_ENDED };

/**
 * struct session - an open file of the device
 * @stage:   enum stage; only goes up
 * @reading: admits one reader at a time
 * @fifo:    records on their way to the reader. The script puts them in, under
 *	     its state's lock; the reader takes them out, under @reading. A kfifo with
 *	     one writer and one reader needs no lock for both
 * @buf:     memory of @fifo, or NULL until the script begins
 * @data:    woken when a record was put in, or the script has ended
 * @room:    woken when the reader has taken something out
 */
struct session {
	atomic_t stage;
	struct mutex reading;	/* one reader at a time */
	struct kfifo fifo;
	void *buf;
	wait_queue_head_t data;
	wait_queue_head_t room;
};

/**
 * struct run - one KLUA_IOC_RUN
 * @sink:    what print() calls
 * @session: the open file, whose readers get the output
 * @state:   the state that the script runs in
 * @arg:     the request, and the answer to it
 * @script:  EXPRESSION and the script's text
 * @args:    the script's arguments, each with its NUL
 * @result:  the text of the script's error
 * @status:  Lua's status if the script could not be compiled
 * @why:     a text that says why the script did not run, or NULL
 * @waits:   the state may sleep, so output can wait for the reader
 * @more:    the script is the beginning of a statement
 */
struct run {
	struct klua_sink sink;
	struct session *session;
	struct klua_state *state;
	struct klua_run arg;
	char *script;
	char *args;
	struct klua_result result;
	int status;
	const char *why;
	bool waits;
	bool more;
};

static bool has_room(struct session *session, size_t len)
{
	return kfifo_avail(&session->fifo) >= len;
}

/*
 * Wait until the buffer has room for @len bytes. False: it has none, and the state may
 * not sleep. The wait is part of the entry and costs steps. So each turn of the loop
 * looks at cancel, signals and the time limit, which end the wait by a Lua error.
 */
static bool wait_for_room(struct run *run, lua_State *L, size_t len)
{
	struct session *session = run->session;

	while (!has_room(session, len)) {
		if (!run->waits)
			return false;
		/* Killable: a signal that ends no script does not end the sleep. */
		wait_event_killable_timeout(session->room,
					    has_room(session, len), HZ / 20);
		klua_limits_shorten(&run->state->limits);
		klua_charge_host(L, KLUA_SLICE);
	}
	return true;
}

/*
 * Put a record of @len bytes into the buffer, with a newline behind them if @line.
 * False: there is no room.
 */
static bool put_record(struct run *run, lua_State *L, u32 type,
		       const char *text, size_t len, bool line)
{
	struct klua_record record = { .type = type, .len = len + line };
	struct session *session = run->session;

	if (!wait_for_room(run, L, sizeof(record) + record.len))
		return false;
	kfifo_in(&session->fifo, (u8 *)&record, sizeof(record));
	kfifo_in(&session->fifo, text, len);
	if (line)
		kfifo_in(&session->fifo, "\n", 1);
	/*
	 * An irq state runs with interrupts off, where PREEMPT_RT cannot take the wait
	 * queue's lock. device_ioctl() wakes the reader when the script has ended.
	 */
	if (run->state->kind != KLUA_KIND_IRQ)
		wake_up_interruptible(&session->data);
	return true;
}

/* Send what the script prints, in records. Bytes that do not fit are counted. */
static void sink_text(struct klua_sink *sink, lua_State *L, const char *text,
		      size_t len, bool line)
{
	struct run *run = container_of(sink, struct run, sink);
	size_t n;
	bool last;

	do {
		n = min_t(size_t, len, RECORD_MAX - 1);
		last = n == len;
		if (!put_record(run, L, KLUA_RECORD_OUTPUT, text, n, last && line))
			run->arg.dropped += n + (last && line);
		text += n;
		len -= n;
	} while (!last);
}

/* Send a piece of the results. Results are sent completely, or the script fails. */
static void sink_results(struct klua_sink *sink, lua_State *L,
			 const char *text, size_t len)
{
	struct run *run = container_of(sink, struct run, sink);
	size_t n;

	if (len > KLUA_RESULTS_MAX - run->arg.results_len)
		klua_raise(L, "the results are larger than %d MiB",
			   KLUA_RESULTS_MAX >> 20);
	for (; len; text += n, len -= n) {
		n = min_t(size_t, len, RECORD_MAX);
		if (!put_record(run, L, KLUA_RECORD_RESULTS, text, n, false))
			klua_raise(L, "the results do not fit into %d bytes",
				   (int)run->arg.room);
		run->arg.results_len += n;
	}
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(text + len - n, end, n);
}

static int load(lua_State *L, struct run *run, size_t skip)
{
	return luaL_loadbufferx(L, run->script + skip,
				EXPRESSION_LEN + run->arg.script_len - skip,
				run->arg.chunkname, "t");
}

/*
 * Compile the script. Leaves its function on the stack, or the text of the error. A
 * typed line is tried as an expression first.
 */
static int load_script(lua_State *L, struct run *run)
{
	const char *text;
	size_t len;
	int status;

	if (run->arg.flags & KLUA_RUN_INTERACTIVE) {
		if (load(L, run, 0) == LUA_OK)
			return LUA_OK;
		lua_pop(L, 1);
	}
	status = load(L, run, EXPRESSION_LEN);
	if (status == LUA_ERRSYNTAX &&
	    run->arg.flags & KLUA_RUN_INTERACTIVE) {
		text = lua_tolstring(L, -1, &len);
		run->more = ends_with(text, len, "<eof>");
	}
	return status;
}

static int push_args(lua_State *L, struct run *run)
{
	const char *p = run->args, *end = p + run->arg.args_len;
	size_t len;
	int n;

	for (n = 0; p < end; n++, p += len + 1) {
		luaL_checkstack(L, 1, "too many arguments");
		len = strlen(p);
		klua_charge_host(L, 1 + len / 16);
		lua_pushlstring(L, p, len);
	}
	return n;
}

/* Run the script. Called by Lua in a protected call. */
static int run_script(lua_State *L)
{
	struct run *run = lua_touserdata(L, 1);
	int status;

	lua_settop(L, 0);
	status = load_script(L, run);
	if (run->more)
		return 0;
	if (status) {
		run->status = status;
		return 1;
	}
	lua_call(L, push_args(L, run), LUA_MULTRET);
	run->arg.results_count = lua_gettop(L);
	klua_results_write(L, &run->sink,
			   run->arg.flags & KLUA_RUN_JSON);
	return 0;
}

/*
 * A text that says why the state may not be entered, or NULL. Called with the state's
 * lock held.
 */
static const char *gate_text(const struct klua_state *s)
{
	u8 gate = READ_ONCE(s->gate);

	if (gate & KLUA_GATE_STOPPED)
		return "a kernel module has stopped the state (see klua start --force)";
	if (gate & KLUA_GATE_HALTED)
		return "the state is stopped (see klua start)";
	return gate ? "the state is being closed" : NULL;
}

/*
 * Lock the state and run the script. Returns an errno if the script did not run; how it
 * ended is in @run->arg.error.
 */
static int run_in(struct run *run)
{
	struct klua_state *s = run->state;
	int err = klua_state_lock_interruptible(s);

	if (err) {
		run->why = "interrupted while the state was busy";
		return err;
	}
	run->why = gate_text(s);
	if (run->why) {
		klua_state_unlock(s);
		return -ESHUTDOWN;
	}
	run->arg.steps = s->limits.steps;
	s->sink = &run->sink;
	err = __klua_state_call_text(s, run_script, run, &run->result,
				     &run->status);
	s->sink = NULL;
	run->arg.steps = s->limits.steps - run->arg.steps;
	klua_state_unlock(s);
	run->arg.error = -err;
	if (run->more)
		run->arg.flags |= KLUA_RUN_MORE;
	return 0;
}

static int check_state(struct run *run)
{
	if (run->state->origin == KLUA_ORIGIN_KERNEL &&
	    !(run->arg.flags & KLUA_RUN_FORCE)) {
		run->why = "a kernel module made this state; this has to be forced";
		return -EPERM;
	}
	return 0;
}

static struct klua_state *find_and_get(const struct klua_run *arg)
{
	struct klua_state *s;

	if (!arg->id)
		return klua_state_find(arg->name);
	s = klua_state_find_id(arg->id);
	if (s && *arg->name && strcmp(s->name, arg->name)) {
		klua_state_put(s);
		s = NULL;
	}
	return s;
}

static int prepare_buffer(struct run *run)
{
	struct session *session = run->session;
	size_t size = run->waits ? BUFFER_WAITING :
				   max_t(size_t, run->arg.room, SZ_4K);

	size = roundup_pow_of_two(size);
	session->buf = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!session->buf)
		return -ENOMEM;
	return kfifo_init(&session->fifo, session->buf, size);
}

/* Run the script in a state that is held. */
static int run_held(struct run *run)
{
	int err = check_state(run);

	if (err)
		return err;
	run->waits = run->state->kind == KLUA_KIND_SLEEPABLE;
	err = prepare_buffer(run);
	if (err)
		return err;
	klua_audit(&(struct klua_audit) {
		.op = "run",
		.id = run->state->id,
		.name = run->state->name,
		.force = run->arg.flags & KLUA_RUN_FORCE,
		.text = run->script + EXPRESSION_LEN,
		.len = run->arg.script_len,
		.args = run->args,
		.args_len = run->arg.args_len,
	});
	return run_in(run);
}

static int run_found(struct run *run)
{
	int err;

	run->state = find_and_get(&run->arg);
	if (!run->state) {
		run->why = "there is no such state";
		return -ENOENT;
	}
	err = run_held(run);
	klua_state_put(run->state);
	return err;
}

static bool terminated(const char *text, size_t size)
{
	return strnlen(text, size) < size;
}

static int check_arg(struct run *run)
{
	const struct klua_run *arg = &run->arg;

	run->why = "wrong arguments";
	if (arg->flags & ~(KLUA_RUN_INTERACTIVE | KLUA_RUN_JSON | KLUA_RUN_FORCE |
			   KLUA_RUN_INTERRUPTED) ||
	    !terminated(arg->name, sizeof(arg->name)) ||
	    !terminated(arg->chunkname, sizeof(arg->chunkname)))
		return -EINVAL;
	if (!arg->id && !*arg->name) {
		run->why = "a state's id or name is needed";
		return -EINVAL;
	}
	if (arg->flags & KLUA_RUN_INTERRUPTED) {
		run->why = "interrupted before it began";
		return -EINTR;
	}
	if (arg->script_len > KLUA_SCRIPT_MAX) {
		run->why = "the script is larger than 1 MiB";
		return -E2BIG;
	}
	if (arg->args_len > KLUA_ARGS_MAX) {
		run->why = "the arguments are larger than 128 KiB";
		return -E2BIG;
	}
	if (arg->room > KLUA_ROOM_MAX) {
		run->why = "more than 32 MiB are not kept";
		return -E2BIG;
	}
	run->why = NULL;
	return 0;
}

static int copy_in(struct run *run)
{
	struct klua_run *arg = &run->arg;

	run->script = kvmalloc(EXPRESSION_LEN + arg->script_len,
			       GFP_KERNEL_ACCOUNT);
	run->args = kvmalloc(arg->args_len + 1, GFP_KERNEL_ACCOUNT);
	run->result.size = MESSAGE_MAX;
	run->result.buf = kvmalloc(run->result.size, GFP_KERNEL_ACCOUNT);
	if (!run->script || !run->args || !run->result.buf)
		return -ENOMEM;
	memcpy(run->script, EXPRESSION, EXPRESSION_LEN);
	if (copy_from_user(run->script + EXPRESSION_LEN,
			   u64_to_user_ptr(arg->script), arg->script_len) ||
	    copy_from_user(run->args, u64_to_user_ptr(arg->args),
			   arg->args_len))
		return -EFAULT;
	/* The last argument need not have a NUL: put one behind it. */
	run->args[arg->args_len] = '\0';
	if (arg->args_len && run->args[arg->args_len - 1])
		arg->args_len++;
	return 0;
}

static int run_checked(struct run *run)
{
	if (security_locked_down(LOCKDOWN_INTEGRITY_MAX)) {
		run->why = "the kernel is locked down";
		return -EPERM;
	}
	return check_arg(run) ?: copy_in(run) ?: run_found(run);
}

/* Answer the request. @err is 0, or why the script did not run. */
static int copy_out(struct run *run, struct klua_run __user *to, int err)
{
	const char *text = run->result.buf;
	size_t len = min(run->result.len, run->result.size);

	if (err) {
		text = run->why ?: "";
		len = strlen(text);
	} else if (!run->arg.error) {
		len = 0;
	}
	len = min_t(size_t, len, run->arg.message_size);
	run->arg.message_len = len;
	if (copy_to_user(u64_to_user_ptr(run->arg.message), text, len) ||
	    copy_to_user(to, &run->arg, sizeof(run->arg)))
		return -EFAULT;
	return err;
}

static int run_for(struct session *session, struct klua_run __user *from)
{
	struct run *run = kzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	int err;

	if (!run)
		return -ENOMEM;
	run->session = session;
	run->sink.text = sink_text;
	run->sink.results = sink_results;
	if (copy_from_user(&run->arg, from, sizeof(run->arg))) {
		err = -EFAULT;
		goto free;
	}
	run->arg.error = 0;
	run->arg.results_count = 0;
	run->arg.results_len = 0;
	run->arg.steps = 0;
	run->arg.dropped = 0;
	err = copy_out(run, from, run_checked(run));
	kvfree(run->script);
	kvfree(run->args);
	kvfree(run->result.buf);
free:
	kfree(run);
	return err;
}

/**
 * struct build - one KLUA_IOC_BUILD
 * @arg:     the request, and the answer to it
 * @config:  the request as klua_state_new() takes it
 * @chunks:  the scripts
 * @names:   the names of @chunks
 * @message: a text that says why it failed
 */
struct build {
	struct klua_build arg;
	struct klua_config config;
	struct klua_chunk chunks[KLUA_BUILD_CHUNKS];
	char names[KLUA_BUILD_CHUNKS][sizeof_field(struct klua_source, name)];
	char message[SZ_4K];
};

static int build_failed(struct build *build, int err, const char *why)
{
	strscpy(build->message, why, sizeof(build->message));
	return err;
}

static int build_source(struct build *build, unsigned int i,
			const struct klua_source *source)
{
	struct klua_chunk *chunk = &build->chunks[i];
	char *text;

	if (source->pad || !terminated(source->name, sizeof(source->name)))
		return build_failed(build, -EINVAL, "wrong arguments");
	if (source->len > KLUA_SCRIPT_MAX)
		return build_failed(build, -E2BIG,
				    "a script is larger than 1 MiB");
	text = kvmalloc(source->len + 1, GFP_KERNEL_ACCOUNT);
	if (!text)
		return -ENOMEM;
	chunk->text = text;
	chunk->len = source->len;
	chunk->name = build->names[i];
	strscpy(build->names[i], source->name, sizeof(build->names[i]));
	if (copy_from_user(text, u64_to_user_ptr(source->text), source->len))
		return -EFAULT;
	return 0;
}

static int build_copy_in(struct build *build)
{
	struct klua_source __user *sources =
		u64_to_user_ptr(build->arg.sources);
	struct klua_source *source;
	unsigned int i;
	int err = 0;

	source = kmalloc(sizeof(*source), GFP_KERNEL_ACCOUNT);
	if (!source)
		return -ENOMEM;
	for (i = 0; !err && i < build->arg.sources_count; i++) {
		if (copy_from_user(source, &sources[i], sizeof(*source)))
			err = -EFAULT;
		else
			err = build_source(build, i, source);
	}
	kfree(source);
	return err;
}

static int build_check(struct build *build)
{
	const struct klua_build *arg = &build->arg;

	if (arg->flags & ~(KLUA_BUILD_REPLACE | KLUA_BUILD_RESERVE |
			   KLUA_BUILD_EXISTING) ||
	    !terminated(arg->name, sizeof(arg->name)) ||
	    arg->sources_count > KLUA_BUILD_CHUNKS)
		return build_failed(build, -EINVAL, "wrong arguments");
	if (security_locked_down(LOCKDOWN_INTEGRITY_MAX))
		return build_failed(build, -EPERM, "the kernel is locked down");
	if (!klua_user_time_valid(arg->time_us))
		return build_failed(build, -EINVAL,
				    "more time than a state of this kind may have");
	return 0;
}

/*
 * Fill in what the request leaves open: from the state that will be replaced, or else
 * the defaults.
 */
static int build_defaults(struct build *build)
{
	struct klua_config *config = &build->config;
	struct klua_state *old = NULL;
	int err = 0;

	if (config->replace)
		old = klua_state_find(config->name);
	if (!old) {
		if (build->arg.kind == KLUA_BUILD_KIND_SAME)
			config->kind = KLUA_KIND_SLEEPABLE;
		config->maxalloc = config->maxalloc ?: KLUA_USER_MEMORY;
		return 0;
	}
	if (old->origin == KLUA_ORIGIN_KERNEL)
		err = build_failed(build, -EPERM,
				   "a kernel module made this state");
	if (build->arg.kind == KLUA_BUILD_KIND_SAME)
		config->kind = old->kind;
	config->maxalloc = config->maxalloc ?: READ_ONCE(old->maxalloc);
	config->steps = config->steps ?: READ_ONCE(old->steps);
	/*
	 * Only if the kinds are the same: klua_state_new() refuses another kind, and
	 * that is the error to report. The time of the old kind may be too long for the
	 * new one, and would be reported first.
	 */
	if (!build->arg.time_us && config->kind == old->kind) {
		config->time_unlimited =
			READ_ONCE(old->time_ns) == KLUA_TIME_UNLIMITED;
		config->time_us = min_t(u64, U32_MAX,
					div_u64(READ_ONCE(old->time_ns),
						NSEC_PER_USEC));
	}
	config->reserve |= old->reserved;
	klua_state_put(old);
	return err;
}

static int build_run(struct build *build)
{
	struct klua_build *arg = &build->arg;
	unsigned int i;
	s64 id;

	build->config = (struct klua_config) {
		.name = arg->name,
		.kind = arg->kind,
		.maxalloc = min_t(u64, arg->memory, SIZE_MAX),
		.reserve = arg->flags & KLUA_BUILD_RESERVE,
		.steps = arg->steps,
		.time_us = arg->time_us == KLUA_TIME_UNLIMITED ? 0 : arg->time_us,
		.time_unlimited = arg->time_us == KLUA_TIME_UNLIMITED,
		.chunks = build->chunks,
		.nchunks = arg->sources_count,
		.replace = arg->flags & KLUA_BUILD_REPLACE,
		.existing = arg->flags & KLUA_BUILD_EXISTING,
		.error = build->message,
		.error_size = sizeof(build->message),
	};
	id = build_defaults(build);
	if (id)
		return id;
	for (i = 0; i < arg->sources_count; i++)
		klua_audit(&(struct klua_audit) {
			.op = "build",
			.name = arg->name,
			.text = build->chunks[i].text,
			.len = build->chunks[i].len,
		});
	id = klua_user_make(&build->config, NULL, 0);
	klua_audit(&(struct klua_audit) {
		.op = build->config.replace ? "replace" : "create",
		.id = max_t(s64, id, 0),
		.name = arg->name,
		.change = true,
		.err = min_t(s64, id, 0),
	});
	if (id < 0)
		return id;
	arg->id = id;
	return 0;
}

static int build_copy_out(struct build *build, struct klua_build __user *to,
			  int err)
{
	size_t len = err ? strlen(build->message) : 0;

	len = min_t(size_t, len, build->arg.message_size);
	build->arg.message_len = len;
	if (copy_to_user(u64_to_user_ptr(build->arg.message), build->message,
			 len) ||
	    copy_to_user(to, &build->arg, sizeof(build->arg)))
		return -EFAULT;
	return err == -EINTR ? -ECANCELED : err;
}

/*
 * Make a state with scripts. Only limits and signals to the caller end a script early.
 */
static int build_for(struct klua_build __user *from)
{
	struct build *build = kvzalloc(sizeof(*build), GFP_KERNEL_ACCOUNT);
	unsigned int i;
	int err = -EFAULT;

	if (!build)
		return -ENOMEM;
	if (!copy_from_user(&build->arg, from, sizeof(build->arg))) {
		err = build_check(build) ?: build_copy_in(build) ?:
		      build_run(build);
		err = build_copy_out(build, from, err);
	}
	for (i = 0; i < KLUA_BUILD_CHUNKS; i++)
		kvfree(build->chunks[i].text);
	kvfree(build);
	return err;
}

/* Do both the task that opened the file and the current task have the right? */
static bool permitted(struct file *file)
{
	return capable(CAP_SYS_ADMIN) &&
	       file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct session *session = file->private_data;
	int err;

	if (!permitted(file))
		return -EPERM;
	if (cmd == KLUA_IOC_BUILD)
		return build_for((void __user *)arg);
	if (cmd != KLUA_IOC_RUN)
		return -ENOTTY;
	if (atomic_cmpxchg(&session->stage, STAGE_NEW, STAGE_RUNNING) !=
	    STAGE_NEW)
		return -EBUSY;
	err = run_for(session, (void __user *)arg);
	atomic_set_release(&session->stage, STAGE_ENDED);
	wake_up_interruptible(&session->data);
	return err;
}

static bool has_data(struct session *session)
{
	return atomic_read_acquire(&session->stage) == STAGE_ENDED ||
	       !kfifo_is_empty(&session->fifo);
}

/*
 * Copy records to user space. Returns the bytes, 0 at the end, or -EAGAIN: another
 * reader was quicker.
 */
static ssize_t take_records(struct session *session, char __user *to, size_t size)
{
	bool ended = atomic_read_acquire(&session->stage) == STAGE_ENDED;
	unsigned int n;
	int err;

	lockdep_assert_held(&session->reading);
	if (kfifo_is_empty(&session->fifo))
		return ended ? 0 : -EAGAIN;
	err = kfifo_to_user(&session->fifo, to, min_t(size_t, size, SZ_1M),
			    &n);
	return err ?: n;
}

static ssize_t device_read(struct file *file, char __user *to, size_t size,
			   loff_t *pos)
{
	struct session *session = file->private_data;
	ssize_t ret;

	do {
		if (file->f_flags & O_NONBLOCK && !has_data(session))
			return -EAGAIN;
		ret = wait_event_interruptible(session->data,
					       has_data(session));
		if (!ret)
			ret = mutex_lock_interruptible(&session->reading);
		if (ret)
			return ret;
		ret = take_records(session, to, size);
		mutex_unlock(&session->reading);
	} while (ret == -EAGAIN);
	wake_up(&session->room);
	return ret;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct session *session = file->private_data;

	poll_wait(file, &session->data, wait);
	return has_data(session) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int device_open(struct inode *inode, struct file *file)
{
	struct session *session;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session)
		return -ENOMEM;
	mutex_init(&session->reading);
	init_waitqueue_head(&session->data);
	init_waitqueue_head(&session->room);
	file->private_data = session;
	return stream_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	struct session *session = file->private_data;

	kvfree(session->buf);
	kfree(session);
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KLUA_DEVICE_NAME,
	.fops = &device_fops,
	.mode = 0600,
};

int klua_device_init(void)
{
	return misc_register(&device);
}

void klua_device_exit(void)
{
	misc_deregister(&device);
}
