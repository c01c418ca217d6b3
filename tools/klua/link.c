// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to the family "klua" and what comes back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "tool.h"

/* A script and its output, and what the kernel adds to account for them. */
#define SEND_BUFFER	(4 << 20)
#define RECEIVE_BUFFER	(8 << 20)

/* The longest message: the end of a run, with its results. */
#define MESSAGE_MAX	(64 << 10)

struct link {
	struct mnl_socket *nl;
	unsigned int portid;
	unsigned int seq;
	u16 family;
	u32 events;	/* number of the multicast group */
	u32 controller;	/* that tells when families go */
	char *request;
	char message[256];	/* what the kernel said about the last request */
	char answer[MESSAGE_MAX];
};

int link_parse(const struct nlmsghdr *nlh, const struct nlattr **attrs,
	       u16 max)
{
	const struct nlattr *attr;

	memset(attrs, 0, (max + 1) * sizeof(*attrs));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) <= max)
			attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

struct family {
	u16 id;
	u32 group;
	const char *group_name;
};

static void parse_groups(const struct nlattr *groups, struct family *family)
{
	const struct nlattr *group, *attr, *id, *name;

	mnl_attr_for_each_nested(group, groups) {
		id = NULL;
		name = NULL;
		mnl_attr_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
				id = attr;
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
				name = attr;
		}
		if (id && name &&
		    !strcmp(mnl_attr_get_str(name), family->group_name))
			family->group = mnl_attr_get_u32(id);
	}
}

static int family_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[CTRL_ATTR_MAX + 1];
	struct family *family = data;

	link_parse(nlh, attrs, CTRL_ATTR_MAX);
	if (attrs[CTRL_ATTR_FAMILY_ID])
		family->id = mnl_attr_get_u16(attrs[CTRL_ATTR_FAMILY_ID]);
	if (attrs[CTRL_ATTR_MCAST_GROUPS])
		parse_groups(attrs[CTRL_ATTR_MCAST_GROUPS], family);
	return MNL_CB_OK;
}

static struct nlmsghdr *put_header(struct link *link, u16 family,
				   u8 cmd, u8 version, u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(link->request);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++link->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

/* A request with @more bytes of attributes beyond the usual ones. */
struct nlmsghdr *link_request(struct link *link, u8 cmd, u16 flags,
			      size_t more)
{
	free(link->request);
	link->request = malloc(MNL_SOCKET_BUFFER_SIZE + more);
	if (!link->request) {
		perror("klua");
		exit(EXIT_REFUSED);
	}
	return put_header(link, link->family, cmd, KLUA_FAMILY_VERSION, flags);
}

void link_put_ref(struct nlmsghdr *nlh, const struct ref *ref)
{
	if (ref->name)
		mnl_attr_put_strz(nlh, KLUA_A_STATE_NAME, ref->name);
	else
		mnl_attr_put_u32(nlh, KLUA_A_STATE_ID, ref->id);
}

const char *link_message(const struct link *link)
{
	return link->message[0] ? link->message : NULL;
}

/* The words that come with the end of an answer, @offset bytes into it. */
static void keep_message(struct link *link, const struct nlmsghdr *nlh,
			 size_t offset)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, nlh, offset)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(link->message, sizeof(link->message), "%s",
				 mnl_attr_get_str(attr));
}

/* One message: 1 to go on, 0 at the end, or -errno. */
static int take(struct link *link, const struct nlmsghdr *nlh, mnl_cb_t reply,
		void *data)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(nlh);
	size_t quoted = 0;

	if (nlh->nlmsg_seq != link->seq || nlh->nlmsg_pid != link->portid)
		return 1;
	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			quoted = mnl_nlmsg_get_payload_len(&ack->msg);
		keep_message(link, nlh, sizeof(*ack) + quoted);
		return ack->error;
	case NLMSG_DONE:
		/* It begins with an errno, too. */
		keep_message(link, nlh, sizeof(ack->error));
		return ack->error;
	case NLMSG_NOOP:
		return 1;
	}
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	return !reply || reply(nlh, data) >= MNL_CB_OK ? 1 : -errno;
}

