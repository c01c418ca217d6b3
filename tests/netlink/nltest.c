// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends requests to the family "klua", and runs and builds by the device, as no sane
 * program would.
 *
 *   nltest [-c|-o|-s] [-d] [-k KEEP] [-p PORT] [-t TAKE] COMMAND
 *	[TYPE:KIND:VALUE]...
 *	One request with these attributes; prints "ERRNO: TEXT, N replies".
 *	KIND: u32, u64, str (with NUL), raw (without), hex, zero or spaces
 *	(that many), flag. -c: without CAP_SYS_ADMIN; -o: on a socket that was
 *	opened without it; -s: opened with it, and sent without. -d: a dump. -k: sends
 *	only the first KEEP bytes of the message. -p: uses this port, once it is
 *	free. -t: stops after TAKE replies until standard input ends, then reads and
 *	prints the rest likewise, with "interrupted" after it if the dump says so.
 *   nltest -m COUNT CREATE ATTRIBUTE...
 *	Creates a state and destroys it, COUNT times on one socket; then waits for
 *	the end of standard input.
 *   nltest fill PREFIX COUNT [BYTES]
 *	Creates COUNT states that may hold BYTES, or the default: PREFIX0, ...
 *   nltest close COUNT
 *	Opens and closes COUNT sockets of generic netlink, without CAP_SYS_ADMIN;
 *	prints how many ns a close took on average.
 *   nltest fuzz SEED COUNT
 *	Makes COUNT mutated requests, runs and builds; prints their results, and how
 *	often each operation succeeded.
 *   nltest forge PORT NAME
 *	Tells the socket of that port, as if this were the kernel, that a state of
 *	this name was created.
 *   nltest tune PORT
 *	Gets events at that port, until the end of standard input.
 *   nltest take PORT
 *	Without CAP_SYS_ADMIN, waits for the port to be free and has it until the
 *	end of standard input; prints how many messages came.
 *   nltest impatient COMMAND...
 *	Runs the command with a standard input that nobody waits for: O_NONBLOCK.
 *   nltest device
 *	Opens the device, drops CAP_SYS_ADMIN, tries to run a script and prints the
 *	errno.
 *   nltest listen
 *	Joins all possible groups of generic netlink, waits for standard input to
 *	end, and prints how many messages came.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "../../uapi/klua.h"

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

/* Seconds to wait for an answer: longer than any run takes */
#define PATIENCE	30

static int fd;
static unsigned int family;
static unsigned int seq;
static size_t first_len;	/* bytes of the request with its first attribute only */
static _Alignas(8) char request[1 << 21];
static _Alignas(8) char answer[1 << 16];

struct verdict {
	bool done;
	int err;
	unsigned int replies;
	bool interrupted;
	char text[256];
};

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static struct nlmsghdr *header(void)
{
	return (void *)request;
}

static void begin(unsigned int type, unsigned int cmd, unsigned int flags)
{
	struct nlmsghdr *nlh = header();
	struct genlmsghdr *genl = NLMSG_DATA(nlh);

	memset(request, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	nlh->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	first_len = 0;
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = ++seq;
	genl->cmd = cmd;
	genl->version = 1;
}

static void put(unsigned int type, const void *data, size_t len)
{
	struct nlmsghdr *nlh = header();
	struct nlattr *attr = (void *)(request + nlh->nlmsg_len);

	if (nlh->nlmsg_len + NLA_HDRLEN + len + NLA_ALIGNTO > sizeof(request))
		return;
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memset((char *)attr + NLA_HDRLEN, 0, NLA_ALIGN(len));
	if (data)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	nlh->nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
	if (!first_len)
		first_len = nlh->nlmsg_len;
}

static void open_socket(void)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int on = 1, size = 2 * sizeof(request);

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		fail("socket");
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/* Read the end of an answer: an errno, perhaps the request, perhaps a text. */
static void read_end(const struct nlmsghdr *nlh, struct verdict *verdict)
{
	const struct nlmsgerr *ack = NLMSG_DATA(nlh);
	size_t pos = NLMSG_HDRLEN + sizeof(ack->error);
	const struct nlattr *attr;

	verdict->done = true;
	verdict->err = -ack->error;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		pos = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(*ack));
	if (nlh->nlmsg_type == NLMSG_ERROR &&
	    !(nlh->nlmsg_flags & NLM_F_CAPPED))
		pos += ack->msg.nlmsg_len - NLMSG_HDRLEN;
	for (; pos + NLA_HDRLEN <= nlh->nlmsg_len;
	     pos += NLA_ALIGN(attr->nla_len)) {
		attr = (const void *)((const char *)nlh + pos);
		if (attr->nla_len < NLA_HDRLEN)
			return;
		if (attr->nla_type == NLMSGERR_ATTR_MSG)
			snprintf(verdict->text, sizeof(verdict->text), "%s",
				 (const char *)attr + NLA_HDRLEN);
	}
}

