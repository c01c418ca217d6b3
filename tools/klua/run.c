// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripts: sent into the kernel, and what comes back.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* Bytes of a script that one attribute takes: their length has 16 bits. */
#define PIECE	32768

/* The interrupt key was pressed. */
volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	interrupted = 1;
}

/*
 * From now on the interrupt key ends the script instead of this program, so
 * that what was printed until then is seen; @once: only the first time. Any
 * signal would end the script, so the one that stops the program has to wait.
 */
void catch_interrupts(bool once)
{
	struct sigaction action = {
		.sa_handler = on_interrupt,
		.sa_flags = once ? SA_RESETHAND : 0,
	};
	sigset_t stop;

	sigaction(SIGINT, &action, NULL);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(SIG_BLOCK, &stop, NULL);
}

static void put_script(struct nlmsghdr *nlh, const struct bytes *text)
{
	size_t pos = 0, n;

	do {
		n = text->len - pos < PIECE ? text->len - pos : PIECE;
		mnl_attr_put(nlh, KLUA_A_RUN_SCRIPT, n, text->data + pos);
		pos += n;
	} while (pos < text->len);
}

static void keep_text(struct outcome *outcome, const struct nlattr *attr)
{
	outcome->len = mnl_attr_get_payload_len(attr);
	outcome->results = malloc(outcome->len + 1);
	if (!outcome->results) {
		perror("klua");
		exit(EXIT_REFUSED);
	}
	memcpy(outcome->results, mnl_attr_get_payload(attr), outcome->len);
	outcome->results[outcome->len] = '\0';
}

static u64 get_u64(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u64(attr) : 0;
}

/* Output is shown as it comes; the last message says how the script ended. */
static int run_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[KLUA_A_RUN_MAX + 1];
	struct outcome *outcome = data;
	const struct nlattr *text;

	link_parse(nlh, attrs, KLUA_A_RUN_MAX);
	text = attrs[KLUA_A_RUN_OUTPUT];
	if (text)
		fwrite(mnl_attr_get_payload(text), 1,
		       mnl_attr_get_payload_len(text), stdout);
	if (!attrs[KLUA_A_RUN_ERRNO])
		return MNL_CB_OK;
	outcome->complete = true;
	outcome->err = mnl_attr_get_u32(attrs[KLUA_A_RUN_ERRNO]);
	outcome->dropped = get_u64(attrs[KLUA_A_RUN_OUTPUT_DROPPED]);
	outcome->results_dropped = get_u64(attrs[KLUA_A_RUN_RESULTS_DROPPED]);
	if (attrs[KLUA_A_RUN_RESULTS_COUNT])
		outcome->count =
			mnl_attr_get_u32(attrs[KLUA_A_RUN_RESULTS_COUNT]);
	text = attrs[KLUA_A_RUN_RESULTS] ?: attrs[KLUA_A_RUN_MESSAGE];
	if (text)
		keep_text(outcome, text);
	return MNL_CB_OK;
}

/*
 * Run a script and show what it prints. 0: it ran, and @outcome says how that
 * ended; or the -errno of not getting that far.
 */
int script_run(struct link *link, const struct script *script,
	       struct outcome *outcome)
{
	size_t pieces = script->text.len / PIECE + 1;
	struct nlmsghdr *nlh = link_request(link, KLUA_CMD_RUN, NLM_F_ACK,
					    script->text.len +
					    pieces * MNL_ALIGN(MNL_ATTR_HDRLEN));
	int err;

	memset(outcome, 0, sizeof(*outcome));
	link_put_ref(nlh, &script->state);
	mnl_attr_put_strz(nlh, KLUA_A_RUN_CHUNKNAME, script->chunkname);
	if (script->output_max)
		mnl_attr_put_u32(nlh, KLUA_A_RUN_OUTPUT_MAX,
				 script->output_max);
	mnl_attr_put(nlh, KLUA_A_RUN_INTERRUPTIBLE, 0, NULL);
	put_script(nlh, &script->text);
	err = link_do(link, nlh, run_reply, outcome);
	fflush(stdout);
	/* After the last reply nothing but its error can follow. */
	return outcome->complete ? 0 : err;
}

/* What a limit's errno means to whoever started the script. */
static const char *reason(int err)
{
	switch (err) {
	case ETIME:
		return "the steps are spent (see --steps)";
	case ETIMEDOUT:
		return "the time is over";
	case ECANCELED:
		return "cancelled";
	case EINTR:
		return "interrupted";
	case ENOMEM:
		return "out of memory (see --memory)";
	case EOVERFLOW:
		return "too little of the C stack is left";
	default:
		return NULL;
	}
}

/* Show how a script ended and return the exit status for that. */
int script_show(const struct outcome *outcome)
{
	const char *why = reason(outcome->err);

	if (!outcome->err && outcome->count) {
		fwrite(outcome->results, 1, outcome->len, stdout);
		putchar('\n');
		fflush(stdout);
	}
	if (outcome->dropped)
		fprintf(stderr, "klua: %llu bytes of output were dropped (see --output)\n",
			(unsigned long long)outcome->dropped);
	if (outcome->err) {
		fputs("klua: ", stderr);
		fwrite(outcome->results, 1, outcome->len, stderr);
		fputc('\n', stderr);
	}
	if (outcome->results_dropped)
		fprintf(stderr, "klua: %llu bytes of the %s were dropped\n",
			(unsigned long long)outcome->results_dropped,
			outcome->err ? "message" : "results");
	if (why)
		fprintf(stderr, "klua: %s\n", why);
	return outcome->err ? EXIT_SCRIPT : EXIT_OK;
}

int make_state(struct link *link, const char *name, u64 memory,
	       u64 steps, bool ephemeral, mnl_cb_t reply, void *data)
{
	struct nlmsghdr *nlh = link_request(link, KLUA_CMD_STATE_CREATE,
					    NLM_F_ACK, 0);

	mnl_attr_put_strz(nlh, KLUA_A_STATE_NAME, name);
	if (memory)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_MEMORY_MAX, memory);
	if (steps)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_STEPS_MAX, steps);
	if (ephemeral)
		mnl_attr_put(nlh, KLUA_A_STATE_EPHEMERAL, 0, NULL);
	return link_do(link, nlh, reply, data);
}