static int receive(struct link *link, mnl_cb_t reply, void *data)
{
	const struct nlmsghdr *nlh = (void *)link->answer;
	int len = mnl_socket_recvfrom(link->nl, link->answer, MESSAGE_MAX);
	int ret = 1;

	if (len < 0)
		return -errno;
	for (; ret > 0 && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len))
		ret = take(link, nlh, reply, data);
	return ret;
}

/* Send a request, hand over each reply, wait for the end: 0 or -errno. */
int link_do(struct link *link, struct nlmsghdr *nlh, mnl_cb_t reply, void *data)
{
	int ret;

	link->message[0] = '\0';
	if (mnl_socket_sendto(link->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		ret = receive(link, reply, data);
	} while (ret > 0);
	return ret;
}

static int resolve(struct link *link, const char *name, struct family *family)
{
	struct nlmsghdr *nlh = link_request(link, 0, 0, 0);

	nlh = put_header(link, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	return link_do(link, nlh, family_reply, family);
}

/* The buffers are only as large as an unprivileged user may make them. */
static void enlarge(struct link *link, int option, int forced, int size)
{
	int fd = mnl_socket_get_fd(link->nl);

	if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

static int open_socket(struct link *link)
{
	int on = 1;

	link->nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!link->nl || mnl_socket_bind(link->nl, 0, MNL_SOCKET_AUTOPID))
		return -errno;
	link->portid = mnl_socket_get_portid(link->nl);
	mnl_socket_setsockopt(link->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(link->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	enlarge(link, SO_SNDBUF, SO_SNDBUFFORCE, SEND_BUFFER);
	enlarge(link, SO_RCVBUF, SO_RCVBUFFORCE, RECEIVE_BUFFER);
	return 0;
}

/* Ends the program when the kernel has no family "klua". */
struct link *link_open(void)
{
	struct family klua = { .group_name = KLUA_MCGRP_EVENTS };
	struct family control = { .group_name = "notify" };
	struct link *link = calloc(1, sizeof(*link));
	int err = link ? open_socket(link) : -ENOMEM;

	if (!err)
		err = resolve(link, "nlctrl", &control);
	if (!err) {
		err = resolve(link, KLUA_FAMILY_NAME, &klua);
		if (err == -ENOENT) {
			fprintf(stderr, "klua: the module klua is not loaded\n");
			exit(EXIT_NO_MODULE);
		}
	}
	if (err) {
		fprintf(stderr, "klua: cannot use generic netlink: %s\n",
			strerror(-err));
		exit(EXIT_REFUSED);
	}
	link->family = klua.id;
	link->events = klua.group;
	link->controller = control.group;
	link->seq = time(NULL);
	return link;
}

void link_close(struct link *link)
{
	mnl_socket_close(link->nl);
	free(link->request);
	free(link);
}

/*
 * Listen to the events of the family, and to its end: -ENODEV when that came
 * first, which nobody would say any more.
 */
int link_join(struct link *link)
{
	struct link *again;
	bool same;

	if (mnl_socket_setsockopt(link->nl, NETLINK_ADD_MEMBERSHIP,
				  &link->events, sizeof(link->events)) ||
	    mnl_socket_setsockopt(link->nl, NETLINK_ADD_MEMBERSHIP,
				  &link->controller, sizeof(link->controller)))
		return -errno;
	again = link_open();
	same = again->family == link->family &&
	       again->events == link->events;
	link_close(again);
	return same ? 0 : -ENODEV;
}

static bool family_gone(const struct link *link, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[CTRL_ATTR_MAX + 1];

	if (nlh->nlmsg_type != GENL_ID_CTRL || genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	link_parse(nlh, attrs, CTRL_ATTR_MAX);
	return attrs[CTRL_ATTR_FAMILY_ID] &&
	       mnl_attr_get_u16(attrs[CTRL_ATTR_FAMILY_ID]) == link->family;
}

/*
 * Wait for events and hand over each: 0 after some, -ENOBUFS when some were
 * lost, -ENODEV when the module is unloaded.
 */
int link_listen(struct link *link, mnl_cb_t event, void *data)
{
	const struct nlmsghdr *nlh = (void *)link->answer;
	int len = mnl_socket_recvfrom(link->nl, link->answer, MESSAGE_MAX);

	if (len < 0)
		return -errno;
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (family_gone(link, nlh))
			return -ENODEV;
		if (nlh->nlmsg_type == link->family)
			event(nlh, data);
	}
	return 0;
}
