// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "klua": states seen and driven from user space.
 * netlink/klua.yaml describes it for programs.
 */

/**
 * DOC: rights
 *
 * Every operation but INFO_GET, which shows the module's own figures, needs
 * CAP_SYS_ADMIN in the initial user namespace, both of the task that sends and of the
 * task that opened the socket. CAP_NET_ADMIN, which most netlink families ask for,
 * would be too weak: containers and network daemons have it, but a script can call
 * every function that a kernel module has registered in the state, which need have
 * nothing to do with the network. Reading needs the same right, since names and error
 * texts tell about the work of others. The family exists in the initial network
 * namespace only.
 *
 * Events need the right as well. A socket asks for events once, and each event is sent
 * to each such socket as a message of its own. There is no multicast group, because a
 * socket may join a group's number before the family exists, and Linux 6.1 does not
 * let a module check each member when it sends. A socket is known by its address and
 * not by its port, which another socket may have as soon as the first one is closed.
 * Whether the socket's opener has the right is checked for each event.
 *
 * A state that a kernel module made can be read, cancelled and stopped and, with force,
 * changed or destroyed. Even with force it gets no more memory than its module
 * allowed, because no quota counts that memory. A state that a kernel module has
 * stopped is started by force only, because the module had a reason; a state that user
 * space has stopped user space may start without force.
 *
 * Names with a slash are for user space and those without for kernel modules,
 * so that user space cannot take a name that a module will need.
 *
 * Under lockdown this file refuses all that could run Lua for user space or change
 * its limits, because functions that modules have registered may do anything to the
 * kernel. That covers destroy, too, since it runs finalizers.
 */

#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "internal.h"

static uint user_states_max = 256;
module_param_cb(user_states_max, &klua_param_uint, &user_states_max, 0644);
MODULE_PARM_DESC(user_states_max, "states made from user space that may exist at once (default 256)");

/* The default of user_bytes_max on a machine with twice as much memory or more */
#define USER_BYTES_DEFAULT	SZ_256M

static ulong user_bytes_max;
static bool user_bytes_given;

static int set_user_bytes(const char *text, const struct kernel_param *kp)
{
	int err = klua_param_ulong.set(text, kp);

	if (!err)
		user_bytes_given = true;
	return err;
}

static const struct kernel_param_ops user_bytes_ops = {
	.set = set_user_bytes,
	.get = param_get_ulong,
};

module_param_cb(user_bytes_max, &user_bytes_ops, &user_bytes_max, 0644);
MODULE_PARM_DESC(user_bytes_max, "bytes that all states made from user space may hold together (default 256 MiB, but at most half of the machine's memory)");

static struct genl_family family;

/*
 * Guards user_states and user_bytes. Taken under the lock of a state, of any kind, or
 * alone.
 */
static DEFINE_RAW_SPINLOCK(quota_lock);
static unsigned int user_states;
static u64 user_bytes;

/*
 * The sockets that get events, by their ports, each held. Guarded by sockets_mutex.
 * Another socket may get the port as soon as the first one is closed, before this table
 * hears of it. So a port proves no right: event_send_to() checks the socket itself.
 */
static DEFINE_XARRAY(listeners);

/*
 * Guards the sockets in listeners and makers: while it is held, all of them are held.
 */
static DEFINE_MUTEX(sockets_mutex);

/**
 * struct maker - who made a state from user space; only @tie changes once published
 * @rcu:    frees the struct after a grace period
 * @sk:     the socket that the state ends with, held, or NULL
 * @portid: the port of @sk
 * @id:     number of the state
 * @tie:    link in &ties.makers if @sk is not NULL; guarded by sockets_mutex
 * @pid:    number of the process
 * @uid:    number of the user, in the initial user namespace
 * @comm:   name of the program
 */
struct maker {
	struct rcu_head rcu;
	struct sock *sk;
	u32 portid;
	u32 id;
	struct hlist_node tie;
	u32 pid;
	u32 uid;
	char comm[TASK_COMM_LEN];
};

/*
 * The makers of states, by the state's number. A maker is freed when its state is
 * closed.
 */
static DEFINE_XARRAY(makers);

/**
 * struct ties - the states that end with sockets of one port
 * @makers: the makers of these states, by &maker.tie; not empty
 *
 * Anybody may close sockets of generic netlink, and each close looks for the states that
 * end with the socket. If its port has none, that is one lookup and no lock, however many
 * states end with other sockets.
 */
struct ties {
	struct hlist_head makers;
};

/* The ties, by the port. Changed under sockets_mutex. */
static DEFINE_XARRAY(ties);

/*
 * Send a text with the answer. NL_SET_ERR_MSG() takes only literals; this takes any
 * text that is not freed before the answer is sent.
 */
static void extack_text(struct netlink_ext_ack *extack, const char *text)
{
	if (extack)
		extack->_msg = text;
}

/*
 * Do both the task that sends the request and the one that opened the socket have the
 * right? netlink_capable() checks the second one only if the request was sent without
 * an address, as write() does. A socket that the kernel itself has opened has no file.
 */
static int permitted(struct sk_buff *request, struct netlink_ext_ack *extack)
{
	struct file *file = NETLINK_CB(request).sk->sk_socket->file;

	if (netlink_capable(request, CAP_SYS_ADMIN) &&
	    (!file || file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN)))
		return 0;
	NL_SET_ERR_MSG(extack, "CAP_SYS_ADMIN is needed");
	return -EPERM;
}

static int permitted_change(struct sk_buff *request,
			    struct netlink_ext_ack *extack)
{
	int err = permitted(request, extack);

	if (!err && security_locked_down(LOCKDOWN_INTEGRITY_MAX)) {
		NL_SET_ERR_MSG(extack, "the kernel is locked down");
		err = -EPERM;
	}
	return err;
}

static const char over_states[] = "over the quota user_states_max";
static const char over_bytes[] = "over the quota user_bytes_max";
static const char over_states_now[] =
	"over the quota user_states_max until destroyed states are closed: ask again";
static const char over_bytes_now[] =
	"over the quota user_bytes_max until destroyed states are closed: ask again";

/*
 * May @bytes and @states be charged to the quota? Returns NULL, or a text that says
 * which quota is full.
 *
 * A state that replaces one of @replaced bytes exists beside it for a while. So it may
 * pass the quota, by one state and by @replaced bytes. While the quota is passed, no
 * other state may do that.
 */
static const char *quota_check(int states, s64 bytes, size_t replaced)
{
	unsigned int most = READ_ONCE(user_states_max);
	u64 max = READ_ONCE(user_bytes_max);

	lockdep_assert_held(&quota_lock);
	if (user_states > most || user_bytes > max)
		replaced = 0;
	if (states > 0 && user_states >= most && !replaced)
		return over_states;
	if (bytes <= 0 || (user_bytes <= max && bytes <= max - user_bytes))
		return NULL;
	/* If @replaced is not 0 here, user_bytes <= max, so this cannot wrap. */
	if (!replaced || bytes - (max - user_bytes) > replaced)
		return over_bytes;
	return NULL;
}

/*
 * As quota_check(), and if it returns NULL charge the quota. Negative numbers give back
 * what was charged before, which cannot fail.
 */
static const char *quota_charge(int states, s64 bytes, size_t replaced)
{
	const char *full;
	unsigned long irqs;

	/* Interrupts off: this runs under the lock of an irq state, too. */
	raw_spin_lock_irqsave(&quota_lock, irqs);
	full = quota_check(states, bytes, replaced);
	if (!full) {
		user_states += states;
		user_bytes += bytes;
	}
	raw_spin_unlock_irqrestore(&quota_lock, irqs);
	return full;
}

