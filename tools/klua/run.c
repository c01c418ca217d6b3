// SPDX-License-Identifier: GPL-2.0-only
/* Scripts: running them by the device, and showing their results. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tool.h"

#define DEVICE		"/dev/" KLUA_DEVICE_NAME

/* Bytes of a message with its traceback that are shown, at most */
#define MESSAGE_SIZE	65536

/* Bytes of what a script prints that are kept for JSON, as many as results may have */
#define OUTPUT_MAX	(16 << 20)

/* The interrupt key was pressed. */
volatile sig_atomic_t interrupted;

/* The run that is about to begin or in progress, or NULL */
static struct klua_run *volatile running;

/*
 * A script that has not begun must not begin: the signal does not interrupt a later
 * call.
 */
static void on_interrupt(int sig)
{
	interrupted = 1;
	if (running)
		running->flags |= KLUA_RUN_INTERRUPTED;
}

/*
 * Let the interrupt key end the script and not this program, so that its output so far
 * is shown; with @once only the first time. If the program was started with SIGINT
 * ignored, it stays so. Any signal would end the script, so SIGTSTP is blocked until it
 * has ended.
 */
void catch_interrupts(bool once)
{
	struct sigaction old, action = {
		.sa_handler = on_interrupt,
		.sa_flags = once ? (int)SA_RESETHAND : 0,
	};

	sigaction(SIGINT, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &action, NULL);
}

/*
 * Block SIGTSTP until the script has ended: it runs in the kernel, where nothing suspends
 * it, and would wait for the thread that reads its output. Returns the signals that were
 * blocked before.
 */
static sigset_t hold_suspension(void)
{
	sigset_t stop, old;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	pthread_sigmask(SIG_BLOCK, &stop, &old);
	return old;
}

/* The thread that reads records while the main thread runs the script */
struct reader {
	int fd;
	bool keep;		/* keep the records in @outcome, do not show them */
	bool unfinished;	/* there are results, and no end of their line */
	u64 lost;		/* bytes of output that were not kept */
	struct outcome *outcome;
};

static void append(struct bytes *to, const char *data, size_t len)
{
	char *all = allocate((char *)to->data, to->len + len + 1);

	memcpy(all + to->len, data, len);
	to->len += len;
	all[to->len] = '\0';
	to->data = all;
}

/* Without a bound a script that prints for ever would take all of the memory. */
static void keep_output(struct reader *reader, const char *data, size_t len)
{
	struct bytes *output = &reader->outcome->output;
	size_t fits = OUTPUT_MAX - output->len;

	if (fits > len)
		fits = len;
	append(output, data, fits);
	reader->lost += len - fits;
}

static void take_record(struct reader *reader, const struct klua_record *record,
			const char *data)
{
	bool results = record->type == KLUA_RECORD_RESULTS;

	if (!reader->keep) {
		fwrite(data, 1, record->len, stdout);
		reader->unfinished = results && record->len;
	} else if (results) {
		append(&reader->outcome->results, data, record->len);
	} else {
		keep_output(reader, data, record->len);
	}
}

/* Handle all complete records in the buffer. Returns the number of bytes left over. */
static size_t take_records(struct reader *reader, char *buf, size_t len)
{
	struct klua_record record;
	size_t pos = 0;

	while (len - pos >= sizeof(record)) {
		memcpy(&record, buf + pos, sizeof(record));
		if (len - pos - sizeof(record) < record.len)
			break;
		take_record(reader, &record, buf + pos + sizeof(record));
		pos += sizeof(record) + record.len;
	}
	memmove(buf, buf + pos, len - pos);
	return len - pos;
}

/* Body of the reader's thread. Output is shown as it comes. */
static void *read_records(void *arg)
{
	struct reader *reader = arg;
	static char buf[1 << 16];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		n = read(reader->fd, buf + len, sizeof(buf) - len);
		if (n <= 0)
			break;
		len = take_records(reader, buf, len + n);
		check_output();
	}
	if (n < 0)
		warn("cannot read what the script says: %s", strerror(errno));
	return NULL;
}