static void take_message(const struct nlmsghdr *nlh, struct verdict *verdict)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	const struct nlattr *attr;

	verdict->interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
	if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
		read_end(nlh, verdict);
	} else if (nlh->nlmsg_type == GENL_ID_CTRL) {
		attr = (const void *)((const char *)genl + GENL_HDRLEN);
		/* The controller puts the name first, then the number. */
		attr = (const void *)((const char *)attr +
				      NLA_ALIGN(attr->nla_len));
		family = *(const __u16 *)((const char *)attr + NLA_HDRLEN);
	} else {
		verdict->replies++;
	}
}

/* Read answers until the last one, or until @most replies came. */
static bool receive(struct verdict *verdict, unsigned int most)
{
	const struct nlmsghdr *nlh;
	int len;

	memset(verdict, 0, sizeof(*verdict));
	while (!verdict->done && verdict->replies < most) {
		len = recv(fd, answer, sizeof(answer), 0);
		if (len < 0 && errno == ENOBUFS)
			continue;
		if (len < 0)
			return false;
		for (nlh = (void *)answer; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len))
			if (nlh->nlmsg_seq == seq)
				take_message(nlh, verdict);
	}
	return true;
}

static void send_request(size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, request, len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		fail("sendto");
}

static void resolve(void)
{
	struct verdict verdict;

	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	put(CTRL_ATTR_FAMILY_NAME, KLUA_FAMILY_NAME, sizeof(KLUA_FAMILY_NAME));
	send_request(header()->nlmsg_len);
	if (!receive(&verdict, -1) || verdict.err || !family) {
		fprintf(stderr, "nltest: there is no family klua\n");
		exit(2);
	}
}

static size_t unhex(const char *hex, unsigned char *to)
{
	size_t n = 0;
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		to[n++] = byte;
	return n;
}

static void put_word(const char *word)
{
	static unsigned char bytes[1 << 16];
	char kind[8], value[4096] = "";
	unsigned int type;
	__u64 number;

	if (sscanf(word, "%u:%7[^:]:%4095[^\001]", &type, kind, value) < 2) {
		fprintf(stderr, "nltest: %s: TYPE:KIND:VALUE\n", word);
		exit(2);
	}
	number = strtoull(value, NULL, 0);
	if (!strcmp(kind, "u32"))
		put(type, &(__u32){ number }, sizeof(__u32));
	else if (!strcmp(kind, "u64"))
		put(type, &number, sizeof(number));
	else if (!strcmp(kind, "str"))
		put(type, value, strlen(value) + 1);
	else if (!strcmp(kind, "raw"))
		put(type, value, strlen(value));
	else if (!strcmp(kind, "hex"))
		put(type, bytes, unhex(value, bytes));
	else if (!strcmp(kind, "zero"))
		put(type, NULL, number);
	else if (!strcmp(kind, "spaces"))
		put(type, memset(bytes, ' ', sizeof(bytes)),
		    number < sizeof(bytes) ? number : sizeof(bytes));
	else
		put(type, NULL, 0);
}

/* Root as in many containers: with rights over the network, but not over the system */
static void set_capability(bool effective, bool permitted)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	__u32 bit = 1U << CAP_SYS_ADMIN;

	if (syscall(SYS_capget, &hdr, data))
		fail("capget");
	data[0].effective = (data[0].effective & ~bit) | (effective ? bit : 0);
	if (!permitted)
		data[0].permitted &= ~bit;
	if (syscall(SYS_capset, &hdr, data))
		fail("capset");
}

static void drop_capability(void)
{
	set_capability(false, false);
}

static void print(const struct verdict *verdict)
{
	printf("%d: %s, %u replies%s\n", verdict->err, verdict->text,
	       verdict->replies, verdict->interrupted ? ", interrupted" : "");
	fflush(stdout);
}