/*
 * As quota_charge(), with an errno. A destroyed state counts until it is closed, since
 * it holds memory until then. This function does not wait for that, because other
 * requests, of any family, may wait for this one. It returns -EAGAIN, and the sender
 * may ask again.
 */
static int quota_take(int states, s64 bytes, size_t replaced, const char **why)
{
	*why = quota_charge(states, bytes, replaced);
	if (!*why)
		return 0;
	if (klua_states_closing()) {
		*why = *why == over_states ? over_states_now : over_bytes_now;
		return -EAGAIN;
	}
	/* All closes may have ended after the first attempt, so try once more. */
	*why = quota_charge(states, bytes, replaced);
	return *why ? -EDQUOT : 0;
}

/*
 * Charge the state for @bytes again, as before a change that is undone. Not checked
 * against the quota: the state had that memory before, so this must not fail.
 */
static void quota_restore(struct klua_state *s, size_t bytes)
{
	unsigned long irqs;

	if (!s->quota || s->reserved)
		return;
	raw_spin_lock_irqsave(&quota_lock, irqs);
	user_bytes += (s64)bytes - (s64)s->charged;
	raw_spin_unlock_irqrestore(&quota_lock, irqs);
	WRITE_ONCE(s->charged, bytes);
}

static int user_charge(size_t bytes, size_t replaced, const char **why)
{
	/* Larger numbers would overflow the sum, whatever the quota allows. */
	if (bytes <= min_t(size_t, READ_ONCE(user_bytes_max), LONG_MAX))
		return quota_take(1, bytes, replaced, why);
	*why = over_bytes;
	return -EDQUOT;
}

static void user_uncharge(size_t bytes)
{
	quota_charge(-1, -(s64)bytes, 0);
}

static const struct klua_quota user_quota = {
	.charge = user_charge,
	.uncharge = user_uncharge,
};

/*
 * Send events to the socket from now on. Replaces the entry that a closed socket of the
 * same port may have left.
 */
static int listener_add(struct sock *sk, u32 portid)
{
	struct sock *old;

	mutex_lock(&sockets_mutex);
	old = xa_store(&listeners, portid, sk, GFP_KERNEL_ACCOUNT);
	if (!xa_err(old))
		sock_hold(sk);
	mutex_unlock(&sockets_mutex);
	if (xa_err(old))
		return xa_err(old);
	if (old)
		sock_put(old);
	return 0;
}

/*
 * A socket of this port was closed. Leave the entry alone if it is that of a new
 * socket.
 */
static void listener_forget(u32 portid)
{
	struct sock *sk;

	/* A closed socket cannot ask any more, so no entry of its own appears later. */
	if (!xa_load(&listeners, portid))
		return;
	mutex_lock(&sockets_mutex);
	sk = xa_load(&listeners, portid);
	if (sk && sock_flag(sk, SOCK_DEAD))
		xa_erase(&listeners, portid);
	else
		sk = NULL;
	mutex_unlock(&sockets_mutex);
	if (sk)
		sock_put(sk);
}

/*
 * Destroy the states that end with a closed socket of this port. Not all states of the
 * port: another socket may have it by now, and have made states of its own.
 */
static void remove_tied(u32 portid)
{
	struct maker *maker;
	struct ties *tied;

	/* A closed socket makes no more states, so no tie of its own appears later. */
	if (!xa_load(&ties, portid))
		return;
	mutex_lock(&sockets_mutex);
	tied = xa_load(&ties, portid);
	if (tied)
		hlist_for_each_entry(maker, &tied->makers, tie)
			if (sock_flag(maker->sk, SOCK_DEAD))
				klua_state_remove(maker->id, true);
	mutex_unlock(&sockets_mutex);
}

/* Let the state of this maker end with the maker's socket. */
static int tie_add(struct maker *maker)
{
	struct ties *tied = xa_load(&ties, maker->portid);
	int err;

	lockdep_assert_held(&sockets_mutex);
	if (!tied) {
		tied = kzalloc(sizeof(*tied), GFP_KERNEL_ACCOUNT);
		if (!tied)
			return -ENOMEM;
		err = xa_err(xa_store(&ties, maker->portid, tied, GFP_KERNEL_ACCOUNT));
		if (err) {
			kfree(tied);
			return err;
		}
	}
	hlist_add_head(&maker->tie, &tied->makers);
	return 0;
}

static void tie_remove(struct maker *maker)
{
	struct ties *tied = xa_load(&ties, maker->portid);

	lockdep_assert_held(&sockets_mutex);
	hlist_del(&maker->tie);
	if (hlist_empty(&tied->makers)) {
		xa_erase(&ties, maker->portid);
		kfree(tied);
	}
}

/* A socket was closed: send it no more events, and destroy its states. */
static int socket_notify(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct netlink_notify *notify = ptr;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC ||
	    !net_eq(notify->net, &init_net))
		return NOTIFY_DONE;
	listener_forget(notify->portid);
	remove_tied(notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = socket_notify,
};

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	BUILD_BUG_ON((int)KLUA_A_STATE_PAD != (int)KLUA_A_INFO_PAD);
	return nla_put_u64_64bit(skb, type, value, KLUA_A_STATE_PAD);
}

/* When the last error of the state was, on the monotonic clock, or 0. */
static u64 error_time(struct klua_state *s)
{
	unsigned long irqs;
	u64 ns;

	raw_spin_lock_irqsave(&s->error_lock, irqs);
	ns = s->error ? s->error_ns : 0;
	raw_spin_unlock_irqrestore(&s->error_lock, irqs);
	return ns;
}

/* Of a set, the state that failed last. */
static struct klua_state *last_failed(struct klua_state *s)
{
	struct klua_state *m, *last = s;
	unsigned int i;
	u64 ns, most = 0;

	klua_for_each_member(s, m, i) {
		ns = error_time(m);
		if (ns > most) {
			most = ns;
			last = m;
		}
	}
	return last;
}

static int put_last_error(struct sk_buff *skb, struct klua_state *s)
{
	const char *text = s->errmsg;
	unsigned long irqs;
	size_t len;
	u64 age;
	int err = 0;

	raw_spin_lock_irqsave(&s->error_lock, irqs);
	if (s->error) {
		age = div_u64(klua_error_age(s), NSEC_PER_MSEC);
		len = s->trace_len ?: strlen(text);
		text = s->trace_len ? s->trace : text;
		err = nla_put(skb, KLUA_A_STATE_LAST_ERROR, len, text) ?:
		      nla_put_u32(skb, KLUA_A_STATE_LAST_ERRNO, -s->error) ?:
		      put_u64(skb, KLUA_A_STATE_LAST_ERROR_AGE, age);
	}
	raw_spin_unlock_irqrestore(&s->error_lock, irqs);
	return err;
}

