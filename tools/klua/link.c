// SPDX-License-Identifier: GPL-2.0-only
/* Requests to the netlink family "klua", answers and events. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "tool.h"

/* Large enough for many events with what the kernel counts for each */
#define RECEIVE_BUFFER	(8 << 20)

/* The longest message: a state with its last error; a dump's has a few of them */
#define MESSAGE_MAX	(64 << 10)

struct link {
	struct mnl_socket *nl;
	unsigned int portid;
	unsigned int seq;
	u16 family;
	u32 controller;	/* multicast group that tells when families go */
	bool changed;	/* states came or went during the last dump */
	mnl_cb_t event;	/* called for each event; NULL: does not listen */
	void *event_data;
	char message[256];	/* the kernel's text about the last request */

	_Alignas(8) char request[4096];
	_Alignas(8) char answer[MESSAGE_MAX];
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

/* What is known of a family of generic netlink, once a message of it had @name. */
struct family {
	const char *name;
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
	if (!attrs[CTRL_ATTR_FAMILY_NAME] ||
	    strcmp(mnl_attr_get_str(attrs[CTRL_ATTR_FAMILY_NAME]), family->name))
		return MNL_CB_OK;
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

struct nlmsghdr *link_request(struct link *link, u8 cmd, u16 flags)
{
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

/* Keep the text in the message that ends an answer; attributes begin at @offset. */
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

/* Handle one message. Returns 1 to go on, 0 at the end of the answer, or -errno. */
static int take(struct link *link, const struct nlmsghdr *nlh, mnl_cb_t reply,
		void *data)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(nlh);
	size_t quoted = 0;

	/* An event, which may come before the answer to KLUA_CMD_LISTEN */
	if (link->event && !nlh->nlmsg_seq && nlh->nlmsg_type == link->family) {
		link->event(nlh, link->event_data);
		return 1;
	}
	if (nlh->nlmsg_seq != link->seq || nlh->nlmsg_pid != link->portid)
		return 1;
	/*
	 * Read on to the end, or the next request would find the rest of this answer.
	 */
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		link->changed = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			quoted = mnl_nlmsg_get_payload_len(&ack->msg);
		keep_message(link, nlh, sizeof(*ack) + quoted);
		return ack->error;
	case NLMSG_DONE:
		/* NLMSG_DONE begins with an errno as well. */
		keep_message(link, nlh, sizeof(ack->error));
		return ack->error;
	case NLMSG_NOOP:
		return 1;
	}
	return !reply || reply(nlh, data) >= MNL_CB_OK ? 1 : -errno;
}

/*
 * Receive a message of the kernel into link->answer. Returns its bytes, or -errno.
 * Messages that other programs send to our port are dropped.
 */
static int receive_answer(struct link *link)
{
	struct iovec iov = { link->answer, MESSAGE_MAX };
	struct sockaddr_nl from;
	struct msghdr msg;
	ssize_t len;

	do {
		msg = (struct msghdr) {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};
		len = recvmsg(mnl_socket_get_fd(link->nl), &msg, 0);
		if (len < 0)
			return -errno;
	} while (msg.msg_namelen != sizeof(from) || from.nl_pid);
	return msg.msg_flags & MSG_TRUNC ? -ENOSPC : len;
}

static int receive(struct link *link, mnl_cb_t reply, void *data)
{
	const struct nlmsghdr *nlh = (void *)link->answer;
	int len = receive_answer(link);
	int ret = 1;

	if (len < 0)
		return len;
	for (; ret > 0 && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len))
		ret = take(link, nlh, reply, data);
	return ret;
}