/*
 * Send the request again while the quota is full because destroyed states are being
 * closed.
 */
static void send_patiently(struct verdict *verdict)
{
	for (;;) {
		send_request(header()->nlmsg_len);
		if (!receive(verdict, -1))
			fail("recv");
		if (verdict->err != EAGAIN)
			return;
		usleep(2000);
		header()->nlmsg_seq = ++seq;
	}
}

/* Send the request that is ready and its opposite in turn, many times. */
static int many(unsigned int rounds)
{
	struct genlmsghdr *genl = NLMSG_DATA(header());
	struct verdict verdict = { 0 };
	__u8 create = genl->cmd;
	unsigned int i, len = header()->nlmsg_len;

	for (i = 0; i < 2 * rounds && !verdict.err; i++) {
		genl->cmd = i & 1 ? KLUA_CMD_STATE_DESTROY : create;
		/* Destroy takes the first attribute, the name, and no other. */
		header()->nlmsg_len = i & 1 ? first_len : len;
		header()->nlmsg_seq = ++seq;
		send_patiently(&verdict);
	}
	printf("%d: %s, %u created\n", verdict.err, verdict.text, i / 2);
	fflush(stdout);
	getchar();
	return 0;
}

static int fill(const char *prefix, unsigned int count, __u64 bytes)
{
	struct verdict verdict = { 0 };
	char name[KLUA_NAME_LEN + 1];
	unsigned int i;

	open_socket();
	resolve();
	for (i = 0; i < count && !verdict.err; i++) {
		snprintf(name, sizeof(name), "%s%u", prefix, i);
		begin(family, KLUA_CMD_STATE_CREATE, 0);
		put(KLUA_A_STATE_NAME, name, strlen(name) + 1);
		if (bytes)
			put(KLUA_A_STATE_MEMORY_MAX, &bytes, sizeof(bytes));
		send_patiently(&verdict);
	}
	if (verdict.err)
		fprintf(stderr, "nltest: %s: %s\n", name, verdict.text);
	return !!verdict.err;
}

static bool bind_port(unsigned int port)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK, .nl_pid = port };

	return !bind(fd, (void *)&own, sizeof(own));
}

static void wait_for_port(unsigned int port)
{
	while (!bind_port(port))
		usleep(1000);
}