static int put_stats(struct sk_buff *skb, const struct klua_figures *sum)
{
	static const int limits[] = {
		[KLUA_LIMIT_STEPS] = KLUA_A_STATE_LIMIT_STEPS,
		[KLUA_LIMIT_TIME] = KLUA_A_STATE_LIMIT_TIME,
		[KLUA_LIMIT_MEMORY] = KLUA_A_STATE_LIMIT_MEMORY,
		[KLUA_LIMIT_STACK] = KLUA_A_STATE_LIMIT_STACK,
		[KLUA_LIMIT_CANCEL] = KLUA_A_STATE_CANCELS,
		[KLUA_LIMIT_SIGNAL] = KLUA_A_STATE_SIGNALS,
	};
	const struct klua_stats *stats = &sum->stats;
	unsigned int i;

	if (put_u64(skb, KLUA_A_STATE_RUNS, sum->runs) ||
	    put_u64(skb, KLUA_A_STATE_STEPS, sum->steps) ||
	    put_u64(skb, KLUA_A_STATE_TIME, stats->ns) ||
	    put_u64(skb, KLUA_A_STATE_ERRORS, stats->errors) ||
	    put_u64(skb, KLUA_A_STATE_UNPRINTED, stats->unprinted))
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		if (put_u64(skb, limits[i], stats->limits[i]))
			return -EMSGSIZE;
	return 0;
}

/* The limit on time in us; all ones mean no limit. */
static u64 time_max(const struct klua_state *s)
{
	u64 ns = READ_ONCE(s->time_ns);

	return ns == KLUA_TIME_UNLIMITED ? ns : div_u64(ns, NSEC_PER_USEC);
}

static int put_limits(struct sk_buff *skb, const struct klua_state *s,
		      const struct klua_figures *sum)
{
	return put_u64(skb, KLUA_A_STATE_MEMORY, sum->curralloc) ?:
	       put_u64(skb, KLUA_A_STATE_MEMORY_PEAK, sum->peakalloc) ?:
	       put_u64(skb, KLUA_A_STATE_MEMORY_MAX, sum->maxalloc) ?:
	       put_u64(skb, KLUA_A_STATE_STEPS_MAX, READ_ONCE(s->steps)) ?:
	       put_u64(skb, KLUA_A_STATE_TIME_MAX, time_max(s));
}

static int put_flags(struct sk_buff *skb, struct klua_state *s,
		     const struct klua_figures *sum, bool left)
{
	bool replaced = READ_ONCE(s->replaced);
	const struct {
		bool set;
		int type;
	} flags[] = {
		{ s->ephemeral, KLUA_A_STATE_EPHEMERAL },
		{ s->reserved, KLUA_A_STATE_RESERVED },
		{ sum->busy, KLUA_A_STATE_BUSY },
		{ READ_ONCE(s->gate) != KLUA_GATE_OPEN, KLUA_A_STATE_STOPPED },
		{ left && replaced, KLUA_A_STATE_REPLACED },
		{ left && !replaced, KLUA_A_STATE_DESTROYED },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].set && nla_put_flag(skb, flags[i].type))
			return -EMSGSIZE;
	return 0;
}

static int put_identity(struct sk_buff *skb, const struct klua_state *s,
			const struct klua_figures *sum)
{
	BUILD_BUG_ON(sizeof(s->name) != KLUA_NAME_LEN + 1);
	return nla_put_u32(skb, KLUA_A_STATE_ID, s->id) ?:
	       nla_put_string(skb, KLUA_A_STATE_NAME, s->name) ?:
	       nla_put_u32(skb, KLUA_A_STATE_ORIGIN, s->origin) ?:
	       nla_put_u32(skb, KLUA_A_STATE_KIND, s->kind) ?:
	       nla_put_u32(skb, KLUA_A_STATE_USERS, sum->users) ?:
	       (s->set ? nla_put_u32(skb, KLUA_A_STATE_MEMBERS, sum->members) : 0);
}

/*
 * The name of the module that made the state. Under RCU, because forget_maker() clears
 * @maker a grace period before the memory of an unloaded module is freed.
 */
static int put_owner(struct sk_buff *skb, const struct klua_state *s)
{
	struct module *maker;
	int err = 0;

	if (s->origin != KLUA_ORIGIN_KERNEL)
		return 0;
	rcu_read_lock();
	maker = READ_ONCE(s->maker);
	if (maker)
		err = nla_put_string(skb, KLUA_A_STATE_OWNER, module_name(maker));
	rcu_read_unlock();
	return err;
}

static int put_maker(struct sk_buff *skb, const struct klua_state *s)
{
	struct maker *maker;
	int err = 0;

	rcu_read_lock();
	maker = xa_load(&makers, s->id);
	if (maker)
		err = nla_put_u32(skb, KLUA_A_STATE_MAKER_PID, maker->pid) ?:
		      nla_put_u32(skb, KLUA_A_STATE_MAKER_UID, maker->uid) ?:
		      nla_put_string(skb, KLUA_A_STATE_MAKER_COMM, maker->comm);
	rcu_read_unlock();
	return err;
}

/*
 * Show the task that is inside a sleepable state. States of the other kinds may be
 * entered by interrupts, where the current task means nothing. The task's memory stays
 * until RCU's grace period ends.
 */
static int put_runner(struct sk_buff *skb, struct klua_state *s)
{
	struct task_struct *task = NULL;
	char comm[TASK_COMM_LEN];
	struct klua_state *m;
	unsigned int i;
	u32 pid = 0;

	if (s->kind != KLUA_KIND_SLEEPABLE)
		return 0;
	rcu_read_lock();
	klua_for_each_member(s, m, i)
		task = task ?: READ_ONCE(m->owner);
	if (task) {
		pid = task_tgid_nr(task);
		get_task_comm(comm, task);
	}
	rcu_read_unlock();
	if (!pid)
		return 0;
	return nla_put_u32(skb, KLUA_A_STATE_RUNNER_PID, pid) ?:
	       nla_put_string(skb, KLUA_A_STATE_RUNNER_COMM, comm);
}

/* Write all about one state, or about a set. Called under RCU or with a reference. */
static int put_state(struct sk_buff *skb, struct klua_state *s)
{
	bool left = !klua_state_linked(s);
	struct klua_figures sum;

	klua_state_figures(s, &sum);
	/* The caller's own reference is not one of its users. */
	if (left && !s->set && sum.users)
		sum.users--;
	return put_identity(skb, s, &sum) ?: put_flags(skb, s, &sum, left) ?:
	       put_limits(skb, s, &sum) ?: put_owner(skb, s) ?:
	       put_maker(skb, s) ?: put_runner(skb, s) ?:
	       put_stats(skb, &sum) ?: put_last_error(skb, last_failed(s));
}

/* Bytes that the message about one state needs at most */
#define STATE_MSG_SIZE	(NLMSG_GOODSIZE + KLUA_TRACE_MAXSIZE)

/* Find the state of a request, by its number, name or both. Called under RCU. */
static struct klua_state *find(struct genl_info *info)
{
	struct nlattr *id = info->attrs[KLUA_A_STATE_ID];
	struct nlattr *name = info->attrs[KLUA_A_STATE_NAME];
	struct klua_state *s;

	if (!id && !name) {
		NL_SET_ERR_MSG(info->extack, "a state's id or name is needed");
		return ERR_PTR(-EINVAL);
	}
	s = id ? klua_state_by_id(nla_get_u32(id)) :
		 klua_state_front(klua_state_lookup(nla_data(name)));
	if (s && id && name && strcmp(s->name, nla_data(name)))
		s = NULL;
	if (s)
		return s;
	NL_SET_ERR_MSG_ATTR(info->extack, id ?: name,
			    "there is no such state");
	return ERR_PTR(-ENOENT);
}

/*
 * The state that was found could not be held. If another state has taken its name, hold
 * that state instead. A request with a number means one state only.
 */
static struct klua_state *find_successor(struct genl_info *info)
{
	struct klua_state *s, *front;

	if (info->attrs[KLUA_A_STATE_ID])
		return NULL;
	s = klua_state_find(nla_data(info->attrs[KLUA_A_STATE_NAME]));
	front = klua_state_front(s);
	if (s == front)
		return s;
	if (!klua_state_get(front))
		front = NULL;
	klua_state_put(s);
	return front;
}

