// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to the family "klua" that no sane program sends.
 *
 *   nltest [-c] [-d] [-k KEEP] [-t TAKE] COMMAND [TYPE:KIND:VALUE]...
 *	One request with these attributes; prints "ERRNO: TEXT, N replies".
 *	KIND: u32, u64, str (with NUL), raw (without), hex, zero or spaces
 *	(that many), flag. -c: without CAP_SYS_ADMIN. -d: a dump. -k: only the
 *	first KEEP bytes of the message are sent. -t: stops after TAKE replies
 *	until standard input ends, and then reads and prints the same of the
 *	rest, with "interrupted" after it if the dump says so.
 *   nltest fuzz SEED COUNT
 *	So many mutated requests; prints what came of them.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "../../uapi/klua.h"

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

/* An answer that takes longer than any run may is none. */
#define PATIENCE	30

static int fd;
static unsigned int family;
static unsigned int seq;
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

/* The end of an answer: an errno, a quotation maybe, words maybe. */
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

static void take(const struct nlmsghdr *nlh, struct verdict *verdict)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	const struct nlattr *attr;

	verdict->interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
	if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
		read_end(nlh, verdict);
	} else if (nlh->nlmsg_type == GENL_ID_CTRL) {
		attr = (const void *)((const char *)genl + GENL_HDRLEN);
		/* The name comes first, then the number. */
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
				take(nlh, verdict);
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

/* Root as it is in many a container: network, but not the system. */
static void drop_capability(void)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &hdr, data))
		fail("capget");
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &hdr, data))
		fail("capset");
}

static void print(const struct verdict *verdict)
{
	printf("%d: %s, %u replies%s\n", verdict->err, verdict->text,
	       verdict->replies, verdict->interrupted ? ", interrupted" : "");
	fflush(stdout);
}

static int one(int argc, char **argv)
{
	unsigned int flags = 0, most = -1;
	struct verdict verdict;
	size_t keep = SIZE_MAX;
	int opt;

	while ((opt = getopt(argc, argv, "cdk:t:")) != -1) {
		switch (opt) {
		case 'c':
			drop_capability();
			break;
		case 'd':
			flags = NLM_F_DUMP;
			break;
		case 'k':
			keep = strtoul(optarg, NULL, 0);
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
	open_socket();
	resolve();
	begin(family, strtoul(argv[optind], NULL, 0), flags);
	for (opt = optind + 1; opt < argc; opt++)
		put_word(argv[opt]);
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

/* The same numbers from the same seed, everywhere. */
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
		len = snprintf(name, sizeof(name), "fuzz%u", pick(4)) + 1U;
	if (!pick(8))
		memset(name, pick(256), sizeof(name));
	put(type, name, len);
}

static void put_script(void)
{
	static const char * const scripts[] = {
		"return 1", "x = (x or 0) + 1 print(x) return x", "error('e')",
		"while true do end", "print(('x'):rep(30000))", "return {},nil",
		"local t = {} while true do t[#t + 1] = ('x'):rep(1000) end",
		"local function f() return f() + 1 end f()", "(", "\0", "",
		"setmetatable({}, {__gc = function() x = nil end})",
	};
	const char *script = scripts[pick(ARRAY_SIZE(scripts))];
	char copy[128];
	size_t len = strlen(script);

	memcpy(copy, script, len);
	if (len && !pick(4))
		copy[pick(len)] = pick(256);
	put(KLUA_A_RUN_SCRIPT, copy, len);
}

/* An attribute that may well be meant for the command. */
static void put_sensible(unsigned int cmd)
{
	static const __u64 numbers[] = {
		0, 1, 2, 100, 8191, 8192, 20000, 1 << 20, 1ULL << 31, 1ULL << 32,
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
		if (cmd == KLUA_CMD_RUN)
			put_script();
		else
			put(KLUA_A_STATE_MEMORY_MAX, &number, sizeof(number));
		break;
	case 4:
		if (cmd == KLUA_CMD_RUN)
			put(KLUA_A_RUN_OUTPUT_MAX, &number, 4);
		else
			put(KLUA_A_STATE_STEPS_MAX, &number, sizeof(number));
		break;
	case 5:
		put(cmd == KLUA_CMD_STATE_DESTROY ?
		    KLUA_A_STATE_FORCE : KLUA_A_STATE_EPHEMERAL, NULL, 0);
		break;
	}
}

/* What the command needs, so that what follows gets as far as it can. */
static void put_needed(unsigned int cmd)
{
	char name[8];
	size_t len = snprintf(name, sizeof(name), "fuzz%u", pick(4)) + 1U;

	if (cmd != KLUA_CMD_INFO_GET)
		put(KLUA_A_STATE_NAME, name, len);
	if (cmd == KLUA_CMD_RUN)
		put_script();
	if (cmd == KLUA_CMD_STATE_SET)
		put(KLUA_A_STATE_STEPS_MAX, &(__u64){ 1 + pick(20000) },
		    sizeof(__u64));
}

static void put_anything(void)
{
	unsigned char bytes[300];
	unsigned int i, len = pick(4) ? pick(12) : pick(sizeof(bytes));

	for (i = 0; i < len; i++)
		bytes[i] = pick(256);
	put(pick(4) ? pick(30) : pick(65536), bytes, len);
}

/* Returns how many bytes to send. */
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
	/* What is beyond the message is what an earlier one left there. */
	return nlh->nlmsg_len;
}

struct tally {
	unsigned int sent, fine, refused, silent, mute;
};

static void count(struct tally *tally, const struct verdict *verdict)
{
	tally->sent++;
	if (!verdict->err) {
		tally->fine++;
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

static void fuzz_one(struct tally *tally)
{
	static const unsigned char commands[] = {
		KLUA_CMD_STATE_GET, KLUA_CMD_STATE_CREATE,
		KLUA_CMD_STATE_CREATE, KLUA_CMD_STATE_DESTROY,
		KLUA_CMD_STATE_SET, KLUA_CMD_RUN, KLUA_CMD_RUN, KLUA_CMD_CANCEL,
		KLUA_CMD_INFO_GET,
	};
	unsigned int cmd = pick(12) ? commands[pick(sizeof(commands))] :
				      pick(256);
	bool dump = !pick(cmd == KLUA_CMD_STATE_GET ? 2 : 20);
	struct verdict verdict;
	unsigned int i;

	begin(family, cmd, dump ? NLM_F_DUMP : 0);
	if (pick(4) && !dump)
		put_needed(cmd);
	for (i = pick(2) ? pick(5) : 0; i; i--)
		if (pick(8))
			put_sensible(cmd);
		else
			put_anything();
	send_request(pick(4) ? header()->nlmsg_len : mutate());
	/* Now and then a reader goes away in the middle. */
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

static int fuzz(const char *seed, const char *rounds)
{
	struct tally tally = { 0 };
	unsigned long i;

	state = strtoull(seed, NULL, 0) * 2654435769u + 1;
	open_socket();
	resolve();
	for (i = strtoul(rounds, NULL, 0); i; i--)
		fuzz_one(&tally);
	printf("sent %u, fine %u, refused %u, without text %u, without answer %u\n",
	       tally.sent, tally.fine, tally.refused, tally.mute,
	       tally.silent);
	return tally.mute || tally.silent;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "fuzz"))
		return fuzz(argv[2], argv[3]);
	return one(argc, argv);
}
