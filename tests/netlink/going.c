// SPDX-License-Identifier: GPL-2.0-only
/*
 * going.so: with it in LD_PRELOAD a program gets for its second dump, those of the
 * families left out, what it gets while a module is unloaded and its family is still
 * there.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

static unsigned int dumps;
static struct nlmsghdr refused;

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	const struct nlmsghdr *nlh = buf;

	if (nlh->nlmsg_type != GENL_ID_CTRL &&
	    (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP && ++dumps == 2) {
		refused = *nlh;
		return len;
	}
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

/* The answer to what was kept back */
static ssize_t answer(int fd, struct msghdr *msg)
{
	struct sockaddr_nl self, kernel = { .nl_family = AF_NETLINK };
	socklen_t size = sizeof(self);
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr error;
	} reply = {
		.nlh = {
			.nlmsg_len = sizeof(reply),
			.nlmsg_type = NLMSG_ERROR,
			.nlmsg_seq = refused.nlmsg_seq,
		},
		.error = { .error = -EPROTONOSUPPORT, .msg = refused },
	};

	getsockname(fd, (struct sockaddr *)&self, &size);
	reply.nlh.nlmsg_pid = self.nl_pid;
	memcpy(msg->msg_iov->iov_base, &reply, sizeof(reply));
	memcpy(msg->msg_name, &kernel, sizeof(kernel));
	msg->msg_namelen = sizeof(kernel);
	msg->msg_flags = 0;
	refused.nlmsg_seq = 0;
	return sizeof(reply);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (refused.nlmsg_seq)
		return answer(fd, msg);
	return syscall(SYS_recvmsg, fd, msg, flags);
}