/* As find(), but the state is held. */
static struct klua_state *find_and_get(struct genl_info *info)
{
	struct klua_state *s;

	rcu_read_lock();
	s = find(info);
	if (!IS_ERR(s) && !klua_state_get(s))
		s = find_successor(info);
	if (!s) {
		NL_SET_ERR_MSG(info->extack, "the state is being destroyed");
		s = ERR_PTR(-ENOENT);
	}
	rcu_read_unlock();
	return s;
}

/*
 * Find a state that has left the table, which is possible by its number only. Returns
 * it with a reference, or NULL.
 */
static struct klua_state *find_left(struct genl_info *info)
{
	struct nlattr *id = info->attrs[KLUA_A_STATE_ID];
	struct nlattr *name = info->attrs[KLUA_A_STATE_NAME];
	struct klua_state *s = id ? klua_state_left(nla_get_u32(id)) : NULL;

	if (s && name && strcmp(s->name, nla_data(name))) {
		klua_state_left_put(s);
		s = NULL;
	}
	return s;
}

/*
 * Find the state of a request, in the table or not. The caller gives it back by
 * put_any().
 */
static struct klua_state *find_any(struct genl_info *info, bool *left)
{
	struct klua_state *s = find_left(info);

	*left = s;
	return s ?: find_and_get(info);
}

static void put_any(struct klua_state *s, bool left)
{
	if (left)
		klua_state_left_put(s);
	else
		klua_state_put(s);
}

/* Free a message that is not sent; returns @err. */
static int drop_message(struct sk_buff *skb, int err)
{
	nlmsg_free(skb);
	return err;
}

/* Find a state that was just made, and may be gone again. Called under RCU. */
static struct klua_state *find_made(struct genl_info *info, u32 id)
{
	struct klua_state *s = klua_state_by_id(id);

	if (s)
		return s;
	NL_SET_ERR_MSG(info->extack, "the state is gone already");
	return ERR_PTR(-ENOENT);
}

/*
 * Answer with @left or, if that is NULL, with the state of this number or, if that is
 * 0, with the state of the request. The search and the answer are one RCU read section:
 * a state that was found before could have been replaced, and the request would fail
 * for a name that always has a state.
 */
static int reply_state(struct genl_info *info, u8 cmd, u32 id,
		       struct klua_state *left)
{
	struct klua_state *s = left;
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = genlmsg_new(STATE_MSG_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &family, 0, cmd);
	if (!hdr)
		return drop_message(skb, -EMSGSIZE);
	rcu_read_lock();
	if (!s)
		s = id ? find_made(info, id) : find(info);
	err = IS_ERR(s) ? PTR_ERR(s) : put_state(skb, s);
	rcu_read_unlock();
	if (err)
		return drop_message(skb, err);
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct klua_state *left;
	int err = permitted(request, info->extack);

	if (err)
		return err;
	if (info->attrs[KLUA_A_STATE_ALL]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[KLUA_A_STATE_ALL],
				    "this is for a dump");
		return -EINVAL;
	}
	left = find_left(info);
	err = reply_state(info, KLUA_CMD_STATE_GET, 0, left);
	if (left)
		klua_state_left_put(left);
	return err;
}

/* Add one state to a dump. */
static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    struct klua_state *s)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
				KLUA_CMD_STATE_GET);

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_state(skb, s)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* The first buffer of a dump may be small; a state must fit into it. */
static int get_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = STATE_MSG_SIZE;
	return 0;
}

/*
 * How far a dump has come: the next number among the states of the table, and after
 * these the next number among states that have left it
 */
struct dump_position {
	unsigned long in_table;
	unsigned long left;
};

/* Add states of the table to a dump. True: there are no more. */
static bool dump_table(struct sk_buff *skb, struct netlink_callback *cb,
		       unsigned long *id)
{
	struct klua_state *s;

	rcu_read_lock();
	for (s = klua_state_by_next(id); s; s = klua_state_by_next(id)) {
		if (dump_one(skb, cb, s))
			break;
		*id = s->id + 1UL;
	}
	rcu_read_unlock();
	return !s;
}

static void dump_left(struct sk_buff *skb, struct netlink_callback *cb,
		      unsigned long *id)
{
	struct klua_state *s;
	int err = 0;

	while (!err && (s = klua_state_left_next(id))) {
		err = dump_one(skb, cb, s);
		if (!err)
			++*id;
		klua_state_left_put(s);
	}
}

/*
 * Dump in the order of numbers, so that a later call can go on behind the last state
 * that was sent.
 */
static int get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_position *position = (struct dump_position *)cb->ctx;
	int err;

	/*
	 * Checked here and not in get_start(), because Linux 6.1 does not send the text
	 * of an error there.
	 */
	err = permitted(cb->skb, cb->extack);
	if (err)
		return err;
	if (nlmsg_find_attr(cb->nlh, GENL_HDRLEN, KLUA_A_STATE_ID) ||
	    nlmsg_find_attr(cb->nlh, GENL_HDRLEN, KLUA_A_STATE_NAME)) {
		NL_SET_ERR_MSG(cb->extack, "a dump has all states, whatever their names");
		return -EINVAL;
	}
	cb->seq = klua_states_generation();
	if (dump_table(skb, cb, &position->in_table) &&
	    nlmsg_find_attr(cb->nlh, GENL_HDRLEN, KLUA_A_STATE_ALL))
		dump_left(skb, cb, &position->left);
	return skb->len;
}

static struct maker *maker_new(struct sock *sk, u32 portid)
{
	struct maker *maker = kmalloc(sizeof(*maker), GFP_KERNEL_ACCOUNT);

	if (!maker)
		return NULL;
	maker->sk = sk;
	maker->portid = portid;
	if (sk)
		sock_hold(sk);
	maker->pid = task_tgid_nr(current);
	maker->uid = from_kuid(&init_user_ns, current_uid());
	get_task_comm(maker->comm, current);
	return maker;
}

/*
 * Free a maker that is in no table any more. The socket is put now, since the RCU
 * callback must not put the last reference to it.
 */
static void maker_free(struct maker *maker)
{
	if (maker->sk)
		sock_put(maker->sk);
	kfree_rcu(maker, rcu);
}

static void maker_forget(u32 id)
{
	struct maker *maker;

	mutex_lock(&sockets_mutex);
	maker = xa_erase(&makers, id);
	if (maker && maker->sk)
		tie_remove(maker);
	mutex_unlock(&sockets_mutex);
	if (maker)
		maker_free(maker);
}

/*
 * Keep the maker with its state. The state may have been closed before the maker was
 * stored, and event_send() then found no maker to forget.
 */
static int maker_keep(u32 id, struct maker *maker)
{
	bool gone;
	int err;

	maker->id = id;
	mutex_lock(&sockets_mutex);
	err = xa_err(xa_store(&makers, id, maker, GFP_KERNEL_ACCOUNT));
	if (!err && maker->sk) {
		err = tie_add(maker);
		if (err)
			xa_erase(&makers, id);
	}
	mutex_unlock(&sockets_mutex);
	if (err) {
		maker_free(maker);
		return err;
	}
	rcu_read_lock();
	gone = !klua_state_by_id(id);
	rcu_read_unlock();
	if (gone)
		maker_forget(id);
	return 0;
}

/*
 * Make a state for user space. If @sk is not NULL, the state ends with this socket, whose
 * port is @portid. Returns the state's number, or an errno below 0, with the cause in
 * config->error.
 */