static int do_once(struct link *link, struct nlmsghdr *nlh, mnl_cb_t reply,
		   void *data)
{
	int ret;

	link->message[0] = '\0';
	link->changed = false;
	if (mnl_socket_sendto(link->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		ret = receive(link, reply, data);
	} while (ret > 0);
	return ret ?: link->changed;
}

/*
 * Did the request fail because the family is gone? If a state is missing the kernel
 * adds a text. While the module is unloaded no dump begins (EPROTONOSUPPORT).
 */
static bool lost_family(const struct link *link, const struct nlmsghdr *nlh,
			int err)
{
	return nlh->nlmsg_type == link->family &&
	       (err == -EPROTONOSUPPORT ||
		(err == -ENOENT && !link_message(link)));
}

/*
 * The family in the list of all: 0, or -ENODEV when it has none. The kernel is never
 * asked for it by name again, since that would load a module that was just unloaded.
 */
static int list_families(struct link *link, u16 *id)
{
	struct family klua = { .name = KLUA_FAMILY_NAME, .group_name = "" };
	struct nlmsghdr *nlh;
	int err;

	nlh = put_header(link, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_DUMP);
	err = do_once(link, nlh, family_reply, &klua);
	*id = klua.id;
	return err < 0 ? err : klua.id ? 0 : -ENODEV;
}

/*
 * Find the number of the family after the module was loaded again. -ENODEV: there is no
 * module.
 */
static int find_family(struct link *link)
{
	char request[sizeof(link->request)];
	u16 id = 0;
	int err;

	memcpy(request, link->request, sizeof(request));
	err = list_families(link, &id);
	memcpy(link->request, request, sizeof(request));
	/* The one that goes may be in the list still. */
	if (err || id == link->family)
		return err ?: -ENODEV;
	link->family = id;
	return 0;
}

static int do_found(struct link *link, struct nlmsghdr *nlh, mnl_cb_t reply,
		    void *data)
{
	int ret = do_once(link, nlh, reply, data);

	if (!lost_family(link, nlh, ret))
		return ret;
	ret = find_family(link);
	if (ret)
		return ret;
	nlh->nlmsg_type = link->family;
	nlh->nlmsg_seq = ++link->seq;
	ret = do_once(link, nlh, reply, data);
	return lost_family(link, nlh, ret) ? -ENODEV : ret;
}

/*
 * Send a request, pass each answer to @reply, and wait for the end. Returns 0, 1 if
 * states came or went during a dump, or -errno; -ENODEV: the module is gone. If the
 * kernel has no room until destroyed states are closed, the request is sent again.
 */
int link_do(struct link *link, struct nlmsghdr *nlh, mnl_cb_t reply, void *data)
{
	double until = now() + CLOSING_PATIENCE;
	int ret;

	while ((ret = do_found(link, nlh, reply, data)) == -EAGAIN &&
	       now() < until) {
		pause_for(CLOSING_PAUSE);
		nlh->nlmsg_seq = ++link->seq;
	}
	return ret;
}

/* By its name: whoever asks for "klua" so has the module loaded. */
static int resolve(struct link *link, struct family *family)
{
	struct nlmsghdr *nlh;

	nlh = put_header(link, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, family->name);
	return link_do(link, nlh, family_reply, family);
}

/* Enlarge the receive buffer: beyond the system's limit if we may, else up to it. */
static void enlarge(struct link *link)
{
	int fd = mnl_socket_get_fd(link->nl), size = RECEIVE_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
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
	enlarge(link);
	return 0;
}

/* Is the module not loaded? False, too, if that cannot be known: without /sys. */
bool module_absent(void)
{
	return !access("/sys/module", F_OK) && access("/sys/module/klua", F_OK);
}

/* End the program, and say why there is no family "klua" and no device. */
_Noreturn void no_module(void)
{
	if (access("/sys/module/klua", F_OK))
		fail(EXIT_NO_MODULE, "the module klua is not loaded; see modprobe klua");
	fail(EXIT_NO_MODULE,
	     "the family klua is in the initial network namespace only; elsewhere see man klua");
}

/* NULL when there is no family "klua" (@err: -ENOENT), or no netlink. */
struct link *link_try(int *err)
{
	struct family klua = { .name = KLUA_FAMILY_NAME, .group_name = "" };
	struct family control = { .name = "nlctrl", .group_name = "notify" };
	struct link *link = allocate(NULL, sizeof(*link));

	memset(link, 0, sizeof(*link));
	*err = open_socket(link);
	if (!*err)
		*err = resolve(link, &control);
	if (!*err)
		*err = resolve(link, &klua);
	if (*err) {
		link_close(link);
		return NULL;
	}
	link->family = klua.id;
	link->controller = control.group;
	link->seq = time(NULL);
	return link;
}

/* Ends the program when the kernel has no family "klua". */
struct link *link_open(void)
{
	int err;
	struct link *link = link_try(&err);

	if (err == -ENOENT)
		no_module();
	if (!link)
		fail(EXIT_REFUSED, "cannot use generic netlink: %s",
		     strerror(-err));
	return link;
}

void link_close(struct link *link)
{
	if (link->nl)
		mnl_socket_close(link->nl);
	free(link);
}

/* Does the kernel still have the family that @link knows? */
static int confirm_family(const struct link *link)
{
	/* With a socket of its own: in the other one the family's end may come. */
	struct link *again = allocate(NULL, sizeof(*again));
	u16 id = 0;
	int err;

	memset(again, 0, sizeof(*again));
	err = open_socket(again);
	if (!err)
		err = list_families(again, &id);
	link_close(again);
	return err ?: id == link->family ? 0 : -ENODEV;
}

/*
 * Listen to events, each of which is passed to @event, and to the end of the family.
 * -ENODEV: the family went before we listened, so that no message would have told.
 */
int link_join(struct link *link, mnl_cb_t event, void *data)
{
	int err;

	if (mnl_socket_setsockopt(link->nl, NETLINK_ADD_MEMBERSHIP,
				  &link->controller, sizeof(link->controller)))
		return -errno;
	link->event = event;
	link->event_data = data;
	err = link_do(link, link_request(link, KLUA_CMD_LISTEN, NLM_F_ACK),
		      NULL, NULL);
	return err ?: confirm_family(link);
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
 * Wait for events and pass on each. Returns 0 after some, -ENOBUFS if some were lost,
 * -ENODEV if the module is unloaded.
 */
int link_listen(struct link *link)
{
	const struct nlmsghdr *nlh = (void *)link->answer;
	int len;

	wait_for_input(mnl_socket_get_fd(link->nl));
	len = receive_answer(link);
	if (len < 0)
		return len;
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (family_gone(link, nlh))
			return -ENODEV;
		if (nlh->nlmsg_type == link->family)
			link->event(nlh, link->event_data);
	}
	return 0;
}
