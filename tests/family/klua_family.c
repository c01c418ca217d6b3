// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_family: a generic netlink family that comes and goes. To register a family
 * waits for all requests of generic netlink in progress, and makes later ones wait.
 *
 * While the parameter slow_port is a port, the notifiers of netlink are not told that a
 * socket of this port was closed, although the port is free.
 */

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <net/genetlink.h>

static struct genl_family family __ro_after_init = {
	.name = "klua_test",
	.version = 1,
	.module = THIS_MODULE,
};

static uint slow_port;
module_param(slow_port, uint, 0644);
MODULE_PARM_DESC(slow_port, "port of a socket whose end is not told yet");

static int socket_notify(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct netlink_notify *notify = ptr;

	while (event == NETLINK_URELEASE &&
	       notify->portid == READ_ONCE(slow_port))
		msleep(20);
	return NOTIFY_DONE;
}

/* called before all others */
static struct notifier_block notifier = {
	.notifier_call = socket_notify,
	.priority = INT_MAX,
};

static int __init family_init(void)
{
	int err = netlink_register_notifier(&notifier);

	if (err)
		return err;
	err = genl_register_family(&family);
	if (err)
		netlink_unregister_notifier(&notifier);
	return err;
}

static void __exit family_exit(void)
{
	genl_unregister_family(&family);
	netlink_unregister_notifier(&notifier);
}

module_init(family_init);
module_exit(family_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A generic netlink family that comes and goes");