s64 klua_user_make(struct klua_config *config, struct sock *sk, u32 portid)
{
	struct maker *maker;
	struct klua_state *s;
	s64 id;
	int err;

	maker = maker_new(sk, portid);
	if (!maker)
		return -ENOMEM;
	config->origin = KLUA_ORIGIN_USER;
	config->quota = &user_quota;
	s = klua_state_new(config);
	if (IS_ERR(s)) {
		maker_free(maker);
		return PTR_ERR(s);
	}
	id = s->id;
	err = maker_keep(s->id, maker);
	if (err)
		klua_state_remove(s->id, true);
	klua_state_put(s);
	return err ?: id;
}

/*
 * Can a state from user space have this limit on time, in us? &klua_config.time_us has
 * 32 bits. A larger limit is refused, not cut.
 */
bool klua_user_time_valid(u64 us)
{
	return us <= U32_MAX || us == KLUA_TIME_UNLIMITED;
}

/* The value of an attribute, or @absent if the request does not have it. */
static u64 get_u64(struct genl_info *info, int type, u64 absent)
{
	return info->attrs[type] ? nla_get_u64(info->attrs[type]) : absent;
}

/* Netlink leaves a request that ends in -EINTR without any answer. */
static int answerable(int err)
{
	return err == -EINTR ? -ECANCELED : err;
}

/*
 * The text for an answer after klua_state_new() has failed. The buffer of @text is
 * freed before the answer is sent, so this returns a constant of the same text, or of a
 * more general one.
 */
static const char *create_error(int err, const char *text)
{
	static const char * const texts[] = {
		"a name without a slash is for kernel modules; try user/NAME",
		"the name is empty",
		"the name is taken",
		"the name is too long",
		KLUA_MIN_ALLOC_TEXT,
		"more time than a state of this kind may have: 8 s, an irq state 100 ms",
		"not enough memory to open the libraries",
		"there is no such kind",
		over_states,
		over_bytes,
		over_states_now,
		over_bytes_now,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(text, texts[i]))
			return texts[i];
	return err == -ETIME ? "building is limited by sleepable_steps, which is too small" :
	       err == -ETIMEDOUT ? "building is limited by sleepable_us, which is too small" :
	       err == -ENOMEM ? "not enough memory" :
	       err == -EINTR ? "interrupted while the state was made" :
			       "the state cannot be made";
}

static u32 get_u32(struct genl_info *info, int type, u32 absent)
{
	return info->attrs[type] ? nla_get_u32(info->attrs[type]) : absent;
}

static int create_doit(struct sk_buff *request, struct genl_info *info)
{
	u64 us = get_u64(info, KLUA_A_STATE_TIME_MAX, 0);
	char why[128] = "";
	struct klua_config config = {
		.kind = get_u32(info, KLUA_A_STATE_KIND, KLUA_KIND_SLEEPABLE),
		.ephemeral = info->attrs[KLUA_A_STATE_EPHEMERAL],
		.reserve = info->attrs[KLUA_A_STATE_RESERVED],
		.steps = get_u64(info, KLUA_A_STATE_STEPS_MAX, 0),
		.time_us = us == KLUA_TIME_UNLIMITED ? 0 : us,
		.time_unlimited = us == KLUA_TIME_UNLIMITED,
		.maxalloc = min_t(u64, SIZE_MAX,
				  get_u64(info, KLUA_A_STATE_MEMORY_MAX,
					  KLUA_USER_MEMORY)),
		.error = why,
		.error_size = sizeof(why),
	};
	s64 id = permitted(request, info->extack);

	if (id)
		return id;
	if (!info->attrs[KLUA_A_STATE_NAME]) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return -EINVAL;
	}
	if (us && !klua_user_time_valid(us)) {
		NL_SET_ERR_MSG(info->extack,
			       "more time than a state of this kind may have: 8 s, an irq state 100 ms");
		return -EINVAL;
	}
	config.name = nla_data(info->attrs[KLUA_A_STATE_NAME]);
	id = klua_user_make(&config, config.ephemeral ? NETLINK_CB(request).sk : NULL,
			    info->snd_portid);
	if (id < 0) {
		extack_text(info->extack, create_error(id, why));
		return answerable(id);
	}
	return reply_state(info, KLUA_CMD_STATE_CREATE, id, NULL);
}

/* States of kernel modules are changed by force only. */
static int check_origin(const struct klua_state *s, struct genl_info *info)
{
	if (s->origin != KLUA_ORIGIN_KERNEL ||
	    info->attrs[KLUA_A_STATE_FORCE])
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "a kernel module made this state; this has to be forced");
	return -EPERM;
}

/*
 * How often a busy state is tried, and the time between two tries: 100 to 200 ms in all
 */
#define BUSY_TRIES	50
#define BUSY_US		2000

/* Sleep before the next try. False: there are no tries left, or a signal came. */
static bool wait_again(int *tries)
{
	if (!--*tries || klua_asked_to_end())
		return false;
	usleep_range(BUSY_US, 2 * BUSY_US);
	return true;
}

/* How often destroy looks again when the state that it found was replaced meanwhile */
#define REPLACED_TRIES	100

/*
 * Destroy the state that the request means now, and tell the caller its number and
 * name. -EAGAIN: that state has gone meanwhile, and the name may have another one.
 */
static int destroy_found(struct genl_info *info, u32 *id, char *name)
{
	struct klua_state *s;
	int err;

	rcu_read_lock();
	s = find(info);
	err = IS_ERR(s) ? PTR_ERR(s) : check_origin(s, info);
	if (!err) {
		*id = s->id;
		strscpy(name, s->name, KLUA_NAME_MAXSIZE);
	}
	rcu_read_unlock();
	if (err)
		return err;
	err = klua_state_remove(*id, false);
	if (err == -ENOENT && !info->attrs[KLUA_A_STATE_ID])
		return -EAGAIN;
	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "the state is gone already");
	return err;
}

/*
 * Destroy a state. If it is held, try again for a short time: a module holds the state
 * that it calls by name only for as long as the call takes.
 */
static int destroy_doit(struct sk_buff *request, struct genl_info *info)
{
	int replaced = REPLACED_TRIES, busy = BUSY_TRIES;
	char name[KLUA_NAME_MAXSIZE];
	int err = permitted_change(request, info->extack);
	u32 id = 0;

	if (err)
		return err;
	do {
		err = destroy_found(info, &id, name);
	} while (err == -EAGAIN ? --replaced : err == -EBUSY && wait_again(&busy));
	if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "somebody holds the state");
	else if (err == -EAGAIN)
		NL_SET_ERR_MSG(info->extack, "the state is replaced all the time");
	if (id && info->attrs[KLUA_A_STATE_FORCE])
		klua_audit(&(struct klua_audit) {
			.op = "destroy",
			.id = id,
			.name = name,
			.force = true,
			.change = true,
			.err = err,
			.nowait = true,
		});
	return err;
}

/*
 * Lock the state, or give up after a short time: while a family is being registered,
 * requests to all families wait for this one.
 */
static int lock_briefly(struct klua_state *s, int *tries,
			struct netlink_ext_ack *extack)
{
	while (*tries > 0) {
		if (klua_state_lock_try(s))
			return 0;
		if (!wait_again(tries))
			break;
	}
	NL_SET_ERR_MSG(extack, "the state is busy: see klua cancel");
	return -EBUSY;
}

/*
 * Allow one change of a set's limits at a time. A change that fails puts back the
 * limits that it found, and must not find half of another change.
 */