static pthread_t start_reader(struct reader *reader)
{
	sigset_t all, old;
	pthread_t thread;
	int err;

	/* Signals go to the thread that runs the script. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, NULL, read_records, reader);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		fail(EXIT_REFUSED, "cannot start a thread: %s", strerror(err));
	return thread;
}

static void keep_outcome(const struct klua_run *run, const struct reader *reader)
{
	struct outcome *outcome = reader->outcome;

	outcome->err = run->error;
	outcome->more = run->flags & KLUA_RUN_MORE;
	outcome->dropped = run->dropped + reader->lost;
	outcome->kept_all = !reader->lost;
	outcome->unfinished = reader->unfinished;
	outcome->steps = run->steps;
	outcome->count = run->results_count;
	outcome->message.len = run->message_len;
}

static int open_device(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV)) {
		if (!access("/sys/module/klua", F_OK))
			fail(EXIT_NO_MODULE, "there is no " DEVICE ": is devtmpfs mounted?");
		no_module();
	}
	return fd;
}

static void fill(struct klua_run *run, const struct script *script,
		 const char *message)
{
	memset(run, 0, sizeof(*run));
	run->flags = script->flags;
	run->id = script->state.id;
	if (script->state.name)
		strncpy(run->name, script->state.name, KLUA_NAME_LEN);
	strncpy(run->chunkname, script->chunkname, sizeof(run->chunkname) - 1);
	run->script = (uintptr_t)script->text.data;
	run->script_len = script->text.len;
	run->args = (uintptr_t)script->args.data;
	run->args_len = script->args.len;
	run->message = (uintptr_t)message;
	run->message_size = MESSAGE_SIZE;
	run->room = script->room;
}

/*
 * Run the script. A signal that came before the call ends it as well. Returns 0 or
 * -errno.
 */
static int run_interruptibly(int fd, struct klua_run *run)
{
	int err;

	atomic_signal_fence(memory_order_seq_cst);
	running = run;
	if (interrupted)
		run->flags |= KLUA_RUN_INTERRUPTED;
	err = ioctl(fd, KLUA_IOC_RUN, run) ? -errno : 0;
	running = NULL;
	return err;
}

/*
 * Run a script and show its output and results; with KLUA_RUN_JSON keep these. Returns
 * 0 if it ran, and @outcome says how it ended; or -errno if it did not, with a message
 * in @outcome.
 */
int script_run(const struct script *script, struct outcome *outcome)
{
	struct reader reader = {
		.keep = script->flags & KLUA_RUN_JSON,
		.outcome = outcome,
	};
	char *message = allocate(NULL, MESSAGE_SIZE + 1);
	struct klua_run run;
	pthread_t thread;
	sigset_t old;
	int err;

	memset(outcome, 0, sizeof(*outcome));
	outcome->fresh = script->state.fresh;
	outcome->message.data = message;
	message[0] = '\0';
	reader.fd = open_device();
	if (reader.fd < 0)
		return -errno;
	fill(&run, script, message);
	old = hold_suspension();
	thread = start_reader(&reader);
	err = run_interruptibly(reader.fd, &run);
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(reader.fd);
	keep_outcome(&run, &reader);
	message[outcome->message.len] = '\0';
	return err;
}

/* Make a state with scripts. Returns the exit status. */
int script_build(struct klua_build *build, bool json, const char *doing)
{
	struct outcome outcome = { 0 };
	char *message = allocate(NULL, MESSAGE_SIZE + 1);
	double until = now() + CLOSING_PATIENCE;
	int fd, err, status;

	build->message = (uintptr_t)message;
	build->message_size = MESSAGE_SIZE;
	fd = open_device();
	for (;;) {
		err = fd < 0 || ioctl(fd, KLUA_IOC_BUILD, build) ? -errno : 0;
		if (err != -EAGAIN || now() > until)
			break;
		pause_for(CLOSING_PAUSE);
	}
	if (fd >= 0)
		close(fd);
	outcome.message.data = message;
	outcome.message.len = build->message_len;
	message[build->message_len] = '\0';
	status = err ? complain_script(&outcome, json, err, doing) : EXIT_OK;
	if ((err == -ETIME || err == -ETIMEDOUT) && !json)
		warn("building is limited by sleepable_steps and sleepable_us, not by --steps");
	free(message);
	return status;
}

void outcome_free(struct outcome *outcome)
{
	free((char *)outcome->message.data);
	free((char *)outcome->output.data);
	free((char *)outcome->results.data);
}

/*
 * What a limit's errno means to whoever started the script; @said: what its message
 * is, @option: what sets the limit, or NULL.
 */
static const struct reason {
	int err;
	const char *words;
	const char *said;
	const char *option;
} reasons[] = {
	{ ETIME, "the steps are spent (see --steps)", "step budget exceeded",
	  "--steps" },
	{ ETIMEDOUT, "the time is over (see --time)", "time limit exceeded",
	  "--time" },
	{ ECANCELED, "cancelled", "cancelled", NULL },
	{ EINTR, "interrupted", "interrupted", NULL },
	{ ENOMEM, "out of memory (see --memory)", "not enough memory", "--memory" },
	{ EOVERFLOW, "too little of the C stack is left", "C stack", NULL },
};

static const struct reason *find_reason(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].err == err)
			return &reasons[i];
	return NULL;
}

/* What the message leaves unsaid. */
static void explain(const struct outcome *outcome)
{
	const struct reason *reason = find_reason(outcome->err);

	if (!reason)
		return;
	if (!strstr(outcome->message.data, reason->said))
		warn("%s", reason->words);
	else if (reason->option)
		warn("%s%s allows more",
		     outcome->fresh ? "" : "for this state klua set ",
		     reason->option);
}

static void show_json(const struct outcome *outcome, int status)
{
	struct json_object *object = json_object_new_object();
	const struct reason *reason = find_reason(outcome->err);

	json_add(object, "output", json_bytes(outcome->output));
	json_add(object, "dropped", json_object_new_uint64(outcome->dropped));
	json_add(object, "steps", json_object_new_uint64(outcome->steps));
	if (outcome->err) {
		json_add(object, "error", json_bytes(outcome->message));
		json_add(object, "errno", json_object_new_int(outcome->err));
		json_add(object, "status", json_object_new_int(status));
		if (reason)
			json_add(object, "reason",
				 json_object_new_string(reason->words));
		json_add_where(object);
	} else {
		json_add(object, "results", json_text(outcome->results));
	}
	json_show(object);
}

static void say_dropped(const struct outcome *outcome)
{
	if (!outcome->dropped)
		return;
	warn("%llu bytes of output were dropped (%s)",
	     (unsigned long long)outcome->dropped,
	     outcome->kept_all ? "see --output" : "JSON has 16 MiB of it at most");
}

/* Show how a script ended and return the exit status for that. */
int script_show(const struct outcome *outcome, bool json)
{
	int status = outcome->err ? script_status(-outcome->err, EXIT_SCRIPT) :
				    EXIT_OK;

	if (json) {
		show_json(outcome, status);
		say_dropped(outcome);
		return status;
	}
	if ((!outcome->err && outcome->count) || (outcome->err && outcome->unfinished))
		putchar('\n');
	check_output();
	say_dropped(outcome);
	if (outcome->err) {
		begin_message();
		show_text(stderr, outcome->message);
		fputc('\n', stderr);
		explain(outcome);
	}
	return status;
}