static int one(int argc, char **argv)
{
	unsigned int flags = 0, most = -1, rounds = 0, port = 0;
	bool opens = true, sends = true;
	struct verdict verdict;
	size_t keep = SIZE_MAX;
	int opt;

	while ((opt = getopt(argc, argv, "cdk:m:op:st:")) != -1) {
		switch (opt) {
		case 'c':
			opens = false;
			sends = false;
			break;
		case 'o':
			opens = false;
			break;
		case 's':
			sends = false;
			break;
		case 'd':
			flags = NLM_F_DUMP;
			break;
		case 'k':
			keep = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			rounds = strtoul(optarg, NULL, 0);
			break;
		case 'p':
			port = strtoul(optarg, NULL, 0);
			break;
		case 't':
			most = strtoul(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (optind == argc)
		return 2;
	if (!opens)
		set_capability(false, true);
	open_socket();
	if (!opens || !sends)
		set_capability(sends, sends);
	if (port)
		wait_for_port(port);
	resolve();
	begin(family, strtoul(argv[optind], NULL, 0), flags);
	for (opt = optind + 1; opt < argc; opt++)
		put_word(argv[opt]);
	if (rounds)
		return many(rounds);
	if (keep < header()->nlmsg_len)
		header()->nlmsg_len = keep;
	send_request(header()->nlmsg_len);
	if (!receive(&verdict, most))
		fail("recv");
	print(&verdict);
	if (most != (unsigned int)-1) {
		getchar();
		if (!receive(&verdict, -1))
			fail("recv");
		print(&verdict);
	}
	return 0;
}

/* A seed gives the same numbers on each machine. */
static __u64 state;

static unsigned int pick(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void put_name(unsigned int type)
{
	char name[96] = "";
	size_t len = pick(sizeof(name));

	if (pick(8))
		len = snprintf(name, sizeof(name), "fuzz/%u", pick(4)) + 1U;
	if (!pick(8))
		memset(name, pick(256), sizeof(name));
	put(type, name, len);
}

static size_t pick_script(char *copy, size_t size)
{
	static const char * const scripts[] = {
		"return 1", "x = (x or 0) + 1 print(x) return x", "error('e')",
		"while true do end", "print(('x'):rep(30000))", "return {},nil",
		"local t = {} while true do t[#t + 1] = ('x'):rep(1000) end",
		"local function f() return f() + 1 end f()", "(", "\0", "",
		"setmetatable({}, {__gc = function() x = nil end})",
		"return ...", "return {a={b={1,2,{}}},c='\\0\\255'}",
		"return {['\\0a'] = 1, ['\\0b'] = 2}", "return {['\\255'] = 1}",
		"t = {} t.t = t return t", "return ('x'):rep(100000)",
		"while true do print(('x'):rep(5000)) end",
	};
	const char *script = scripts[pick(ARRAY_SIZE(scripts))];
	size_t len = strlen(script);

	snprintf(copy, size, "%s", script);
	if (len && !pick(4))
		copy[pick(len)] = pick(256);
	return len;
}

/* Add an attribute that makes sense for the command. */
static void put_sensible(unsigned int cmd)
{
	static const __u64 numbers[] = {
		0, 1, 2, 100, 16383, 16384, 20000, 1 << 20, 1ULL << 31, 1ULL << 32,
		1ULL << 62, INT64_MAX, UINT64_MAX,
	};
	__u64 number = numbers[pick(ARRAY_SIZE(numbers))];

	switch (pick(6)) {
	case 0:
		put(KLUA_A_STATE_ID, &(__u32){ 1 + pick(20) }, 4);
		break;
	case 1:
	case 2:
		put_name(KLUA_A_STATE_NAME);
		break;
	case 3:
		put(KLUA_A_STATE_MEMORY_MAX, &number, sizeof(number));
		break;
	case 4:
		put(KLUA_A_STATE_STEPS_MAX, &number, sizeof(number));
		break;
	case 5:
		put(cmd == KLUA_CMD_STATE_DESTROY ?
		    KLUA_A_STATE_FORCE : KLUA_A_STATE_EPHEMERAL, NULL, 0);
		break;
	}
}

/* Add the attributes that the command needs, so that it gets as far as possible. */
static void put_needed(unsigned int cmd)
{
	char name[16];
	size_t len = snprintf(name, sizeof(name), "fuzz/%u", pick(4)) + 1U;

	if (cmd != KLUA_CMD_INFO_GET && cmd != KLUA_CMD_LISTEN)
		put(KLUA_A_STATE_NAME, name, len);
	if (cmd == KLUA_CMD_STATE_SET) {
		put(KLUA_A_STATE_STEPS_MAX, &(__u64){ 1 + pick(20000) },
		    sizeof(__u64));
		if (!pick(3))
			put(KLUA_A_STATE_TIME_MAX, &(__u64){ 1 + pick(300000) },
			    sizeof(__u64));
		if (!pick(3))
			put(KLUA_A_STATE_FORCE, NULL, 0);
	}
}

static void put_anything(void)
{
	unsigned char bytes[300];
	unsigned int i, len = pick(4) ? pick(12) : pick(sizeof(bytes));

	for (i = 0; i < len; i++)
		bytes[i] = pick(256);
	put(pick(4) ? pick(KLUA_A_STATE_MAX + 2) : pick(65536), bytes, len);
}

/* Mutate the request. Returns the bytes to be sent. */
static size_t mutate(void)
{
	struct nlmsghdr *nlh = header();
	size_t body = nlh->nlmsg_len - NLMSG_HDRLEN;
	unsigned int i;

	switch (pick(4)) {
	case 0:
		for (i = pick(4) + 1; i; i--)
			request[NLMSG_HDRLEN + pick(body)] ^= 1 << pick(8);
		break;
	case 1:
		nlh->nlmsg_len -= pick(body + 1);
		break;
	case 2:
		nlh->nlmsg_len += pick(2) ? 0 : pick(64);
		break;
	}
	/* Bytes behind the message are those of an earlier one. */
	return nlh->nlmsg_len;
}

struct tally {
	unsigned int sent, fine, refused, silent, mute;
	unsigned int of[KLUA_CMD_MAX + 1];	/* successes of each command */
	unsigned int runs, builds, replaced;
};

static void count(struct tally *tally, const struct verdict *verdict)
{
	tally->sent++;
	if (!verdict->err) {
		tally->fine++;
		if (*(unsigned char *)NLMSG_DATA(header()) <= KLUA_CMD_MAX)
			tally->of[*(unsigned char *)NLMSG_DATA(header())]++;
		return;
	}
	tally->refused++;
	if (verdict->text[0] || verdict->err == EOPNOTSUPP ||
	    verdict->err == ENOMEM ||
	    header()->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return;
	tally->mute++;
	fprintf(stderr, "no text: command %d, errno %d\n",
		*(unsigned char *)NLMSG_DATA(header()), verdict->err);
}

/* Fill in a run: most fields make sense, and some have any value. */
static void fuzz_run_struct(struct klua_run *run, char *script, char *args,
			    char *message, size_t size)
{
	unsigned char *bytes = (unsigned char *)run;

	memset(run, 0, sizeof(*run));
	run->flags = pick(4) ? pick(8) : pick(65536);
	run->id = pick(4) ? 0 : pick(20);
	snprintf(run->name, sizeof(run->name), "fuzz/%u", pick(4));
	strcpy(run->chunkname, "=fuzz");
	run->script = (uintptr_t)script;
	run->script_len = pick_script(script, 128);
	run->args = (uintptr_t)args;
	run->args_len = pick(64);
	run->message = (uintptr_t)message;
	run->message_size = size;
	run->room = pick(4) ? 65536 : pick(1 << 26);
	if (!pick(4))
		bytes[pick(sizeof(*run))] ^= 1 << pick(8);
}

/* Does this errno come without a text? Those about pointers, memory and rights do. */
static bool wordless(int err)
{
	return err == EFAULT || err == ENOMEM || err == ENOTTY || err == EPERM;
}

static void fuzz_run(struct tally *tally)
{
	char script[128], args[64], message[4096];
	struct klua_run run;
	int dev = open("/dev/" KLUA_DEVICE_NAME, O_RDWR | O_NONBLOCK);
	unsigned int i;

	if (dev < 0)
		fail("/dev/" KLUA_DEVICE_NAME);
	for (i = 0; i < sizeof(args); i++)
		args[i] = pick(256);
	fuzz_run_struct(&run, script, args, message, sizeof(message));
	tally->sent++;
	errno = 0;
	if (!pick(40)) {
		ioctl(dev, pick(65536), &run);
		errno = 0;	/* the kernel may return -errno of its own */
		run.error = 0;	/* the kernel did not write it */
	} else if (ioctl(dev, KLUA_IOC_RUN, &run) || run.error) {
		tally->refused++;
	} else {
		tally->fine++;
		tally->runs++;
	}
	/*
	 * An error without a text, although there was room for one, which a mutation
	 * may have taken
	 */
	if (run.message_size && !run.message_len &&
	    (errno ? !wordless(errno) : run.error)) {
		tally->mute++;
		fprintf(stderr, "no text: run, errno %d, error %u\n", errno,
			run.error);
	}
	while (pick(8) && read(dev, answer, pick(sizeof(answer))) > 0)
		;
	close(dev);
}

/* Fill in a build of up to three scripts, one of them perhaps at a bad address. */
static void fuzz_build_struct(struct klua_build *build,
			      struct klua_source *sources,
			      char (*scripts)[128], unsigned int count)
{
	static const __u64 sizes[] = { 0, 1, 16384, 20000, 1 << 20, UINT64_MAX };
	unsigned char *bytes = (unsigned char *)build;
	unsigned int i;

	memset(build, 0, sizeof(*build));
	memset(sources, 0, count * sizeof(*sources));
	build->flags = pick(4) ? pick(2) : pick(16);
	build->kind = pick(2) ? KLUA_BUILD_KIND_SAME : pick(5);
	snprintf(build->name, sizeof(build->name), "fuzz/%u", pick(4));
	build->memory = sizes[pick(ARRAY_SIZE(sizes))];
	build->steps = sizes[pick(ARRAY_SIZE(sizes))];
	build->time_us = sizes[pick(ARRAY_SIZE(sizes))];
	build->sources = (uintptr_t)sources;
	build->sources_count = pick(20) ? pick(count + 1) : pick(1 << 20);
	for (i = 0; i < count; i++) {
		sources[i].text = pick(40) ? (uintptr_t)scripts[i] : pick(1 << 16);
		sources[i].len = pick_script(scripts[i], sizeof(scripts[i]));
		strcpy(sources[i].name, "=fuzz");
	}
	if (!pick(4))
		bytes[pick(sizeof(*build))] ^= 1 << pick(8);
}

static void fuzz_build(struct tally *tally)
{
	struct klua_source sources[3];
	char scripts[3][128], message[4096];
	struct klua_build build;
	int dev = open("/dev/" KLUA_DEVICE_NAME, O_RDWR);
	bool replace;

	if (dev < 0)
		fail("/dev/" KLUA_DEVICE_NAME);
	fuzz_build_struct(&build, sources, scripts, ARRAY_SIZE(sources));
	build.message = (uintptr_t)message;
	build.message_size = sizeof(message);
	replace = build.flags & KLUA_BUILD_REPLACE;
	tally->sent++;
	if (!ioctl(dev, KLUA_IOC_BUILD, &build)) {
		tally->fine++;
		tally->builds += !replace;
		tally->replaced += replace;
	} else {
		tally->refused++;
		if (!wordless(errno) && !build.message_len) {
			tally->mute++;
			fprintf(stderr, "no text: build, errno %d\n", errno);
		}
	}
	close(dev);
}

static void fuzz_one(struct tally *tally)
{
	static const unsigned char commands[] = {
		KLUA_CMD_STATE_GET, KLUA_CMD_STATE_CREATE,
		KLUA_CMD_STATE_CREATE, KLUA_CMD_STATE_DESTROY,
		KLUA_CMD_STATE_SET, KLUA_CMD_CANCEL, KLUA_CMD_INFO_GET,
		KLUA_CMD_LISTEN, KLUA_CMD_STATE_STOP, KLUA_CMD_STATE_START,
		KLUA_CMD_STATE_START,
	};
	unsigned int cmd = pick(12) ? commands[pick(sizeof(commands))] :
				      pick(256);
	bool dump = !pick(cmd == KLUA_CMD_STATE_GET ? 2 : 20);
	struct verdict verdict;
	unsigned int i;

	begin(family, cmd, dump ? NLM_F_DUMP : 0);
	if (pick(4) && !dump)
		put_needed(cmd);
	if (dump && pick(2))
		put(KLUA_A_STATE_ALL, NULL, 0);
	for (i = pick(2) ? pick(5) : 0; i; i--)
		if (pick(8))
			put_sensible(cmd);
		else
			put_anything();
	send_request(pick(4) ? header()->nlmsg_len : mutate());
	/* Now and then the reader closes its socket before the answer's end. */
	if (!pick(40)) {
		receive(&verdict, 1);
		close(fd);
		open_socket();
		tally->sent++;
		return;
	}
	if (!receive(&verdict, -1)) {
		tally->silent++;
		fprintf(stderr, "no answer to command %u\n", cmd);
		close(fd);
		open_socket();
		return;
	}
	count(tally, &verdict);
}

/* A run without limits never ends, so a signal ends it, or its wait. */
#define PATIENCE_SECS	1

static void interrupt(int sig)
{
	(void)sig;
}

/* Calls that a signal interrupts are not restarted. */
static void alarm_init(void)
{
	struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGALRM, &action, NULL);
}

static int fuzz(const char *seed, const char *rounds)
{
	struct tally tally = { 0 };
	unsigned long i;

	state = strtoull(seed, NULL, 0) * 2654435769u + 1;
	alarm_init();
	open_socket();
	resolve();
	for (i = strtoul(rounds, NULL, 0); i; i--) {
		switch (pick(8)) {
		case 0:
			alarm(PATIENCE_SECS);
			fuzz_build(&tally);
			alarm(0);
			break;
		case 1:
		case 2:
			alarm(PATIENCE_SECS);
			fuzz_run(&tally);
			alarm(0);
			break;
		default:
			fuzz_one(&tally);
		}
	}
	printf("sent %u, fine %u, refused %u, without text %u, without answer %u\n",
	       tally.sent, tally.fine, tally.refused, tally.mute,
	       tally.silent);
	printf("of these fine: get %u, create %u, destroy %u, set %u, cancel %u, ",
	       tally.of[KLUA_CMD_STATE_GET], tally.of[KLUA_CMD_STATE_CREATE],
	       tally.of[KLUA_CMD_STATE_DESTROY], tally.of[KLUA_CMD_STATE_SET],
	       tally.of[KLUA_CMD_CANCEL]);
	printf("stop %u, start %u, run %u, build %u, replace %u\n",
	       tally.of[KLUA_CMD_STATE_STOP],
	       tally.of[KLUA_CMD_STATE_START], tally.runs, tally.builds,
	       tally.replaced);
	return tally.mute || tally.silent;
}

static int forge(unsigned int port, const char *name)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = port };

	open_socket();
	resolve();
	begin(family, KLUA_CMD_STATE_CREATED, 0);
	header()->nlmsg_seq = 0;
	put(KLUA_A_STATE_ID, &(__u32){ 1 }, sizeof(__u32));
	put(KLUA_A_STATE_NAME, name, strlen(name) + 1);
	put(KLUA_A_STATE_ORIGIN, &(__u32){ KLUA_ORIGIN_USER }, sizeof(__u32));
	if (sendto(fd, request, header()->nlmsg_len, 0, (void *)&to,
		   sizeof(to)) < 0)
		fail("sendto");
	return 0;
}

static int tune(unsigned int port)
{
	struct verdict verdict;

	open_socket();
	if (!bind_port(port))
		fail("bind");
	resolve();
	begin(family, KLUA_CMD_LISTEN, 0);
	send_request(header()->nlmsg_len);
	if (!receive(&verdict, -1) || verdict.err)
		fail("listen");
	puts("listening");
	fflush(stdout);
	getchar();
	return 0;
}

static int count_messages(void);

static int take_port(unsigned int port)
{
	drop_capability();
	open_socket();
	wait_for_port(port);
	puts("bound");
	fflush(stdout);
	return count_messages();
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* As anybody may. Only a socket that is bound is told of when it closes. */
static int close_sockets(unsigned int count)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	uint64_t began, sum = 0;
	unsigned int i;

	drop_capability();
	for (i = 0; i < count; i++) {
		open_socket();
		if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
			fail("bind");
		began = now_ns();
		close(fd);
		sum += now_ns() - began;
	}
	printf("%llu\n", (unsigned long long)(sum / count));
	return 0;
}

static int use_device(void)
{
	struct klua_run run = { .name = "u/mine" };
	int dev = open("/dev/" KLUA_DEVICE_NAME, O_RDWR);

	if (dev < 0)
		fail("/dev/" KLUA_DEVICE_NAME);
	drop_capability();
	printf("%d\n", ioctl(dev, KLUA_IOC_RUN, &run) ? errno : 0);
	return 0;
}

/* Join all groups that a family may get. */
static int listen_to_all(void)
{
	unsigned int group;

	open_socket();
	for (group = 1; group <= 1024; group++)
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			   sizeof(group));
	puts("listening");
	fflush(stdout);
	return count_messages();
}

/* Count the messages that have come when standard input ends. */
static int count_messages(void)
{
	struct timeval now = { .tv_usec = 1000 };
	unsigned int count = 0;

	getchar();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &now, sizeof(now));
	while (recv(fd, answer, sizeof(answer), 0) > 0)
		count += ((struct nlmsghdr *)answer)->nlmsg_type != GENL_ID_CTRL;
	printf("%u messages\n", count);
	return 0;
}

static int impatient(char **command)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (flags < 0 || fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK))
		fail("fcntl");
	execvp(*command, command);
	fail(*command);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && !strcmp(argv[1], "impatient"))
		return impatient(argv + 2);
	if (argc == 2 && !strcmp(argv[1], "device"))
		return use_device();
	if (argc == 2 && !strcmp(argv[1], "listen"))
		return listen_to_all();
	if (argc == 3 && !strcmp(argv[1], "tune"))
		return tune(strtoul(argv[2], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "take"))
		return take_port(strtoul(argv[2], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "forge"))
		return forge(strtoul(argv[2], NULL, 0), argv[3]);
	if (argc == 3 && !strcmp(argv[1], "close"))
		return close_sockets(strtoul(argv[2], NULL, 0));
	if (argc >= 4 && !strcmp(argv[1], "fill"))
		return fill(argv[2], strtoul(argv[3], NULL, 0),
			    argc > 4 ? strtoull(argv[4], NULL, 0) : 0);
	if (argc == 4 && !strcmp(argv[1], "fuzz"))
		return fuzz(argv[2], argv[3]);
	return one(argc, argv);
}