static int set_begin(struct klua_state *s, int *tries,
		     struct netlink_ext_ack *extack)
{
	do {
		if (klua_limits_turn_try(s))
			return 0;
	} while (wait_again(tries));
	NL_SET_ERR_MSG(extack, "other limits are being set: see klua cancel");
	return -EBUSY;
}

/* Check what does not depend on the memory that the state holds at the moment. */
static int check_memory(struct klua_state *s, u64 bytes,
			struct netlink_ext_ack *extack)
{
	if (bytes < KLUA_MIN_ALLOC) {
		NL_SET_ERR_MSG(extack, KLUA_MIN_ALLOC_TEXT);
		return -EINVAL;
	}
	if (bytes > LONG_MAX) {
		NL_SET_ERR_MSG(extack, "too much memory: at most 2^63 - 1 bytes");
		return -EINVAL;
	}
	if (!s->quota && bytes > READ_ONCE(s->granted)) {
		NL_SET_ERR_MSG(extack, "the module that made the state allowed less");
		return -EPERM;
	}
	if (!klua_alloc_max_fits(s, bytes)) {
		NL_SET_ERR_MSG(extack, "the state has less memory reserved");
		return -EINVAL;
	}
	return 0;
}

/* Read the limits of a request, and check that the state may have all of them. */
static int wanted_limits(struct klua_state *s, struct genl_info *info,
			 struct klua_limits_wanted *want)
{
	struct nlattr *memory = info->attrs[KLUA_A_STATE_MEMORY_MAX];
	struct nlattr *time = info->attrs[KLUA_A_STATE_TIME_MAX];
	struct klua_state *m;
	unsigned int i;
	int err = 0;

	want->memory = get_u64(info, KLUA_A_STATE_MEMORY_MAX, 0);
	want->steps = get_u64(info, KLUA_A_STATE_STEPS_MAX, 0);
	want->us = get_u64(info, KLUA_A_STATE_TIME_MAX, 0);
	if (!memory && !want->steps && !want->us) {
		NL_SET_ERR_MSG(info->extack, "there is nothing to set");
		return -EINVAL;
	}
	if (time && (!klua_user_time_valid(want->us) ||
		     !klua_time_valid(s->kind, want->us))) {
		NL_SET_ERR_MSG_ATTR(info->extack, time,
				    "more time than a state of this kind may have: 8 s, an irq state 100 ms");
		return -EINVAL;
	}
	if (memory)
		klua_for_each_member(s, m, i)
			err = err ?: check_memory(m, want->memory, info->extack);
	return err;
}

/*
 * Check a memory limit against what the state holds, and charge it to the quota. Called
 * under the state's lock, so that the memory it holds does not change.
 */
static int charge_memory(struct klua_state *s, u64 bytes,
			 struct netlink_ext_ack *extack)
{
	const char *why;
	int err;

	klua_state_assert_locked(s);
	/* Otherwise the quota would get back bytes that the state still holds. */
	if (bytes < s->curralloc) {
		NL_SET_ERR_MSG(extack,
			       "the state holds more memory than that, garbage included");
		return -EBUSY;
	}
	/* A reserved state keeps all of its pages and is charged for them. */
	if (!s->quota || s->reserved)
		return 0;
	err = quota_take(0, bytes - s->charged, 0, &why);
	if (err)
		extack_text(extack, why);
	else
		WRITE_ONCE(s->charged, bytes);
	return err;
}

/* Set the limits. wanted_limits() has checked them, so none of these calls can fail. */
static void apply_limits(struct klua_state *s,
			 const struct klua_limits_wanted *want)
{
	klua_state_assert_locked(s);
	if (want->memory)
		WARN_ON_ONCE(klua_state_limit_memory(s, want->memory));
	if (want->steps)
		WARN_ON_ONCE(__klua_state_set_steps(s, want->steps));
	if (want->us)
		WARN_ON_ONCE(__klua_state_set_time(s, want->us));
}

/* Set all limits of one state, or none. @old gets those that it had. */
static int set_one(struct klua_state *s, const struct klua_limits_wanted *want,
		   struct klua_limits_wanted *old, int *tries,
		   struct netlink_ext_ack *extack)
{
	int err = lock_briefly(s, tries, extack);

	if (err)
		return err;
	/* The task that retires a state closes it without its lock: close_retired(). */
	if (READ_ONCE(s->gate) & KLUA_GATE_RETIRED) {
		klua_state_unlock(s);
		NL_SET_ERR_MSG(extack, "the state is being closed");
		return -ESHUTDOWN;
	}
	old->memory = s->maxalloc;
	old->steps = s->steps;
	old->us = time_max(s);
	if (want->memory)
		err = charge_memory(s, want->memory, extack);
	if (!err)
		apply_limits(s, want);
	klua_state_unlock(s);
	return err;
}

/* Give the states of a set before index @end their old limits. */
static void set_undo(struct klua_state *s, unsigned int end,
		     const struct klua_limits_wanted *old,
		     struct netlink_ext_ack *extack)
{
	int tries = BUSY_TRIES;
	struct klua_state *m;
	unsigned int i;

	for (i = 0; i < end; i++) {
		m = klua_state_member(s, i);
		if (!m)
			continue;
		if (lock_briefly(m, &tries, NULL)) {
			NL_SET_ERR_MSG(extack,
				       "a state of the set is busy, and others have the new limits");
			return;
		}
		if (!(READ_ONCE(m->gate) & KLUA_GATE_RETIRED)) {
			quota_restore(m, old[i].memory);
			apply_limits(m, &old[i]);
		}
		klua_state_unlock(m);
	}
}

/*
 * Set all limits of all states of a set, or none. The states are locked one after the
 * other: a set has as many as there are processors, and lockdep has room for 48 locks
 * at once.
 */
static int set_all(struct klua_state *s, const struct klua_limits_wanted *want,
		   struct klua_limits_wanted *old, int *tries,
		   struct netlink_ext_ack *extack)
{
	struct klua_state *m;
	unsigned int i;
	int err = 0;

	klua_for_each_member(s, m, i) {
		err = set_one(m, want, &old[i], tries, extack);
		if (err)
			break;
	}
	if (err)
		set_undo(s, i, old, extack);
	return err;
}

static int set_limits(struct klua_state *s, const struct klua_limits_wanted *want,
		      struct netlink_ext_ack *extack)
{
	struct klua_limits_wanted *old;
	int err, tries = BUSY_TRIES;

	old = kcalloc(s->set ? nr_cpu_ids : 1, sizeof(*old), GFP_KERNEL_ACCOUNT);
	if (!old)
		return -ENOMEM;
	err = set_begin(s, &tries, extack);
	if (!err) {
		err = set_all(s, want, old, &tries, extack);
		klua_limits_turn_end(s);
	}
	kfree(old);
	return err;
}

static int set_doit(struct sk_buff *request, struct genl_info *info)
{
	struct klua_limits_wanted want = {};
	struct klua_state *s;
	int err = permitted_change(request, info->extack);

	if (err)
		return err;
	s = find_and_get(info);
	if (IS_ERR(s))
		return PTR_ERR(s);
	err = check_origin(s, info) ?: wanted_limits(s, info, &want) ?:
	      set_limits(s, &want, info->extack);
	if (info->attrs[KLUA_A_STATE_FORCE])
		klua_audit(&(struct klua_audit) {
			.op = "set",
			.id = s->id,
			.name = s->name,
			.force = true,
			.limits = &want,
			.change = true,
			.err = err,
			.nowait = true,
		});
	klua_state_put(s);
	return err;
}

/*
 * Stop or start a state. Stopping needs no force, even if a module made the state;
 * starting one that a module has stopped does. A state that takes the place of this one
 * is stopped or started with it.
 */
static int gate_doit(struct genl_info *info, bool stopped, bool force)
{
	bool left;
	struct klua_state *s = find_any(info, &left);
	int err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = klua_state_gate(s, stopped, force);
	if (err == -EPERM)
		NL_SET_ERR_MSG(info->extack,
			       "a kernel module has stopped the state; this has to be forced");
	else if (err == -ESHUTDOWN)
		NL_SET_ERR_MSG(info->extack, "the state is being closed");
	klua_audit(&(struct klua_audit) {
		.op = stopped ? "stop" : "start",
		.id = s->id,
		.name = s->name,
		.force = force,
		.change = true,
		.err = err,
		.nowait = true,
	});
	put_any(s, left);
	return err;
}

static int stop_doit(struct sk_buff *request, struct genl_info *info)
{
	return permitted(request, info->extack) ?: gate_doit(info, true, false);
}

static int start_doit(struct sk_buff *request, struct genl_info *info)
{
	return permitted_change(request, info->extack) ?:
	       gate_doit(info, false, info->attrs[KLUA_A_STATE_FORCE]);
}

static int cancel_doit(struct sk_buff *request, struct genl_info *info)
{
	struct klua_state *s;
	int err = permitted(request, info->extack);
	bool left;

	if (err)
		return err;
	s = find_any(info, &left);
	if (IS_ERR(s))
		return PTR_ERR(s);
	err = klua_state_stop(s);
	put_any(s, left);
	if (err == -ESRCH)
		NL_SET_ERR_MSG(info->extack, "nothing runs in the state");
	return err;
}

/* Let the sender's socket get events until it is closed. */
static int listen_doit(struct sk_buff *request, struct genl_info *info)
{
	int err = permitted(request, info->extack);

	if (err)
		return err;
	return listener_add(NETLINK_CB(request).sk, info->snd_portid);
}

/* The part of the quotas that is used, both read at one moment. */
static int put_quota(struct sk_buff *skb)
{
	unsigned long irqs;
	unsigned int count;
	u64 bytes;

	raw_spin_lock_irqsave(&quota_lock, irqs);
	count = user_states;
	bytes = user_bytes;
	raw_spin_unlock_irqrestore(&quota_lock, irqs);
	return nla_put_u32(skb, KLUA_A_INFO_USER_STATES, count) ?:
	       put_u64(skb, KLUA_A_INFO_USER_BYTES, bytes);
}

static int put_info(struct sk_buff *skb)
{
	if (nla_put_string(skb, KLUA_A_INFO_VERSION, KLUA_VERSION) ||
	    nla_put_string(skb, KLUA_A_INFO_LUA, LUA_RELEASE) ||
	    put_u64(skb, KLUA_A_INFO_MEMORY_MIN, KLUA_MIN_ALLOC) ||
	    put_u64(skb, KLUA_A_INFO_MEMORY_DEFAULT, KLUA_USER_MEMORY) ||
	    nla_put_u32(skb, KLUA_A_INFO_SCRIPT_MAX, KLUA_SCRIPT_MAX) ||
	    nla_put_u32(skb, KLUA_A_INFO_RESULTS_MAX, KLUA_RESULTS_MAX) ||
	    put_u64(skb, KLUA_A_INFO_STEPS_DEFAULT, klua_default_steps(KLUA_KIND_SLEEPABLE)) ||
	    put_u64(skb, KLUA_A_INFO_TIME_DEFAULT,
		    klua_default_us(KLUA_KIND_SLEEPABLE)) ||
	    nla_put_u32(skb, KLUA_A_INFO_USER_STATES_MAX,
			READ_ONCE(user_states_max)) ||
	    put_u64(skb, KLUA_A_INFO_USER_BYTES_MAX,
		    READ_ONCE(user_bytes_max)) ||
	    put_quota(skb))
		return -EMSGSIZE;
	if (static_key_enabled(&klua_timing) &&
	    nla_put_flag(skb, KLUA_A_INFO_TIME_STATISTICS))
		return -EMSGSIZE;
	return 0;
}

/* Needs no right, since the answer tells nothing about any state. */
static int info_doit(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &family, 0, KLUA_CMD_INFO_GET);
	if (!hdr || put_info(skb))
		return drop_message(skb, -EMSGSIZE);
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/* Refuse a text with a NUL inside: it would be read up to there only. */
static int whole_string(const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	if (strlen(nla_data(attr)) + 1 == nla_len(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "there is a NUL inside");
	return -EINVAL;
}

#define STRING_POLICY(n) \
	NLA_POLICY_VALIDATE_FN(NLA_NUL_STRING, whole_string, n)
#define ID_POLICY	NLA_POLICY_MIN(NLA_U32, 1)
#define NAME_POLICY	STRING_POLICY(KLUA_NAME_LEN)
#define LIMIT_POLICY	NLA_POLICY_MIN(NLA_U64, 1)

static const struct nla_policy state_policy[] = {
	[KLUA_A_STATE_ID] = ID_POLICY,
	[KLUA_A_STATE_NAME] = NAME_POLICY,
};

static const struct nla_policy get_policy[] = {
	[KLUA_A_STATE_ID] = ID_POLICY,
	[KLUA_A_STATE_NAME] = NAME_POLICY,
	[KLUA_A_STATE_ALL] = { .type = NLA_FLAG },
};

static const struct nla_policy create_policy[] = {
	[KLUA_A_STATE_NAME] = NAME_POLICY,
	[KLUA_A_STATE_EPHEMERAL] = { .type = NLA_FLAG },
	[KLUA_A_STATE_MEMORY_MAX] = { .type = NLA_U64 },
	[KLUA_A_STATE_STEPS_MAX] = LIMIT_POLICY,
	[KLUA_A_STATE_KIND] = NLA_POLICY_MAX(NLA_U32, __KLUA_KIND_MAX - 1),
	[KLUA_A_STATE_TIME_MAX] = LIMIT_POLICY,
	[KLUA_A_STATE_RESERVED] = { .type = NLA_FLAG },
};

static const struct nla_policy forced_policy[] = {
	[KLUA_A_STATE_ID] = ID_POLICY,
	[KLUA_A_STATE_NAME] = NAME_POLICY,
	[KLUA_A_STATE_FORCE] = { .type = NLA_FLAG },
};

static const struct nla_policy set_policy[] = {
	[KLUA_A_STATE_ID] = ID_POLICY,
	[KLUA_A_STATE_NAME] = NAME_POLICY,
	[KLUA_A_STATE_FORCE] = { .type = NLA_FLAG },
	[KLUA_A_STATE_MEMORY_MAX] = { .type = NLA_U64 },
	[KLUA_A_STATE_STEPS_MAX] = LIMIT_POLICY,
	[KLUA_A_STATE_TIME_MAX] = LIMIT_POLICY,
};

/* Refuse all attributes. Without a policy they would be ignored. */
static const struct nla_policy info_policy[] = {
	[KLUA_A_INFO_PAD] = { .type = NLA_REJECT },
};

/*
 * Each operation has its own policy, because it takes attributes that others refuse.
 * Struct genl_ops, since Linux before 6.2 has no struct genl_split_ops.
 */
static const struct genl_ops ops[] = {
	{
		.cmd = KLUA_CMD_STATE_GET,
		.policy = get_policy,
		.maxattr = ARRAY_SIZE(get_policy) - 1,
		.doit = get_doit,
		.start = get_start,
		.dumpit = get_dumpit,
	},
	{
		.cmd = KLUA_CMD_STATE_CREATE,
		.policy = create_policy,
		.maxattr = ARRAY_SIZE(create_policy) - 1,
		.doit = create_doit,
	},
	{
		.cmd = KLUA_CMD_STATE_DESTROY,
		.policy = forced_policy,
		.maxattr = ARRAY_SIZE(forced_policy) - 1,
		.doit = destroy_doit,
	},
	{
		.cmd = KLUA_CMD_STATE_SET,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.doit = set_doit,
	},
	{
		.cmd = KLUA_CMD_CANCEL,
		.policy = state_policy,
		.maxattr = ARRAY_SIZE(state_policy) - 1,
		.doit = cancel_doit,
	},
	{
		.cmd = KLUA_CMD_INFO_GET,
		.policy = info_policy,
		.maxattr = ARRAY_SIZE(info_policy) - 1,
		.doit = info_doit,
	},
	{
		.cmd = KLUA_CMD_STATE_STOP,
		.policy = state_policy,
		.maxattr = ARRAY_SIZE(state_policy) - 1,
		.doit = stop_doit,
	},
	{
		.cmd = KLUA_CMD_STATE_START,
		.policy = forced_policy,
		.maxattr = ARRAY_SIZE(forced_policy) - 1,
		.doit = start_doit,
	},
	{
		.cmd = KLUA_CMD_LISTEN,
		.policy = info_policy,
		.maxattr = ARRAY_SIZE(info_policy) - 1,
		.doit = listen_doit,
	},
};

/*
 * parallel_ops: a request that takes long, such as making a state, does not hold up
 * others.
 */
static struct genl_family family __ro_after_init = {
	.name = KLUA_FAMILY_NAME,
	.version = KLUA_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	KLUA_RESV_START_OP(KLUA_CMD_STATE_GET),
};

static int put_state_event(struct sk_buff *skb, const struct klua_event *event)
{
	if (nla_put_u32(skb, KLUA_A_STATE_ID, event->id) ||
	    nla_put_string(skb, KLUA_A_STATE_NAME, event->name) ||
	    nla_put_u32(skb, KLUA_A_STATE_ORIGIN, event->origin))
		return -EMSGSIZE;
	if (event->ephemeral && nla_put_flag(skb, KLUA_A_STATE_EPHEMERAL))
		return -EMSGSIZE;
	return 0;
}

static int put_script_event(struct sk_buff *skb, const struct klua_event *event)
{
	if (nla_put_u32(skb, KLUA_A_EVENT_ID, event->id) ||
	    nla_put_string(skb, KLUA_A_EVENT_NAME, event->name))
		return -EMSGSIZE;
	if (event->lost &&
	    nla_put_u32(skb, KLUA_A_EVENT_SUPPRESSED, event->lost))
		return -EMSGSIZE;
	if (event->type == KLUA_EVENT_LIMIT)
		return nla_put_u32(skb, KLUA_A_EVENT_LIMIT, event->limit);
	return nla_put_u32(skb, KLUA_A_EVENT_ERRNO, -event->error) ?:
	       nla_put(skb, KLUA_A_EVENT_MESSAGE, event->len, event->text);
}

static int put_event(struct sk_buff *skb, const struct klua_event *event)
{
	if (event->type == KLUA_EVENT_ERROR || event->type == KLUA_EVENT_LIMIT)
		return put_script_event(skb, event);
	return put_state_event(skb, event);
}

static struct sk_buff *event_new(const struct klua_event *event)
{
	static const u8 commands[] = {
		[KLUA_EVENT_CREATED] = KLUA_CMD_STATE_CREATED,
		[KLUA_EVENT_DESTROYED] = KLUA_CMD_STATE_DESTROYED,
		[KLUA_EVENT_ERROR] = KLUA_CMD_SCRIPT_ERROR,
		[KLUA_EVENT_LIMIT] = KLUA_CMD_LIMIT_HIT,
		[KLUA_EVENT_STOPPED] = KLUA_CMD_STATE_STOPPED,
		[KLUA_EVENT_STARTED] = KLUA_CMD_STATE_STARTED,
	};
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return NULL;
	hdr = genlmsg_put(skb, 0, 0, &family, 0, commands[event->type]);
	if (!hdr || put_event(skb, event)) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, hdr);
	return skb;
}

/*
 * Hold the file of a socket; NULL if the socket is being closed. A socket is not closed
 * while its file is held, so no other socket gets its port meanwhile.
 */
static struct file *socket_file(struct sock *sk)
{
	struct file *file = NULL;

	/* sock_orphan() clears sk_socket under this lock when the socket is closed. */
	read_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_socket)
		file = klua_get_file(&sk->sk_socket->file);
	read_unlock_bh(&sk->sk_callback_lock);
	return file;
}

/* Send an event to one socket, unless it is closed or its opener has lost the right. */
static void event_send_to(struct sock *sk, u32 portid, struct sk_buff *skb)
{
	struct file *file = socket_file(sk);
	struct sk_buff *copy;

	if (!file)
		return;
	if (file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN)) {
		copy = skb_clone(skb, GFP_KERNEL);
		if (copy)
			genlmsg_unicast(&init_net, copy, portid);
	}
	fput(file);
}

/*
 * Send an event to each socket that has asked for events. A socket whose buffer is full
 * gets ENOBUFS from its next read.
 */
static void event_send(struct klua_listener *listener,
		       const struct klua_event *event)
{
	struct sk_buff *skb;
	unsigned long portid;
	struct sock *sk;

	if (event->type == KLUA_EVENT_DESTROYED)
		maker_forget(event->id);
	if (xa_empty(&listeners))
		return;
	skb = event_new(event);
	if (!skb)
		return;
	mutex_lock(&sockets_mutex);
	xa_for_each(&listeners, portid, sk)
		event_send_to(sk, portid, skb);
	mutex_unlock(&sockets_mutex);
	nlmsg_free(skb);
}

static struct klua_listener events_listener = {
	.event = event_send,
};

int klua_netlink_init(void)
{
	int err;

	if (!user_bytes_given)
		user_bytes_max = min_t(u64, USER_BYTES_DEFAULT,
				       (u64)totalram_pages() << (PAGE_SHIFT - 1));
	err = netlink_register_notifier(&socket_notifier);
	if (err)
		return err;
	err = genl_register_family(&family);
	if (err) {
		netlink_unregister_notifier(&socket_notifier);
		return err;
	}
	klua_listener_register(&events_listener);
	return 0;
}

void klua_netlink_exit(void)
{
	struct maker *maker;
	unsigned long id;
	struct sock *sk;

	klua_events_flush();
	klua_listener_unregister(&events_listener);
	genl_unregister_family(&family);
	netlink_unregister_notifier(&socket_notifier);
	/*
	 * Free the makers of states that consumers still hold: this listener does not
	 * hear any more when these states are destroyed.
	 */
	mutex_lock(&sockets_mutex);
	xa_for_each(&makers, id, maker) {
		if (maker->sk)
			tie_remove(maker);
		maker_free(maker);
	}
	mutex_unlock(&sockets_mutex);
	xa_destroy(&makers);
	xa_destroy(&ties);
	xa_for_each(&listeners, id, sk)
		sock_put(sk);
	xa_destroy(&listeners);
}

/* A request for the family loads the module. */
MODULE_ALIAS_GENL_FAMILY(KLUA_FAMILY_NAME);
